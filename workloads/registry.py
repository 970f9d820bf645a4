"""The benchmarks in the box: a table in plain sight."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from deltasim.runtime.errors import InputError, nearest
from deltasim.workloads.benchmark import Benchmark


@dataclass(frozen=True)
class Entry:
    """A benchmark's line in the table: what it is, and what makes it from data and trained networks.

    ``build(data, trained)``: ``data`` as in `benchmark`; ``trained`` a folder that a training wrote, or
    None for the networks that are shipped.
    """

    about: str
    build: Callable[[str | Path | None, Path | None], Benchmark]


def _digits(data: str | Path | None, trained: Path | None) -> Benchmark:
    from deltasim.workloads.digits.benchmarks import digits

    return digits(data, trained)


def _digit_strings(data: str | Path | None, trained: Path | None) -> Benchmark:
    from deltasim.workloads.digits.benchmarks import digit_strings

    return digit_strings(data, trained)


def _driving(data: str | Path | None, trained: Path | None) -> Benchmark:
    from deltasim.workloads.driving.benchmarks import driving

    return driving(data, trained)


def _nmnist(data: str | Path | None, trained: Path | None) -> Benchmark:
    from deltasim.workloads.nmnist.benchmarks import nmnist

    return nmnist(data, trained)


def _vad(data: str | Path | None, trained: Path | None) -> Benchmark:
    from deltasim.workloads.vad.benchmarks import vad

    return vad(data, trained)


def _sensor_faults(data: str | Path | None, trained: Path | None) -> Benchmark:
    from deltasim.workloads.sensor_faults.benchmarks import sensor_faults

    return sensor_faults(data, trained)


def _mackey_glass(data: str | Path | None, trained: Path | None) -> Benchmark:
    from deltasim.workloads.mackey_glass.benchmarks import mackey_glass

    return mackey_glass(data, trained)


def _evolved_parity(data: str | Path | None, trained: Path | None) -> Benchmark:
    from deltasim.workloads.evolved_parity.benchmarks import evolved_parity

    return evolved_parity(data, trained)


def _fashion_spiking(data: str | Path | None, trained: Path | None) -> Benchmark:
    from deltasim.workloads.fashion.benchmarks import fashion_spiking

    return fashion_spiking(data, trained)


def _sequences(data: str | Path | None, trained: Path | None) -> Benchmark:
    from deltasim.workloads.sequences.benchmarks import sequences

    return sequences(data, trained)


def _music_tags(data: str | Path | None, trained: Path | None) -> Benchmark:
    from deltasim.workloads.music_tags.benchmarks import music_tags

    return music_tags(data, trained)


def _predistortion(data: str | Path | None, trained: Path | None) -> Benchmark:
    from deltasim.workloads.predistortion.benchmarks import predistortion

    return predistortion(data, trained)


def _speech(data: str | Path | None, trained: Path | None) -> Benchmark:
    from deltasim.workloads.speech.benchmarks import speech

    return speech(data, trained)


BENCHMARKS = {
    "digits": Entry(
        "one spoken digit a recording, 40 log-mel bands every 10 ms, a GRU of 200 units", _digits
    ),
    "digit-strings": Entry(
        "one to seven digits spoken in a row, recognised by a GRU of 200 units", _digit_strings
    ),
    "driving": Entry(
        "the steering angle from a camera at 20 Hz, four convolutions and a GRU of 512 units", _driving
    ),
    "sensor-faults": Entry(
        "which of 207 traffic detectors are faulty, an echo state network with a node on each", _sensor_faults
    ),
    "nmnist": Entry("a digit from events of a camera every 10 ms, two spiking convolutions", _nmnist),
    "vad": Entry(
        "whether somebody speaks, every 32 ms of sound in noise: Silero's detector, trained elsewhere", _vad
    ),
    "mackey-glass": Entry(
        "a chaotic series continued from its own forecasts, an echo state network of 100 units", _mackey_glass
    ),
    "evolved-parity": Entry(
        "whether an odd number of four bits were 1, two evolved recurrent layers of 15 units", _evolved_parity
    ),
    "fashion-spiking": Entry(
        "a garment from the spikes of its pixels, a recurrent spiking network of 2 x 200 neurons",
        _fashion_spiking,
    ),
    "sequences": Entry("spoken digits told apart by a simple gated unit, a DSGU of 64 units", _sequences),
    "music-tags": Entry(
        "which of 24 tags a sound clip has, every 128 ms, four convolutions and two GRUs of 32 units",
        _music_tags,
    ),
    "predistortion": Entry(
        "a radio signal distorted so that its power amplifier makes it right, a GRU of 15 units",
        _predistortion,
    ),
    "speech": Entry(
        "read sentences letter by letter, every 30 ms, two bidirectional GRUs of 2 x 96 units", _speech
    ),
}


def benchmarks() -> dict[str, str]:
    """Names of the benchmarks, each with a line about it.

    >>> list(benchmarks())[:3]
    ['digits', 'digit-strings', 'driving']
    """
    return {name: entry.about for name, entry in BENCHMARKS.items()}


def benchmark(name: str, data: str | Path | None = None, trained: str | Path | None = None) -> Benchmark:
    """Find a benchmark by name, with its data and networks.

    ``data`` of digits: ``"fsdd"``, ``"synthetic"``, a folder with fsdd.npz or TIDIGITS, or None for FSDD
    where it is found and the embedded synthetic digits elsewhere (``fallback`` then says so); of driving: as
    in `deltasim.workloads.driving.sources.source`; of sensor-faults: ``"metr-la"``, ``"single-hop"`` or
    ``"multi-hop"``; of nmnist: as in `deltasim.workloads.nmnist.sources.source`; of vad: ``"session"`` (in
    the box) or ``"speech"``, or a folder with speech.npz; of mackey-glass and evolved-parity:
    ``"generated"`` alone; of fashion-spiking: as in `deltasim.workloads.fashion.sources.source`; of
    sequences: ``"synthetic"`` (in the box), ``"fsdd"``, ``"mnist"`` or ``"adding"``; of music-tags: as in
    `deltasim.workloads.music_tags.sources.source`; of predistortion: ``"apa-200mhz"`` (in the box), or a
    folder in OpenDPD's layout; of speech: ``"session"`` (in the box) or ``"speech"``, or a folder with
    speech.npz or the Wall Street Journal corpus.
    ``trained``: a folder that a training wrote, in place of the shipped networks.
    Raises InputError for an unknown name or unreadable data.

    >>> benchmark("digits", data="synthetic").data
    'synthetic digits spoken by espeak-ng, embedded, test part, 300 recordings by 10 speakers'
    """
    if name not in BENCHMARKS:
        raise InputError("benchmark", name, "there is no such benchmark", nearest(name, BENCHMARKS))
    return BENCHMARKS[name].build(data, None if trained is None else Path(trained))
