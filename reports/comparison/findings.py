"""What was found of several runs: in what they differ, every figure, which needs least energy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from deltasim.reports.comparison.differences import Difference
from deltasim.reports.comparison.inputs import Compared, letter
from deltasim.reports.comparison.measures import Measure, Record, at
from deltasim.reports.comparison.over_sequences import Best
from deltasim.reports.comparison.sentences import because, reason, sentence
from deltasim.reports.comparison.verdict import Verdict

VERSION = 1


@dataclass(frozen=True, eq=False)
class Findings:
    """Runs, in what they differ, and their figures.

    ``totals`` are those of whole runs, ``caution`` the sentence to say where the runs had other inputs;
    ``verdict`` is None there, and where a record is too old to say what its prices may be.
    """

    runs: tuple[Compared, ...]
    differences: tuple[Difference, ...]
    measures: tuple[Measure, ...]
    totals: tuple[Measure, ...]
    caution: str | None
    verdict: Verdict | None
    best: tuple[Best, ...] = ()  # in latency and score, where the verdict is on energy

    @property
    def records(self) -> tuple[Record, ...]:
        """The record of each run."""
        return tuple(one.run.record for one in self.runs)

    @property
    def said(self) -> str:
        """The verdict and its reason; nothing without one."""
        if self.verdict is None:
            return ""
        other = " ".join(one.sentence for one in self.best)
        return " ".join(filter(None, (sentence(self.verdict), because(self.records, self.verdict), other)))

    def to_dict(self) -> dict[str, Any]:
        """The comparison in plain types. Values, ratios (over the first run) and intervals go run by run."""
        return {
            "kind": "comparison",
            "version": VERSION,
            "runs": [
                {
                    "letter": letter(number),
                    "name": one.name,
                    "run": one.run.record["digest"],
                    "benchmark": one.run.record["benchmark"],
                    "chip": one.run.record["chip"],
                    "theta": one.run.record["theta"],
                    "energy_j": at(one.run.record, "energy.inference_j"),
                    "latency_s": at(one.run.record, "latency.inference_mean_s"),
                    "limits": one.run.record["limits"],
                }
                for number, one in enumerate(self.runs)
            ],
            "caution": self.caution,
            "differences": {
                group: {told.field: list(told.values) for told in self.differences if told.group == group}
                for group in dict.fromkeys(told.group for told in self.differences)
            },
            "figures": {
                measure.key: {
                    "values": list(measure.values),
                    "ratios": list(measure.ratios),
                    "intervals": [list(one) if one else None for one in measure.intervals],
                    "ratio_intervals": [list(one) if one else None for one in measure.ratio_intervals],
                }
                for measure in (*self.measures, *self.totals)
            },
            **self._verdict(),
        }

    def _verdict(self) -> dict[str, Any]:
        found = self.verdict
        held = None if found is None else reason(self.records, found)
        told = found is not None and found.probability is not None
        return {
            "least": letter(found.least) if found is not None and told else None,
            "probability": found.probability if found is not None else None,
            "decides": found.closest.decides._asdict()
            if found is not None and found.closest.decides is not None
            else None,
            "best": {
                one.figure: {
                    "run": None if one.probability is None else letter(one.run),
                    "probability": one.probability,
                }
                for one in self.best
            },
            "reason": {"part": held[0], "least_j": held[1], "closest_j": held[2]} if held and told else None,
            "against": [
                {
                    "run": letter(one.run),
                    "probability": one.probability,
                    "decides": None if one.decides is None else one.decides._asdict(),
                }
                for one in (found.against if found is not None else ())
            ],
        }
