"""One published figure beside ours, and how much their agreement is worth."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

Agreement = Literal[
    "predicted", "inferred", "rederived", "partly fitted", "fitted", "circular", "assumed", "open"
]

Origin = Literal["paper", "derived", "model"]

ORIGINS: dict[Origin, str] = {
    "paper": "printed in the paper, or by its authors' own code",
    "derived": "worked out here from what the paper prints, as the source says",
    "model": "our own model of the released RTL or code, not a measurement",
}

AGREEMENTS: dict[Agreement, str] = {
    "predicted": "nothing in the description was set from this figure",
    "inferred": "predicted, at an operating point that is not published and was inferred from another figure",
    "rederived": "figure and description were read off the same source: agreement shows that the engine puts "
    "its parts together as that source does, not that the source is right",
    "partly fitted": "a number behind part of it was chosen from this figure or its neighbour",
    "fitted": "a number of the description was chosen so that this comes out: agreement shows nothing",
    "circular": "the figure itself, or what the rest leaves of it, stands in the description",
    "assumed": "rests on rates that are not known, and nothing is published to hold it against",
    "open": "cannot be reproduced from the known facts; the words beside it say what is missing",
}


@dataclass(frozen=True)
class Row:
    """A figure of a chip: ``reference`` is what it is held against, ``ours`` what the simulation gives.

    Both in ``unit`` (SI, or "x" for a ratio, "" for a number or a share), None where there is none. ``bound``
    is the largest relative difference promised; None where nothing is promised. ``source`` is where the
    reference stands, ``words`` what a reader must know to weigh the row, ``origin`` whose figure it is.

    >>> row = Row("edgedrnn", "latency", "G = 0.9", 0.5e-3, 0.51e-3, "s", 0.05, "predicted", "a page", "")
    >>> f"{row.difference:+.2f}", row.verdict, row.paper, row.derived
    ('+0.02', 'kept', 0.0005, None)
    """

    chip: str
    figure: str
    at: str
    reference: float | None
    ours: float | None
    unit: str
    bound: float | None
    agreement: Agreement
    source: str
    words: str
    origin: Origin = "paper"

    @property
    def paper(self) -> float | None:
        """The reference, where a paper prints it."""
        return self.reference if self.origin == "paper" else None

    @property
    def derived(self) -> float | None:
        """The reference, where it was worked out from what a paper prints."""
        return self.reference if self.origin == "derived" else None

    @property
    def model(self) -> float | None:
        """The reference, where it is our own model of the released RTL or code."""
        return self.reference if self.origin == "model" else None

    @property
    def difference(self) -> float | None:
        """ours / reference - 1, or None where one is missing."""
        if self.reference is None or self.ours is None:
            return None
        return self.ours / self.reference - 1

    @property
    def verdict(self) -> str:
        """``kept`` or ``missed`` where something was promised, ``open`` where ours is missing, or a dash."""
        if self.bound is None or self.reference is None:
            return "-"
        if self.difference is None:
            return "open"
        return "kept" if abs(self.difference) <= self.bound else "missed"

    def to_json(self) -> dict[str, Any]:
        """The row as plain data, difference and verdict included."""
        row = asdict(self) | {"difference": self.difference, "verdict": self.verdict}
        row |= {"paper": self.paper, "derived": self.derived, "model": self.model}
        return row | {"standing": row.pop("agreement")}  # the key of version 0.1.0
