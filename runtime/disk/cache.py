"""The disk cache: files named by digest in one folder of the user, bounded in size.

The folder is the user's cache folder (``~/.cache/deltasim`` or its like); ``DELTASIM_CACHE`` names another.
What is found there is believed only where nobody else can write to it, and only for its own key.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextvars import ContextVar
from functools import cache
from pathlib import Path
from typing import IO, Any, NamedTuple

import numpy as np
import platformdirs

from deltasim.runtime.arrays import Numbers
from deltasim.runtime.disk.trust import flaw, is_mine_alone
from deltasim.runtime.disk.unfinished import PREFIX, new_file, remove_abandoned
from deltasim.runtime.readers.files import Unreadable, folder_in
from deltasim.runtime.readers.npz import arrays_in

VARIABLE = "DELTASIM_CACHE"
DAY_S = 86_400.0


class CacheBucket(NamedTuple):
    """A folder of the cache and the bytes it may hold; ``spared_s``: entries used so lately always stay."""

    name: str
    limit_bytes: int
    spared_s: float = 0.0


TRACES = CacheBucket("traces", 1 << 30)
FEATURES = CacheBucket("features", 256 << 20)
SCRIPTS = CacheBucket("scripts", 16 << 20)
KERNELS = CacheBucket("kernels", 512 << 20, DAY_S)  # a process at work writes into its own folder all along

_in_use: ContextVar[bool] = ContextVar("cache in use", default=True)


class CacheWarning(UserWarning):
    """A cached file was damaged and made again, or nothing can be cached; the results are the same."""


def cache_root() -> Path:
    """The folder of the whole cache.

    Raises InputError for a user that is not known (``~nobody/cache``).

    >>> cache_root().name != ""
    True
    """
    return folder_in(VARIABLE) or Path(platformdirs.user_cache_dir("deltasim"))


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


def folder_of(*names: str) -> Path | None:
    """A folder below the root, made if need be; None, with a CacheWarning, where nothing can be cached.

    That is also where others can write to it, or to a folder on the way: what lies there may be anybody's,
    so nothing is read either. What a killed process has left there is removed.
    """
    place = root = cache_root()
    try:
        for part in ("", *names):
            place = (place / part).resolve()
            for folder in (*reversed(place.parents), place):
                if not folder.exists():
                    folder.mkdir(mode=0o700, exist_ok=True)
            if found := flaw(place):
                told(
                    f"{found}, so nothing in {root} is believed and nothing is cached there. "
                    f"Close it to others (chmod go-w), or name a folder of your own in {VARIABLE}."
                )
                return None
    except (OSError, RuntimeError) as error:  # RuntimeError: links in a circle
        told(cannot_cache(error))
        return None
    remove_abandoned_once(place)
    return place


@cache
def remove_abandoned_once(folder: Path) -> None:
    """Remove what killed processes have left in a folder, the first time this process uses it."""
    remove_abandoned(folder)


def cannot_cache(error: Exception) -> str:
    """The sentence that says why nothing can be written."""
    reason = getattr(error, "strerror", None) or error
    return f"Nothing can be cached in {cache_root()} ({reason}). Name a folder in {VARIABLE}."


@cache
def told(sentence: str) -> None:
    """Warn, once a process."""
    warnings.warn(sentence, CacheWarning, stacklevel=4)


def cached_arrays(
    bucket: CacheBucket, key: str, make: Callable[[], Mapping[str, Numbers]]
) -> Mapping[str, Numbers]:
    """The arrays of this ``key`` (a digest over all that decides them), from the cache where they are in it.

    A file is written aside and renamed, so two processes may make the same one at once. It holds a digest
    over its key and content; a damaged or swapped one is made again, with a CacheWarning. An array set
    larger than a quarter of the bucket is not cached. When the bucket is full, what was used longest ago goes
    first.
    """
    folder = folder_of(bucket.name) if cache_in_use() else None
    if folder is None:
        return make()
    path = folder / f"{key}.npz"
    found = read(path, key)
    if found is not None:
        return found
    made = make()
    if sum(array.nbytes for array in made.values()) <= bucket.limit_bytes // 4:
        write(path, key, made)
        prune(bucket)
    return made


def content_digest(arrays: Mapping[str, Numbers], key: str = "") -> str:
    """SHA-256 (hex) over the key, names, types, shapes and content.

    >>> content_digest({"a": np.zeros(2)}) == content_digest({"a": np.zeros((2, 1))})
    False
    """
    digest = hashlib.sha256(f"{key}\n".encode())
    for name in sorted(arrays):
        whole = np.ascontiguousarray(arrays[name])
        digest.update(f"{name} {whole.dtype.descr}{whole.shape}\n".encode())
        digest.update(whole.tobytes())
    return digest.hexdigest()


def read(path: Path, key: str) -> dict[str, Numbers] | None:
    """The arrays of a cached file; None where there is none, or, with a CacheWarning, a damaged one."""
    try:
        with opened(path) as file:
            arrays = arrays_in(file)
        intact = "digest" in arrays and str(arrays.pop("digest")) == content_digest(arrays, key)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (Unreadable, OSError):
        intact = False
    if not intact:
        remove_damaged(path)
        return None
    with contextlib.suppress(OSError):
        os.utime(path)
    return arrays


def opened(path: Path) -> IO[bytes]:
    """A cached file to be read; raises PermissionError for a link, or a file that others can write to."""
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
    descriptor = os.open(path, flags)
    if not is_mine_alone(os.fstat(descriptor)):
        os.close(descriptor)
        raise PermissionError(f"others can write to {path}")
    return open(descriptor, "rb")


def remove_damaged(path: Path) -> None:
    """Remove a cached file that is not what it should be, and say so."""
    with contextlib.suppress(OSError):
        path.unlink()
    warnings.warn(f"{path} is damaged and is made again.", CacheWarning, stacklevel=4)


def write(path: Path, key: str, arrays: Mapping[str, Numbers]) -> None:
    """Write aside, then rename; a folder that cannot be written to is a CacheWarning."""
    named: dict[str, Any] = {**arrays, "digest": np.array(content_digest(arrays, key))}
    try:
        path.parent.mkdir(mode=0o700, exist_ok=True)
        with new_file(path, mode=0o600) as file:
            np.savez(file, **named)
    except OSError as error:
        told(cannot_cache(error))


def prune(bucket: CacheBucket) -> None:
    """Remove what was used longest ago until the bucket holds no more than its limit."""
    folder, now = cache_root() / bucket.name, time.time()
    entries: list[tuple[float, int, Path]] = []
    for entry in folder.iterdir() if folder.is_dir() else ():
        with contextlib.suppress(OSError):  # another process has removed it meanwhile
            if not entry.name.startswith(PREFIX):
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
