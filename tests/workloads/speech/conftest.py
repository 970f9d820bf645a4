"""The recorded sentences, where they are at hand."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from deltasim.workloads.data_folder import VARIABLE


@pytest.fixture
def data_file() -> Path:
    """Path of speech.npz."""
    path = Path(os.environ.get(VARIABLE, "")) / "speech.npz"
    if not path.is_file():
        pytest.skip("speech.npz is not at hand")
    return path
