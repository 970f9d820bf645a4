"""The form of a run's record, as one that is read back has to have it."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from deltasim.runtime.names import is_name
from deltasim.runtime.readers.files import Unreadable


def plain(text: object) -> object:
    """A text that can stand in a table: one line."""
    if not isinstance(text, str) or not text.isprintable():
        raise ValueError("it is a text of one line")
    return text


def name(text: object) -> object:
    """A name."""
    if not isinstance(text, str) or not is_name(text):
        raise ValueError("it is a name")
    return text


Words = Annotated[str, BeforeValidator(plain), Field(max_length=2000)]
Figure = Annotated[float, Field(allow_inf_nan=False)] | None
Figures = dict[Words, Figure]
Count = Annotated[int, Field(ge=0)]


class Form(BaseModel):
    """Fields of these types; others may stand beside them."""

    model_config = ConfigDict(strict=True, extra="allow")


Interval = tuple[Figure, Figure] | list[Figure]


class IntervalForm(Form):
    """What 90 % of the draws of all prices lie between: joules of an inference."""

    inference: Interval
    parts: dict[Words, Interval]
    layers: dict[Words, Interval]


class EnergyForm(Form):
    """Joules of an inference and its parts."""

    inference_j: Figure
    step_j: Figure
    parts: Figures
    interval_j: IntervalForm | None = None
    estimated_share: Figure


class ScoreForm(Form):
    """How well the network did, beside the dense one."""

    name: Words
    value: Figure
    dense: Figure


class DeviationForm(Form):
    """How far the outputs are from those of the dense network, where nothing is labelled."""

    rms: Figure
    max: Figure
    agree: Figure


class PowerForm(Form):
    """Power at a period; None where no period is known."""

    period_s: Figure
    mean_w: Figure
    idle_w: Figure
    duty: Figure
    late_steps: Count


VERSION = 2
"""Of the form that is written; records without a version are of the first."""


class RecordForm(Form):
    """The keys of ``run.json``; either ``score`` or ``deviation`` is there."""

    version: Annotated[int, Field(ge=1)] = 1
    benchmark: Annotated[str, BeforeValidator(name)]
    data: Words
    chip: Annotated[str, BeforeValidator(name)]
    engine: Words
    theta: Words | Annotated[float, Field(allow_inf_nan=False)]
    sequences: Count
    steps: Count
    messages: Count
    occupancy: Figures
    score: ScoreForm | None = None
    deviation: DeviationForm | None = None
    reduction: Figures
    energy: EnergyForm
    intervals: dict[Words, Interval] | None = None
    latency: Figures
    power: PowerForm | None = None
    dram: Figures
    limits: Words
    digest: Words
    wall_s: Figure
    provenance: dict[Words, Any]

    @model_validator(mode="after")
    def quality(self) -> RecordForm:
        """Refuse a record that says neither."""
        if self.score is None and self.deviation is None:
            raise ValueError("it has a score or a deviation")
        return self


def require_record(record: object) -> None:
    """Raise Unreadable for what is no record of a run.

    >>> require_record({"benchmark": "digits"})
    Traceback (most recent call last):
    deltasim.runtime.readers.files.Unreadable: no data, chip, engine, theta, sequences, steps, messages, ...
    """
    try:
        version = RecordForm.model_validate(record).version
    except ValidationError as error:
        missing = [str(detail["loc"][-1]) for detail in error.errors() if detail["type"] == "missing"]
        if missing:
            raise Unreadable(f"no {', '.join(missing)}") from None
        detail = error.errors()[0]
        path = ".".join(str(part)[:40] for part in detail["loc"])
        words = str(detail["msg"]).removeprefix("Value error, ")
        raise Unreadable(": ".join(filter(None, (path, words)))) from None
    if version > VERSION:
        raise Unreadable(f"its form is of version {version}, and this program reads up to {VERSION}")
