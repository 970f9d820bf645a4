"""Points a minute and core of `deltasim explore`, on studies fixed before the work on it."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.delta_gru import at_occupancy
from benchmarks.networks.spoken_digits import write_digits
from benchmarks.tables import Table, against
from deltasim.api.exploring import explore
from deltasim.exploration.study import Study
from deltasim.networks.builders.recurrent import random_stack
from deltasim.networks.cells import Conv2d, Dense, Input
from deltasim.networks.connections import AllToAll, Convolution
from deltasim.networks.files.network import save_network
from deltasim.networks.graph import Network, Population, Projection
from deltasim.networks.numbers.arithmetic import FLOAT32, FixedPoint
from deltasim.networks.numbers.quantise import quantised

ABOUT = """\
Every point on all its sequences, in one process: spoken digits (synthetic, {limit} sequences), a delta GRU of
2 layers of {hidden} units ({steps} steps, a tenth of all elements sent) and a convolutional network on
pictures of {pixels} x {pixels} ({steps} steps), both of random weights of 8 bits. The messages are made
beforehand, by a study of one point: *messages made* is how long that takes. *Settled* are points simulated,
or proved to be dominated without a simulation; points a minute are of all that were settled, and beside them
of those that were simulated, with the bounds and without. *Processor*: as settled a minute, in time on the
processor, which another load of the machine changes less."""

GOALS = {"scratchpads": 1000.0, "caches": 200.0}
OWN = {"cores.mac.lanes": [4, 8, 16], "cores.clock": ["250 MHz", "500 MHz"]}
STUDIES: dict[str, dict[str, Any]] = {
    "scratchpads": {
        "base": "mesh16",
        "parameters": {
            "memories.scratchpad.size": ["12 KiB", "16 KiB", "24 KiB", "32 KiB"],
            "cores.mac.lanes": [2, 4, 8, 16],
            "cores.scan.elements_per_cycle": [4, 8, 16],
            "cores.clock": ["250 MHz", "500 MHz"],
        },
    },
    "caches": {
        "base": "mesh16-cached",
        "parameters": {
            "memories.cache.size": ["16 KiB", "32 KiB", "64 KiB"],
            "memories.cache.ways": [2, 4],
            "cores.mac.lanes": [4, 8],
        },
    },
    "gru": {"base": "mesh16", "network": "gru", "data": "gru.npy", "parameters": OWN},
    "convolutions": {
        "base": "mesh16",
        "network": "convolutions",
        "data": "convolutions.npy",
        "parameters": OWN,
    },
}


def gru(hidden: int, steps: int) -> tuple[Network, Any]:
    """Two layers in 8 bits, thresholds at which a tenth of all elements is sent, and the frames."""
    rng = np.random.default_rng(0)
    frames = rng.normal(size=(steps, 40)).astype(np.float32)
    stack = quantised(random_stack("gru", 40, (hidden, hidden), rng), FixedPoint())
    return at_occupancy(stack, frames, 0.1), frames


def convolutions(pixels: int, steps: int) -> tuple[Network, Any]:
    """Two convolutions and a readout on pictures of which little changes from one to the next."""
    rng = np.random.default_rng(0)

    def drawn(*shape: int) -> Any:
        return (rng.normal(size=shape) / 4).astype(np.float32)

    first = Convolution(drawn(8, 1, 3, 3), in_shape=(1, pixels, pixels), stride=(2, 2), padding=(1, 1))
    second = Convolution(drawn(16, 8, 3, 3), in_shape=first.out_shape, stride=(2, 2), padding=(1, 1))
    network = Network(
        "convolutions",
        (
            Population("image", Input(pixels * pixels)),
            Population("conv_0", Conv2d(first.out_shape), drawn(1, first.target_size)),
            Population("conv_1", Conv2d(second.out_shape), drawn(1, second.target_size)),
            Population("readout", Dense(10, "sigmoid"), drawn(1, 10)),
        ),
        (
            Projection("image", "conv_0", first),
            Projection("conv_0", "conv_1", second),
            Projection("conv_1", "readout", AllToAll(drawn(second.target_size, 1, 10))),
        ),
        ("readout",),
        FLOAT32,
    )
    shape = (steps, pixels * pixels)
    changes = rng.normal(size=shape) * (rng.random(shape) < 0.1)  # of a picture a tenth of all pixels
    frames = np.cumsum(changes, axis=0).astype(np.float32)
    return quantised(network, FixedPoint()).with_thresholds(0.1), frames


def write_networks(folder: Path, quick: bool) -> None:
    """The networks of their own, where the studies name them."""
    for name, (network, frames) in {
        "gru": gru(32, 4) if quick else gru(768, 50),
        "convolutions": convolutions(8, 4) if quick else convolutions(32, 50),
    }.items():
        save_network(network, folder / name)
        np.save(folder / f"{name}.npy", frames)


def explored(name: str, limit: int, folder: Path, bounds: bool, first: bool) -> tuple[Study, float, float]:
    """One study afresh, and the seconds it took on the clock and on the processor.

    Of ``first`` values alone, a single point.
    """
    study: dict[str, Any] = {"name": name} | STUDIES[name]
    if "network" in study:
        study |= {key: str(folder / study[key]) for key in ("network", "data")}
    else:
        study |= write_digits(folder, limit)
    study["objectives"] = ["energy", "latency", "area"]
    if first:
        study["parameters"] = {key: values[:1] for key, values in study["parameters"].items()}
    began, busy = time.perf_counter(), time.process_time()
    found = explore(study, folder / f"{name}-{bounds}-{first}.db", jobs=1, bounds=bounds)
    return found, time.perf_counter() - began, time.process_time() - busy


def measure(quick: bool = False) -> Table:
    """Measure every study."""
    limit = 1 if quick else 60
    rows = []
    for name in STUDIES:
        with tempfile.TemporaryDirectory() as folder:
            write_networks(Path(folder), quick)
            _, made_s, _ = explored(name, limit, Path(folder), True, True)
            found, seconds, busy = explored(name, limit, Path(folder), True, quick)
            _, whole_s, _ = explored(name, limit, Path(folder), False, quick)
        points, simulated = len(found.points), found.tally()["done"]
        rate, goal = 60 * points / seconds, GOALS.get(name)
        rows.append(
            (
                name,
                f"{made_s:,.1f} s",
                f"{points:,}",
                f"{simulated:,}",
                f"{rate:,.0f}",
                f"{60 * points / busy:,.0f}",
                f"{60 * simulated / seconds:,.0f}",
                f"{60 * points / whole_s:,.0f}",
                "" if goal is None else f"{goal:,.0f}",
                "" if goal is None else against([rate], goal),
            )
        )
    columns = ("study", "messages made", "settled", "simulated", "settled a minute", "processor",
               "simulated a minute", "a minute without bounds", "goal", "")  # fmt: skip
    hidden, pixels, steps = (32, 8, 4) if quick else (768, 32, 50)
    about = ABOUT.format(limit=limit, hidden=hidden, pixels=pixels, steps=steps)
    return Table("Exploration", about, "python -m benchmarks exploration", columns, tuple(rows))
