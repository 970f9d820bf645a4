"""What would help: the gain of each change, the bounds of each core, and the floorline of the busiest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import altair
import numpy as np

from deltasim.exploration.whatif.floors import BARRIER, OF_CORES
from deltasim.reports.figures import WORK as STAGES
from deltasim.reports.page.parts import Figure, Grid, Section, Spec
from deltasim.reports.page.theme import DELTA, MUTED, SERIES, drawn_from, finished, series, si_axis
from deltasim.reports.quantities import count, percent, quantity
from deltasim.reports.whatif.helped import COLUMNS, PICOSECOND, called, share

if TYPE_CHECKING:
    from deltasim.exploration.whatif.floors import Floors
    from deltasim.reports.whatif.helped import Helped

MOST_STEPS = 600  # drawn in the floorline
MOST_CORES = 64  # listed
BINS = 24  # of a floor over the operations of a step
RANKED = 16  # changes drawn
WORDS = {"mac": "multiply", "link": "links", "dram": "DRAM bus", "bank": "DRAM bank"}


def sections(helped: Helped) -> tuple[Section, ...]:
    """What would help; and the bounds, unless the network is too large to list what each message causes."""
    found = [section(helped)]
    if helped.floors is not None:
        found.append(bounds_section(helped, helped.floors))
    return tuple(found)


def section(helped: Helped) -> Section:
    """The ranking, drawn and as a table."""
    grid = Grid("All that was tried", COLUMNS, helped.rows, left=COLUMNS[:1], folded=True)
    title = "Time and energy saved by each change, replayed (share of an inference)"
    return Section(
        "what-helps",
        "What would help",
        f"{helped.sentence} Each change was replayed with the messages of this run.",
        (Figure("what-helps", title, gains_chart(helped), wide=True),),
        (grid,),
    )


def gains_chart(helped: Helped) -> Spec:
    """Two bars for each change, time and energy, in order of time."""
    kinds = ("time saved", "energy saved")
    rows: list[dict[str, Any]] = []
    for gain in helped.found.possible[:RANKED]:
        for kind, value in zip(kinds, (gain.shorter, gain.saved), strict=True):
            rows.append({"change": called(gain), "kind": kind, "share": value, "shown": share(value)})
    y = altair.Y("change:N", sort=None, title=None, axis=None)
    under = altair.YOffset("kind:N", sort=["name", *kinds], scale=altair.Scale(domain=["name", *kinds]))
    colours = altair.Scale(domain=list(kinds), range=[DELTA, SERIES[1]])
    bars = (
        drawn_from(rows)
        .mark_bar()
        .encode(
            y=y,
            yOffset=under,
            x=altair.X("share:Q", title=None, axis=altair.Axis(format=".0%")),
            color=altair.Color("kind:N", scale=colours, title=None),
            tooltip=[
                "change:N",
                altair.Tooltip("kind:N", title="what"),
                altair.Tooltip("shown:N", title="share"),
            ],
        )
    )
    named = [{"change": called(gain), "kind": "name"} for gain in helped.found.possible[:RANKED]]
    names = (
        drawn_from(named)  # above its bars, where a phone has room for it
        .mark_text(align="left", baseline="middle", dy=-2, color=MUTED)
        .encode(y=y, yOffset=under, x=altair.value(0), text="change:N")
    )
    return finished(bars + names, 44 * min(RANKED, len(helped.found.possible)) + 20)


def bounds_section(helped: Helped, floors: Floors) -> Section:
    """Each core against its own bounds."""
    elapsed = max(1, helped.found.elapsed_ps)
    names = named(floors)
    own = [number for number, kind in enumerate(floors.kinds) if kind in OF_CORES]
    most = max(own, key=lambda number: floors.cores[floors.busiest, number])
    busy = percent(float(floors.cores[floors.busiest, most]) / elapsed)
    order = np.argsort(-floors.cores.max(axis=1), kind="stable")[:MOST_CORES]
    rows = tuple(
        (f"core {core}", *(percent(float(value) / elapsed) for value in floors.cores[core])) for core in order
    )
    columns = ("core", *names)
    cut = f" The first {MOST_CORES} are listed." if len(floors.cores) > MOST_CORES else ""
    barrier = ""
    if BARRIER in floors.kinds:
        taken = percent(float(floors.cores[0, floors.kinds.index(BARRIER)]) / elapsed)
        between = ", between steps" if floors.between_steps else ""
        barrier = f" Barriers take {taken}{between}."
    sentence = (
        "A unit serves one job after another, so a step is no shorter than what one has to do in it. "
        f"On core {floors.busiest} {STAGES[floors.kinds[most]]} has most to do of its own, {busy} of the "
        f"time.{barrier} What lies above the floors is waiting: for each other, and for the end of a "
        f"step.{cut}"
    )
    title = (
        f"Floorline of core {floors.busiest}: latency of a step over its multiply-accumulates "
        "(dots: steps; lines: the least each unit needs)"
    )
    grid = Grid("Least busy share of each core's units", columns, rows, left=("core",), folded=len(rows) > 8)
    return Section(
        "floorline",
        "Each core against its own bounds",
        sentence,
        (Figure("floorline", title, floorline_chart(helped, floors), wide=True),),
        (grid,),
    )


def named(floors: Floors) -> list[str]:
    """What a reader calls the bounds."""
    between = {BARRIER: "barrier, between steps"} if floors.between_steps else {}
    return [between.get(kind, WORDS.get(kind, kind)) for kind in floors.kinds]


def floorline_chart(helped: Helped, floors: Floors) -> Spec:
    """Steps as dots, and the mean least time of each kind of unit over the operations of a step."""
    latency = np.asarray(helped.run.ledger.step_latency_ps, np.float64) * PICOSECOND
    drawn = np.unique(np.linspace(0, len(latency) - 1, min(MOST_STEPS, len(latency))).astype(np.int64))
    dots = [
        {"operations": float(floors.operations[step]), "seconds": float(latency[step])}
        | {"step": int(step), "shown": quantity(float(latency[step]), "s"),
           "done": count(int(floors.operations[step]))}
        for step in drawn
    ]  # fmt: skip
    names = named(floors)
    lines: list[dict[str, Any]] = []
    edges = np.unique(np.linspace(0, max(1.0, float(floors.operations.max(initial=1.0))), BINS + 1))
    bins = np.clip(np.digitize(floors.operations, edges) - 1, 0, len(edges) - 2)
    for name, needed in zip(names, floors.steps, strict=True):
        for place in np.unique(bins):
            mine = bins == place
            seconds = float(needed[mine].mean()) * PICOSECOND
            lines.append(
                {"unit": name, "operations": float(floors.operations[mine].mean()), "seconds": seconds}
                | {"shown": quantity(seconds, "s")}
            )
    x = altair.X("operations:Q", title="multiply-accumulates of the core in a step")
    y = altair.Y("seconds:Q", title=None, axis=si_axis("s"))
    dot = (
        drawn_from(dots)
        .mark_circle(size=22, opacity=0.35, color="var(--muted)")
        .encode(
            x=x,
            y=y,
            tooltip=[
                altair.Tooltip("step:Q"),
                altair.Tooltip("shown:N", title="latency"),
                altair.Tooltip("done:N", title="multiply-accumulates"),
            ],
        )
    )
    line = (
        drawn_from(lines)
        .mark_line(strokeWidth=2, point=altair.OverlayMarkDef(size=18, filled=True, opacity=1))
        .encode(
            x=x,
            y=y,
            color=altair.Color("unit:N", scale=series(names), title=None),
            tooltip=[altair.Tooltip("unit:N"), altair.Tooltip("shown:N", title="needs at least")],
        )
    )
    return finished(dot + line, 320)
