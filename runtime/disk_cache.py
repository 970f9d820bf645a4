"""The disk cache: files named by digest in one folder of the user, bounded in size.

The folder is the user's cache folder (``~/.cache/deltasim`` or its like); ``DELTASIM_CACHE`` names another.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import time
import uuid
import warnings
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextvars import ContextVar
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import platformdirs

from deltasim.runtime.arrays import Numbers

VARIABLE = "DELTASIM_CACHE"
DAY_S = 86_400.0

UNREADABLE = (
    OSError,
    ValueError,
    KeyError,
    TypeError,
    EOFError,
    AttributeError,
    NotImplementedError,
    RuntimeError,
    zipfile.BadZipFile,
    zlib.error,
)
"""What numpy raises when an npz file is damaged, cut short, or something else altogether."""


class CacheBucket(NamedTuple):
    """A folder of the cache and the bytes it may hold; ``spared_s``: entries used so lately always stay."""

    name: str
    limit_bytes: int
    spared_s: float = 0.0


TRACES = CacheBucket("traces", 1 << 30)
FEATURES = CacheBucket("features", 256 << 20)
KERNELS = CacheBucket("kernels", 512 << 20, DAY_S)  # a process at work writes into its own folder all along

_in_use: ContextVar[bool] = ContextVar("cache in use", default=True)


class CacheWarning(UserWarning):
    """A cached file was damaged and made again, or nothing can be cached; the results are the same."""


def cache_root() -> Path:
    """The folder of the whole cache.

    >>> cache_root().name != ""
    True
    """
    named = os.environ.get(VARIABLE)
    return Path(named).expanduser() if named else Path(platformdirs.user_cache_dir("deltasim"))


@contextlib.contextmanager
def without_cache() -> Iterator[None]:
    """Make everything afresh and cache nothing, but for compiled kernels.

    >>> with without_cache():
    ...     cached_arrays(TRACES, "0" * 64, lambda: {"steps": np.arange(2)})["steps"].tolist()
    [0, 1]
    """
    token = _in_use.set(False)
    try:
        yield
    finally:
        _in_use.reset(token)


def cache_in_use() -> bool:
    """False within ``without_cache``.

    >>> cache_in_use()
    True
    """
    return _in_use.get()


def cached_arrays(
    bucket: CacheBucket, key: str, make: Callable[[], Mapping[str, Numbers]]
) -> Mapping[str, Numbers]:
    """The arrays of this ``key`` (a digest over all that decides them), from the cache where they are in it.

    A file is written aside and renamed, so two processes may make the same one at once. It holds a digest
    over its content; a damaged one is made again, with a CacheWarning. An array set larger than a quarter of
    the bucket is not cached. When the bucket is full, what was used longest ago goes first.
    """
    if not cache_in_use():
        return make()
    path = cache_root() / bucket.name / f"{key}.npz"
    found = read(path)
    if found is not None:
        return found
    made = make()
    if sum(array.nbytes for array in made.values()) <= bucket.limit_bytes // 4:
        write(path, made)
        prune(bucket)
    return made


def content_digest(arrays: Mapping[str, Numbers]) -> str:
    """SHA-256 (hex) over names, types, shapes and content.

    >>> content_digest({"a": np.zeros(2)}) == content_digest({"a": np.zeros((2, 1))})
    False
    """
    digest = hashlib.sha256()
    for name in sorted(arrays):
        whole = np.ascontiguousarray(arrays[name])
        digest.update(f"{name} {whole.dtype.descr}{whole.shape}\n".encode())
        digest.update(whole.tobytes())
    return digest.hexdigest()


def read(path: Path) -> dict[str, Numbers] | None:
    """The arrays of a cached file; None where there is none, or, with a CacheWarning, a damaged one."""
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
        intact = str(arrays.pop("digest")) == content_digest(arrays)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except UNREADABLE:
        intact = False
    if not intact:
        warnings.warn(f"{path} is damaged and is made again.", CacheWarning, stacklevel=3)
        return None
    with contextlib.suppress(OSError):
        os.utime(path)
    return arrays


def write(path: Path, arrays: Mapping[str, Numbers]) -> None:
    """Write aside, then rename; a folder that cannot be written to is a CacheWarning."""
    named: dict[str, Any] = {**arrays, "digest": np.array(content_digest(arrays))}
    aside = path.with_name(f".{path.name}.{uuid.uuid4().hex}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with aside.open("wb") as file:
                np.savez(file, **named)
            os.replace(aside, path)
        finally:
            aside.unlink(missing_ok=True)
    except OSError as error:
        sentence = f"Nothing can be cached in {path.parent} ({error.strerror}). Name a folder in {VARIABLE}."
        warnings.warn(sentence, CacheWarning, stacklevel=3)


def prune(bucket: CacheBucket) -> None:
    """Remove what was used longest ago until the bucket holds no more than its limit."""
    folder, now = cache_root() / bucket.name, time.time()
    entries: list[tuple[float, int, Path]] = []
    for entry in folder.iterdir() if folder.is_dir() else ():
        with contextlib.suppress(OSError):  # another process has removed it meanwhile
            entries.append((entry.stat().st_mtime, size_of(entry), entry))
    total = sum(size for _, size, _ in entries)
    for used, size, entry in sorted(entries):
        if total <= bucket.limit_bytes or now - used < bucket.spared_s:
            break
        with contextlib.suppress(OSError):
            shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
        total -= size


def size_of(entry: Path) -> int:
    """Bytes in a file, or in all files of a folder."""
    if not entry.is_dir():
        return entry.stat().st_size
    return sum(file.stat().st_size for file in entry.rglob("*") if file.is_file())


@cache
def sources_digest(folder: Path) -> str:
    """SHA-256 (hex) over all Python files in a folder and below: what was made by other code is not reused.

    >>> len(sources_digest(Path(__file__).parent))
    64
    """
    digest = hashlib.sha256()
    for source in sorted(folder.rglob("*.py")):
        digest.update(source.name.encode() + source.read_bytes())
    return digest.hexdigest()
