"""Recorded digits: FSDD's packed file, its download, and a folder of TIDIGITS."""

from __future__ import annotations

import hashlib
import io
import os
import tarfile
from pathlib import Path

import numpy as np
import pytest

from deltasim.runtime.errors import InputError
from deltasim.workloads.data_folder import VARIABLE
from deltasim.workloads.digits import fsdd, tidigits
from deltasim.workloads.digits.making import fetch
from deltasim.workloads.digits.sources import source
from deltasim.workloads.features import log_mel

RATE = 8000


def tone(samples: int, hertz: float, rate: int = RATE) -> np.ndarray:
    wave = np.sin(2 * np.pi * hertz * np.arange(samples) / rate)
    return (12000 * wave).astype(np.int16)


def small_release() -> fsdd.Recordings:
    """Two digits by two speakers, recordings 0 and 7, in the order of file names."""
    keys = [(digit, speaker, index) for digit in (3, 8) for speaker in (0, 1) for index in (0, 7)]
    audio = [tone(1500 + 10 * place, 300 + 40 * place) for place in range(len(keys))]
    return fsdd.Recordings(
        np.concatenate(audio),
        np.concatenate([[0], np.cumsum([len(wave) for wave in audio])]),
        np.array([key[0] for key in keys], np.uint8),
        np.array([key[1] for key in keys], np.uint8),
        np.array(["ann", "bob"]),
        np.array([key[2] for key in keys], np.uint8),
        RATE,
    )


def packed(path: Path, **changes: object) -> Path:
    np.savez(path, **{**vars(small_release()), **changes})  # type: ignore[arg-type]
    return path


def archived(path: Path) -> Path:
    """The same recordings as the archive of a release."""
    import soundfile

    recordings = small_release()
    with tarfile.open(path, "w:gz") as archive:
        for place in reversed(range(len(recordings.labels))):
            wave = io.BytesIO()
            samples = recordings.audio[recordings.offsets[place] : recordings.offsets[place + 1]]
            soundfile.write(wave, samples, RATE, format="WAV", subtype="PCM_16")
            member = tarfile.TarInfo(f"free-spoken/recordings/{fsdd.file_name(recordings, place)}")
            member.size = len(wave.getvalue())
            archive.addfile(member, io.BytesIO(wave.getvalue()))
    return path


def test_the_official_split_is_recordings_0_to_4(tmp_path: Path) -> None:
    path = packed(tmp_path / fsdd.FILE)
    assert len(fsdd.read(path, "test").features) == len(fsdd.read(path, "train").features) == 4
    corpus = fsdd.read(path)
    assert corpus.labels.tolist() == [3, 3, 3, 3, 8, 8, 8, 8]
    np.testing.assert_array_equal(corpus.features[0], log_mel(small_release().audio[:1500], RATE))


