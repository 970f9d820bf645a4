"""A user's own network on a user's own data: what ``deltasim run MODEL --data FILE`` and ``ds.run`` do."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from deltasim.runtime.errors import InputError, nearest

if TYPE_CHECKING:
    import torch

    from deltasim.networks.graph import Network
    from deltasim.reports.run import Run
    from deltasim.runtime.arrays import Numbers
    from deltasim.shell.progress import Progress
    from deltasim.simulator.chip import Chip
    from deltasim.workloads.benchmark import Benchmark
    from deltasim.workloads.own.read import Columns

MODELS = (".onnx", ".nir", ".yaml", ".yml", ".pt", ".pth", ".safetensors", ".json")


def is_model(name: str) -> bool:
    """Whether a name on the command line is a model and no benchmark: a file of a model's kind, or a folder.

    >>> is_model("digits"), is_model("mine/net.onnx")
    (False, True)
    """
    from deltasim.runtime.readers.files import is_folder

    return name.lower().endswith(MODELS) or is_folder(name)


def require_model(command: str, name: str) -> None:
    """Refuse what is no model, such as a benchmark in the box."""
    if not is_model(name):
        rule = "this is for a model of your own; networks of the benchmarks are made by deltasim train"
        raise InputError(command, name, rule, "Name a network folder or a file.")


def read_model(model: Network | torch.nn.Module | str | Path, layers: str | None = None) -> Network:
    """The network of a model: as it is, from a network folder, or imported; see ``deltasim import``.

    Errors: InputError for what is no model, and for a model with something that is not imported.
    """
    from deltasim.networks.files.network import files_of, load_network
    from deltasim.networks.graph import Network
    from deltasim.networks.importers.models import import_model
    from deltasim.runtime.readers.files import is_file, is_folder

    if isinstance(model, Network):
        return model
    if isinstance(model, str | Path):
        path = Path(model)
        if is_folder(path) or path.suffix == ".json" or all(map(is_file, files_of(path))):
            return load_network(path)
        if path.suffix.lower() not in MODELS:
            rule = f"a model is a network folder or a file {', '.join(MODELS[:-1])} or {MODELS[-1]}"
            raise InputError("model", model, rule, nearest(path.suffix, MODELS))
        if not is_file(path):
            raise InputError("model", model, "there is no such file", "Check the path.")
    return import_model(model, layers=layers).network


def graph_of_time(model: str, dt: float | None, reset: str | None) -> Network | str:
    """The network of a NIR graph at a time step or with a reset that it does not say; other models as named.

    Errors: InputError where either is said of another model.
    """
    if dt is None and reset is None:
        return model
    if not model.lower().endswith(".nir"):
        rule = "the time step and the reset of this model are its own"
        raise InputError("--dt" if dt is not None else "--reset", model, rule, "Leave it out.")
    from deltasim.networks.importers.nir.network import import_nir

    return import_nir(model, dt, reset).network


def own_benchmark(
    model: Network | torch.nn.Module | str | Path,
    inputs: str | Path | Numbers | Sequence[Numbers],
    labels: Sequence[object] | None = None,
    layers: str | None = None,
    columns: Columns | None = None,
) -> Benchmark:
    """A model and its data as a benchmark. ``inputs`` is a path, an array, or a list of arrays (T, values).

    Errors: InputError for whatever does not fit together.
    """
    import numpy as np

    from deltasim.workloads.own.arrays import from_array
    from deltasim.workloads.own.benchmark import own_benchmark as joined
    from deltasim.workloads.own.benchmark import trained_for
    from deltasim.workloads.own.preparation import prepared, read_preparation
    from deltasim.workloads.own.read import USUAL, read_sequences
    from deltasim.workloads.own.sequences import sequences

    network = read_model(model, layers)
    named = None if labels is None else [str(label) for label in labels]
    if isinstance(inputs, str | Path):
        data = read_sequences(inputs, network.input_size, columns or USUAL)
    else:
        arrays = from_array(inputs).tables if isinstance(inputs, np.ndarray) else [*map(np.asarray, inputs)]
        data = sequences("inputs", arrays, named)
    if data.width != network.input_size:
        value, rule = f"{data.width} values a frame", f"the network takes {network.input_size}"
        raise InputError(data.source, value, rule, "Bring the data to that width.")
    folder = Path(model) if isinstance(model, str | Path) and Path(model).is_dir() else None
    preparation = None if folder is None else read_preparation(folder, network.input_size)
    known = None if folder is None else trained_for(folder, network.output_size)
    return joined(network, prepared(data, preparation), known)


def run(
    network: Network | torch.nn.Module | str | Path,
    inputs: str | Path | Numbers | Sequence[Numbers],
    labels: Sequence[object] | None = None,
    chip: Chip | str | Path = "edgedrnn",
    theta: float | None = None,
    limit: int | None = None,
    layers: str | None = None,
    engine: str = "compiled",
    progress: Progress | None = None,
    jobs: int | None = None,
) -> Run:
    """Run your own network on your own data on a chip, with the dense run on the same chip beside it.

    ``network`` is a Network, a ``torch.nn.Module``, or the path of a network folder or of a file that
    ``deltasim import`` takes (``layers`` as there). ``inputs`` is the path of data
    (`deltasim.workloads.own.read.read_sequences`), an array (T, values) or (sequences, T, values), or a list
    of arrays. ``labels``, one for each sequence, are classes, or what the network was trained for by
    ``deltasim train``; data with targets of each frame are scored on these. ``theta`` replaces the
    thresholds: those that ``deltasim tune`` stored in the network folder, else the network's own.
    Without either the run has no score but ``deviation`` from the same network at theta 0.

    >>> import deltasim as ds
    >>> import numpy as np
    >>> from deltasim.networks import random_stack
    >>> network = random_stack("gru", 4, (8,), np.random.default_rng(0))
    >>> done = ds.run(network, np.ones((2, 3, 4)), chip="edgedrnn", theta=0.1)
    >>> done.theta, done.score.value, done.sequences
    (0.1, None, 2)
    """
    from deltasim.api.cases import simulate

    benchmark = with_tuned_thresholds(network, own_benchmark(network, inputs, labels, layers))
    return simulate(benchmark, chip, theta, limit, engine, progress, jobs)


def with_tuned_thresholds(model: Network | torch.nn.Module | str | Path, benchmark: Benchmark) -> Benchmark:
    """The benchmark with the thresholds that were tuned for the network of a folder, where there are any."""
    from dataclasses import replace

    from deltasim.exploration.tuning.setting import with_setting
    from deltasim.runtime.readers.files import is_folder

    if not isinstance(model, str | Path) or not is_folder(model):
        return benchmark
    tuned = with_setting(Path(model), benchmark.network)
    return benchmark if tuned is None else replace(benchmark, network=tuned, thresholds="tuned")


def copy_preparation(source: Path, target: Path) -> None:
    """Take the normalisation of a network folder along into another."""
    import shutil

    from deltasim.workloads.own.preparation import FILE

    if (source / FILE).is_file() and not (target / FILE).exists():
        shutil.copyfile(source / FILE, target / FILE)


def chosen_model(
    model: Network | str,
    data: str | None,
    trained: Path | None,
    layers: str | None,
    columns: Columns | None = None,
) -> Benchmark:
    """The model that a command line names, on the data it names."""
    if trained is not None:
        rule = "networks of your own training are for the benchmarks in the box"
        raise InputError("--trained", trained, rule, "Name the model itself.")
    if data is None:
        rule = "a model needs sequences to run on"
        raise InputError("--data", "nothing", rule, "Name a file or folder.")
    return own_benchmark(model, data, layers=layers, columns=columns)
