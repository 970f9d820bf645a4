"""A file of PyTorch weights, .pt or .safetensors, as a network.

Such a file names tensors and says nothing of what stands between them. Which layer a tensor belongs to, and
of which kind it is, follows from names and shapes; the order of the layers, the functions between them and
whether an ``nn.RNN`` is tanh or relu do not, and are asked for where there is a choice.
"""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from deltasim.networks.importers.imported import Imported, Output
from deltasim.networks.importers.lowering.network import lower
from deltasim.networks.importers.lowering.signals import FRAMES, Frame, Signals, Tagged
from deltasim.networks.importers.pytorch.functions import FUNCTIONS
from deltasim.networks.importers.pytorch.layers import linear
from deltasim.networks.importers.pytorch.reading import Reading
from deltasim.networks.importers.pytorch.recurrent import GATES, one_layer, stack
from deltasim.networks.importers.pytorch.tensors import Tensors
from deltasim.runtime.arrays import Numbers
from deltasim.runtime.errors import InputError, nearest
from deltasim.runtime.readers.files import Unreadable, is_file
from deltasim.runtime.readers.tensors import read_tensors

BETWEEN = (
    "relu",
    "tanh",
    "sigmoid",
    "elu",
    "gelu",
    "hardsigmoid",
    "hardswish",
    "hardtanh",
    "leaky_relu",
    "log_softmax",
    "mish",
    "relu6",
    "selu",
    "silu",
    "softmax",
    "softplus",
    "softsign",
)
"""Functions that may stand between layers, as torch.nn.functional names them, with its own defaults."""

WHOLE = "."  # how the layer of a file is written whose tensors have no prefix


class Step(NamedTuple):
    """One layer of the chain: its tensors' prefix and kind, or a function without tensors."""

    kind: str  # RNN, GRU, LSTM, Linear or a function of BETWEEN
    name: str = ""
    relu: bool = False
    cell: bool = False  # nn.GRUCell and its like, whose tensors have no number of a layer

    @property
    def prefix(self) -> str:
        """What stands before its tensors."""
        return "" if self.name == WHOLE else f"{self.name}."

    @property
    def title(self) -> str:
        """What its populations are named after."""
        return self.kind.lower() if self.name == WHOLE else self.name


def import_weights(
    state: Mapping[str, Any], layers: str | None = None, *, name: str = "weights", place: str = "state dict"
) -> Imported:
    """The network of named tensors, at threshold 0.

    ``layers`` lists the layers in order: the prefix of its tensors for each (``.`` for none), with ``:relu``
    or ``:tanh`` behind it for an ``nn.RNN``, and the functions between them, for example ``"gru relu fc"``.
    None: the file has one layer, and no choice. Errors: InputError where there is a choice, that names it;
    a tensor that no layer uses; shapes that do not fit.

    >>> rng = np.random.default_rng(0)
    >>> state = {"gru.weight_ih_l0": rng.normal(size=(24, 4)), "gru.weight_hh_l0": rng.normal(size=(24, 8)),
    ...          "fc.weight": rng.normal(size=(2, 8)), "fc.bias": rng.normal(size=2)}
    >>> [p.name for p in import_weights(state, "gru relu fc").network.populations]
    ['input', 'gru_0', 'relu', 'fc']
    """
    tensors = Tensors(state, place)
    steps = steps_of(tensors, layers)
    reading = Reading(Signals(), tensors)
    size = inputs_of(tensors, steps[0])
    value = Tagged(reading.signals.source("input", (size,), 0))
    for step in steps:
        value = taken(reading, step, value)
    tensors.refuse_unused()
    elements = reading.signals.frame(place, value.tags).elements
    network = lower(reading.signals.layers, [elements], name)
    return Imported(network, (FRAMES, size), 0, (Output(0, 0, elements.shape),))


