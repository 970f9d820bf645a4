"""A study that was explored: its points with all their figures, its front, and the chip of any point."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from deltasim.exploration.description import StudyDescription
from deltasim.exploration.front import dominated_share, front, knee
from deltasim.exploration.metrics import ALWAYS, METRICS, Measured, costs, figures
from deltasim.exploration.pricing import PriceTable, energies
from deltasim.exploration.space.space import Setting, read_space
from deltasim.exploration.store import BOUNDED, DONE, FAILED, RACED, STATES, Counted, Point, Store
from deltasim.exploration.workbench import chip_of
from deltasim.runtime.errors import InputError, nearest
from deltasim.simulator.chip import Chip, chip_from_content

if TYPE_CHECKING:
    import polars

Reals = npt.NDArray[np.float64]


class Mapped(NamedTuple):
    """The best ``point`` for energy times latency against the first, which is placed as its chip describes.

    ``before`` and ``after`` are their places in ``done``; ``saved`` a share of energy times latency.
    """

    point: int
    before: int
    after: int
    saved: float


@dataclass(frozen=True, eq=False)
class Study:
    """The points of a study, priced.

    ``description`` is what was asked, ``chips`` the base chips, ``data`` a sentence about the data.
    ``instead`` are joules that replace those of the chips, by action.
    """

    digest: str
    name: str
    description: StudyDescription
    chips: Mapping[str, Chip]
    data: str
    points: Sequence[Point]
    counted: Mapping[str, Counted]
    tables: Mapping[str, PriceTable]
    instead: Mapping[str, float] = field(default_factory=dict)
    path: Path | None = None
    wall_s: float = 0.0
    simulated: int = 0

    @property
    def objectives(self) -> tuple[str, ...]:
        return self.description.objectives

    @property
    def shown(self) -> tuple[str, ...]:
        """The figures of every answer: the four usual ones, and the objectives."""
        return tuple(dict.fromkeys((*ALWAYS, *self.objectives)))

    @cached_property
    def done(self) -> npt.NDArray[np.int64]:
        """Places in ``points`` of those that were simulated whole and meet the constraints."""
        return np.array([place for place, point in enumerate(self.points) if point.state == DONE], np.int64)

    @cached_property
    def place_of(self) -> dict[int, int]:
        """The place in ``done`` of each point that is there, by its number."""
        return {self.points[place].number: row for row, place in enumerate(self.done.tolist())}

    @cached_property
    def figures(self) -> dict[str, Reals]:
        """The figures of the points in ``done``, by name."""
        points = [self.points[place] for place in self.done.tolist()]
        return figures_of(points, self.counted, self.tables, self.shown, self.instead)

    @cached_property
    def costs(self) -> Reals:
        """The objectives of the points in ``done``, less being better. Shape (points, objectives)."""
        return costs(self.figures, self.objectives)

    @cached_property
    def front_places(self) -> npt.NDArray[np.int64]:
        """Places in ``done`` of the points that no other dominates, the first objective rising."""
        if not len(self.done):
            return np.array([], np.int64)
        places = np.flatnonzero(front(self.costs))
        return places[np.lexsort(self.costs[places].T[::-1])]

    @property
    def knee(self) -> int | None:
        """The number of the point nearest to the best of everything; None without any."""
        if not len(self.front_places):
            return None
        place = int(self.front_places[knee(self.costs[self.front_places])])
        return self.points[int(self.done[place])].number

    @property
    def mapped(self) -> Mapped | None:
        """What a search for a mapping gained; None of another search, or where its first point is none."""
        if self.description.search != "mapping" or 0 not in self.place_of:
            return None
        products = self.figures["energy"] * self.figures["latency"]
        found, before = int(np.argmin(products)), self.place_of[0]
        number = self.points[int(self.done[found])].number
        return Mapped(number, before, found, float(1 - products[found] / products[before]))

    @property
    def hypervolume(self) -> float:
        """The share of the box between the best and the worst of every objective that the front dominates."""
        return dominated_share(self.costs) if len(self.done) else 0.0

    @cached_property
    def intervals(self) -> dict[str, Reals]:
        """Of every front point the 95 % interval of energy and latency, by the sequences seen: (points, 2).

        The mean over more sequences of the kind lies in it 95 times of 100: mean ± 1.96 deviations of it.
        """
        found = {name: np.full((len(self.front_places), 2), np.nan) for name in ("energy", "latency")}
        if self.path is None:
            return found
        with Store.opened(self.path, writing=False) as store:
            for row, place in enumerate(self.front_places.tolist()):
                point = self.points[int(self.done[place])]
                latencies, each = store.by_sequence(point.evaluation)
                table = self.tables[point.prices]
                counts = np.array(each, np.float64)
                joules = energies(counts, np.zeros(len(each), np.int64), [table], self.instead)
                for name, values in (("energy", joules), ("latency", np.array(latencies) * 1e-12)):
                    if len(values) > 1:
                        half = 1.96 * values.std(ddof=1) / np.sqrt(len(values))
                        found[name][row] = values.mean() - half, values.mean() + half
        return found

    def tally(self) -> dict[str, int]:
        """How many points ended in each state."""
        found = dict.fromkeys(STATES, 0)
        for point in self.points:
            found[point.state] += 1
        return found

    def front(self) -> list[dict[str, Any]]:
        """The points worth building: parameters, figures, and what limits each."""
        return [self._entry(place) for place in self.front_places.tolist()]

    def entries(self, numbers: Sequence[int]) -> list[dict[str, Any]]:
        """Points that were simulated whole, as the front has them. Errors: InputError for another."""
        for number in numbers:
            if number not in self.place_of:
                rule = "it was not simulated whole, or is outside the constraints"
                raise InputError("point", number, rule, "Name a point of the front.")
        return [self._entry(self.place_of[number]) for number in numbers]

    def _entry(self, place: int) -> dict[str, Any]:
        point = self.points[int(self.done[place])]
        values = {METRICS[name].key: plain(column[place]) for name, column in self.figures.items()}
        return {
            "point": point.number,
            "parameters": point.parameters,
            **values,
            "limits": self.counted[point.evaluation].limits,
        }

    def to_dict(self) -> dict[str, Any]:
        """The answer in plain types, as ``--json`` prints it."""
        tally, mapped = self.tally(), self.mapped
        return {
            "study": self.name,
            "points": len(self.points),
            "simulated": self.simulated,
            BOUNDED: tally[BOUNDED],
            RACED: tally[RACED],
            FAILED: tally[FAILED],
            "infeasible": tally["infeasible"],
            "race": bool(self.description.race),
            "objectives": list(self.objectives),
            "hypervolume": self.hypervolume,
            "knee": self.knee,
            **({} if mapped is None else {"mapped": {"point": mapped.point, "saved": mapped.saved}}),
            "front": self.front(),
            "wall_s": self.wall_s,
        }

    def frame(self) -> polars.DataFrame:
        """One row a point: number, state, reason, parameters, figures (none where it was not simulated)."""
        import polars

        names = list(dict.fromkeys(name for point in self.points for name in point.parameters))
        columns: dict[str, Any] = {
            "point": [point.number for point in self.points],
            "state": [point.state for point in self.points],
            "reason": [self.reason(point) or None for point in self.points],
        }
        for name in names:
            values = [point.parameters.get(name) for point in self.points]
            kinds = {type(value) for value in values if value is not None}
            same = len(kinds) <= 1 and kinds <= {int, float, str, bool}
            columns[name] = values if same else [None if v is None else as_cell(v) for v in values]
        for name, column in self.figures.items():
            whole = np.full(len(self.points), np.nan)
            whole[self.done] = column
            columns[METRICS[name].key] = polars.Series(whole).fill_nan(None)
        inside = np.zeros(len(self.points), np.bool_)
        inside[self.done[self.front_places]] = True
        columns["on_front"] = inside
        return polars.DataFrame(columns)

    def reason(self, point: Point) -> str:
        """Why a point is not worth building before its figures are asked for; "" where only they say."""
        if point.state == BOUNDED:
            return f"point {point.proof['by']} dominates it, whatever a simulation would say"
        if point.state == RACED:
            return (
                f"point {point.proof['by']} dominates it, with confidence after {point.sequences} sequences"
            )
        return point.reason

    def point(self, number: int) -> Point:
        """A point by its number. Errors: InputError."""
        if not 0 <= number < len(self.points):
            rule = f"the study has points 0 to {len(self.points) - 1}"
            raise InputError("point", number, rule, "Name one of them.")
        return self.points[number]

    def setting(self, number: int) -> Setting:
        """What a point stands for. Errors: InputError."""
        space = read_space(self.description.parameters, dict(self.chips))
        return space.setting(self.point(number).parameters)

    def chip(self, number: int) -> Chip:
        """The chip of a point, as ``deltasim run`` takes it. Errors: InputError for one that is no chip."""
        chip = chip_of(self.chips, self.setting(number))
        return chip.changed({"name": f"{chip.name}-{number}"[:64]})

    def chip_yaml(self, number: int) -> str:
        """The chip of a point as a file that ``deltasim run --chip`` takes, what it was explored with on top.

        Errors: InputError for a point that is no chip.
        """
        import yaml

        chip, point = self.chip(number), self.point(number)
        said = "\n".join(f"#   {name}: {as_cell(value)}" for name, value in point.parameters.items())
        content = yaml.safe_dump(chip.content(), sort_keys=False, allow_unicode=True, width=100)
        return f"# Point {number} of study {self.name}, where it was set to\n{said}\n{content}"

    def repriced(self, instead: Mapping[str, str | float]) -> Study:
        """The same counts with other prices by action: ``{"core.mac": "0.2 pJ", "core.leakage": "1 uW"}``.

        Nothing is simulated. Errors: InputError for an action that no chip of the study prices.
        """
        from dataclasses import replace

        from deltasim.simulator.schema.quantities import QuantityError, read_energy, read_power

        known = {name for table in self.tables.values() for name in table.form.names if "@" not in name}
        static = {name for table in self.tables.values() for name in static_names(table)}
        found = dict(self.instead)
        for name, given in instead.items():
            if name not in known:
                raise InputError("prices", name, "no chip of the study counts this", nearest(name, known))
            try:
                value = (
                    given
                    if isinstance(given, int | float)
                    else (read_power if name in static else read_energy)(given)
                )
            except QuantityError as error:
                raise InputError(f"prices.{name}", given, error.rule, error.remedy) from None
            found[name] = float(value) * (1e-12 if name in static else 1.0)
        return replace(self, instead=found)


def static_names(table: PriceTable) -> list[str]:
    """The names of a form that count picoseconds."""
    return [name for name, unit in zip(table.form.names, table.form.units, strict=True) if unit == "ps"]


def plain(value: float) -> float | None:
    """A figure as JSON has it."""
    return float(value) if np.isfinite(value) else None


def as_cell(value: Any) -> str:
    """A parameter's value in a table."""
    return value if isinstance(value, str) else json.dumps(value)


