"""Power at the rate of the real world, and whether every step is done in time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deltasim.reports.page.parts import Grid, Section
from deltasim.reports.quantities import count, percent, quantity

if TYPE_CHECKING:
    from deltasim.reports.measured import Measured
    from deltasim.reports.power import Power

HEADINGS = ("", "delta", "dense")


def section(result: Measured) -> Section | None:
    """Power and deadlines at the period; None without one."""
    delta, dense = result.power, result.dense_power
    if delta is None or dense is None:
        return None
    rows = tuple(zip(LABELS, told(delta), told(dense), strict=True))
    grid = Grid("Power and deadlines", HEADINGS, rows, left=("",))
    return Section("power", "At the rate of the real world", sentence(delta), grids=(grid,))


LABELS = (
    "mean power",
    "while it waits",
    "share of it in the mean",
    "at work",
    "inferences a second",
    "energy a day",
    "99.9 % of steps within",
    "worst step",
    "slack of the worst step",
    "late steps",
)


def told(power: Power) -> tuple[str, ...]:
    """The figures under ``LABELS``."""
    return (
        quantity(power.mean_w, "W"),
        quantity(power.idle_w, "W"),
        percent(power.waiting_share),
        percent(power.duty),
        quantity(power.inferences_per_s, ""),
        quantity(power.day_j, "J"),
        quantity(power.step_p999_s, "s"),
        quantity(power.worst_step_s, "s"),
        quantity(power.slack_s, "s"),
        count(power.late_steps),
    )


def sentence(power: Power) -> str:
    """The power in a sentence, and whether steps are late."""
    said = (
        f"With a step every {quantity(power.period_s, 's')} the chip works {percent(power.duty)} of the time "
        f"and draws {quantity(power.mean_w, 'W')}, of which {percent(power.waiting_share)} while it waits: "
        "leakage, and what memories off the chip draw: refresh, standby, powered down where that is done."
    )
    if power.late_steps == 1:
        return f"{said} 1 step ends after the next has come, which waits for it."
    if power.late_steps:
        return f"{said} {count(power.late_steps)} steps end after the next has come, which waits for them."
    return f"{said} No step is late; the worst leaves {quantity(power.slack_s, 's')}."
