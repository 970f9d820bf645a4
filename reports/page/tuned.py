"""The page of a tuning: energy against loss of everything that was tried, and the thresholds found."""

from __future__ import annotations

import altair

from deltasim.reports.page.document import document
from deltasim.reports.page.parts import Card, Figure, Grid, Page, Section, Spec
from deltasim.reports.page.theme import DELTA, MUTED, drawn_from, finished, si_axis
from deltasim.reports.quantities import count, percent, quantity, ratio
from deltasim.reports.settings.found_thresholds import FoundThresholds, rows

BEYOND = "The loss on the rest is beyond what was allowed: let more sequences choose."


def tuned_page(tuned: FoundThresholds) -> str:
    """One offline HTML file."""
    found, rest = tuned.tuning, tuned.tuning.rest
    lost = f"{rest.loss:.3g} points" if found.within.kind == "points" else f"{rest.rms:.3g} RMS"
    dense = f"every element sent: {quantity(rest.dense_joules, 'J')}"
    cards = (
        Card("Energy per inference", quantity(rest.joules, "J"), dense, "rest.joules", rest.joules),
        Card("Saved", ratio(rest.saved), "on the sequences that chose nothing", "rest.saved", rest.saved),
        Card("Lost", lost, f"allowed: {found.within}", "rest.loss", rest.loss),
        Card("Settings tried", count(found.trials), "each run as a whole on the calibration part", "trials",
             found.trials),
    )  # fmt: skip
    curve = Section(
        "curve",
        "Energy against loss",
        "Each point is a setting of all thresholds, run on the calibration part; the filled one was chosen: "
        "its loss and two standard errors of it lie within what may be lost, the line.",
        (Figure("curve", f"Energy per inference against {axis_title(tuned)}", chart(tuned), wide=True),),
    )
    layers = Grid(
        "",
        ("projection", "threshold", "occupancy"),
        tuple((layer.name, layer.shown, percent(layer.occupancy)) for layer in tuned.layers),
        left=("projection",),
    )
    each = "source neuron" if found.per == "neuron" else "projection"
    said = f"One for each {each}, in the units of its values; occupancy is the share of elements sent."
    both = Grid("", ("", "calibration part", "the rest"), tuple(rows(found.calibration, rest)), left=("",))
    origin = Grid(
        "How to make it again",
        ("what", "value"),
        (
            ("command", tuned.command),
            ("data", tuned.data),
            ("calibration part", found.calibration.data),
            ("chip", f"{tuned.chip.name}: {tuned.chip.about}"),
            ("network digest", found.network.digest),
            ("data digest", tuned.data_digest),
            ("chip digest", tuned.chip.digest),
        ),
        left=("what", "value"),
    )
    return document(
        Page(
            title=f"{found.network.name} on {tuned.chip.name}, tuned",
            kicker=f"{tuned.data} · within {found.within} · thresholds by {found.per}",
            lead=tuned.sentence,
            warning=None if found.holds else BEYOND,
            cards=cards,
            sections=(
                curve,
                Section("layers", "Thresholds", said, grids=(layers,)),
                Section("parts", "Both parts of the data", "The calibration part chose; the rest did not.",
                        grids=(both,)),
                Section("provenance", "Provenance", "Energy is counts times prices.", grids=(origin,)),
            ),
            footer=f"deltasim · network {found.network.digest}",
        )
    )  # fmt: skip


def axis_title(tuned: FoundThresholds) -> str:
    """What is lost, with its unit."""
    return "points lost" if tuned.tuning.within.kind == "points" else "RMS deviation"


def chart(tuned: FoundThresholds) -> Spec:
    """Energy over loss; losses far beyond the limit are left out, since they would take all the room."""
    found = tuned.tuning
    wide = max(4 * found.within.most, 1e-12)
    rows = [
        {"loss": trial.loss, "joules": trial.joules, "shown": quantity(trial.joules, "J")}
        | {"chosen": trial is found.best}
        for trial in found.curve
        if trial.loss <= wide
    ]
    points = (
        drawn_from(rows)
        .mark_circle(size=80, opacity=1, stroke=DELTA, strokeWidth=2)
        .encode(
            x=altair.X("loss:Q", title=axis_title(tuned)),
            y=altair.Y("joules:Q", axis=si_axis("J"), scale=altair.Scale(zero=True)),
            color=altair.condition(altair.datum.chosen, altair.value(DELTA), altair.value("var(--paper)")),
            tooltip=[
                altair.Tooltip("loss:Q", title="lost", format=".3g"),
                altair.Tooltip("shown:N", title="energy"),
            ],
        )
    )
    limit = drawn_from([{"loss": found.within.most, "label": f"allowed {found.within}"}]).encode(x="loss:Q")
    rule = limit.mark_rule(color=MUTED, strokeDash=[5, 3], strokeWidth=1.5)
    text = limit.mark_text(align="left", dx=6, color=MUTED).encode(text="label:N", y=altair.value(10))
    return finished(altair.layer(points, rule, text), 300)