def test_a_folder_with_the_packed_file_is_fsdd(tmp_path: Path) -> None:
    packed(tmp_path / fsdd.FILE)
    assert source(str(tmp_path)).name == "fsdd"


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"offsets": np.arange(3)}, "do not belong together"),
        ({"labels": np.full(8, 11, np.uint8)}, "do not belong together"),
        ({"audio": np.zeros(3, np.int16)}, "do not belong together"),
        ({"audio": np.zeros(3, np.float32)}, "its array audio is of float32 with 1 axes"),
        ({"audio": np.array(3)}, "its array audio is of int64 with 0 axes"),
        ({"labels": np.full(8, -1, np.int8)}, "8 recordings: offsets, labels, speakers and audio do not"),
        ({"labels": np.array(["three"] * 8)}, "its array labels is of str"),
        ({"labels": np.zeros(8, [("a", "i4")])}, "its array labels is of void"),
        ({"speaker": np.full(8, -3, np.int64)}, "do not belong together"),
        ({"sample_rate": 0}, "sample_rate 0: sound has 4,000 to 192,000 samples a second"),
        ({"sample_rate": -1}, "sample_rate -1: sound has"),
        ({"sample_rate": float("nan")}, "its array sample_rate is of float64"),
        ({"sample_rate": [8000]}, "its array sample_rate is of int64 with 1 axes"),
    ],
)
def test_a_foreign_file_is_told(tmp_path: Path, changes: dict[str, np.ndarray], sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        fsdd.read_file(packed(tmp_path / fsdd.FILE, **changes))


def test_a_damaged_file_is_told(tmp_path: Path) -> None:
    path = packed(tmp_path / fsdd.FILE)
    path.write_bytes(path.read_bytes()[:500])
    with pytest.raises(InputError, match=r"it does not hold the digits .it is no archive of arrays"):
        fsdd.read_file(path)
    np.savez(path, audio=np.zeros(3, np.int16))
    with pytest.raises(InputError, match="it holds no array offsets"):
        fsdd.read_file(path)
    with pytest.raises(InputError, match="no such file"):
        fsdd.read_file(tmp_path / "none.npz")


def test_a_download_is_unpacked_checked_and_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    archive = archived(tmp_path / "release.tar.gz")
    cache = tmp_path / "cache"
    cache.mkdir()
    monkeypatch.setattr(fetch, "cache_folder", lambda: cache)
    monkeypatch.setattr(fetch, "download", lambda url, folder: archive.rename(folder / archive.name))
    known = hashlib.sha256(archive.read_bytes()).hexdigest()
    with pytest.raises(InputError, match="not the expected ones"):
        fetch.fetch(archive_digest=known)
    assert list(cache.iterdir()) == []
    archived(archive)
    kept = fetch.fetch(archive_digest=known, digest=fsdd.content_digest(small_release()))
    for name, value in vars(fsdd.read_file(kept)).items():
        np.testing.assert_array_equal(value, getattr(small_release(), name))
    assert fetch.fetch() == kept


def test_an_archive_is_opened_only_if_it_is_the_known_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = archived(tmp_path / "release.tar.gz")
    monkeypatch.setattr(fetch, "cache_folder", lambda: tmp_path)
    monkeypatch.setattr(fetch, "download", lambda url, folder: archive.rename(folder / archive.name))
    monkeypatch.setattr(fetch, "unpack", lambda archive: pytest.fail("the archive was opened"))
    with pytest.raises(
        InputError, match=r"the archive is not the expected one .sha256 feb479fad3a3., and was not"
    ):
        fetch.fetch()
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_archive_is_told(tmp_path: Path) -> None:
    (tmp_path / "release.tar.gz").write_bytes(b"no archive")
    with pytest.raises(InputError, match=r"the archive is damaged"):
        fetch.unpack(tmp_path / "release.tar.gz")


def test_without_a_network_one_sentence_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetch, "cache_folder", lambda: tmp_path)
    with pytest.raises(InputError, match=r"did not succeed .* DELTASIM_DATA"):
        fetch.fetch("http://127.0.0.1:9/release.tar.gz")
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def sphere(tmp_path: Path) -> Path:
    """A little TIDIGITS in NIST SPHERE at 20 kHz: two speakers, single digits and a string."""
    import soundfile

    for place, name in enumerate(
        ("train/man/ae/1a", "train/man/ae/7b", "test/woman/sk/oa", "test/woman/sk/z29a")
    ):
        path = tmp_path / f"{name}.wav"
        path.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(path, tone(8000, 500 + place, 20000), 20000, format="NIST", subtype="PCM_16")
    (tmp_path / "readme.wav").write_bytes(b"not a recording of digits")
    return tmp_path


def test_sphere_files_are_read_by_their_names(sphere: Path) -> None:
    assert source(str(sphere)).name == "tidigits"
    corpus = tidigits.read(sphere)
    assert corpus.labels.tolist() == [0, 1, 7]
    assert [corpus.speaker_names[speaker] for speaker in corpus.speakers] == ["sk", "ae", "ae"]
    assert corpus.part("test").labels.tolist() == [0]
    assert corpus.features[0].shape == (38, 40)  # 0.4 s
    strings = source(str(sphere)).read_strings("test")
    assert strings.digits[:, :4].tolist() == [[0, -1, -1, -1], [0, 2, 9, -1]]


def test_a_damaged_sound_file_is_told(sphere: Path) -> None:
    (sphere / "train/man/ae/1a.wav").write_bytes(b"NIST_1A\n   1024\n")
    with pytest.raises(InputError, match=r"1a.wav: .* not a readable sound file\. .* sph2pipe"):
        tidigits.read(sphere)


def test_a_folder_without_digits_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="0 sound files: no file is named after the digits"):
        tidigits.utterances(tmp_path)
    with pytest.raises(InputError, match="no such folder"):
        tidigits.utterances(tmp_path / "none")


def test_a_part_that_is_empty_is_told(sphere: Path) -> None:
    for path in (sphere / "train").rglob("*.wav"):
        path.unlink()
    with pytest.raises(InputError, match="the train part is empty"):
        tidigits.read(sphere, "train")


def test_the_recorded_data_is_what_the_networks_were_trained_on() -> None:
    folder = os.environ.get(VARIABLE)
    if not folder or not (Path(folder) / fsdd.FILE).exists():
        pytest.skip(f"{VARIABLE} names no folder with {fsdd.FILE}")
    recordings = fsdd.read_file(Path(folder) / fsdd.FILE)
    assert fsdd.content_digest(recordings) == fsdd.CONTENT_DIGEST
    assert len(fsdd.read(Path(folder) / fsdd.FILE, "test").features) == 300
