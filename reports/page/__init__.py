"""The page of a run, and that of a sweep: one offline HTML file each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from deltasim.reports.page.document import document
from deltasim.reports.page.parts import Link, Page, Section
from deltasim.reports.page.sections import (
    activity,
    dram,
    energy,
    idle_power,
    memory,
    network,
    power,
    provenance,
    thresholds,
    utilisation,
    what_helps,
)
from deltasim.reports.page.sections.cards import cards, lead
from deltasim.reports.quantities import count, threshold

if TYPE_CHECKING:
    from deltasim.reports.measured import Measured
    from deltasim.reports.whatif.helped import Helped


def run_page(result: Measured, sweep: Sequence[Measured] = (), helped: Helped | None = None) -> str:
    """The page of one run; given the runs of a sweep, it shows score and savings over the threshold too.

    Given what would help, it shows that behind where time goes.
    """
    title = f"{result.benchmark} on {result.chip.name}"
    return document(
        Page(
            title=title,
            kicker=kicker(result, threshold(result.theta)),
            lead=lead(result),
            warning=result.fallback,
            cards=cards(result),
            sections=run_sections(result, sweep, helped),
            footer=footer(result),
        )
    )


def run_sections(
    result: Measured, sweep: Sequence[Measured] = (), helped: Helped | None = None
) -> tuple[Section, ...]:
    """The sections of the page of one run."""
    found = [
        energy.section(result),
        activity.section(result),
        power.section(result),
        utilisation.section(result),
        *(what_helps.sections(helped) if helped else ()),
        memory.section(result),
        dram.section(result),
        network.section(result),
        idle_power.section(result),
        thresholds.section(sweep, result) if sweep else None,
        provenance.figures_section(result),
        provenance.section(result),
    ]
    return tuple(section for section in found if section)


def sweep_page(results: Sequence[Measured], targets: Sequence[str]) -> str:
    """The page of a sweep: score and savings over the threshold, and a link to the page of each run."""
    first = results[0]
    links = tuple(
        Link(f"θ = {thresholds.theta_text(result)}", target)
        for result, target in zip(results, targets, strict=True)
    )
    section = thresholds.section(results, links=links)
    return document(
        Page(
            title=f"{first.benchmark} on {first.chip.name}, {len(results)} thresholds",
            kicker=kicker(first, "sweep of θ"),
            lead=section.sentence,
            warning=first.fallback,
            cards=(),
            sections=(section._replace(sentence="Each threshold has a page of its own."),),
            footer=footer(first),
        )
    )


def kicker(result: Measured, thresholds_said: str) -> str:
    """The small print under the title: data, thresholds, size of the run."""
    data = result.data.rstrip(".")
    return f"{data} · {thresholds_said} · {count(result.sequences)} sequences, {count(result.steps)} steps"


def footer(result: Measured) -> str:
    """Who made the page."""
    version = result.provenance.versions.get("deltasim", "")
    return f"deltasim {version} · {result.engine} engine · run {result.digest}"
