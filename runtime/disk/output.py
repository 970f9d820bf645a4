"""The folder that a person names for what is written: one sentence where it cannot be."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from deltasim.runtime.disk import unfinished
from deltasim.runtime.errors import InputError

OPTION = "--out"


def refuse_existing(folder: Path) -> None:
    """Raise InputError when something of this name is there already, or nothing can be made there.

    >>> refuse_existing(Path("runs/not-there-yet"))
    """
    with told_in_a_sentence(folder):
        is_there = exists(folder)
        parent = next(path for path in folder.absolute().parents if path.exists())
    if is_there:
        rule = "a run never overwrites what is there"
        raise InputError(OPTION, folder, rule, "Give another folder or remove this one.")
    if not parent.is_dir() or not os.access(parent, os.W_OK):
        raise InputError(OPTION, folder, f"the folder must be writable ({parent} is not)", "Give another.")


def exists(path: Path) -> bool:
    """Whether something has this name, be it a link to nowhere; OSError for a name that nothing can have."""
    try:
        os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return False
    return True


@contextmanager
def new_folder(folder: Path) -> Iterator[Path]:
    """Give a folder to write in; it takes the name of ``folder`` when all went well, else it goes.

    Raises InputError when the folder exists or cannot be made, or when another run was quicker to take its
    name.
    """
    refuse_existing(folder)
    with ExitStack() as stack:
        with told_in_a_sentence(folder):
            part = stack.enter_context(unfinished.new_folder(folder, f"{folder} is complete."))
        yield part
        with told_in_a_sentence(folder):
            stack.close()


@contextmanager
def told_in_a_sentence(folder: Path) -> Iterator[None]:
    """Turn what the disk says about this folder, such as that it is full, into an InputError."""
    try:
        yield
    except FileExistsError:
        rule = "another run has taken this name meanwhile"
        raise InputError(OPTION, folder, rule, "Nothing was written: give another folder.") from None
    except OSError as error:
        rule = f"the folder must be writable ({error.strerror or error})"
        raise InputError(OPTION, folder, rule, "Nothing was written: give another folder.") from None
