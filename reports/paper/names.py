"""What the figures are called, and which run has each."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from deltasim.runtime.errors import InputError, nearest

ALWAYS = "every run"
SHARED = "a run that reads weights from a memory that cores share"
READ = "a run that reads weights"
SWEPT = "a sweep with several numbers for θ"

NAMES: Mapping[str, tuple[str, str]] = {
    "energy": ("energy of one inference by part of the chip", ALWAYS),
    "energy-layers": ("energy of one inference by layer", ALWAYS),
    "messages": ("messages sent at each step of a typical sequence", ALWAYS),
    "step-latency": ("latency of each of its steps", ALWAYS),
    "topology": ("how busy each core, memory channel and link is", ALWAYS),
    "kinds": ("how busy each kind of unit is", ALWAYS),
    "flow": ("weight bytes from memory to layer", READ),
    "roofline": ("multiply-accumulates a second over those per byte", READ),
    "bandwidth-delta": ("bandwidth over time, delta run", SHARED),
    "bandwidth-dense": ("bandwidth over time, dense run", SHARED),
    "dram-rows": ("bursts by how they found their row", "a run that reads weights from DRAM"),
    "dram-energy": ("DRAM energy by kind of work", "a chip with DRAM"),
    "link-load": ("load of each link", "a run that crosses links"),
    "what-helps": ("time and energy saved by each change", "deltasim whatif --out"),
    "floorline": ("latency of a step over its work", "deltasim whatif --out"),
    "theta-score": ("score against the threshold", f"{SWEPT} and labels"),
    "theta-savings": ("savings against the threshold", SWEPT),
    "ways": ("energy beside other ways of saving it", "a run on several chips"),
    "occupancy": ("energy over occupancy", "a run on several chips"),
    "matrix": ("energy of each benchmark on each chip", "deltasim report"),
    "curve": ("energy against loss", "deltasim tune"),
    "pairs": ("objectives against each other", "deltasim explore"),
    "coordinates": ("parameters and objectives of the front", "deltasim explore"),
    "intervals": ("energy of each run with its interval", "deltasim compare --out"),
    "energy-parts": ("energy of each run by part of the chip", "deltasim compare --out"),
    "score": ("score of each run over its energy", "deltasim compare --out"),
}
"""By name: what the figure shows, and what has it."""


def require_figure(name: str, there: Collection[str], place: str) -> None:
    """Raise InputError for a figure that is not ``there``, with the nearest name or the reason.

    >>> require_figure("enrgy", ["energy", "kinds"], "figure")
    Traceback (most recent call last):
    deltasim.runtime.errors.InputError: figure: enrgy: there is no such figure. Did you mean energy? ...
    >>> require_figure("link-load", ["energy", "kinds"], "figure")
    Traceback (most recent call last):
    deltasim.runtime.errors.InputError: figure: link-load: it belongs to a run that crosses links. Here ...
    """
    if name in there:
        return
    if name in NAMES:
        raise InputError(place, name, f"it belongs to {NAMES[name][1]}", f"Here are: {', '.join(there)}.")
    raise InputError(place, name, "there is no such figure", nearest(name, there))
