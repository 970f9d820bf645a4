"""What the tests of the simulator share."""

from __future__ import annotations

import pytest

from deltasim.simulator.simulate import ENGINES


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest) -> str:
    """Every engine in turn: one suite holds for all."""
    return str(request.param)
