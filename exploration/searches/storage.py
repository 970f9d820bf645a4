"""A study as optuna's own storage, for its dashboard and whatever else reads that."""

from __future__ import annotations

import importlib.util
import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from deltasim.exploration.metrics import METRICS
from deltasim.exploration.searches.sampled import quiet
from deltasim.exploration.space.parameters import Choice, Range, number_of
from deltasim.exploration.space.space import LABEL, Space, read_space
from deltasim.exploration.store import BOUNDED, INFEASIBLE, RACED, Point
from deltasim.exploration.study import Study, as_cell, figures_of
from deltasim.runtime.errors import InputError

if TYPE_CHECKING:
    import optuna


def require_optuna(path: Path) -> None:
    """Raise InputError where optuna is not installed."""
    if importlib.util.find_spec("optuna") is None:
        rule = "optuna's storage needs optuna, which is not installed"
        raise InputError("--export", path, rule, "Run pip install 'deltasim[explore]'.")


def storage_bytes(study: Study) -> bytes:
    """All points as trials of one study: an SQLite file, as ``sqlite:///PATH`` opens it.

    A point that was simulated is complete, with what it misses a constraint by where it does; one that was
    bounded or raced out is pruned, one that is no chip has failed. ``state``, ``reason`` and the point's
    number are attributes of its trial.
    """
    import optuna

    space = read_space(study.description.parameters, dict(study.chips))
    distributions = distributions_of(space)
    counted = [point for point in study.points if point.evaluation]
    found = figures_of(counted, study.counted, study.tables, study.objectives, study.instead)
    rows = np.stack([found[name] for name in study.objectives], axis=1).tolist()
    values = {point.number: row for point, row in zip(counted, rows, strict=True)}
    to = optuna.study.StudyDirection
    directions = [to.MAXIMIZE if METRICS[name].more else to.MINIMIZE for name in study.objectives]
    with quiet():
        storage = optuna.storages.RDBStorage("sqlite:///:memory:")  # a file would be written trial by trial
        made = optuna.create_study(storage=storage, study_name=study.name, directions=directions)
        made.set_metric_names(list(study.objectives))
        made.add_trials(
            [
                trial_of(point, study.reason(point), space, distributions, values.get(point.number))
                for point in study.points
            ]
        )
        raw = storage.engine.raw_connection()
        try:
            connection = raw.driver_connection
            assert isinstance(connection, sqlite3.Connection)
            return connection.serialize()
        finally:
            raw.close()
            storage.engine.dispose()


def distributions_of(space: Space) -> Mapping[str, optuna.distributions.BaseDistribution]:
    """Every parameter that is chosen, as optuna has it, its values as people write them."""
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

    found: dict[str, optuna.distributions.BaseDistribution] = {}
    for name, one in space.free.items():
        if isinstance(one, Choice):
            found[name] = CategoricalDistribution([shown(value, one) for value in one.values])
        elif one.whole:
            found[name] = IntDistribution(round(one.low), round(one.high), log=one.log)
        else:
            found[name] = FloatDistribution(one.low, one.high, log=one.log)
    return found


def shown(value: Any, parameter: Choice | Range) -> Any:
    """A value of a parameter as optuna keeps it: a number of a range, else what a person would write."""
    if isinstance(parameter, Range):
        number = number_of(value)
        return round(float(number or 0)) if parameter.whole else float(number or 0)
    if isinstance(value, dict):
        return str(value.get(LABEL, as_cell(value)))
    return value if value is None or isinstance(value, bool | int | float | str) else as_cell(value)


def trial_of(
    point: Point,
    reason: str,
    space: Space,
    distributions: Mapping[str, optuna.distributions.BaseDistribution],
    values: list[float] | None,
) -> optuna.trial.FrozenTrial:
    """A point as a trial."""
    from optuna.trial import TrialState, create_trial

    whole = values is not None and bool(np.isfinite(values).all())
    pruned = point.state in (BOUNDED, RACED)
    state = TrialState.COMPLETE if whole else TrialState.PRUNED if pruned else TrialState.FAIL
    beside = {name: as_cell(one) for name, one in point.parameters.items() if name not in distributions}
    return create_trial(
        state=state,
        values=values if whole else None,
        params={name: shown(point.parameters[name], space.free[name]) for name in distributions},
        distributions=dict(distributions),
        user_attrs={"point": point.number, "state": point.state, "reason": reason, **beside},
        system_attrs={"constraints": [float(point.state == INFEASIBLE)]} if whole else {},
    )
