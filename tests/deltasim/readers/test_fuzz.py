"""Any input, however spoilt, is used or refused in one sentence: no traceback, nothing written, at once."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.deltasim.readers.doors import DOORS
from tests.deltasim.readers.trying import tried

SEED = "2026"
CASES, LONG_CASES = 2000, 20_000
TOTAL = sum(times for _, times in DOORS.values())


def wrong(name: str, seed: str, cases: int) -> list[str]:
    """What was wrong in so many cases of all doors together, of which one has its share."""
    door, times = DOORS[name]
    share = -(-cases * times // TOTAL)
    return list(filter(None, (tried(name, door, f"{seed}:{name}:{number}") for number in range(share))))


@pytest.mark.parametrize("name", DOORS)
def test_spoilt_inputs_are_refused_in_a_sentence(name: str) -> None:
    assert wrong(name, SEED, CASES) == []


@pytest.mark.long
@pytest.mark.parametrize("name", DOORS)
def test_many_spoilt_inputs(name: str, record_property: Callable[[str, object], None]) -> None:
    """20,000 spoilt inputs over all doors of the command line."""
    found = wrong(name, f"{SEED} long", LONG_CASES)
    record_property("cases", -(-LONG_CASES * DOORS[name][1] // TOTAL))
    record_property("expected", "exit 0, or exit 2 with a sentence, nothing written, within 5 s")
    record_property("got", "so in every case" if not found else f"{len(found)} others")
    assert found == []