def figures_of(
    points: Sequence[Point],
    counted: Mapping[str, Counted],
    tables: Mapping[str, PriceTable],
    names: Sequence[str],
    instead: Mapping[str, float],
) -> dict[str, Reals]:
    """The figures of points that were counted, by name: one matrix product for each form of counts."""
    found = {name: np.full(len(points), np.nan) for name in names}
    groups: dict[str, list[int]] = {}
    for place, point in enumerate(points):
        groups.setdefault(counted[point.evaluation].form, []).append(place)
    for places in groups.values():
        group = [points[place] for place in places]
        measured = measured_of(group, [counted[point.evaluation] for point in group], tables, instead)
        for name, column in figures(measured, names).items():
            found[name][places] = column
    return found


def measured_of(
    points: Sequence[Point],
    counted: Sequence[Counted],
    tables: Mapping[str, PriceTable],
    instead: Mapping[str, float],
) -> Measured:
    """Points of one form and what was counted of each, as arrays."""
    used = list(dict.fromkeys(point.prices for point in points))
    place = {digest: position for position, digest in enumerate(used)}
    return Measured(
        counts=np.array([one.counts for one in counted], np.float64),
        elapsed_ps=np.array([one.elapsed_ps for one in counted], np.float64),
        sequences=np.array([one.sequences for one in counted], np.float64),
        area_mm2=np.array([np.nan if p.area_mm2 is None else p.area_mm2 for p in points], np.float64),
        score=np.array([np.nan if p.score is None else p.score for p in points], np.float64),
        off_chip_bytes=np.array([p.off_chip_bytes for p in points], np.float64),
        chosen=np.array([place[point.prices] for point in points], np.int64),
        tables=[tables[digest] for digest in used],
        instead=instead,
    )


def load_study(path: str | Path, name: str | None = None) -> Study:
    """Open the file of a study; ``name`` chooses among several. Errors: InputError."""
    with Store.opened(Path(path), writing=False) as store:
        held = store.studies()
        names = [one["name"] for one in held]
        if name is not None and name not in names:
            raise InputError("study", name, f"{path} holds no such study", nearest(name, names))
        chosen = [one for one in held if name in (None, one["name"])]
        if not chosen:
            raise InputError("study", path, "it holds no study", "Name another file.")
        return read_back(store, chosen[-1])


def read_back(
    store: Store, held: Mapping[str, str], wall_s: float = 0.0, simulated: int | None = None
) -> Study:
    """A study as its file holds it."""
    points = store.points(held["digest"])
    counted = store.counted(held["digest"])
    return Study(
        digest=held["digest"],
        name=held["name"],
        description=StudyDescription.model_validate({"race": False} | json.loads(held["description"])),
        chips={name: chip_from_content(content) for name, content in json.loads(held["chips"]).items()},
        data=held["data"],
        path=store.path,
        points=points,
        counted=counted,
        tables=store.tables(),
        wall_s=wall_s,
        simulated=len(counted) if simulated is None else simulated,
    )
