"""What a run asked of its DRAM and when, as traces of Ramulator 2 and DRAMsim3."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from deltasim.runtime.errors import InputError
from deltasim.simulator.engines.reference.dram_requests import Request, requests_of
from deltasim.simulator.plan.compile import compile_plan

if TYPE_CHECKING:
    from deltasim.reports.measured import Measured


class Port(NamedTuple):
    """The transactions at one port of a DRAM: ticks of its clock and byte addresses, in order of arrival."""

    name: str
    transactions: tuple[tuple[int, int], ...]


def ports_of(result: Measured, sequence: int = 0) -> tuple[Port, ...]:
    """The ports that were read, each with every burst of one sequence, at the tick its request arrived.

    Errors: InputError for a chip without DRAM, and a sequence that read none.
    """
    plan = compile_plan(result.network, result.chip, result.mapping)
    drams = [memory for memory in result.chip.memories if memory.kind == "dram"]
    if not drams:
        rule = "the chip has no DRAM"
        raise InputError("export", result.chip.name, rule, "Choose a chip with one.")
    found: dict[int, list[Request]] = {}
    for request in requests_of(plan, result.trace.sequence(sequence)):
        found.setdefault(request.memory, []).append(request)
    if not found:
        rule = "this sequence reads nothing from the DRAM, since all weights lie nearer"
        raise InputError("export", result.chip.name, rule, "Choose a chip with smaller memories.")
    ports = []
    for number, (memory, requests) in enumerate(sorted(found.items())):
        component = plan.memories.component[memory]
        tick_ps = result.chip.memory_period_ps(result.chip.memory(component))
        burst = int(plan.memories.records["width_bytes"][memory])
        lines = tuple(
            (request.arrived_ps // tick_ps, at) for request in requests for at in bursts(request, burst)
        )
        ports.append(Port(f"{component}-{number}", lines))
    return tuple(ports)


def bursts(request: Request, size: int) -> Iterator[int]:
    """The addresses of the bursts that a request covers.

    >>> list(bursts(Request(0, 0, 20, 30), 16))
    [16, 32, 48]
    """
    yield from range(request.address // size * size, request.address + request.bytes, size)


def dramsim3(transactions: Sequence[tuple[int, int]]) -> str:
    """``address READ cycle``, one a line.

    >>> dramsim3([(7, 64)])
    '0x40 READ 7\\n'
    """
    return "".join(f"{address:#x} READ {tick}\n" for tick, address in transactions)


def ramulator(transactions: Sequence[tuple[int, int]]) -> str:
    """``bubbles address``, the form of Ramulator 2's core ``SimpleO3``: ticks that pass before each load.

    With one instruction a tick they keep the times, as far as the memory keeps up.

    >>> ramulator([(7, 64), (8, 128), (20, 0)])
    '7 64\\n0 128\\n11 0\\n'
    """
    ticks = [-1, *(tick for tick, _ in transactions)]
    gaps = [max(0, after - before - 1) for before, after in pairwise(ticks)]
    return "".join(f"{gap} {address}\n" for gap, (_, address) in zip(gaps, transactions, strict=True))


def write(result: Measured, folder: Path, form: str) -> None:
    """Write a trace for each port: ``dram-0.dramsim3.trace``."""
    text = {"dramsim3": dramsim3, "ramulator": ramulator}[form]
    for port in ports_of(result):
        (folder / f"{port.name}.{form}.trace").write_text(text(port.transactions), encoding="utf-8")
