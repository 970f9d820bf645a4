"""Three recorded sensor networks: traffic speeds of METR-LA on its road graph, and two of wireless motes.

Sources: METR-LA as DCRNN and T-GCN distribute it (MIT licence), a week of 207 speeds every 5 minutes with
the graph of road distances; Suthaharan et al. 2010 (CC BY 4.0, ODC-By), temperature and humidity of four
motes in a single-hop and four in a multi-hop network, every 5 seconds, with labels of introduced events.
All are packed as ``sensors.npz``; the parts to test on are in the box.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from deltasim.runtime.arrays import Floats, Numbers
from deltasim.runtime.errors import InputError, nearest
from deltasim.runtime.readers.npz import Wanted
from deltasim.workloads.data_folder import VARIABLE, in_data_folder
from deltasim.workloads.digits.corpus import digest_of
from deltasim.workloads.packed import read_packed_arrays

FILE = "sensors.npz"
IN_THE_BOX = Path(__file__).parent / "tests.npz"
NEIGHBOURS = 8  # of a detector of METR-LA, at most: those nearest by road
MOTES, READING, MOTE, HUMIDITY, TEMPERATURE, LABEL = 4, 0, 1, 3, 4, 5
REMEDY = f"Copy {FILE} again."
WANTED = {
    "metrla_speed": Wanted("f", 2),
    "metrla_adj": Wanted("f", 2),
    "wsn_single": Wanted("f", 2),
    "wsn_multi": Wanted("f", 2),
}


class Source(NamedTuple):
    """A recorded network: its steps by part, and how long a sequence is (steps)."""

    array: str
    about: str
    period_s: float
    parts: dict[str, tuple[int, int]]
    sequence: int


DAY = 288  # steps of 5 minutes
MINUTES = {"train": (0, 1600), "validation": (1600, 2300), "events": (2300, 2600), "test": (2600, 4400)}
SOURCES = {
    "metr-la": Source(
        "metrla_speed",
        "METR-LA, 207 detectors of speed in Los Angeles",
        300.0,
        {"train": (0, 5 * DAY), "validation": (5 * DAY, 6 * DAY), "test": (6 * DAY, 7 * DAY)},
        96,
    ),
    "single-hop": Source("wsn_single", "temperature and humidity of 4 motes, single-hop", 5.0, MINUTES, 300),
    "multi-hop": Source("wsn_multi", "temperature and humidity of 4 motes, multi-hop", 5.0, MINUTES, 300),
}


@dataclass(frozen=True, eq=False)
class Recording:
    """One part of a recording, of T steps and N nodes.

    ``readings`` (T, N) float32: of each node less its mean over the part to train on, over its deviation
    there. ``neighbours`` names for every node those whose messages it receives. ``labels`` (T, N): True in
    an event that was introduced; None where none was. ``sequence`` is how many steps a sequence has.

    >>> found = read_test("metr-la")
    >>> found.readings.shape, len(found.neighbours), len(found.sequences())
    ((288, 207), 207, 3)
    """

    name: str
    about: str
    readings: Floats
    neighbours: tuple[tuple[int, ...], ...]
    labels: NDArray[np.bool_] | None
    period_s: float
    sequence: int

    @property
    def digest(self) -> str:
        """sha256 over readings and neighbours."""
        return digest_of(self.readings, str(self.neighbours))

    def sequences(self) -> tuple[Floats, ...]:
        """The readings cut evenly into sequences."""
        count = max(1, len(self.readings) // self.sequence)
        return tuple(np.ascontiguousarray(part) for part in np.array_split(self.readings, count))


def find() -> Path | None:
    """Path of the data in the folder that DELTASIM_DATA names, or None."""
    return in_data_folder(FILE)


def source_of(name: str) -> Source:
    """The recording of a name, or InputError with the nearest."""
    if name not in SOURCES:
        raise InputError("--data", name, "there is no such recording", nearest(name, SOURCES))
    return SOURCES[name]


def read(name: str, part: str) -> Recording:
    """One part of a recording: "train", "validation" or "test", of motes also "events", from the data folder.

    Errors: InputError for an unknown recording or part, and where the data are missing or damaged.
    """
    source, path = source_of(name), find()
    if part not in source.parts:
        raise InputError("part", part, f"{name} has no such part", nearest(part, source.parts))
    if path is None:
        rule = f"its part to {part} on is in {FILE}, which was not found"
        raise InputError("--data", name, rule, f"Name the folder of {FILE} in {VARIABLE}.")
    found = read_packed_arrays(
        path, WANTED, needed="the recordings are needed", held="the recorded networks", remedy=REMEDY
    )
    values, labels = of_roads(found) if name == "metr-la" else of_motes(path, found[source.array])
    neighbours = nearest_by_road(found["metrla_adj"]) if name == "metr-la" else of_a_kind()
    first, end = source.parts["train"]
    known = values[first:end].astype(np.float64)
    if len(values) < max(stop for _, stop in source.parts.values()) or not np.isfinite(values).all():
        raise InputError(path, f"{len(values)} steps", f"{name} has fewer than its parts need", REMEDY)
    scaled = ((values - known.mean(axis=0)) / known.std(axis=0)).astype(np.float32)
    chosen = slice(*source.parts[part])
    labelled = None if labels is None else labels[chosen]
    return Recording(
        name, source.about, scaled[chosen], neighbours, labelled, source.period_s, source.sequence
    )


def of_roads(found: dict[str, Numbers]) -> tuple[Numbers, None]:
    """Speeds (T, N) in miles an hour; nobody labelled them."""
    return found["metrla_speed"], None


def of_motes(path: Path, rows: Numbers) -> tuple[Numbers, NDArray[np.bool_]]:
    """Temperature (degree Celsius) and humidity (%) of each mote side by side, (T, 2 * motes), and labels."""
    motes = [rows[rows[:, MOTE] == mote] for mote in range(1, MOTES + 1)]
    steps = min(map(len, motes))
    if rows.shape[1] <= LABEL or not steps:
        raise InputError(path, f"shape {rows.shape}", "four motes have rows of six columns each", REMEDY)
    columns = [mote[:steps, column] for mote in motes for column in (TEMPERATURE, HUMIDITY)]
    labels = [mote[:steps, LABEL] > 0 for mote in motes for _ in range(2)]
    return np.stack(columns, axis=1), np.stack(labels, axis=1)


def nearest_by_road(adjacency: Numbers) -> tuple[tuple[int, ...], ...]:
    """For each detector those with the heaviest edges to it, at most ``NEIGHBOURS``, ascending.

    >>> nearest_by_road(np.array([[1, 0.5, 0], [0.5, 1, 0.2], [0, 0.2, 1]]))
    ((1,), (0, 2), (1,))
    """
    others = np.where(np.eye(len(adjacency), dtype=bool), 0, adjacency)
    order = np.argsort(-others, axis=1, kind="stable")[:, :NEIGHBOURS]
    return tuple(
        tuple(sorted(int(other) for other in near if others[node, other] > 0))
        for node, near in enumerate(order)
    )


def of_a_kind() -> tuple[tuple[int, ...], ...]:
    """For each sensor of the motes the other sensor of its mote, and those of its kind on other motes.

    >>> of_a_kind()[0]
    (1, 2, 4, 6)
    """
    sensors = range(2 * MOTES)
    return tuple(
        tuple(other for other in sensors if other == node ^ 1 or (other != node and other % 2 == node % 2))
        for node in sensors
    )


def read_test(name: str) -> Recording:
    """The part to test on that is in the box. Errors: InputError for an unknown recording."""
    source = source_of(name)
    with np.load(IN_THE_BOX, allow_pickle=False) as stored:
        near = stored[f"{name}.neighbours"]
        neighbours = tuple(tuple(other for other in row if other >= 0) for row in near.tolist())
        return Recording(name, source.about, stored[name], neighbours, None, source.period_s, source.sequence)


def pack(target: Path) -> None:
    """Write the parts to test on as they are in the box."""
    arrays: dict[str, Any] = {}
    for name in SOURCES:
        found = read(name, "test")
        most = max(map(len, found.neighbours))
        padded = [[*near, *[-1] * (most - len(near))] for near in found.neighbours]
        arrays |= {name: found.readings, f"{name}.neighbours": np.array(padded, np.int16)}
    np.savez_compressed(target, **arrays)


if __name__ == "__main__":
    pack(IN_THE_BOX)
