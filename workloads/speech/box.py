"""The sentences in the box: those of one fold's test part that are in the public domain, as features.

    python -m deltasim.workloads.speech.box FOLDER/speech.npz

writes them again: a byte a band and frame, as `deltasim.workloads.speech.frames.analysed` has them anyway.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from deltasim.runtime.arrays import Integers
from deltasim.workloads.digits.corpus import digest_of
from deltasim.workloads.digits.synthetic import coded, decoded
from deltasim.workloads.speech.frames import analysed
from deltasim.workloads.speech.recordings import RATE, Recordings, folds_of, read

FILE = Path(__file__).parent / "sentences.npz"
FOLD = 4  # whose networks are in the box
FREE = (1, 2)  # sources in the public domain: LJ Speech, LibriVox


class Heard(NamedTuple):
    """Sentences as a network is given them: ``features[i]`` log-mel (T_i, 40), texts, voices, a digest."""

    about: str
    features: tuple[NDArray[np.float32], ...]
    texts: tuple[str, ...]
    voices: Integers
    digest: str


def heard_of(recordings: Recordings) -> Heard:
    """The features of recordings."""
    features = tuple(analysed(sound, RATE) for sound in recordings.audio)
    digest = digest_of(*features, *recordings.texts)
    return Heard(recordings.about, features, recordings.texts, recordings.voices, digest)


def read_box() -> Heard:
    """The sentences in the box.

    >>> held = read_box()
    >>> len(held.texts), held.texts[1]
    (10, 'in being comparatively modern')
    """
    with np.load(FILE, allow_pickle=False) as stored:
        offsets = stored["offsets"][1:-1]
        features = tuple(decoded(piece) for piece in np.split(stored["frames"], offsets))
        texts = tuple(str(text) for text in stored["text"])
        voices = stored["voices"].astype(np.int64)
    about = "read sentences of LJ Speech and LibriVox, public domain"
    return Heard(about, features, texts, voices, digest_of(*features, *texts))


def pack(source: Path, target: Path) -> None:
    """Write the sentences of the box."""
    whole = read(source)
    places = np.flatnonzero((folds_of(whole.names) == FOLD) & np.isin(whole.voices, FREE))
    found = heard_of(whole.chosen(places))
    np.savez_compressed(
        target,
        frames=np.concatenate([coded(features) for features in found.features]),
        offsets=np.cumsum([0, *(len(features) for features in found.features)]),
        text=np.array(found.texts),
        voices=found.voices.astype(np.uint8),
    )


if __name__ == "__main__":
    import sys

    pack(Path(sys.argv[1]), FILE)
