"""docs/delta-networks.md, in Markdown."""

from __future__ import annotations

from collections.abc import Sequence

from deltasim.reports.quantities import percent
from deltasim.validation.delta_networks.claims import Claim
from deltasim.validation.delta_networks.cost_model import Row, paper_dense
from deltasim.validation.delta_networks.digits_tables import digits_sections
from deltasim.validation.delta_networks.methods import Compared
from deltasim.validation.delta_networks.steering import Steered
from deltasim.validation.delta_networks.tables import changed_table, sent_table, table

COST_CHART, STEERING_CHART = "delta-networks-cost.svg", "delta-networks-steering.svg"


def claim_table(claims: Sequence[Claim]) -> list[str]:
    """What the paper says, what was measured, a verdict."""
    return table(["the paper", "measured here", "verdict"], [list(claim) for claim in claims], 3)


def cost_table(rows: Sequence[Row]) -> list[str]:
    """The paper's formulas beside what was counted, each as times fewer than the dense product."""
    cells = []
    for row in rows:
        dense, ours = paper_dense(row.size), row.counted.cost
        cells.append(
            [
                f"{row.size:,}",
                percent(row.occupancy, 0),
                f"{row.paper.computes:,.0f}",
                f"{ours.computes:,.0f}",
                f"{dense.computes / row.paper.computes:.3g} ×",
                f"{dense.computes / ours.computes:.3g} ×",
                f"{row.paper.words:,.0f}",
                f"{ours.words:,.0f}",
                f"{dense.words / row.paper.words:.3g} ×",
                f"{dense.words / ours.words:.3g} ×",
            ]
        )
    head = [
        "n",
        "occupancy",
        *(f"{kind}, {who}" for kind in ("computes", "fewer") for who in ("paper", "counted")),
    ]
    head += [f"{kind}, {who}" for kind in ("words", "fewer") for who in ("paper", "counted")]
    return table(head, cells, 0)


def steering_sections(found: Steered) -> list[str]:
    """What the networks that steer show."""
    return [
        "## Steering: naive beside trained",
        "",
        TRADE_WORDS,
        "",
        f"![RMSE over weight fetches and energy saved]({STEERING_CHART})",
        "",
        "### Where deltas come from",
        "",
        *sent_table(found.sent),
        "",
        STEERING_WORDS,
        "",
        "### What a threshold of each layer costs",
        "",
        *changed_table(found.changed, "RMSE", 1),
        "",
        CHANGED_WORDS,
    ]


def page(
    claims: Sequence[Claim], costs: Sequence[Row], driving: Steered, digits: Compared | None, command: str
) -> str:
    """The whole page."""
    lines = [
        "# Delta networks: the paper's claims",
        "",
        f"Made by `{command}` {WHENCE}",
        "",
        "## Claims",
        "",
        *claim_table(claims),
        "",
        "## The cost model",
        "",
        COST_WORDS,
        "",
        f"![Times fewer computes and memory words over occupancy]({COST_CHART})",
        "",
        *cost_table(costs),
        "",
        *([] if digits is None else [*digits_sections(digits), ""]),
        *steering_sections(driving),
    ]
    return "\n".join(lines) + "\n"


WHENCE = (
    "from networks trained by `python -m deltasim.workloads.driving.making` and "
    "`python -m deltasim.workloads.digits.making` ([training](training.md)). The paper is Neil, Lee, "
    'Delbruck and Liu, "Delta Networks for Optimized Recurrent Network Computation" (2016, arXiv '
    "1612.05571). Misses are left in."
)

COST_WORDS = (
    "One product of n x n weights a step, counted by the engine on the chip `edgedrnn` with messages spread "
    "evenly over the steps. Computes are multiply-accumulates and, for every element, a delta and an update. "
    "Words are weights and state; accumulators, two words a multiply-accumulate, are left out as the paper "
    "leaves them out. A scan reads value and last-sent value (2 n) and writes o n of the latter; an update "
    'reads sum and state and writes the state (3 n). "Fewer" is over the dense n² computes and n² + n words. '
    "In the chart lines are the paper's, points counted."
)

TRADE_WORDS = (
    "A dense GRU given thresholds when it runs, and delta networks trained with theirs, by size; a bar is "
    "the least to the largest of the seeds, the broken line the dense network of 512 units. Fetches are "
    "those of the recurrent part over those of a dense one of the same size, energy that of the whole "
    "network over that of the dense one of 512 units."
)

STEERING_WORDS = (
    "Of the trained delta networks of 512 units on the test session, the mean over the seeds; sequences of "
    "about 15 s. What each network reaches, and the smallest dense one as good, is in [driving](driving.md)."
)

CHANGED_WORDS = (
    "One threshold alone, times a factor, of the first seed's network on the test session, after all was "
    "chosen: the change of the RMSE (a car that never steers has 0.36), and weight fetches of the whole "
    "network saved over those before."
)
