"""The stages of the cores: their units and times."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from deltasim.runtime.arrays import Integers

STAGES = ("scan", "send", "receive", "fetch", "mac", "update")
SCAN, SEND, RECEIVE, FETCH, MAC, UPDATE = range(6)


@dataclass(frozen=True, eq=False)
class Stages:
    """Times of the core stages, in picoseconds, and their units: ``unit`` is (cores, stages), -1 = absent.

    With several multiply arrays ``unit`` names the fetch and mac units of array 0; those of the other arrays
    follow it one by one.
    """

    unit: Integers
    cycle_ps: int  # of the cores' clock: an address is formed in one
    scan_cycle_ps: int  # as long as cycle_ps, but where a scan takes several cycles or is asked to be faster
    mac_cycle_ps: int
    scan_per_cycle: int
    scan_pad_to: int
    send_ps: int
    receive_ps: int
    fetch_slots: int
    arrays: int
    burst_bytes: int  # a column is fetched in bursts that end at multiples of it
    bursts_at_once: int  # of one column
    mac_lanes: int
    update_lanes: int
    update_group_ps: int
    update_fixed_ps: int
    message_ps: int  # for which a scan pauses for each message, and for each copy of it
    copy_ps: int
    access_ps: int  # of a group of neurons, at rest or not; 0 where these are not told apart
    tells_rest: bool
    update_during_scan: bool

    @property
    def fetch_units(self) -> Integers:
        """The fetch units of every array of every core. Shape (cores, arrays)."""
        units: Integers = self.unit[:, FETCH, np.newaxis] + np.arange(self.arrays)
        return units


STAGE_NUMBERS = tuple(field.name for field in fields(Stages) if field.name != "unit")
"""What the kernels' record of a chip has of the stages, by the same names."""