def steps_of(tensors: Tensors, layers: str | None) -> list[Step]:
    """The chain of layers that a text names, or the only one there is."""
    groups = groups_of(tensors)
    if layers is None:
        if len(groups) == 1:
            return [step_of(tensors, next(iter(groups)), "", groups)]
        listed = " ".join(groups)
        rule = f"the file has the layers {listed}, and does not say what stands between them"
        example = " relu ".join(groups)
        remedy = f'Name them in order with the functions between them, such as --layers "{example}".'
        raise InputError(tensors.place, f"{len(groups)} layers", rule, remedy)
    steps = []
    for word in layers.replace(",", " ").split():
        name, _, option = word.partition(":")
        if name in groups:
            steps.append(step_of(tensors, name, option, groups))
        elif name in BETWEEN and not option:
            steps.append(Step(name, name))
        else:
            rule = "a layer is the prefix of its tensors, or a function"
            raise InputError(f"{tensors.place}: layers", word, rule, nearest(name, [*groups, *BETWEEN]))
    if not any(step.name in groups for step in steps):
        rule = "the first of the layers has tensors"
        raise InputError(f"{tensors.place}: layers", layers, rule, f"Name one of: {', '.join(groups)}.")
    return steps


def groups_of(tensors: Tensors) -> dict[str, list[str]]:
    """The tensors of each layer, by the prefix they share."""
    groups: dict[str, list[str]] = {}
    for whole in tensors.names:
        prefix, _, last = whole.rpartition(".")
        groups.setdefault(prefix or WHOLE, []).append(last)
    if not groups:
        raise InputError(tensors.place, "no tensors", "weights are named tensors", "Save state_dict().")
    return groups


def step_of(tensors: Tensors, name: str, option: str, groups: Mapping[str, list[str]]) -> Step:
    """What kind of layer the tensors of a prefix belong to."""
    own = groups[name]
    prefix = "" if name == WHOLE else f"{name}."
    place = f"{tensors.place}: layer {name}"
    for suffix in ("_l0", ""):
        if f"weight_hh{suffix}" in own:
            rows, columns = shape_of(tensors, f"{prefix}weight_hh{suffix}")
            size = columns
            if f"weight_hr{suffix}" in own:
                size = shape_of(tensors, f"{prefix}weight_hr{suffix}")[1]
            kinds = {gates * size: kind for kind, gates in GATES.items()}
            if rows not in kinds:
                rule = f"the recurrent weights of {size} neurons have {size}, {3 * size} or {4 * size} rows"
                raise InputError(
                    f"{place}: weight_hh{suffix}", f"shape {(rows, columns)}", rule, "Save it again."
                )
            kind = kinds[rows]
            if (kind == "RNN") != (option in ("relu", "tanh")) or (option and kind != "RNN"):
                return refuse_option(place, name, kind, option)
            return Step(kind, name, option == "relu", suffix == "")
    if "weight" in own and len(shape_of(tensors, f"{prefix}weight")) == 2 and set(own) <= {"weight", "bias"}:
        if option:
            return refuse_option(place, name, "Linear", option)
        return Step("Linear", name)
    rule = f"its tensors ({', '.join(own)}) do not tell how the layer computes: stride, padding and the like"
    remedy = "Import the module itself (deltasim.networks.importers.import_model), or export it to ONNX."
    raise InputError(place, own[0], rule, remedy)


def refuse_option(place: str, name: str, kind: str, option: str) -> Step:
    """Ask for what the file does not say, or refuse what it does."""
    if kind == "RNN":
        rule = "a file of weights does not say whether an nn.RNN computes tanh or relu"
        remedy = f'Say --layers "{name}:tanh" or "{name}:relu", with the other layers if there are any.'
        raise InputError(place, option or "nn.RNN", rule, remedy)
    raise InputError(place, option, f"an nn.{kind} has no such choice", "Leave it out.")


def shape_of(tensors: Tensors, name: str) -> tuple[int, ...]:
    """The shape of a tensor, which does not count as used by this."""
    parts = tensors.parts(name)
    stored = tensors.stored[name if parts is None else parts[2]]
    shape = tuple(int(size) for size in stored.shape)
    if name.rpartition(".")[2] != "weight" and len(shape) != 2:
        rule = "the weights of a recurrent layer are a matrix"
        raise InputError(f"{tensors.place}: {name}", f"shape {shape}", rule, "Save it again.")
    return shape


