"""Which folders and files can be believed: those that nobody else can write to."""

from __future__ import annotations

import os
import stat
from pathlib import Path

WRITABLE = stat.S_IWGRP | stat.S_IWOTH


def flaw(folder: Path) -> str | None:
    """Why others may change what lies in ``folder``, as the end of a sentence; None: nobody else can.

    Looked at are the owner and the mode of the folder and of every folder on the way to it, as sshd does;
    what is not there yet is left out. ``folder`` is absolute and holds no link. On the way, two things are
    fine: a folder where only owners may rename (as /tmp), and one that a group of this user alone may write
    to.

    >>> flaw(Path(__file__).resolve().parent) is None or os.name != "posix"
    True
    """
    if os.name != "posix":
        return None
    for place in (folder, *folder.parents):
        try:
            status = place.stat()
        except FileNotFoundError:
            continue
        if not is_mine(status):
            return f"{place} belongs to another user"
        shared = status.st_mode & WRITABLE
        if place != folder and (status.st_mode & stat.S_ISVTX or is_of_own_group(status)):
            shared = 0
        if shared:
            return f"others can write to {place} (mode {stat.S_IMODE(status.st_mode):o})"
    return None


def is_mine(status: os.stat_result) -> bool:
    """Whether a file belongs to this user, or to root, who can change everything anyway."""
    return status.st_uid in (0, os.geteuid())


def is_mine_alone(status: os.stat_result) -> bool:
    """Whether nobody else can write to an open file."""
    return os.name != "posix" or (is_mine(status) and not status.st_mode & WRITABLE)


def is_of_own_group(status: os.stat_result) -> bool:
    """Whether a folder is closed to all but a group that has this user's name and no other member."""
    import grp
    import pwd

    if status.st_mode & stat.S_IWOTH:
        return False
    try:
        group, user = grp.getgrgid(status.st_gid), pwd.getpwuid(os.geteuid())
    except KeyError:
        return False
    return group.gr_name == user.pw_name and set(group.gr_mem) <= {user.pw_name}
