"""Tensors in ``.safetensors`` files, as numpy arrays."""

from __future__ import annotations

from pathlib import Path

from deltasim.runtime.arrays import Numbers
from deltasim.runtime.readers.files import Unreadable, read_bytes


def read_tensors(path: str | Path) -> dict[str, Numbers]:
    """Read all tensors of a file. Errors: Unreadable, Missing."""
    from safetensors.numpy import load

    content = read_bytes(path)
    try:
        tensors: dict[str, Numbers] = load(content)
    except Exception as error:  # the library raises whatever damaged bytes lead it to
        raise Unreadable(f"it is no readable safetensors file ({type(error).__name__})") from None
    return tensors
