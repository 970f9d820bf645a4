"""Compiled kernels on disk, in place of numba's own cache: a file for each, believed only for its key.

numba keeps an index and code as pickles, whatever wrote them, and fails for good on a damaged one. Here a
file holds a digest over its key and content, which is compared before anything is unpickled.
"""

from __future__ import annotations

import hashlib
import os
import pickle
import sys
from collections.abc import Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

import llvmlite
import numba
import numpy as np
from numba.core import caching, serialize, sigutils, types
from numba.core.compiler import CompileResult

from deltasim.runtime.disk.cache import (
    KERNELS,
    cache_root,
    cannot_cache,
    folder_of,
    opened,
    prune,
    remove_damaged,
    told,
)
from deltasim.runtime.disk.unfinished import new_file
from deltasim.runtime.sources import digest_of, edited_since_start
from deltasim.runtime.telling import tell

# numba is typed in part only; these are the parts that are not.
dumps: Any = serialize.dumps
normalize_signature: Any = sigutils.normalize_signature
compile_result: Any = CompileResult
NamedTupleType: Any = types.BaseNamedTuple
TupleType: Any = types.BaseTuple

COMPILING = "compiling kernels; this takes up to half a minute ..."
SETTINGS = ("OPT", "LOOP_VECTORIZE", "SLP_VECTORIZE", "BOUNDSCHECK", "DEBUGINFO_DEFAULT", "ENABLE_AVX")
MADE_BY = repr(
    (
        (sys.version, numba.__version__, llvmlite.__version__, np.__version__),
        [(name, getattr(numba.config, name, None)) for name in SETTINGS],
    )
)
"""Versions and settings of all that turns a source into a kernel."""

LOWERING = tuple(
    Path(__file__).with_name(f"{name}.py") for name in ("branchless", "calls", "packed_views", "views")
)
"""What tells numba how to compile types and calls of ours, which a kernel meets through its arguments too."""

DIGEST_BYTES = 32


class KernelCache(caching._Cache):
    """What numba asks for the compiled forms of one function.

    They lie in a folder named by a digest over every source that the function's module is built from, since
    a kernel freezes what it takes from them, and over what compiles it. What it freezes of its arguments
    stands in the names of their types.
    """

    def __init__(self, function: Any, options: Mapping[str, Any]) -> None:
        file = Path(function.__code__.co_filename)
        self.function, self.file, self.options = function, file, sorted(options.items())
        sources = (file, *LOWERING)
        self.digest = hashlib.sha256(f"{digest_of(*sources)} {MADE_BY}".encode()).hexdigest()[:16]
        self.is_on = not edited_since_start(*sources)

    @property
    def cache_path(self) -> str | None:
        folder = self.folder()
        return str(folder) if folder else None

    def enable(self) -> None:
        self.is_on = True

    def disable(self) -> None:
        self.is_on = False

    def flush(self) -> None:
        folder = self.folder()
        for path in folder.glob(f"{self.name}.*") if folder else ():
            path.unlink(missing_ok=True)

    def folder(self) -> Path | None:
        """Where its kernels lie; None where nothing can be cached."""
        return kernel_folder(cache_root(), self.digest) if self.is_on else None

    @property
    def name(self) -> str:
        """The function's name and line, for people who look into the folder."""
        plain = "".join(letter for letter in self.function.__qualname__ if letter.isalnum() or letter in "_.")
        return f"{self.file.stem}.{plain[:80]}-{self.function.__code__.co_firstlineno}"

    def key(self, signature: Any, codegen: Any) -> str:
        """All that tells one compiled form from another: types, processor, code, closed-over values."""
        arguments, _ = normalize_signature(signature)
        cells = self.function.__closure__ or ()
        values = dumps(tuple(cell.cell_contents for cell in cells)) if cells else b""
        code = self.function.__code__.co_code
        digests = [hashlib.sha256(content).hexdigest() for content in (code, values)]
        processor, kinds = codegen.magic_tuple(), [spelled(kind) for kind in arguments]
        return repr((self.digest, self.name, self.options, kinds, processor, digests))

    def path(self, folder: Path, key: str) -> Path:
        return folder / f"{self.name}.{hashlib.sha256(key.encode()).hexdigest()[:16]}.kernel"

    def load_overload(self, signature: Any, target_context: Any) -> Any:
        """The compiled form for these types; None where there is none yet, and it is compiled now."""
        target_context.refresh()
        folder = self.folder()
        found = self.loaded(folder, signature, target_context) if folder else None
        if found is None:
            tell(COMPILING)
        return found

    def loaded(self, folder: Path, signature: Any, target_context: Any) -> Any:
        key = self.key(signature, target_context.codegen())
        path = self.path(folder, key)
        content = read(path, key)
        if content is None:
            return None
        try:
            arguments, payload = pickle.loads(content)
            if arguments != tuple(normalize_signature(signature)[0]):
                return None  # other types of the same name
            return compile_result._rebuild(target_context, *payload)
        except Exception:  # it is what we wrote, and cannot be used here
            remove_damaged(path)
            return None

    def save_overload(self, signature: Any, result: Any) -> None:
        """Keep a compiled form; a folder that cannot be written to is a CacheWarning."""
        folder = self.folder()
        if folder is None or result.lifted or result.library.has_dynamic_globals:
            return
        key = self.key(signature, result.codegen)
        arguments = tuple(normalize_signature(signature)[0])
        write(self.path(folder, key), key, dumps((arguments, result._reduce())))


def spelled(kind: Any) -> str:
    """The name of a type; numba's says nothing of the fields of a NamedTuple, which a kernel reads by name.

    >>> from typing import NamedTuple
    >>> Pair = NamedTuple("Pair", [("left", int), ("right", int)])
    >>> spelled(numba.typeof(Pair(1, 2)))
    "Pair(int64 x 2)('left', 'right')int64,int64"
    """
    fields = kind.fields if isinstance(kind, NamedTupleType) else ""
    inner = kind if isinstance(kind, TupleType) else ()
    return f"{kind}{fields}{','.join(map(spelled, inner))}"


@cache
def kernel_folder(_root: Path, digest: str) -> Path | None:
    """The folder of a digest below the cache's root. A new one makes room: those used longest ago go."""
    bucket = folder_of(KERNELS.name)
    if bucket is None:
        return None
    is_new = not (bucket / digest).exists()
    folder = folder_of(KERNELS.name, digest)
    if folder is not None and not is_new:
        with suppress(OSError):
            os.utime(folder)
    if is_new:
        prune(KERNELS)
    return folder


def read(path: Path, key: str) -> bytes | None:
    """What was written under this key; None where there is nothing, or, with a warning, something else."""
    try:
        with opened(path) as file:
            digest, content = file.read(DIGEST_BYTES), file.read()
    except FileNotFoundError:
        return None
    except OSError:
        digest = content = b""
    if digest == digest_for(key, content):
        return content
    remove_damaged(path)
    return None


def write(path: Path, key: str, content: bytes) -> None:
    """Write aside, then rename."""
    try:
        path.parent.mkdir(mode=0o700, exist_ok=True)
        with new_file(path, mode=0o600) as file:
            file.write(digest_for(key, content))
            file.write(content)
    except OSError as error:
        told(cannot_cache(error))


def digest_for(key: str, content: bytes) -> bytes:
    """SHA-256 over key and content.

    >>> digest_for("a", b"b") == digest_for("b", b"a")
    False
    """
    return hashlib.sha256(f"{key}\n".encode() + content).digest()
