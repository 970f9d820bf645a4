"""Tensors in ``.safetensors`` files, as numpy arrays."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from deltasim.runtime.arrays import Numbers
from deltasim.runtime.readers.files import Unreadable, read_bytes

KINDS = {
    "F64": "<f8",
    "F32": "<f4",
    "F16": "<f2",
    "I64": "<i8",
    "I32": "<i4",
    "I16": "<i2",
    "I8": "<i1",
    "U64": "<u8",
    "U32": "<u4",
    "U16": "<u2",
    "U8": "<u1",
    "BOOL": "?",
}


def read_tensors(path: str | Path) -> dict[str, Numbers]:
    """Read all tensors of a file; bfloat16 as the float32 that it is the upper half of.

    Errors: Unreadable for a damaged file and for a type that numpy does not have, Missing.
    """
    import safetensors

    library: Any = safetensors
    content = read_bytes(path)
    try:
        listed: Sequence[tuple[str, Mapping[str, Any]]] = library.deserialize(content)
    except Exception as error:  # the library raises whatever damaged bytes lead it to
        raise Unreadable(f"it is no readable safetensors file ({type(error).__name__})") from None
    return {
        name: array_of(name, str(entry["dtype"]), entry["shape"], entry["data"]) for name, entry in listed
    }


def array_of(name: str, kind: str, shape: Sequence[int], data: bytes) -> Numbers:
    """One tensor.

    >>> array_of("a", "BF16", [2], np.array([0x3F80, 0xC000], np.uint16).tobytes()).tolist()
    [1.0, -2.0]
    """
    if kind == "BF16":
        whole = np.frombuffer(data, np.uint16).astype(np.uint32) << 16
        return whole.view(np.float32).reshape(shape)
    if kind not in KINDS:
        raise Unreadable(f"its tensor {name[:60]} is of {kind}")
    if math.prod(shape) == 0:
        return np.zeros(shape, KINDS[kind])
    return np.frombuffer(bytearray(data), KINDS[kind]).reshape(shape)
