"""Synthetic reading: sentences of the public domain, read aloud by free synthesisers, to enlarge a training.

    python -m deltasim.workloads.speech.making.reading SENTENCES OUT.npz --data speech --count 3000

SENTENCES is LJ Speech's ``metadata.csv`` (public domain), or a list of the same form: a name, bars, and last
the text. Sentences that a recording of the benchmark has, by name or by words, are left out. Needs the
commands ``flite`` and ``espeak-ng`` (tried with 2.2 and 1.51). The file holds features, and is not shipped:
it takes ten minutes to make, and is ten times the size of the package.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from deltasim.runtime.errors import InputError
from deltasim.runtime.readers.npz import Wanted
from deltasim.workloads.digits.corpus import digest_of
from deltasim.workloads.digits.synthetic import coded, decoded
from deltasim.workloads.features import BANDS, log_mel
from deltasim.workloads.packed import read_packed_arrays
from deltasim.workloads.speech.letters import written
from deltasim.workloads.speech.recordings import RATE, Recordings, spoken_sentences

SEED = 20261
FLITE = {"slt": 0.3, "rms": 0.25, "awb": 0.15, "kal16": 0.1}  # the share of each voice
ESPEAK = (
    "en-us",
    "en-us+f2",
    "en-us+m3",
    "en-us+f4",
    "en-gb",
    "en-gb+f3",
    "en-gb-scotland+m6",
    "en-gb-x-rp+f1",
)
WANTED = {"frames": Wanted("u", 2), "offsets": Wanted("iu", 1), "text": Wanted("U", 1)}


class Take(NamedTuple):
    """How a sentence is read: a synthesiser's voice, how slowly, how loudly, over how much noise."""

    voice: str
    slowness: float
    loudness_db: float
    noise_db: float


def sentences(path: Path, spoken: Recordings) -> list[str]:
    """The texts of a list that no recording has, in the 28 symbols, each once.

    Those with digits are left out: they are read as words, which are not in the text.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as problem:
        rule = f"a list of sentences is a readable text file ({type(problem).__name__})"
        raise InputError(path, "unreadable", rule, "Name LJ Speech's metadata.csv.") from None
    names, texts = set(spoken.names), set(spoken.texts)
    found: dict[str, None] = {}
    for line in lines:
        first, _, rest = line.partition("|")
        said = rest.rpartition("|")[2]
        text = written(said)
        if (
            text
            and text not in texts
            and Path(first).stem not in names
            and not any(c.isdigit() for c in said)
        ):
            found[text] = None
    if not found:
        rule = "a line is a name, a bar and a text"
        raise InputError(path, f"{len(lines)} lines", rule, "Name LJ Speech's metadata.csv.")
    return list(found)


def taken(rng: np.random.Generator) -> Take:
    """Draw how a sentence is read."""
    names = [*FLITE, "espeak"]
    voice = str(rng.choice(names, p=[*FLITE.values(), 1 - sum(FLITE.values())]))
    if voice == "espeak":
        voice = str(rng.choice(ESPEAK))
    slowness = float(rng.uniform(0.85, 1.2))
    return Take(voice, slowness, float(rng.uniform(-12, -2)), float(rng.uniform(-75, -45)))


def read_aloud(text: str, take: Take, rng: np.random.Generator) -> NDArray[np.float32]:
    """Let a synthesiser read a text: log-mel features (T, 40) at 16 kHz."""
    import librosa
    import soundfile

    with tempfile.TemporaryDirectory() as folder:
        file = str(Path(folder) / "read.wav")
        if take.voice in FLITE:
            stretch = f"duration_stretch={take.slowness:.3f}"
            command = ["flite", "-voice", take.voice, "--setf", stretch, "-t", text, "-o", file]
        else:
            speed = str(round(165 / take.slowness))
            pitch = str(int(rng.integers(30, 65)))
            command = ["espeak-ng", "-v", take.voice, "-s", speed, "-p", pitch, "-w", file, text]
        try:
            subprocess.run(command, check=True, capture_output=True)
        except OSError:
            remedy = "Install flite and espeak-ng with the system's package manager."
            raise InputError(command[0], "not found", "a synthesiser reads the text", remedy) from None
        sound, rate = soundfile.read(file, dtype="float32")
    if rate != RATE:
        sound = librosa.resample(sound, orig_sr=rate, target_sr=RATE)
    sound = sound / max(1e-6, float(np.abs(sound).max())) * 10 ** (take.loudness_db / 20)
    noise = 10 ** (take.noise_db / 20) * rng.standard_normal(sound.size)
    return log_mel((sound + noise).astype(np.float32), RATE)


class Reading(NamedTuple):
    """Sentences read by machines: ``features[i]`` log-mel (T_i, 40), ``texts[i]`` what was read."""

    features: tuple[NDArray[np.float32], ...]
    texts: tuple[str, ...]
    digest: str


def make(texts: Iterable[str], path: Path) -> None:
    """Read texts aloud and write the features, a byte a band."""
    rng = np.random.default_rng(SEED)
    chosen = list(texts)
    pieces = []
    for number, text in enumerate(chosen):
        pieces.append(coded(read_aloud(text, taken(rng), rng)))
        if number % 100 == 99:
            print(f"{number + 1} of {len(chosen)}", file=sys.stderr, flush=True)
    offsets = np.cumsum([0, *(len(piece) for piece in pieces)]).astype(np.int64)
    np.savez_compressed(path, frames=np.concatenate(pieces), offsets=offsets, text=np.array(chosen))


def read(path: Path) -> Reading:
    """What `make` wrote; InputError for a damaged or foreign file."""
    remedy = "Make it again with `python -m deltasim.workloads.speech.making.reading`."
    found = read_packed_arrays(
        path, WANTED, needed="the synthetic reading is needed", held="synthetic reading", remedy=remedy
    )
    frames, offsets, texts = found["frames"], found["offsets"].astype(np.int64), found["text"]
    fits = len(offsets) == len(texts) + 1 and offsets[0] == 0 and offsets[-1] == len(frames)
    if not fits or (np.diff(offsets) <= 0).any() or frames.shape[1] != BANDS or frames.dtype != np.uint8:
        rule = f"bytes of {BANDS} bands, offsets and texts do not belong together"
        raise InputError(path, f"{len(texts)} sentences", rule, remedy)
    pieces = tuple(decoded(frames[start:stop]) for start, stop in pairwise(offsets))
    said = tuple(str(text) for text in texts)
    return Reading(pieces, said, digest_of(frames, offsets, *said))


def main(arguments: list[str]) -> None:
    """Make the reading as the arguments say."""
    parser = argparse.ArgumentParser(
        prog="python -m deltasim.workloads.speech.making.reading", description=__doc__
    )
    parser.add_argument("sentences", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--data", default="speech", help="speech, or a folder with speech.npz")
    parser.add_argument("--count", type=int, default=3000, help="sentences, drawn; default: 3000")
    given = parser.parse_args(arguments)
    texts = sentences(given.sentences, spoken_sentences(given.data))
    order = np.random.default_rng(SEED + 1).permutation(len(texts))[: given.count]
    make([texts[place] for place in order], given.out)


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except InputError as error:
        sys.exit(str(error))
