"""A NamedTuple of arrays that kernels see through one pointer.

numba passes a tuple of arrays as seven numbers for every array, at every call that is not inlined: the state
and the tables of a plan came to 140 arguments, which cost more than the work of most calls and most of the
time of compiling (``docs/decisions/0006-one-pointer-to-many-arrays.md``).
Python therefore writes down where every array lies, its *directory*, and hands over only that. In a kernel
``state.units`` is then one load of an address; what is written to a record is written to the array itself.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from functools import cache
from typing import Any, NamedTuple, TypeVar, cast, get_args, get_type_hints

import numpy as np
from llvmlite import ir
from numba.core import cgutils, types
from numba.core.datamodel import models
from numba.core.extending import intrinsic, register_model
from numba.core.imputils import lower_getattr_generic
from numba.core.typing import templates
from numba.np import arrayobj, numpy_support

from deltasim.runtime.arrays import Integers

V = TypeVar("V", bound=tuple[Any, ...])
WORD = ir.IntType(64)

# numba is typed in part only; these are the parts that are not.
AttributeTemplate: Any = templates.AttributeTemplate
PrimitiveModel: Any = models.PrimitiveModel
infer_attributes: Any = templates.infer_getattr
generic_lowering: Any = lower_getattr_generic
make_array: Any = arrayobj.make_array
populate_array: Any = arrayobj.populate_array
null: Any = cgutils.get_null_value


class Layout(NamedTuple):
    """One array of a NamedTuple: its field, what it holds and where the directory speaks of it."""

    field: str
    dtype: np.dtype[Any]
    ndim: int
    place: int  # address, then the length along every axis


@cache  # reading annotations takes longer than a short sequence
def layouts(kind: type[tuple[Any, ...]]) -> list[Layout]:
    """The arrays of a NamedTuple whose fields are annotated ``Annotated[array type, dtype, axes]``.

    >>> from deltasim.simulator.engines.compiled.records import State
    >>> [(layout.field, layout.ndim, layout.place) for layout in layouts(State)[:2]]
    [('run', 1, 0), ('events', 1, 2)]
    """
    found, place = [], 0
    for field, hint in get_type_hints(kind, include_extras=True).items():
        _, dtype, *axes = get_args(hint)
        ndim = axes[0] if axes else 1
        found.append(Layout(field, np.dtype(dtype), ndim, place))
        place += 1 + ndim
    return found


def directory(arrays: tuple[Any, ...]) -> Integers:
    """Where every array lies and how long it is. Holds as long as ``arrays`` themselves are kept.

    Errors: TypeError when an array is not what its annotation says, since a kernel would misread it.

    >>> from deltasim.simulator.engines.compiled.records import RUN
    >>> from typing import Annotated, NamedTuple
    >>> Small = NamedTuple("Small", [("run", Annotated[np.ndarray, RUN])])
    >>> run = np.zeros(3, RUN)
    >>> (directory(Small(run)) == [run.ctypes.data, 3]).all()
    np.True_
    """
    entries: list[int] = []
    for layout, array in zip(layouts(type(arrays)), arrays, strict=True):
        if array.dtype != layout.dtype or array.ndim != layout.ndim or not array.flags.carray:
            raise TypeError(
                f"{layout.field}: {array.dtype} of {array.ndim} axes is not a writable array of"
                f" {layout.dtype} with {layout.ndim} axes that lies in one piece."
            )
        entries += [array.ctypes.data, *array.shape]
    return np.array(entries, np.int64)


class View(types.Type):
    """numba's type of a NamedTuple seen through its directory."""

    def __init__(self, name: str, fields: Iterable[tuple[str, types.Array, int]]) -> None:
        self.fields = {field: (array, place) for field, array, place in fields}
        laid_out = hashlib.sha256(repr(self.fields).encode()).hexdigest()[:16]
        super().__init__(name=f"View({name}, {laid_out})")  # short: it goes into the name of every function


@register_model(View)
class ViewModel(PrimitiveModel):  # type: ignore[misc]
    """The address of the directory."""

    def __init__(self, manager: Any, view: View) -> None:
        super().__init__(manager, view, WORD.as_pointer())


@infer_attributes
class ViewAttribute(AttributeTemplate):  # type: ignore[misc]
    """The fields of a view are arrays."""

    key = View

    def generic_resolve(self, view: View, field: str) -> types.Array | None:
        return view.fields[field][0] if field in view.fields else None


@generic_lowering(View)  # type: ignore[untyped-decorator]
def lower_field(context: Any, builder: ir.IRBuilder, view: View, pointer: ir.Value, field: str) -> ir.Value:
    """Load address and lengths of one array; they stay during a call, and the compiler is told so."""
    kind, place = view.fields[field]
    unchanging = builder.module.add_metadata([])
    entries = []
    for number in range(1 + kind.ndim):
        load = builder.load(builder.gep(pointer, [WORD(place + number)], inbounds=True))
        load.set_metadata("invariant.load", unchanging)
        entries.append(load)
    array = make_array(kind)(context, builder)
    item = context.get_abi_sizeof(context.get_data_type(kind.dtype))
    strides = [WORD(item)]
    for length in reversed(entries[2:]):
        strides.insert(0, builder.mul(strides[0], length))
    populate_array(
        array,
        data=builder.inttoptr(entries[0], array.data.type),
        shape=entries[1:],
        strides=strides,
        itemsize=WORD(item),
        meminfo=null(array.meminfo.type),
    )
    return array._getvalue()


def viewer(kind: type[V]) -> Callable[[Integers], V]:
    """A function for kernels that turns a directory into a view of ``kind``."""
    fields = [
        (layout.field, types.Array(numpy_support.from_dtype(layout.dtype), layout.ndim, "C"), layout.place)
        for layout in layouts(kind)
    ]
    view_type = View(kind.__name__, fields)

    @intrinsic
    def view(context: Any, directory: types.Array) -> Any:
        def address(context: Any, builder: ir.IRBuilder, signature: Any, arguments: Any) -> ir.Value:
            array = make_array(directory)(context, builder, arguments[0])
            return builder.bitcast(array.data, WORD.as_pointer())

        return view_type(directory), address

    return cast("Callable[[Integers], V]", view)
