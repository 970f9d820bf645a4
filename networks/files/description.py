"""The description beside a network's tensors: what its fields are, and how large they may be."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, TypeAdapter, ValidationError

from deltasim.networks.cells import CELLS, Cell
from deltasim.runtime.errors import InputError, nearest
from deltasim.runtime.readers.files import Unreadable

MOST_NEURONS = 1 << 24
VERSION = 1

Extent = Annotated[int, Field(ge=1, le=MOST_NEURONS)]
Extents = Annotated[list[Extent], Field(min_length=3, max_length=3)]
Form = Annotated[list[Annotated[int, Field(ge=0, le=64)]], Field(min_length=2, max_length=2)]
Word = Annotated[str, Field(max_length=200)]


class Fields(BaseModel):
    """Fields of exactly these types."""

    model_config = ConfigDict(strict=True, extra="forbid")


class AllToAllFields(Fields):
    """A connection whose shape is that of its tensor."""

    kind: Literal["all_to_all"]


class SparseFields(Fields):
    """Synapses one by one."""

    kind: Literal["sparse"]
    target_size: Extent
    gates: Extent


Sides = Annotated[
    list[Annotated[int, Field(ge=-MOST_NEURONS, le=MOST_NEURONS)]], Field(min_length=2, max_length=2)
]


class ConvolutionFields(Fields):
    """A kernel and where it moves."""

    kind: Literal["convolution"]
    in_shape: Extents
    stride: Annotated[list[Extent], Field(min_length=2, max_length=2)]
    padding: Sides
    after: Sides | None = None
    start: Annotated[int, Field(ge=0, le=MOST_NEURONS)]
    stop: Annotated[int, Field(ge=0, le=MOST_NEURONS)] | None
    gates: Extent = 1


class PopulationFields(BaseModel):
    """A population; what else it has belongs to its cell."""

    model_config = ConfigDict(strict=True, extra="allow")

    name: Word
    cell: Word
    sweep: int
    reverse: bool


CONNECTION_FIELDS: dict[str, type[Fields]] = {
    "all_to_all": AllToAllFields,
    "sparse": SparseFields,
    "convolution": ConvolutionFields,
}


def connection_of(fields: Any) -> Any:
    """Hold the fields of a connection against those of its kind."""
    kind = fields.get("kind") if isinstance(fields, dict) else None
    if not isinstance(kind, str) or kind not in CONNECTION_FIELDS:
        raise ValueError(
            f"{str(kind)[:40]}: this is no known connection. {nearest(str(kind), CONNECTION_FIELDS)}"
        )
    return CONNECTION_FIELDS[kind].model_validate(fields)


class LossFields(Fields):
    """How a projection loses messages."""

    probability: Annotated[float, Field(allow_inf_nan=False)]
    seed: int
    carries: Word
    refresh: int


class BudgetFields(Fields):
    """How many messages a projection may send."""

    rate: Annotated[float, Field(allow_inf_nan=False)]
    most: int
    parts: int


class ProjectionFields(Fields):
    """A projection; its weights are tensors, and its thresholds may be one."""

    source: Word
    target: Word
    role: Word
    delay: int
    theta: Annotated[float, Field(allow_inf_nan=False)] | Literal["tensor"]
    connection: Annotated[Any, BeforeValidator(connection_of)]
    weight_format: Form | None = None
    accumulators: Annotated[list[int], Field(min_length=1, max_length=MOST_NEURONS)] | None = None
    label: Word = ""
    loss: LossFields | None = None
    budget: BudgetFields | None = None


class FixedPointFields(Fields):
    """Fixed point; what is left out is as usual."""

    activation: Form = []
    weight: Form = []
    accumulator: Form = []
    lookup: Form = []
    rounded: Annotated[list[Word], Field(max_length=8)] = []
    overflow: Word = "saturate"


class NetworkFields(Fields):
    """A network."""

    format: Literal["deltasim network"]
    version: int
    name: Word
    digest: Word
    arithmetic: Literal["float32", "float32 with sums of 64 bits"] | FixedPointFields
    outputs: list[Word]
    populations: Annotated[list[PopulationFields], Field(max_length=10_000)]
    projections: Annotated[list[ProjectionFields], Field(max_length=100_000)]


def require_description(content: object) -> None:
    """Raise Unreadable for what no network is described by.

    >>> require_description({"format": "deltasim network"})
    Traceback (most recent call last):
    deltasim.runtime.readers.files.Unreadable: version: Field required
    """
    try:
        described = NetworkFields.model_validate_json(json.dumps(content))
    except ValidationError as error:
        raise Unreadable(first_of(error)) from None
    if described.version != VERSION:
        raise Unreadable(
            f"it has version {described.version} of the format, and this program reads {VERSION}"
        )


def described_cell(fields: Mapping[str, Any], place: str) -> Cell:
    """The cell of a population's fields. Errors: InputError.

    >>> described_cell({"cell": "gru", "size": 8}, "population a")
    GRU(size=8)
    """
    kind = fields["cell"]
    if kind not in CELLS:
        raise InputError(place, kind, "this is no known cell", nearest(str(kind), CELLS))
    own = {name: value for name, value in fields.items() if name not in PopulationFields.model_fields}
    known = [field.name for field in dataclasses.fields(CELLS[kind])]
    if foreign := [name for name in own if name not in known]:
        raise InputError(place, foreign[0], f"a {kind} cell has no such field", nearest(foreign[0], known))
    try:
        cell: Cell = TypeAdapter(CELLS[kind]).validate_json(json.dumps(own), strict=True)
    except ValidationError as error:
        broken = error.errors()[0].get("ctx", {}).get("error")
        if isinstance(broken, InputError):
            raise broken from None
        raise InputError(place, kind, first_of(error), "Save the network again.") from None
    if not 1 <= cell.size <= MOST_NEURONS:
        rule = f"a population has 1 to {MOST_NEURONS:,} neurons"
        raise InputError(place, f"{cell.size:,}", rule, "Split it.")
    return cell


def first_of(error: ValidationError) -> str:
    """The first thing that pydantic finds wrong, in a few words."""
    detail = error.errors()[0]
    path = ".".join(str(part)[:60] for part in detail["loc"])
    words = str(detail["msg"]).removeprefix("Value error, ")
    return f"{path}: {words}"[:200] if path else words[:200]
