"""The Wall Street Journal corpus, for those who have it: SPHERE files and their transcripts.

The Linguistic Data Consortium's LDC93S6A holds ``si_tr_s/01i/01ic0201.wv1`` (a close microphone at 16 kHz)
and for every session one file of transcripts, ``01ic0200.dot`` or ``.lsn``, with a line for each sentence:
what was said, and the sentence's name in brackets. On the discs samples are compressed with shorten, which
has to be undone first (sph2pipe).
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from deltasim.runtime.errors import InputError
from deltasim.runtime.readers.files import is_folder
from deltasim.workloads.speech.letters import written
from deltasim.workloads.speech.recordings import RATE, Recordings

ABOUT = "sentences of the Wall Street Journal corpus (LDC93S6A)"
SOUND, TRANSCRIPTS = (".wv1",), (".dot", ".lsn")
PARTS = {"train": "si_tr", "choose": "si_dt", "test": "si_et"}  # how folders of a part begin
LINE = re.compile(r"^(.*)\(([0-9a-z]+)\)\s*$", re.IGNORECASE)
NOISE = re.compile(r"\[[^\]]*\]|<[^>]*>")
HEADER = 1024  # bytes of a SPHERE file
REMEDY = "Name the folder that holds si_tr_s, si_dt_05 or si_et_05 and their transcripts."


def said_in(transcript: str) -> str:
    """What was said, in the 28 symbols, from a transcript's marks.

    Noises in square brackets and words that were swallowed, in pointed ones, are left out; stars of
    mispronounced words, backslashes and colons of lengthened ones are too. Punctuation that was read aloud
    stands as ``,COMMA`` and is the word behind the mark.

    >>> said_in("The *female* [loud_breath] pro:ducers ,COMMA didn't agree\\\\. .PERIOD")
    "the female producers comma didn't agree period"
    """
    plain = NOISE.sub(" ", transcript)
    return written(re.sub(r"[\\\\*:!~]", "", plain))


def transcripts(folder: Path) -> dict[str, str]:
    """What is said in each sentence, by its name, from all transcripts below a folder.

    Where a sentence stands in a ``.lsn`` file and in a ``.dot`` file, the former, plainer one counts.
    """
    found: dict[str, str] = {}
    for ending in TRANSCRIPTS:
        for path in below(folder, (ending,)):
            try:
                text = path.read_text(encoding="latin-1")
            except OSError as problem:
                raise InputError(path, problem.strerror, "a transcript is readable", REMEDY) from None
            for line in text.splitlines():
                match = LINE.match(line)
                if match:
                    found[match[2].lower()] = said_in(match[1])
    return found


def below(folder: Path, endings: tuple[str, ...]) -> list[Path]:
    """Files below a folder with some endings, by path."""
    try:
        return sorted(path for path in folder.rglob("*") if path.suffix.lower() in endings)
    except OSError as problem:
        raise InputError(folder, problem.strerror, "a data folder is readable", REMEDY) from None


def is_wsj(folder: Path) -> bool:
    """Whether a folder has files of this corpus."""
    return is_folder(folder) and any(path.suffix.lower() in SOUND for path in folder.rglob("*"))


def read_sound(path: Path) -> NDArray[np.int16]:
    """The samples of one file, at 16 kHz."""
    import soundfile

    try:
        with open(path, "rb") as file:
            header = file.read(HEADER)
        if b"shorten" in header:
            remedy = f"Unpack it: sph2pipe -f sph {path.name} OUT."
            raise InputError(path, "compressed with shorten", "samples are plain PCM", remedy)
        samples, rate = soundfile.read(path, dtype="int16", always_2d=True)
    except (soundfile.LibsndfileError, OSError) as problem:
        rule = "it is not a readable SPHERE file"
        raise InputError(path, type(problem).__name__, rule, "Copy the file again.") from None
    if rate != RATE or not len(samples):
        value = f"{len(samples)} samples at {rate} Hz"
        raise InputError(path, value, f"a recording holds sound at {RATE} Hz", "Copy the file again.")
    first: NDArray[np.int16] = np.ascontiguousarray(samples[:, 0])
    return first


def read(folder: Path, part: str) -> Recordings:
    """The sentences of a part, "train", "choose" or "test", that have a transcript.

    Errors: InputError for a folder without the part, sound that cannot be read, no transcripts.
    """
    beginning = PARTS[part]
    paths = [
        path
        for path in below(folder, SOUND)
        if any(one.lower().startswith(beginning) for one in path.relative_to(folder).parts[:-1])
    ]
    if not paths:
        raise InputError(folder, "no .wv1 file", f"the {part} part lies in a folder {beginning}_*", REMEDY)
    texts = transcripts(folder)
    spoken = [path for path in paths if texts.get(path.stem.lower())]
    if not spoken:
        rule = f"a line of a .dot or .lsn file says what each of {len(paths)} sound files holds"
        raise InputError(folder, "no transcript", rule, REMEDY)
    speakers = [path.stem[:3].lower() for path in spoken]
    names = sorted(set(speakers))
    return Recordings(
        ABOUT,
        tuple(read_sound(path) for path in spoken),
        tuple(texts[path.stem.lower()] for path in spoken),
        tuple(path.stem.lower() for path in spoken),
        np.array([names.index(speaker) for speaker in speakers], np.int64),
    )
