"""Networks and architectures in SANA-FE's files, together as one job."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from deltasim.runtime.errors import InputError

if TYPE_CHECKING:
    from deltasim.networks.importers.sanafe.network import Described
    from deltasim.simulator.chip import Chip
    from deltasim.workloads.benchmark import Benchmark

SUFFIXES = (".yaml", ".yml")


def is_network(name: str) -> bool:
    """Whether a name on the command line is a network file of SANA-FE.

    >>> is_network("digits"), is_network("net.yaml")
    (False, True)
    """
    return name.lower().endswith(SUFFIXES)


def described_network(name: str) -> Described:
    """The network and the mapping of a file. Errors: InputError."""
    from deltasim.networks.importers.sanafe.network import read_network

    return read_network(name)


def benchmark_of(described: Described, steps: int | None = None) -> Benchmark:
    """The network on what its own inputs send, as one sequence; ``steps`` as the file says by default."""
    from deltasim.workloads.own.benchmark import own_benchmark
    from deltasim.workloads.own.sequences import sequences

    return own_benchmark(described.network, sequences(described.place, [described.frames(steps)]))


def chip_for(name: str, network: str) -> Chip | None:
    """The chip of an architecture file of SANA-FE, with the neurons of a network where its file puts them.

    None where the name is not such a file. Errors: InputError.
    """
    from deltasim.simulator.chip.importers.sanafe import is_architecture, load_architecture

    if not name.lower().endswith(SUFFIXES) or not is_architecture(Path(name)):
        return None
    if not is_network(network):
        return load_architecture(name)
    described = described_network(network)
    return load_architecture(name, described.mapped, described.always_updated)


def require_no_steps(steps: int | None, model: str) -> None:
    """Refuse steps where the data say how many there are."""
    if steps is not None:
        rule = "steps are said of a network file of SANA-FE, whose inputs it holds, without --data"
        raise InputError("--steps", model, rule, "Leave them out.")
