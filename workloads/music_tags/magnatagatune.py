"""MagnaTagATune: clips of 29 s as MP3 files, and a table of who heard what in them.

The table, ``annotations_final.csv``, has a line for each clip, fields parted by tabs: ``clip_id``, 0 or 1 for
each of 188 tags, and ``mp3_path``. The 50 commonest tags are taken. Clips of one track are one group; as is
usual, the folders 0 to b train, c chooses and d to f test.
"""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from deltasim.runtime.arrays import Floats
from deltasim.runtime.errors import InputError
from deltasim.runtime.readers.files import Missing, Unreadable, is_file, read_text
from deltasim.workloads.music_tags.clips import BANDS, PARTS, Clips, averaged
from deltasim.workloads.own.sound import Sound, read_sound, resampled

TABLE = "annotations_final.csv"
TAGS = 50
RATE, WINDOW, HOP = 16_000, 512, 256  # Hz, samples
LOWEST, HIGHEST = 40.0, 8000.0  # Hz, of the mel bands
FRAMES = 1820  # of 16 ms: 29.12 s, as the published network hears
VALIDATION, TEST = "c", "def"
REMEDY = "Check the file, or leave the line out."


class Line(NamedTuple):
    """A line of the table: its number, the sound file, and which tags it has."""

    number: int
    sound: str
    tags: tuple[bool, ...]


def table_in(folder: Path) -> Path | None:
    """The table of a folder, or None."""
    return folder / TABLE if is_file(folder / TABLE) else None


def read_table(path: Path) -> tuple[tuple[str, ...], list[Line]]:
    """Names of all tags, and the lines; InputError with the line of a damaged one."""
    try:
        text = read_text(path)
    except Missing:
        raise InputError(path, "no such file", "the clips have their table", f"Copy {TABLE}.") from None
    except Unreadable as error:
        raise InputError(
            path, "unreadable", f"the table is text ({error.reason})", "Copy it again."
        ) from None
    rows = list(csv.reader(io.StringIO(text), delimiter="\t"))
    head = rows[0] if rows else []
    if len(head) < 3 or head[0] != "clip_id" or head[-1] != "mp3_path":
        rule = "its columns are clip_id, a tag each, and mp3_path, parted by tabs"
        raise InputError(f"{path}:1", ", ".join(head)[:40], rule, "Copy it again.")
    lines = []
    for number, row in enumerate(rows[1:], 2):
        if not row:
            continue
        if len(row) != len(head) or set(row[1:-1]) - {"0", "1"}:
            rule = f"a line has {len(head)} fields, 0 or 1 for a tag"
            raise InputError(f"{path}:{number}", f"{len(row)} fields", rule, REMEDY)
        lines.append(Line(number, row[-1], tuple(field == "1" for field in row[1:-1])))
    return tuple(head[1:-1]), lines


def commonest(names: tuple[str, ...], lines: list[Line], count: int = TAGS) -> list[int]:
    """The places of the tags that most clips have, in the order of the table; of equals the first.

    >>> commonest(("a", "b", "c"), [Line(2, "", (True, False, True)), Line(3, "", (False, False, True))], 2)
    [0, 2]
    """
    having = np.array([line.tags for line in lines], np.int64).reshape(-1, len(names)).sum(axis=0)
    return sorted(np.argsort(-having, kind="stable")[:count].tolist())


def track_of(sound: str) -> str:
    """What the clips of one track share: the path without the seconds at its end.

    >>> track_of("f/choir-requiem-03-kyrie-30-59.mp3")
    'f/choir-requiem-03-kyrie'
    """
    return re.sub(r"-\d+-\d+\.mp3$", "", sound)


def part_of(sound: str) -> int:
    """The part of a clip, by the first letter of its folder."""
    letter = sound[:1].lower()
    return PARTS.index("validation" if letter == VALIDATION else "test" if letter in TEST else "train")


def levels_of(sound: Sound) -> NDArray[np.uint8]:
    """Log-mel levels (1820, 64) of one clip: its middle 29.12 s, or filled up with silence on either side.

    At 16 kHz and with its largest sample at 1: Hann windows of 512 samples every 256, 64 mel bands (HTK's
    formula) from 40 to 8000 Hz, ``(10 log10(power) + 60) 2.55`` as bytes.

    >>> tone = np.sin(2 * np.pi * 440 * np.arange(16000) / 16000).astype(np.float32)
    >>> levels = levels_of(Sound(tone, 16000))
    >>> levels.shape, int(levels[910].argmax()), int(levels[0].max())
    ((1820, 64), 10, 0)
    """
    import librosa

    samples = resampled(sound, RATE).samples
    peak = float(np.abs(samples).max(initial=0.0))
    samples = samples / np.float32(peak) if peak else samples
    wanted = (FRAMES - 1) * HOP + WINDOW
    over = len(samples) - wanted
    samples = samples[over // 2 :][:wanted] if over > 0 else np.pad(samples, (-over // 2, -over - -over // 2))
    power: Floats = librosa.feature.melspectrogram(
        y=samples,
        sr=RATE,
        n_fft=WINDOW,
        hop_length=HOP,
        n_mels=2 * BANDS,
        fmin=LOWEST,
        fmax=HIGHEST,
        htk=True,
        center=False,
    )
    decibels = 10 * np.log10(np.maximum(power.T, 1e-12))
    found: NDArray[np.uint8] = np.clip(np.rint((decibels + 60) * 2.55), 0, 255).astype(np.uint8)
    return found


def require_mp3() -> None:
    """Refuse where the library of sound files is too old for MP3."""
    import soundfile

    if "MP3" not in soundfile.available_formats():
        rule = "MP3 files are read by libsndfile 1.1 or newer"
        remedy = "Run pip install --upgrade soundfile, whose wheels have one."
        raise InputError("libsndfile", soundfile.__libsndfile_version__, rule, remedy)


def read(folder: Path, part: str) -> Clips:
    """The clips of one part: "train", "validation" or "test". Errors: InputError with the line of the table.

    Files without a byte, of which MagnaTagATune has a few, are left out.
    """
    import soundfile

    require_mp3()
    path = folder / TABLE
    names, lines = read_table(path)
    taken = commonest(names, lines)
    wanted = [line for line in lines if part_of(line.sound) == PARTS.index(part)]
    kept, levels = [], []
    for line in wanted:
        file = folder / line.sound
        place = f"{path}:{line.number}: mp3_path"
        if Path(line.sound).is_absolute() or ".." in Path(line.sound).parts:
            raise InputError(place, line.sound, "it names a file in the table's folder", REMEDY)
        if not is_file(file):
            raise InputError(place, line.sound, "no such file", REMEDY)
        if not file.stat().st_size:
            continue
        try:
            sound = read_sound(file)
        except soundfile.SoundFileError:
            raise InputError(place, line.sound, "it is no sound that can be read", REMEDY) from None
        levels.append(averaged(levels_of(sound)[None])[0])
        kept.append(line)
    if not kept:
        rule = f"no clip of the {part} part is in it"
        raise InputError(path, f"{len(lines)} lines", rule, "Name the folder of all clips.")
    tracks = {name: number for number, name in enumerate(sorted({track_of(line.sound) for line in lines}))}
    return Clips(
        "clips of MagnaTagATune",
        np.stack(levels),
        np.array([line.tags for line in kept])[:, taken],
        tuple(names[place] for place in taken),
        np.array([tracks[track_of(line.sound)] for line in kept], np.int64),
        np.full(len(kept), PARTS.index(part), np.int64),
    )