def inputs_of(tensors: Tensors, step: Step) -> int:
    """The values of a frame, which the first layer says."""
    if step.kind in BETWEEN:
        rule = "the first of the layers has tensors"
        raise InputError(f"{tensors.place}: layers", step.name, rule, "Put the first layer first.")
    name = "weight" if step.kind == "Linear" else "weight_ih" if step.cell else "weight_ih_l0"
    if not tensors.has(f"{step.prefix}{name}"):
        rule = "this tensor is missing"
        raise InputError(tensors.place, f"{step.prefix}{name}", rule, nearest(name, tensors.names))
    return shape_of(tensors, f"{step.prefix}{name}")[1]


def taken(reading: Reading, step: Step, value: Tagged) -> Tagged:
    """The chain one layer further."""
    signals = reading.signals
    if step.kind in BETWEEN:
        found: Tagged = FUNCTIONS[step.kind](signals, step.name, value)
        return found
    if step.kind == "Linear":
        return linear(reading, step.title, step.prefix, None, value)
    read = signals.frame(step.title, value.tags).elements.ravel()
    if step.cell:
        last = one_layer(reading, step.title, step.kind, step.prefix, "", read, False, step.relu)
    else:
        own = [
            name.removeprefix(step.prefix) for name in reading.tensors.names if name.startswith(step.prefix)
        ]
        levels = [re.fullmatch(r"\w+_l(\d+)(_reverse)?", name) for name in own]
        count = 1 + max(int(level[1]) for level in levels if level)
        both = any(level and level[2] for level in levels)
        found_layers = stack(reading, step.title, step.kind, step.prefix, read, count, both, step.relu)
        last = np.concatenate([part for part in found_layers[-1] if part is not None])
    return Tagged(signals.spread(Frame(0, last)))


def read_weights(path: Path) -> dict[str, Any]:
    """The named tensors of a .pt, .pth or .safetensors file; never a pickle.

    A checkpoint that holds one dict of tensors among other things is read as that dict. Errors: InputError
    for a file that is missing, damaged or holds more than tensors.
    """
    if not is_file(path):
        raise InputError(path, "no file", "weights are read from a file", "Check the path.")
    if path.suffix == ".safetensors":
        return read_safetensors(path)
    if importlib.util.find_spec("torch") is None:
        rule = "reading it needs PyTorch, which is not installed"
        raise InputError(path, path.suffix, rule, "Run pip install 'deltasim[train]', or use .safetensors.")
    import pickle

    import torch

    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError:
        rule = "this file holds more than tensors, and reading it could run code"
        raise InputError(path, "a pickle", rule, "Save model.state_dict() instead of the model.") from None
    except Exception as error:
        rule = "this is no readable file of weights"
        raise InputError(path, type(error).__name__, rule, "Save it again with torch.save.") from None
    if is_state(content):
        return dict(content)
    inner = [key for key, value in content.items() if is_state(value)] if isinstance(content, Mapping) else []
    if len(inner) == 1:
        return dict(content[inner[0]])
    rule = "a file of weights holds one dict of named tensors"
    held = f"{len(inner)} such: {', '.join(map(str, inner))}" if inner else type(content).__name__
    raise InputError(path, held, rule, "Save model.state_dict() alone.")


def is_state(content: Any) -> bool:
    """Whether this is a dict of named tensors."""
    return (
        isinstance(content, Mapping)
        and bool(content)
        and all(isinstance(key, str) and hasattr(value, "shape") for key, value in content.items())
    )


def read_safetensors(path: Path) -> dict[str, Numbers]:
    """The tensors of a .safetensors file as arrays, which hold real numbers."""
    try:
        found = read_tensors(path)
    except Unreadable as error:
        rule = f"weights are read from a safetensors file ({error.reason})"
        raise InputError(path, "damaged", rule, "Save it again.") from None
    for name, tensor in found.items():
        if tensor.dtype.kind != "f":
            rule = f"the tensor {name} holds no real numbers of 16, 32 or 64 bits"
            raise InputError(path, tensor.dtype.name, rule, "Store it as float32.")
    return found
