"""Tuned thresholds on disk: ``thresholds.json`` in a network's folder, where ``deltasim run`` finds them."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from deltasim.exploration.tuning.trial import Setting
from deltasim.networks.graph import Network
from deltasim.runtime.disk.unfinished import new_file
from deltasim.runtime.errors import InputError
from deltasim.runtime.readers.files import Missing, Unreadable
from deltasim.runtime.readers.json_text import read_json

FILE = "thresholds.json"
FORMAT, VERSION = "deltasim thresholds", 1
REMEDY = "Tune the network again, or remove the file to have its own thresholds back."


def write_setting(folder: Path, network: Network, setting: Setting, record: Mapping[str, Any]) -> Path:
    """Write thresholds for ``network``; ``record`` says how they were found. An older file is replaced."""
    plain = {
        name: np.asarray(theta).tolist() if np.ndim(theta) else float(theta)
        for name, theta in setting.items()
    }
    content = {
        "format": FORMAT,
        "version": VERSION,
        "network": network.digest,
        "thresholds": plain,
        "found": dict(record),
    }
    with new_file(folder / FILE) as file:
        file.write((json.dumps(content, indent=1, allow_nan=False, ensure_ascii=False) + "\n").encode())
    return folder / FILE


def with_setting(folder: Path, network: Network) -> Network | None:
    """The network of a folder with the thresholds that were tuned for it; None where there are none.

    Errors: InputError for a file that is damaged, or that belongs to another network.
    """
    path = folder / FILE
    try:
        content: Any = read_json(path)
    except Missing:
        return None
    except Unreadable as error:
        rule = f"this is no readable JSON ({error.reason})"
        raise InputError(error.at(path), "damaged", rule, REMEDY) from None
    if not isinstance(content, dict) or content.get("format") != FORMAT or content.get("version") != VERSION:
        rule = f"it says format {FORMAT} and version {VERSION}"
        raise InputError(path, "foreign", rule, REMEDY)
    if content.get("network") != network.digest:
        rule = f"it belongs to another network than the one beside it, {network.digest[:12]}"
        raise InputError(path, str(content.get("network"))[:12], rule, REMEDY)
    listed = content.get("thresholds")
    if not isinstance(listed, dict):
        raise InputError(path, type(listed).__name__, "thresholds are given by projection", REMEDY)
    return network.with_thresholds(
        {name: threshold(theta, f"{path}: {name}") for name, theta in listed.items()}
    )


def threshold(theta: Any, place: str) -> float | np.ndarray[Any, np.dtype[np.float64]]:
    """One number of at least 0, or a list of them."""
    several = theta if isinstance(theta, list) else [theta]
    for one in several:
        if isinstance(one, bool) or not isinstance(one, int | float) or not 0 <= one < math.inf:
            raise InputError(place, one, "a threshold is a number of at least 0", REMEDY)
    return np.array(theta, np.float64) if isinstance(theta, list) else float(theta)
