"""Calls of compiled functions by their address, so that a kernel need not be compiled together with them.

numba compiles a function into every kernel that calls it. What lies behind an address stays apart: it is
compiled, and cached on disk, by itself, and only by those who need it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from llvmlite import ir
from numba.core.extending import intrinsic


def address_of(function: Any, *arguments: Any) -> int:
    """Where a compiled function lies for arguments of these numba types; it stays as the function does."""
    function.compile(arguments)
    compiled = function.overloads[arguments]
    return int(compiled.library.get_pointer_to_function(compiled.fndesc.llvm_cfunc_wrapper_name))


def caller(result: Any) -> Callable[..., Any]:
    """A function for kernels: ``call(address, (argument, ...))`` for functions that return ``result``.

    Arguments go as they are: their types must be those of `address_of`.
    """

    @intrinsic
    def call(context: Any, address: Any, arguments: Any) -> Any:
        def generate(context: Any, builder: ir.IRBuilder, signature: Any, values: Any) -> ir.Value:
            where, packed = values
            passed = [builder.extract_value(packed, place) for place in range(len(arguments.types))]
            called = ir.FunctionType(context.get_value_type(result), [value.type for value in passed])
            return builder.call(builder.inttoptr(where, called.as_pointer()), passed)

        return result(address, arguments), generate

    return cast("Callable[..., Any]", call)
