"""A packed memory as kernels see it: one address, and every field a load away.

numba hands a NamedTuple on part by part at every call that is not inlined: timing and state of a memory came
to more than a hundred arguments, and inlining everything instead took half a minute to compile
(``docs/decisions/0007-runs-in-the-dram-rule.md``). So a kernel that has a packed memory
(`dram.scheduling.packing`) passes on where it begins. The type of that address stands for one of the
NamedTuples the memory is made of: ``timing.read_latency`` is then a word, ``memory.bank[bank, field]`` reads
and writes the table in its place. The same functions take the NamedTuples themselves from Python.

A table is indexed by whole numbers that are not negative; nothing is checked.
"""

from __future__ import annotations

import hashlib
import operator
from collections.abc import Callable, Mapping
from typing import Any, cast

import numpy as np
import numpy.typing as npt
from llvmlite import ir
from numba.core import types, typing
from numba.core.datamodel import models
from numba.core.extending import intrinsic, lower_builtin, register_model
from numba.core.imputils import lower_getattr_generic
from numba.core.typing import templates
from numba.np import arrayobj

WORD = ir.IntType(64)

# numba is typed in part only; these are the parts that are not.
AbstractTemplate: Any = templates.AbstractTemplate
AttributeTemplate: Any = templates.AttributeTemplate
PrimitiveModel: Any = models.PrimitiveModel
infer_attributes: Any = templates.infer_getattr
infer_global: Any = templates.infer_global
generic_lowering: Any = lower_getattr_generic
lowering: Any = lower_builtin
make_array: Any = arrayobj.make_array
FIRST = {"target": "cpu"}  # asked before all that numba knows to index, which would take longer than the rest
signature: Any = vars(typing)["signature"]
numbers: Any = types.UniTuple


class PackedTable(types.Type):
    """numba's type of a table: its first word and its number of rows stand at ``place`` of the memory.

    It has two axes; with 1 field it has one.
    """

    def __init__(self, place: int, fields: int) -> None:
        self.place, self.fields = place, fields
        super().__init__(name=f"Table({place}, {fields})")

    @property
    def index(self) -> types.Type:
        """What it is indexed by."""
        return types.int64 if self.fields == 1 else numbers(types.int64, 2)


class Seen(types.Type):
    """numba's type of a NamedTuple: where its words stand in the memory, its tables and what else it is."""

    def __init__(self, name: str, fields: Mapping[str, int | PackedTable | Seen]) -> None:
        self.fields = dict(fields)
        laid_out = hashlib.sha256(repr(self.fields).encode()).hexdigest()[:16]
        super().__init__(name=f"Seen({name}, {laid_out})")  # kernels are cached by the names of types


@register_model(PackedTable)
@register_model(Seen)
class Address(PrimitiveModel):  # type: ignore[misc]
    """Where the memory begins, whichever part of it is meant."""

    def __init__(self, manager: Any, part: PackedTable | Seen) -> None:
        super().__init__(manager, part, WORD.as_pointer())


def word(builder: ir.IRBuilder, memory: ir.Value, place: int) -> ir.Value:
    """Load what is said of the memory itself, which never changes: the compiler is told so."""
    loaded = builder.load(builder.gep(memory, [WORD(place)], inbounds=True))
    loaded.set_metadata("invariant.load", builder.module.add_metadata([]))
    return loaded


@infer_attributes
class SeenAttribute(AttributeTemplate):  # type: ignore[misc]
    """The fields of a NamedTuple."""

    key = Seen

    def generic_resolve(self, seen: Seen, field: str) -> types.Type | None:
        found = seen.fields.get(field)
        return types.int64 if isinstance(found, int) else found


@generic_lowering(Seen)  # type: ignore[untyped-decorator]
def lower_field(context: Any, builder: ir.IRBuilder, seen: Seen, memory: ir.Value, field: str) -> ir.Value:
    """A word is loaded; everything else is the memory by another name."""
    found = seen.fields[field]
    return word(builder, memory, found) if isinstance(found, int) else memory


@infer_attributes
class TableAttribute(AttributeTemplate):  # type: ignore[misc]
    """``shape`` tells the number of rows."""

    key = PackedTable

    def resolve_shape(self, table: PackedTable) -> Any:
        return numbers(types.int64, 1)


@generic_lowering(PackedTable)  # type: ignore[untyped-decorator]
def lower_shape(
    context: Any, builder: ir.IRBuilder, table: PackedTable, memory: ir.Value, field: str
) -> ir.Value:
    """Load the number of rows."""
    return context.make_tuple(builder, numbers(types.int64, 1), [word(builder, memory, table.place + 1)])


@infer_global(operator.getitem)
class TableGet(AbstractTemplate):  # type: ignore[misc]
    """A table holds whole numbers."""

    metadata = FIRST

    def generic(self, arguments: Any, _: Any) -> Any:
        table, _index = arguments
        return signature(types.int64, table, table.index) if isinstance(table, PackedTable) else None


@infer_global(operator.setitem)
class TableSet(AbstractTemplate):  # type: ignore[misc]
    """A table holds whole numbers."""

    metadata = FIRST

    def generic(self, arguments: Any, _: Any) -> Any:
        table, *_rest = arguments
        return (
            signature(types.none, table, table.index, types.int64) if isinstance(table, PackedTable) else None
        )


def element(
    context: Any, builder: ir.IRBuilder, table: PackedTable, memory: ir.Value, index: ir.Value
) -> ir.Value:
    """The address of one number of a table."""
    if table.fields > 1:
        row, field = (builder.extract_value(index, axis) for axis in range(2))
        index = builder.add(builder.mul(row, WORD(table.fields)), field)
    first = builder.gep(memory, [word(builder, memory, table.place)], inbounds=True)
    return builder.gep(first, [index], inbounds=True)


@lowering(operator.getitem, PackedTable, types.Any)  # type: ignore[untyped-decorator]
def lower_get(context: Any, builder: ir.IRBuilder, wanted: Any, arguments: Any) -> ir.Value:
    """Load a number."""
    return builder.load(element(context, builder, wanted.args[0], *arguments))


@lowering(operator.setitem, PackedTable, types.Any, types.Any)  # type: ignore[untyped-decorator]
def lower_set(context: Any, builder: ir.IRBuilder, wanted: Any, arguments: Any) -> ir.Value:
    """Store a number."""
    memory, index, value = arguments
    builder.store(value, element(context, builder, wanted.args[0], memory, index))
    return context.get_dummy_value()


def packed_viewer(seen: Seen) -> Callable[[npt.NDArray[np.int64]], Any]:
    """A function for kernels that takes a flat array for the NamedTuple that is packed in it."""

    @intrinsic
    def view(context: Any, flat: types.Array) -> Any:
        def address(context: Any, builder: ir.IRBuilder, signature: Any, arguments: Any) -> ir.Value:
            return make_array(flat)(context, builder, arguments[0]).data

        return seen(flat), address

    return cast("Callable[[npt.NDArray[np.int64]], Any]", view)
