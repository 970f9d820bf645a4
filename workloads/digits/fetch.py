"""Fetch the Free Spoken Digit Dataset: download its release, decode, check by content, keep in the cache."""

from __future__ import annotations

import hashlib
import io
import re
import tarfile
from pathlib import Path

import numpy as np

from deltasim.runtime.disk.unfinished import new_file, scratch_folder
from deltasim.runtime.errors import InputError
from deltasim.runtime.readers.files import is_file, read_bytes
from deltasim.workloads.digits.fsdd import (
    CONTENT_DIGEST,
    FILE,
    TEST_INDICES,
    Recordings,
    cache_folder,
    content_digest,
)

# sha256 of the release as GitHub packs it; of v1.0.9 the same packing has the digest that TensorFlow Datasets
# lists. Made by, in a clone: git -c tar.tar.gz.command="gzip -cn" archive --format=tar.gz
# --prefix=free-spoken-digit-dataset-1.0.10/ v1.0.10 | sha256sum
ARCHIVE_DIGEST = "feb479fad3a37883c3d21ed7f982281c2dd1c18d5aefd7e8a5d50f58023392aa"
RELEASE = "https://github.com/Jakobovski/free-spoken-digit-dataset/archive/refs/tags/v1.0.10.tar.gz"
NAME = re.compile(r".*/recordings/(\d)_([a-z]+)_(\d+)\.wav")
REMEDY = f"Try again with a network, or put {FILE} into a folder and name that folder in DELTASIM_DATA."


def fetch(url: str = RELEASE, archive_digest: str = ARCHIVE_DIGEST, digest: str = CONTENT_DIGEST) -> Path:
    """Download and unpack the data set once; gives the path of the packed file in the cache.

    A progress bar shows on stderr. The archive is opened only if it is the known one, and the digest over all
    decoded recordings must equal the one that the shipped networks were trained on. The file is written aside
    and then renamed, so a broken download leaves nothing. Raises InputError without a network.
    """
    target = cache_folder() / FILE
    if is_file(target):
        return target
    with scratch_folder(target.parent) as folder:
        archive = download(url, folder)
        found = hashlib.sha256(read_bytes(archive)).hexdigest()
        if found != archive_digest:
            rule = f"the archive is not the expected one (sha256 {archive_digest[:12]}), and was not opened"
            raise InputError(url, f"sha256 {found[:12]}", rule, REMEDY)
        recordings = unpack(archive)
    found = content_digest(recordings)
    if found != digest:
        rule = f"the recordings are not the expected ones (digest {digest[:12]})"
        raise InputError(url, f"digest {found[:12]}", rule, REMEDY)
    is_test = np.isin(recordings.index, TEST_INDICES)
    with new_file(target) as file:
        np.savez_compressed(file, **vars(recordings), is_test=is_test)
    return target


def download(url: str, folder: Path) -> Path:
    """Bring the archive into a folder with a progress bar, or say in a sentence why that failed."""
    import pooch
    import requests

    try:
        return Path(pooch.retrieve(url, known_hash=None, path=folder, progressbar=True))
    except (requests.RequestException, OSError, ValueError) as problem:
        rule = f"the download did not succeed ({type(problem).__name__})"
        raise InputError("deltasim data fetch fsdd", url, rule, REMEDY) from None


def unpack(archive: Path) -> Recordings:
    """Decode the recordings of a release archive, in the order of their file names."""
    import soundfile

    audio, keys, rates = [], [], set()
    try:
        with tarfile.open(archive) as stored:
            members = [(match, member) for member in stored if (match := NAME.fullmatch(member.name))]
            for match, member in sorted(members, key=lambda pair: pair[1].name):
                file = stored.extractfile(member)
                samples, rate = soundfile.read(io.BytesIO(file.read() if file else b""), dtype="int16")
                audio.append(samples)
                rates.add(rate)
                keys.append((int(match[1]), match[2], int(match[3])))
    except (tarfile.TarError, soundfile.LibsndfileError, EOFError, OSError) as problem:
        raise InputError(
            archive, type(problem).__name__, "the archive is damaged", "Delete it and fetch again."
        ) from None
    if not keys or len(rates) != 1:
        rule = "the archive does not hold recordings of one sample rate"
        raise InputError(archive, f"{len(keys)} recordings", rule, "Delete it and fetch again.")
    names = sorted({speaker for _, speaker, _ in keys})
    return Recordings(
        np.concatenate(audio),
        np.concatenate([[0], np.cumsum([len(samples) for samples in audio])]).astype(np.int64),
        np.array([digit for digit, _, _ in keys], np.uint8),
        np.array([names.index(speaker) for _, speaker, _ in keys], np.uint8),
        np.array(names),
        np.array([index for _, _, index in keys], np.uint8),
        rates.pop(),
    )
