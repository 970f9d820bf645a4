"""What has come to a core in a phase, in order and through its receive stage."""

from __future__ import annotations

from deltasim.runtime.arrays import Integers
from deltasim.runtime.compiling import apart
from deltasim.simulator.engines.compiled.phases.arrival_lists import count_messages, view_arrivals
from deltasim.simulator.engines.compiled.phases.fifo import check_time, go_through
from deltasim.simulator.engines.compiled.phases.merge import gather
from deltasim.simulator.engines.compiled.records import view_state, view_tables
from deltasim.simulator.plan.records import NONE


@apart
def receive(
    state_directory: Integers,
    tables_directory: Integers,
    arrivals_directory: Integers,
    core: int,
    now: int,
    group: int,
) -> int:
    """Put the core's messages in order and give them the times at which they may fetch; returns ``now``.

    They lie behind all that has crossed links, where those of the core before lay.
    """
    state, tables = view_state(state_directory), view_tables(tables_directory)
    arrivals, run, chip = view_arrivals(arrivals_directory), state.run[0], tables.chip[0]
    arrival_list, unit, first = tables.links.size + core, tables.cores[core].receive, run.keys
    gathered = gather(state, tables, arrivals, arrival_list, group)
    arrivals.bounds[arrival_list] = arrivals.filled[arrival_list] = first
    if gathered == NONE:
        return now
    at, number, keys = arrivals.parts[gathered].begin, arrivals.parts[gathered].length, arrivals.keys
    arrivals.filled[arrival_list] = first + number
    counting = chip.core_unit + core if unit == NONE else unit
    count_messages(state, tables, arrivals, group, counting, chip.receive_action, at, number)
    if unit == NONE:
        for place in range(number):
            keys[first + place] = keys[at + place]
        check_time(state, run.opened + (keys[first + number - 1] >> run.shift))
        return now
    go_through(state, arrivals, unit, at, number, first, chip.receive_ps, chip.receive_ps, chip.receive_ps)
    return now
