"""What memories of several kinds may not be."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from deltasim.runtime.errors import InputError
from deltasim.simulator.memories.record import Check, Surroundings
from deltasim.simulator.schema.faults import Fault


def whole_words(memory: Any) -> Check:
    """A memory on the chip is whole words of whole bytes."""

    def faults(path: str, chip: Surroundings) -> Iterator[Fault]:
        width = memory.width_bits // 8
        if memory.width_bits % 8:
            yield Fault(
                f"{path}.width",
                f"{memory.width_bits} bit",
                "a width is a whole number of bytes",
                "Use 8, 16, 32, 64 ... bit.",
            )
        elif memory.size_bytes % width:
            yield Fault(
                f"{path}.size",
                f"{memory.size_bytes:,} B",
                f"a size is a multiple of the width, {width} B",
                "Round it.",
            )

    return faults


def answers_later(memory: Any) -> Check:
    """A memory answers after it was asked."""

    def faults(path: str, chip: Surroundings) -> Iterator[Fault]:
        if memory.latency_cycles < 1:
            yield Fault(
                f"{path}.latency",
                f"{memory.latency_cycles} cycles",
                "a word comes at least 1 cycle after it was asked for",
                "Use 1 cycle or more.",
            )

    return faults


def at_nodes(memory: Any) -> Check:
    """Ports are nodes of the topology, each once."""

    def faults(path: str, chip: Surroundings) -> Iterator[Fault]:
        ports = memory.ports
        if len(set(ports)) < len(ports):
            rule = "a node has at most 1 port of a memory"
            yield Fault(f"{path}.ports", str(list(ports)), rule, "Name it once.")
        try:
            nodes = chip.topology.nodes
        except InputError:  # told where the topology is described
            return
        for position, port in enumerate(ports):
            if port >= nodes:
                rule = f"nodes of the topology run from 0 to {nodes - 1}"
                yield Fault(f"{path}.ports.{position}", str(port), rule, "Name one of these.")

    return faults
