"""The packed sound library: 1504 clips of 2 s with 24 tags, and its test part in the box.

Source: One Laptop per Child's Berklee Sound Library (CC BY 3.0), packed as ``music_tags.npz`` with tags that
were made of its file names. Sounds that share a name but for its number are one group.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from deltasim.runtime.errors import InputError
from deltasim.runtime.readers.npz import Wanted
from deltasim.workloads.data_folder import in_data_folder
from deltasim.workloads.music_tags.clips import BANDS, BLOCK, PARTS, Clips, averaged, validation_of
from deltasim.workloads.packed import read_packed_arrays

FILE = "music_tags.npz"
BOX = Path(__file__).parent / "clips.npz"
ABOUT = "sounds of the OLPC Berklee Sound Library (CC BY 3.0)"
WANTED = {
    "mel": Wanted("u", 3),
    "tags": Wanted("u", 2),
    "tag_names": Wanted("U", 1),
    "group": Wanted("iu", 1),
    "is_test": Wanted("b", 1),
}
REMEDY = f"Copy {FILE} again."


def find() -> Path | None:
    """Path of the data in the folder that DELTASIM_DATA names, or None."""
    return in_data_folder(FILE)


def read(path: Path) -> Clips:
    """Read and check the packed clips; InputError for a damaged or foreign file."""
    found = read_packed_arrays(
        path, WANTED, needed="the packed sounds are needed", held="the packed sounds", remedy=REMEDY
    )
    mel, tags, names = found["mel"], found["tags"], tuple(map(str, found["tag_names"]))
    count = len(mel)
    belongs = len(tags) == len(found["group"]) == len(found["is_test"]) == count
    if not belongs or tags.shape[1] != len(names) or not count:
        rule = "clips, tags, groups and parts do not belong together"
        raise InputError(path, f"{count} clips", rule, REMEDY)
    if mel.dtype != np.uint8 or mel.shape[2] != 2 * BANDS or mel.shape[1] < 2 * BLOCK or tags.max() > 1:
        rule = f"a clip has {2 * BANDS} levels of a byte a frame, and tags of 0 or 1"
        raise InputError(path, f"{mel.dtype}, shape {mel.shape}", rule, REMEDY)
    group = found["group"].astype(np.int64)
    part = validation_of(group, found["is_test"])
    return Clips(ABOUT, averaged(mel), tags.astype(bool), names, group, part)


def read_box() -> Clips:
    """The test part that is in the box.

    >>> clips = read_box()
    >>> clips.levels.shape, len(clips.tag_names), set(clips.part.tolist())
    ((275, 64, 32), 24, {2})
    """
    with np.load(BOX, allow_pickle=False) as stored:
        levels = np.cumsum(stored["differences"], axis=1, dtype=np.uint8)
        tags = np.unpackbits(stored["tags"], axis=1).astype(bool)[:, : len(stored["tag_names"])]
        names = tuple(map(str, stored["tag_names"]))
        group = stored["group"].astype(np.int64)
    return Clips(ABOUT, levels, tags, names, group, np.full(len(levels), PARTS.index("test")))


def pack(source: Path, target: Path) -> None:
    """Write the test part as it is in the box: differences from frame to frame pack best."""
    clips = read(source).chosen("test")
    np.savez_compressed(
        target,
        differences=np.diff(clips.levels, axis=1, prepend=np.uint8(0)),
        tags=np.packbits(clips.tags, axis=1),
        tag_names=np.array(clips.tag_names),
        group=clips.group.astype(np.int32),
    )


if __name__ == "__main__":
    import sys

    pack(Path(sys.argv[1]), BOX)
