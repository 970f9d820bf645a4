"""What a memory is asked for."""

from __future__ import annotations

from typing import NamedTuple


class Transfer(NamedTuple):
    """Bytes from a memory to a core, for the job (step, projection, source, core, burst ...)."""

    memory: int
    address: int
    bytes: int
    job: tuple[int, ...]
    layer: int

    @property
    def core(self) -> int:
        return self.job[3]
