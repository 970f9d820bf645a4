"""What is being written: a file or folder gets its name when it is whole, and what is not whole is removed.

It is written beside its target under a name of its own, ``.deltasim-XXXXXXXXXXXXXXXX.part``, and locked for
as long as it is being written. So nobody sees a half-written one; a program that is stopped removes its own
(`stop`); and what a killed process has left is known by its free lock, and goes when the next one writes to
the same folder (`remove_abandoned`).
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, NamedTuple, Protocol, TypeVar

PREFIX, SUFFIX = ".deltasim-", ".part"
NOTHING = "Nothing was written."


class Kept(NamedTuple):
    """Where a part that is stopped goes instead of being removed, and what the person is told then."""

    target: Path
    words: str


class Part(NamedTuple):
    """A part, and the folders that were made on the way to it, innermost first."""

    path: Path
    made: tuple[Path, ...] = ()
    kept: Kept | None = None


class Process(Protocol):
    """A process that ends with this one."""

    def kill(self) -> None: ...


P = TypeVar("P", bound=Process)


class Work:
    """All that is unfinished in this process.

    ``gate`` is held wherever something begins or ends; whoever stops the process holds it for good.
    """

    def __init__(self) -> None:
        self.gate = threading.RLock()
        self.parts: dict[Path, Part] = {}
        self.processes: list[Process] = []
        self.words = NOTHING


work = Work()


@contextmanager
def new_file(target: Path, mode: int = 0o666) -> Iterator[IO[bytes]]:
    """Give a file to write to; it takes the target's name, and place, when all went well, else it goes.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with new_file(Path(folder) / "a") as file:
    ...         _ = file.write(b"whole")
    ...     [(path.name, path.read_bytes()) for path in Path(folder).iterdir()]
    [('a', b'whole')]
    """
    remove_abandoned(target.parent)
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    part, descriptor = begun(target.parent, lambda path: os.open(path, flags, mode))
    try:
        with open(os.dup(descriptor), "w+b") as file:  # the lock stays until it has its name
            yield file
        finish(part, lambda: os.replace(part, target))
    except BaseException:
        discard(part)
        raise
    finally:
        done(part, descriptor)


@contextmanager
def new_folder(target: Path, words: str | None = None) -> Iterator[Path]:
    """Give a folder to write in; it takes the target's name when all went well, else it goes.

    Folders on the way are made, and go too when it does. ``words`` are told to a person who stops the program
    once it has its name. Raises FileExistsError when something of the
    target's name has come into being meanwhile, OSError for what cannot be written.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with new_folder(Path(folder) / "a") as part:
    ...         (part / "b").touch()
    ...     [str(path.relative_to(folder)) for path in sorted(Path(folder).rglob("*"))]
    ['a', 'a/b']
    """
    import shutil  # noqa: F401  # so that a stop has it at hand

    made = tuple(place for place in target.absolute().parents if not place.exists())
    target.parent.mkdir(parents=True, exist_ok=True)
    remove_abandoned(target.parent)
    part, descriptor = begun(target.parent, opened_folder, made)
    try:
        yield part
        finish(part, lambda: publish(part, target), words)
    except KeyboardInterrupt:
        keep_or_discard(part)
        raise
    except BaseException:
        discard(part)
        raise
    finally:
        done(part, descriptor)


@contextmanager
def scratch_folder(place: Path) -> Iterator[Path]:
    """Give a folder in ``place`` to work in, which goes in the end, however that comes about.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with scratch_folder(Path(folder)) as part:
    ...         (part / "a").touch()
    ...     list(Path(folder).iterdir())
    []
    """
    place.mkdir(parents=True, exist_ok=True)
    remove_abandoned(place)
    part, descriptor = begun(place, opened_folder)
    try:
        yield part
    finally:
        discard(part)
        done(part, descriptor)


def opened_folder(path: Path) -> int:
    """Make a folder and open it, to be locked; where folders cannot be opened, a number that says so."""
    path.mkdir()
    return os.open(path, os.O_RDONLY) if os.name == "posix" else -1


def begun(folder: Path, create: Callable[[Path], int], made: tuple[Path, ...] = ()) -> tuple[Path, int]:
    """Create a part in ``folder`` and lock it; its path and its descriptor."""
    while True:
        part = new_name(folder.absolute())
        with work.gate:
            descriptor = create(part)
            if descriptor < 0 or is_held(part, descriptor):
                work.parts[part] = Part(part, made)
                return part, descriptor
            os.close(descriptor)  # taken for an abandoned one in the moment before it was locked


def finish(part: Path, publish: Callable[[], None], words: str | None = None) -> None:
    """Give a whole part its name; from then on it is no longer unfinished."""
    with work.gate:
        publish()
        work.words = words or work.words
        work.parts.pop(part, None)


def done(part: Path, descriptor: int) -> None:
    """Forget a part and let go of its lock."""
    with work.gate:
        work.parts.pop(part, None)
    if descriptor >= 0:
        os.close(descriptor)


def publish(part: Path, target: Path) -> None:
    """Rename a folder; raises FileExistsError where something with content has the name already."""
    try:
        os.rename(part, target)
    except OSError as error:
        if target.exists() or target.is_symlink():
            raise FileExistsError(error.errno, "it came into being meanwhile", str(target)) from None
        raise


def discard(part: Path) -> None:
    """Remove a part, and the folders made on the way as far as they are empty.

    A folder is renamed before it is emptied, so that a thread that still writes can add nothing to it.
    """
    import shutil

    with work.gate, suppress(OSError):
        if part.is_dir():
            last = new_name(part.parent)
            part.rename(last)
            shutil.rmtree(last)
        else:
            part.unlink()
        for folder in work.parts[part].made if part in work.parts else ():
            folder.rmdir()


def keep_or_discard(part: Path) -> None:
    """What becomes of a part when the program is stopped."""
    with work.gate:
        kept = work.parts[part].kept if part in work.parts else None
        try:
            if kept:
                publish(part, kept.target)
                work.words = kept.words
        except OSError:
            kept = None
        if not kept:
            discard(part)


def keep_when_stopped(part: Path, target: Path, words: str) -> None:
    """From now on a stop gives this folder a name instead of removing it, and tells ``words``."""
    with work.gate:
        work.parts[part] = work.parts[part]._replace(kept=Kept(target, words))


def new_name(folder: Path) -> Path:
    """A name for a part that nothing has."""
    return folder / f"{PREFIX}{os.urandom(8).hex()}{SUFFIX}"


def tell_when_stopped(words: str) -> None:
    """What a person is told who stops the program from now on."""
    work.words = words


@contextmanager
def child(start: Callable[[], P]) -> Iterator[P]:
    """Start a process; as long as this lasts, it ends when this program is stopped."""
    with work.gate:
        process = start()
        work.processes.append(process)
    try:
        yield process
    finally:
        with work.gate:
            work.processes.remove(process)


def stop() -> str:
    """Remove what is unfinished, for a thread that then ends this process; returns what to tell the person.

    From then on nothing begins or gets its name any more: the gate stays shut.
    """
    work.gate.acquire()
    for process in work.processes:
        process.kill()
    for part in reversed(list(work.parts)):  # what lies inside another one began later
        keep_or_discard(part)
    return work.words


def remove_abandoned(folder: Path) -> None:
    """Remove the parts in a folder whose process is no more.

    Where locks are unknown (some network file systems, Windows) they stay.
    """
    import shutil

    with suppress(OSError):
        for entry in os.scandir(folder):
            if entry.name.startswith(PREFIX) and entry.name.endswith(SUFFIX):
                part = Path(entry.path)
                with suppress(OSError):
                    descriptor = os.open(part, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0))
                    try:
                        if locks(descriptor):
                            shutil.rmtree(part) if part.is_dir() else part.unlink()
                    finally:
                        os.close(descriptor)


def is_held(part: Path, descriptor: int) -> bool:
    """Lock a new part; False where another process was quicker and is removing it."""
    try:
        locks(descriptor)
    except BlockingIOError:
        return False
    except OSError:
        return True  # no locks here
    return part.exists()


def locks(descriptor: int) -> bool:
    """Lock an open file or folder until it is closed; False where there are no locks.

    Raises BlockingIOError when another process holds the lock, OSError where the file system has none.
    """
    try:
        import fcntl
    except ImportError:
        return False
    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    return True
