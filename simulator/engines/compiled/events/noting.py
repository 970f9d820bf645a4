"""Services noted for a timeline, where there is room for notes; elsewhere a comparison and no more."""

from __future__ import annotations

from deltasim.runtime.compiling import part
from deltasim.simulator.engines.compiled.records import NOTE_SERVED, State


@part
def note(state: State, what: int, unit: int, first: int, second: int, third: int) -> None:
    """Write a note; with no more room the run is given up and begun again with more."""
    if state.notes.size == 0:
        return
    run = state.run[0]
    place = run.notes
    if place >= state.notes.size:
        run.overflow = 1
        return
    run.notes = place + 1
    one = state.notes[place]
    one.what, one.unit, one.first, one.second, one.third = what, unit, first, second, third


@part
def note_service(state: State, unit: int, start_ps: int, end_ps: int, code: int) -> None:
    """Note a service from the end of the one before it on, if anything is left of it."""
    if end_ps > start_ps:
        note(state, NOTE_SERVED, unit, start_ps, end_ps, code)
