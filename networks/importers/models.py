"""Any model that is imported: which importer reads which file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from deltasim.networks.importers.imported import Imported
from deltasim.runtime.errors import InputError, nearest

if TYPE_CHECKING:
    import nir
    import torch


def weights_file(path: Path, layers: str | None) -> Imported:
    """A .pt, .pth or .safetensors file."""
    from deltasim.networks.importers.pytorch.weights import import_weights, read_weights

    return import_weights(read_weights(path), layers, name=path.stem, place=str(path))


def onnx_file(path: Path, layers: str | None) -> Imported:
    """A .onnx file."""
    from deltasim.networks.importers.onnx.model import import_onnx

    if layers is not None:
        rule = "an ONNX model says itself what its layers are"
        raise InputError("--layers", layers, rule, "Leave the layers out.")
    return import_onnx(path)


def sanafe_file(path: Path, layers: str | None) -> Imported:
    """A network file of SANA-FE, .yaml."""
    from deltasim.networks.importers.imported import Output
    from deltasim.networks.importers.sanafe.network import read_network

    if layers is not None:
        rule = "a network of SANA-FE says itself what its neurons are"
        raise InputError("--layers", layers, rule, "Leave the layers out.")
    network = read_network(path).network
    return Imported(network, (1, network.input_size), 0, (Output(0, 0, (network.output_size,)),))


IMPORTERS: dict[str, Callable[[Path, str | None], Imported]] = {
    ".onnx": onnx_file,
    ".pt": weights_file,
    ".pth": weights_file,
    ".safetensors": weights_file,
    ".yaml": sanafe_file,
    ".yml": sanafe_file,
}
"""How a file is imported, by its suffix; a NIR graph (.nir) takes more than layers."""


def import_model(
    model: str | Path | torch.nn.Module | nir.NIRGraph,
    *,
    layers: str | None = None,
    frame_shape: tuple[int, ...] | None = None,
    dt: float | None = None,
    reset: str | None = None,
) -> Imported:
    """The network of a PyTorch module or a NIR graph, or of a file by its suffix, every threshold 0.

    ``layers`` names the layers of a file of weights, see ``import_weights``; ``frame_shape`` says what a
    frame of a module holds, see ``import_module``; ``dt`` (seconds) and ``reset`` what a NIR graph does not
    say, see ``import_nir``. Errors: InputError that names what is not imported.

    >>> import torch
    >>> import_model(torch.nn.GRU(4, 8)).network.name
    'GRU'
    """
    file = Path(model) if isinstance(model, str | Path) else None
    if (file is not None and file.suffix.lower() == ".nir") or hasattr(model, "edges"):
        from deltasim.networks.importers.nir.network import import_nir

        if layers is not None:
            rule = "a NIR graph says itself what its nodes are"
            raise InputError("--layers", layers, rule, "Leave the layers out.")
        return import_nir(model, dt, reset)
    if dt is not None or reset is not None:
        rule = "only a NIR graph is given a time step and a reset"
        raise InputError("model", file or type(model).__name__, rule, "Leave them out.")
    if not isinstance(model, str | Path):
        from deltasim.networks.importers.pytorch.module import import_module

        if not hasattr(model, "state_dict"):
            rule = "a model is a torch.nn.Module or the path of a file"
            raise InputError("model", type(model).__name__, rule, "Give one of these.")
        return import_module(model, frame_shape)
    path = Path(model)
    importer: Any = IMPORTERS.get(path.suffix.lower())
    if importer is None:
        rule = "a model is a file whose suffix says what it is"
        raise InputError(path, path.suffix or "no suffix", rule, nearest(path.suffix, (*IMPORTERS, ".nir")))
    return importer(path, layers)  # type: ignore[no-any-return]
