"""Make the embedded corpus: synthetic spoken digits from espeak-ng, stored as coded log-mel features.

Command (needs espeak-ng, tried with 1.51; writes a file of about 2 MB):

    python -m deltasim.workloads.digits.making.make_synthetic workloads/digits/synthetic.npz

Every speaker is an accent with a voice variant, and says every digit several times at other rates,
pitches and loudness, with some noise. The speakers of the test set, and their variants, are not among
those for training.
"""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from deltasim.workloads.digits.corpus import WORDS
from deltasim.workloads.digits.synthetic import coded
from deltasim.workloads.features import log_mel

SAMPLE_RATE = 8000
SEED = 20260
TRAINING = (
    *(
        "en-us+m1",
        "en-us+f1",
        "en-us+m3",
        "en-us+f3",
        "en-us+Andrea",
        "en-us+david",
        "en-us+Mike",
        "en-us+linda",
    ),
    *("en-gb+m4", "en-gb+f4", "en-gb+john", "en-gb+steph", "en-gb+paul", "en-gb+Annie", "en-gb+robert"),
    *("en-gb-scotland+m6", "en-gb-scotland+f1", "en-gb-x-rp+m1", "en-gb-x-rp+f4", "en-029+m7", "en-029+f3"),
    *("en-gb-x-gbclan+max", "en-gb-x-gbcwmd+Alex", "en-us+Marco", "en-gb+belinda"),
)
TESTING = (
    *("en-us+m2", "en-us+f2", "en-us+Michael", "en-gb+f5", "en-gb+m5", "en-gb-scotland+rob"),
    *("en-gb-x-rp+Alicia", "en-029+edward", "en-us+victor", "en-gb+anika"),
)
TAKES = {"train": 5, "test": 3}


class Take(NamedTuple):
    """How one recording is spoken: words a minute, pitch 0-99, loudness and noise relative to full scale."""

    rate: int
    pitch: int
    loudness_db: float
    noise_db: float


def spoken(voice: str, word: str, take: Take) -> NDArray[np.float32]:
    """Let espeak-ng say a word: samples at 22,050 Hz, trimmed of silence."""
    import soundfile

    command = ["espeak-ng", "-v", voice, "-s", str(take.rate), "-p", str(take.pitch), "--stdout", word]
    finished = subprocess.run(command, check=True, capture_output=True)
    # a piped header holds no true length, so only the samples behind it are read
    samples, _ = soundfile.read(
        io.BytesIO(finished.stdout[44:]),
        dtype="float32",
        format="RAW",
        subtype="PCM_16",
        channels=1,
        samplerate=22050,
    )
    loud = np.flatnonzero(np.abs(samples) > 0.01 * np.abs(samples).max())
    trimmed: NDArray[np.float32] = samples[loud[0] : loud[-1] + 1]
    return trimmed


def recorded(voice: str, word: str, take: Take, rng: np.random.Generator) -> NDArray[np.float32]:
    """Say, resample to 8 kHz, set loudness, add microphone noise: the features of one recording."""
    import librosa

    sound = librosa.resample(spoken(voice, word, take), orig_sr=22050, target_sr=SAMPLE_RATE)
    sound = sound / np.abs(sound).max() * 10 ** (take.loudness_db / 20)
    noise = 10 ** (take.noise_db / 20) * rng.standard_normal(sound.size)
    return log_mel((sound + noise).astype(np.float32), SAMPLE_RATE)


def make(path: Path) -> None:
    """Write the whole corpus to ``path``."""
    rng = np.random.default_rng(SEED)
    features, labels, speakers, is_test = [], [], [], []
    names = TRAINING + TESTING
    for speaker, voice in enumerate(names):
        part = "train" if voice in TRAINING else "test"
        own_pitch = int(rng.integers(30, 65))
        for digit, word in enumerate(WORDS):
            for _ in range(TAKES[part]):
                take = Take(
                    rate=int(rng.integers(130, 215)),
                    pitch=int(np.clip(own_pitch + rng.integers(-12, 13), 0, 99)),
                    loudness_db=float(rng.uniform(-12, -2)),
                    noise_db=float(rng.uniform(-75, -50)),
                )
                features.append(coded(recorded(voice, word, take, rng)))
                labels.append(digit)
                speakers.append(speaker)
                is_test.append(part == "test")
    lengths = np.array([len(frames) for frames in features])
    np.savez_compressed(
        path,
        frames=np.concatenate(features),
        offsets=np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64),
        labels=np.array(labels, np.uint8),
        speaker=np.array(speakers, np.uint8),
        speaker_names=np.array(names),
        is_test=np.array(is_test),
    )


if __name__ == "__main__":
    make(Path(sys.argv[1]))
