"""The one door to a user's sequences: what a path holds is told by its suffix."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple, TypeVar

from deltasim.runtime.arrays import Numbers
from deltasim.runtime.errors import InputError
from deltasim.runtime.readers.files import Unreadable, is_file, is_folder, read_bytes
from deltasim.runtime.readers.npz import read_arrays, unpacked
from deltasim.workloads.features import BANDS
from deltasim.workloads.own import arrays, events, images, sound, tables
from deltasim.workloads.own.sequences import Sequences, sequences

KINDS = (".npz", ".npy", ".csv", ".parquet", *sound.SUFFIXES, *images.SUFFIXES)
EVENT_KINDS = (".npz", ".csv", ".parquet")
LABEL_FILE = "labels.csv"
T = TypeVar("T")


class Columns(NamedTuple):
    """Which columns of a table say the sequence and its label; None: those called so, where they are.

    ``bin_us`` says that the file holds events, and how many microseconds of them a frame gathers.
    """

    sequence: str | None = None
    label: str | None = None
    bin_us: float | None = None


USUAL = Columns()


def read_sequences(path: str | Path, width: int | None, columns: Columns = USUAL) -> Sequences:
    """Read what a network that takes ``width`` values a frame is to be run on.

    Without a width it is that of the data: of sound 40 log-mel bands, of images the columns of one.

    ``path`` is a file (.npz, .npy, .csv, .parquet, .wav, .flac, .ogg, an image) or a folder of files of one
    of these kinds. In a folder, a file that is no sequence is left out and reported; labels come from
    ``labels.csv`` there (columns file and label), or from the names of sub-folders.

    Errors: InputError for a path without data, for data of another width, and as `sequences` says.

    >>> import tempfile
    >>> import numpy as np
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     np.save(Path(folder) / "a.npy", np.zeros((5, 3, 2), np.float32))
    ...     read_sequences(Path(folder) / "a.npy", width=2).about.rpartition("/")[2]
    'a.npy: 5 sequences of 2 values, 15 frames'
    """
    place = Path(path)
    if columns.bin_us is not None and place.suffix.lower() not in EVENT_KINDS:
        rule = "events are read from a file of them, with columns or arrays x, y, p and t"
        raise InputError(place, place.suffix or "no suffix", rule, f"Use {' or '.join(EVENT_KINDS)}.")
    if is_folder(place):
        found = read_folder(place, width)
    elif not is_file(place):
        raise InputError(place, "no file", "there is nothing at this path", "Name a file or a folder.")
    elif (suffix := place.suffix.lower()) not in KINDS:
        raise InputError(place, suffix or "no suffix", "this kind of file is not read", f"Use {listed()}.")
    else:
        found = FILES[suffix](place, width, columns)
    if width is not None and found.width != width:
        value = f"{found.width} values a frame"
        raise InputError(place, value, f"the network takes {width}", "Bring the data to that width.")
    return found


def listed() -> str:
    """The kinds of files that are read, for a sentence."""
    return ", ".join(KINDS[:-1]) + f" or {KINDS[-1]}"


def read_npz(path: Path, width: int | None, columns: Columns) -> Sequences:
    """An archive: frames and offsets, audio and offsets, or an array a sequence."""
    content = loaded(path)
    if columns.bin_us is not None:
        found = events.from_archive(content, path, width, columns.bin_us)
        return sequences(str(path), found.tables, found.labels, found.names)
    labels = arrays.label_names(content["labels"], path) if "labels" in content else None
    if (recordings := arrays.sounds_of(content, path)) is not None:
        told = [f"recording {n}" for n in range(len(recordings))]
        heard_of = from_sounds(path, recordings, told, labels, width)
        return replace(heard_of, groups=arrays.groups_of(content, len(told), path))
    found = arrays.from_archive(content, path)
    read = sequences(str(path), found.tables, found.labels, found.names)
    groups, targets = (
        arrays.groups_of(content, len(read.frames), path),
        arrays.frame_targets_of(content, path),
    )
    return replace(read, groups=groups, frame_targets=targets)


def read_npy(path: Path, width: int | None, columns: Columns) -> Sequences:
    """One array."""
    (array,) = loaded(path).values()
    found = arrays.from_array(array)
    return sequences(str(path), found.tables, found.labels, found.names)


def loaded(path: Path) -> dict[str, Numbers]:
    """The arrays of an npy or npz file, never a pickle; the one of an npy file has no name."""
    try:
        if path.suffix.lower() == ".npz":
            return read_arrays(path)
        return {"": unpacked(read_bytes(path))}
    except Unreadable as error:
        rule = "this is no readable file of arrays"
        raise InputError(path, error.reason, rule, "Write it with numpy.savez or numpy.save.") from None


def read_rows(path: Path, width: int | None, columns: Columns) -> Sequences:
    """A CSV or Parquet file."""
    table = tables.read_table(path)
    if columns.bin_us is not None:
        named = [name for name in (columns.sequence or "sequence", columns.label or "label") if name in table]
        table = events.ordered(table, named, str(path))
        found, labels, names = tables.split(table, str(path), columns.sequence, columns.label)
        binned = [events.frames_of(rows, str(path), width, None, columns.bin_us) for rows in found]
        return sequences(str(path), binned, labels, names)
    found, labels, names = tables.split(table, str(path), columns.sequence, columns.label)
    groups, targets = tables.aside(table, str(path), columns.sequence)
    return replace(sequences(str(path), found, labels, names), groups=groups, frame_targets=targets)


def read_one_sound(path: Path, width: int | None, columns: Columns) -> Sequences:
    """A file of sound is one sequence."""
    return from_sounds(path, [heard(path)], [path.name], None, width)


def read_one_image(path: Path, width: int | None, columns: Columns) -> Sequences:
    """An image is a sequence of its rows, or one frame."""
    picture = seen(path)
    found, names = images.as_sequences([picture], [path.name], width or picture.shape[1])
    return sequences(str(path), found, None, names)


def heard(path: Path) -> sound.Sound:
    """`sound.read_sound`, its errors told in a sentence."""
    import soundfile

    try:
        return sound.read_sound(path)
    except (soundfile.SoundFileError, OSError, RuntimeError) as error:
        reason = " ".join(str(error).split())[:120]
        raise InputError(path, reason, "this is no readable sound", "Convert it to WAV.") from None


def seen(path: Path) -> Numbers:
    """`images.read_image`, its errors told in a sentence."""
    try:
        return images.read_image(path)
    except InputError:
        raise
    except (OSError, ValueError, SyntaxError) as error:
        reason = " ".join(str(error).split())[:120]
        raise InputError(path, reason, "this is no readable image", "Convert it to PNG.") from None


def from_sounds(
    place: Path,
    recordings: list[sound.Sound],
    names: list[str],
    labels: list[str] | None,
    width: int | None,
    left_out: tuple[str, ...] = (),
) -> Sequences:
    """Recordings at the rate of the first, as frames."""
    rate = recordings[0].rate
    framed = [sound.frames_of(sound.resampled(recording, rate), width or BANDS) for recording in recordings]
    return sequences(str(place), [frames for frames, _ in framed], labels, names, left_out, framed[0][1])


Reader = Callable[[Path, int | None, Columns], Sequences]
FILES: dict[str, Reader] = {
    ".npz": read_npz,
    ".npy": read_npy,
    ".csv": read_rows,
    ".parquet": read_rows,
    **dict.fromkeys(sound.SUFFIXES, read_one_sound),
    **dict.fromkeys(images.SUFFIXES, read_one_image),
}


def read_folder(folder: Path, width: int | None) -> Sequences:
    """Every file of a folder and below that is sound, or an image, or else an array or a table."""
    files = [path for path in sorted(folder.rglob("*")) if path.is_file() and path.name != LABEL_FILE]
    for suffixes in (sound.SUFFIXES, images.SUFFIXES, (".npy", ".npz", ".csv", ".parquet")):
        chosen = [path for path in files if path.suffix.lower() in suffixes]
        if chosen:
            break
    else:
        raise InputError(folder, "no data", "the folder holds no file that is read", f"Use {listed()}.")
    others = [f"{path}: it is no {chosen[0].suffix} file" for path in files if path not in chosen]
    if suffixes == sound.SUFFIXES:
        kept, recordings, odd = sorted_out(chosen, heard)
        labels = labels_of(folder, kept)
        return from_sounds(folder, recordings, names(folder, kept), labels, width, (*odd, *others))
    if suffixes == images.SUFFIXES:
        kept, pictures, odd = sorted_out(chosen, seen)
        found, told = images.as_sequences(pictures, names(folder, kept), width or pictures[0].shape[1])
        labels = labels_of(folder, kept) if len(found) == len(kept) else None
        return sequences(str(folder), found, labels, told, (*odd, *others))
    kept, parts, odd = sorted_out(chosen, lambda path: FILES[path.suffix.lower()](path, width, USUAL))
    frames = [frames for part in parts for frames in part.frames]
    told = [
        f"{name}: {one}" for name, part in zip(names(folder, kept), parts, strict=True) for one in part.names
    ]
    given = labels_of(folder, kept)
    inside = [label for part in parts for label in part.labels or ()]
    if given is not None:
        inside = [label for label, part in zip(given, parts, strict=True) for _ in part.frames]
    return sequences(str(folder), frames, inside or None, told, (*odd, *others))


def sorted_out(files: list[Path], read: Callable[[Path], T]) -> tuple[list[Path], list[T], tuple[str, ...]]:
    """Files that could be read, what they hold, and a sentence for each other one."""
    kept, contents, odd = [], [], []
    for path in files:
        try:
            contents.append(read(path))
            kept.append(path)
        except InputError as error:
            odd.append(str(error))
    if not kept:
        raise InputError(files[0].parent, f"{len(files)} files", "none of them can be read", odd[0])
    return kept, contents, tuple(odd)


def names(folder: Path, files: list[Path]) -> list[str]:
    """Files as a person finds them in the folder."""
    return [path.relative_to(folder).as_posix() for path in files]


def labels_of(folder: Path, files: list[Path]) -> list[str] | None:
    """The label of each file: by ``labels.csv``, else by the sub-folder it lies in, else none."""
    table = folder / LABEL_FILE
    told = names(folder, files)
    if table.is_file():
        known = dict(label_rows(table))
        for name in told:
            if name not in known:
                raise InputError(table, name, "every file has a row here", "Add it, or leave the file out.")
        return [known[name] for name in told]
    if all("/" in name for name in told):
        return [name.partition("/")[0] for name in told]
    return None


def label_rows(table: Path) -> Iterator[tuple[str, str]]:
    """The rows of a ``labels.csv``."""
    frame = tables.read_table(table)
    if not {"file", "label"} <= set(frame.columns):
        raise InputError(table, ", ".join(frame.columns), "the columns are file and label", "Rename them.")
    for file, label in frame.select("file", "label").iter_rows():
        yield str(file), str(label)
