"""Event-driven simulation of delta networks on multicore chips that may not exist yet.

>>> import deltasim as ds
>>> "edgedrnn" in ds.chips()
True

Names are loaded when they are first used, so ``import deltasim`` costs nothing.
"""

TYPE_CHECKING = False  # as in typing, which takes longer to load than the program takes to listen for Ctrl-C
if TYPE_CHECKING:
    from typing import Any

    from deltasim.api.cases import simulate, sweep
    from deltasim.api.exploring import explore
    from deltasim.api.own_network import run
    from deltasim.api.quantising import quantise
    from deltasim.api.replaying import whatif
    from deltasim.api.several import across
    from deltasim.api.tuning import tune
    from deltasim.exploration.study import load_study
    from deltasim.simulator.chip import chip_names as chips
    from deltasim.simulator.chip import load_chip
    from deltasim.workloads.registry import benchmark, benchmarks

__all__ = [
    "across",
    "benchmark",
    "benchmarks",
    "chips",
    "explore",
    "load_chip",
    "load_study",
    "quantise",
    "run",
    "simulate",
    "sweep",
    "tune",
    "whatif",
]
__version__ = "0.1.0"

_HOMES = {
    "run": ("deltasim.api.own_network", "run"),
    "simulate": ("deltasim.api.cases", "simulate"),
    "explore": ("deltasim.api.exploring", "explore"),
    "load_study": ("deltasim.exploration.study", "load_study"),
    "sweep": ("deltasim.api.cases", "sweep"),
    "across": ("deltasim.api.several", "across"),
    "quantise": ("deltasim.api.quantising", "quantise"),
    "tune": ("deltasim.api.tuning", "tune"),
    "whatif": ("deltasim.api.replaying", "whatif"),
    "benchmark": ("deltasim.workloads.registry", "benchmark"),
    "benchmarks": ("deltasim.workloads.registry", "benchmarks"),
    "chips": ("deltasim.simulator.chip", "chip_names"),
    "load_chip": ("deltasim.simulator.chip", "load_chip"),
}


def __getattr__(name: str) -> "Any":
    if name not in _HOMES:
        raise AttributeError(f"module 'deltasim' has no attribute {name!r}")
    import importlib

    module, attribute = _HOMES[name]
    value = getattr(importlib.import_module(module), attribute)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
