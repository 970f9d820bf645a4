"""The page of a study: fronts, what each parameter is worth, the front point by point, what failed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from importlib.metadata import version
from typing import TYPE_CHECKING

from deltasim.exploration.metrics import METRICS
from deltasim.reports.page.document import document
from deltasim.reports.page.parts import Card, Grid, Page, Section
from deltasim.reports.quantities import count
from deltasim.reports.study.charts import DenseChip, charts, linked
from deltasim.reports.study.sentences import dense_sentence, lead, mapped, worth_rows
from deltasim.reports.study.words import ENDED, SURE, as_text, figure, short

if TYPE_CHECKING:
    from deltasim.exploration.study import Study

MOST_ROWS = 200


def study_page(study: Study, pages: Mapping[int, str] | None = None, dense: DenseChip | None = None) -> str:
    """The whole page, one offline HTML file.

    ``pages`` are pages of points, by their paths from where this one will lie; ``dense`` is the dense chip of
    equal area.
    """
    front = study.front()
    described = study.description
    subject = described.benchmark or described.network or ""
    found = [
        fronts(study, pages or {}, dense),
        worth(study),
        table(study),
        outcomes(study),
        provenance(study),
    ]
    return document(
        Page(
            title=f"{study.name}: {subject} on {', '.join(study.chips)}",
            kicker=f"{study.data.rstrip('.')} · {count(len(study.points))} points by {described.search}",
            lead=" ".join(filter(None, (lead(study, front), mapped(study)))),
            warning=warning(study),
            cards=cards(study),
            sections=tuple(section for section in found if section),
            linked=linked(study, pages, dense) if len(study.done) else None,
            footer=f"deltasim {version('deltasim')} · study {study.digest[:12]}",
        )
    )


def warning(study: Study) -> str | None:
    """What is left out of the area."""
    unknown = sorted({part for point in study.points for part in point.unknown})
    return f"Not in the area, since it is not known: {', '.join(unknown)}." if unknown else None


def cards(study: Study) -> tuple[Card, ...]:
    """The figures of the knee, and the best of each alone."""
    if study.knee is None:
        return ()
    entry = next(one for one in study.front() if one["point"] == study.knee)
    made = []
    for name in study.objectives:
        metric = METRICS[name]
        value = entry[metric.key]
        column = study.figures[name]
        best = float(column.max() if metric.more else column.min())
        remark = f"at the knee; {figure(name, best)} at best"
        made.append(Card(metric.about, figure(name, value), remark, f"front.{metric.key}", value))
    return tuple(made)


def fronts(study: Study, pages: Mapping[int, str], dense: DenseChip | None) -> Section | None:
    """Every pair of objectives."""
    if not len(study.done):
        return None
    shown = (
        "Blue points are worth building: no other is better in one objective and no worse in the others. "
        "The large one is nearest to the best of everything. Bars are 95 % intervals of the mean over the "
        "sequences seen. Drag over points to light them everywhere."
    )
    if pages:
        shown += (
            " A click opens the report of a point, which lies beside this page: "
            f"those of points {', '.join(map(str, list(pages)[:12]))}{' ...' if len(pages) > 12 else ''}."
        )
    else:
        shown += " With --reports front a click on a mark opens the report of its point."
    if dense is not None:
        shown += f" {dense_sentence(study, dense)}"
    title = "Every pair of objectives" if len(study.objectives) > 1 else "The objective"
    return Section("fronts", title, shown, charts(study, dense))


def worth(study: Study) -> Section | None:
    """What each parameter is worth."""
    rows = worth_rows(study)
    if not rows:
        return None
    grid = Grid("", ("parameter", "value"), tuple(rows), left=("parameter", "value"))
    sentence = "Medians over all pairs of simulated points that differ in this parameter alone."
    return Section("worth", "What each parameter is worth", sentence, (), (grid,))


def table(study: Study) -> Section:
    """The front, point by point, with what limits each."""
    front = study.front()
    names = list(dict.fromkeys(name for entry in front for name in entry["parameters"]))
    columns = ("point", *map(short, names), *(name.replace("_", " ") for name in study.shown))
    rows = tuple(
        (
            str(entry["point"]),
            *(as_text(entry["parameters"].get(name)) for name in names),
            *(figure(name, entry[METRICS[name].key]) for name in study.shown),
            entry["limits"],
        )
        for entry in front[:MOST_ROWS]
    )
    sentence = f"{count(len(front))} points, the first objective rising, and what limits each."
    if len(front) > MOST_ROWS:
        sentence += f" The first {MOST_ROWS} are shown."
    return Section("front", "Points worth building", sentence, (), (Grid("", columns, rows, under=True),))


def outcomes(study: Study) -> Section:
    """How the points ended, and why some are none."""
    tally = study.tally()
    rows = tuple((words, count(tally[state])) for state, words in ENDED.items() if tally[state])
    grids = [Grid("", ("ended", "points"), rows, left=("ended",))]
    for state, heading in (
        ("failed", "Points that are no chip"),
        ("infeasible", "Points outside the constraints"),
    ):
        reasons = Counter(point.reason for point in study.points if point.state == state)
        listed = tuple((reason, count(number)) for reason, number in reasons.most_common(MOST_ROWS))
        if listed:
            grids.append(
                Grid(heading, ("reason", "points"), listed, left=("reason",), folded=len(listed) > 6)
            )
    return Section("outcomes", "What became of the points", SURE if tally["raced"] else "", (), tuple(grids))


def provenance(study: Study) -> Section:
    """What was asked."""
    described = study.description
    rows = [
        ("base", ", ".join(study.chips)),
        ("runs", described.benchmark or f"{described.network} on {described.data}"),
        ("sequences", "all" if described.limit is None else count(described.limit)),
        *((name, as_text(given) if not isinstance(given, list) else ", ".join(map(as_text, given)))
          for name, given in described.parameters.items()),
        ("objectives", ", ".join(described.objectives)),
        ("constraints", "; ".join(described.constraints) or "none"),
        ("search", f"{described.search}, seed {described.seed}"),
        ("race", "yes" if described.race else "no"),
        ("study", study.digest),
    ]  # fmt: skip
    grid = Grid("", ("asked", "value"), tuple(rows), left=("asked", "value"))
    return Section("asked", "What was asked", "", (), (grid,))
