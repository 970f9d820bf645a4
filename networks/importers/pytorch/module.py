"""A PyTorch module, as it is in memory, as a network; its forward is traced symbolically (torch.fx)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from deltasim.networks.importers.imported import Imported
from deltasim.networks.importers.lowering.network import lower
from deltasim.networks.importers.lowering.outputs import outputs_of
from deltasim.networks.importers.lowering.signals import FRAMES, OtherAxis, Signals, Tagged
from deltasim.networks.importers.pytorch.functions import MOVES, SIZES, TYPES, call
from deltasim.networks.importers.pytorch.layers import LAYERS
from deltasim.networks.importers.pytorch.reading import Reading, State
from deltasim.networks.importers.pytorch.tensors import Tensors
from deltasim.runtime.errors import InputError

if TYPE_CHECKING:
    import torch

SIZED = {"Linear": "in_features", "BatchNorm1d": "num_features", "LayerNorm": "normalized_shape"}
DISPATCHED = ("adaptive_max_pool1d", "adaptive_max_pool2d", "max_pool1d", "max_pool2d")
IN_PLACE = {"iadd": "add", "isub": "sub", "imul": "mul", "itruediv": "truediv"}
RECURRENT = ("RNN", "GRU", "LSTM", "RNNCell", "GRUCell", "LSTMCell")


def import_module(
    module: torch.nn.Module, frame_shape: tuple[int, ...] | None = None, name: str | None = None
) -> Imported:
    """The network of a module in evaluation mode, at threshold 0; ``name`` is that of its class.

    What a frame holds is ``frame_shape``; None: what the first layer reads, where that is one number. Frames
    are the steps of a recurrent module, and the batch of any other. Errors: InputError that names the layer
    and what is not imported, a tensor that no layer uses, a forward that cannot be traced.

    >>> import torch
    >>> found = import_module(torch.nn.Sequential(torch.nn.Linear(4, 3), torch.nn.ReLU()))
    >>> [(p.name, p.cell.kind, p.size) for p in found.network.populations]
    [('input', 'input', 4), ('0', 'dense', 3)]
    """
    title = name or type(module).__name__
    with evaluating(module):
        graph = traced(module, title)
        live(graph, module)  # refuses what cannot be imported before it asks for a shape
        shape = frame_shape or first_shape(module, graph, title)
        fault: Exception | None = None
        for layout, axis in layouts(module, shape):
            try:
                return read(module, graph, title, layout, axis)
            except InputError as error:
                fault = fault or error
        assert fault is not None
        raise fault from None


@contextmanager
def evaluating(module: torch.nn.Module) -> Iterator[None]:
    """The module as it is used once trained; afterwards as it was, without what tracing leaves in it."""
    before = [(part, part.training) for part in module.modules()]
    attributes = set(vars(module))
    for part, _ in before:
        part.training = False
    try:
        yield
    finally:
        for part, training in before:
            part.training = training
        for name in set(vars(module)) - attributes:
            delattr(module, name)


def layer_name(module: torch.nn.Module) -> str | None:
    """The row of LAYERS that a module computes as; None: it has a forward of its own."""
    for kind in type(module).__mro__:
        if kind.__module__.startswith("torch.nn.modules") and kind.__name__ in LAYERS:
            made: Any = type(module)
            its: Any = kind
            same = made.forward is its.forward
            return kind.__name__ if same or type(module).__name__.startswith("Parametrized") else None
    return None


def traced(module: torch.nn.Module, title: str) -> torch.fx.Graph:
    """What the module's forward does, call by call."""
    import torch

    class Tracer(torch.fx.Tracer):
        proxy_buffer_attributes = True  # so that the graph says where buffers are used

        def is_leaf_module(self, part: torch.nn.Module, qualified_name: str) -> bool:
            if layer_name(part) is not None:
                return True
            kind = type(part)
            return kind.__module__.startswith("torch.nn.modules") and kind is not torch.nn.Sequential

    if layer_name(module) is not None:  # a layer by itself
        graph = torch.fx.Graph()
        inputs = [graph.placeholder("input")]
        if type(module).__name__.endswith("Cell"):
            states = [
                graph.placeholder(name) for name in ("h", "c")[: 1 + isinstance(module, torch.nn.LSTMCell)]
            ]
            inputs.append(states[0] if len(states) == 1 else tuple(states))  # type: ignore[arg-type]
        graph.output(graph.call_module("", tuple(inputs)))
        return graph
    try:
        graph = Tracer().trace(module)
    except Exception as error:
        rule = f"its forward cannot be traced: {first_sentence(error)}"
        remedy = "Take branches and loops over the input out of forward, or export the model to ONNX."
        raise InputError(f"model {title}", type(error).__name__, rule, remedy) from None
    return graph


def live(graph: torch.fx.Graph, module: torch.nn.Module) -> list[torch.fx.Node]:
    """The nodes that the outputs need, in order. Errors: a value changed in place that is read afterwards."""
    nodes = list(graph.nodes)
    place = {node: number for number, node in enumerate(nodes)}
    needed = {node for node in nodes if node.op == "output"}
    for node in reversed(nodes):
        if node in needed:
            needed |= set(node.all_input_nodes)
        if in_place(node, module):
            changed = node.all_input_nodes[0]
            later = [user for user in changed.users if place[user] > place[node]]
            if later or not node.users:
                rule = "this changes a value in place that is read again"
                raise InputError(node.name, node.target, rule, "Write it with a result of its own.")
    return [node for node in nodes if node in needed or node.op == "placeholder"]


def in_place(node: torch.fx.Node, module: torch.nn.Module) -> bool:
    """Whether a call changes what it is given."""
    if node.op == "call_module":
        layer = module.get_submodule(str(node.target))
        if layer_name(layer) is None:
            refuse_layer(layer, str(node.target))
        return bool(getattr(layer, "inplace", False))
    if node.op == "call_method":
        return str(node.target).endswith("_") and not str(node.target).startswith("__")
    name = getattr(node.target, "__name__", "")
    changes = name in IN_PLACE or (name.endswith("_") and not name.startswith("__"))
    return node.op == "call_function" and (changes or bool(node.kwargs.get("inplace", False)))


def first_shape(module: torch.nn.Module, graph: torch.fx.Graph, title: str) -> tuple[int, ...]:
    """The shape of a frame where the first layer of the module says it."""
    for node in graph.nodes:
        if node.op != "call_module":
            continue
        layer = module.get_submodule(str(node.target))
        kind = layer_name(layer)
        if kind in RECURRENT:
            return (int(layer.input_size),)  # type: ignore[arg-type]
        if kind in SIZED:
            size = getattr(layer, SIZED[kind])
            return tuple(size) if isinstance(size, tuple) else (int(size),)
        if kind is not None and kind.startswith("Conv"):
            break
    rule = "its first layer does not say what shape a frame has"
    raise InputError(f"model {title}", "frame_shape", rule, "Give it, as (channels, height, width).")


def layouts(module: torch.nn.Module, shape: tuple[int, ...]) -> list[tuple[tuple[int, ...], int]]:
    """The shapes of FRAMES frames that the module may take, and the axis of the frames in each."""
    plain = ((FRAMES, *shape), 0)
    kinds = {layer_name(part) for part in module.modules()}
    if not kinds & {"RNN", "GRU", "LSTM"}:
        return [plain]
    batch_first = any(getattr(part, "batch_first", False) for part in module.modules())
    second, first = ((FRAMES, 1, *shape), 0), ((1, FRAMES, *shape), 1)
    return [first, second, plain] if batch_first else [second, first, plain]


def read(
    module: torch.nn.Module, graph: torch.fx.Graph, title: str, layout: tuple[int, ...], axis: int
) -> Imported:
    """The network of a traced module whose frames are laid out so."""
    tensors = Tensors(effective(module), f"model {title}")
    reading = Reading(Signals(), tensors)
    shape = tuple(size for own, size in enumerate(layout) if own != axis)
    known: dict[Any, Any] = {}
    result: Any = None
    for number, node in enumerate(live(graph, module)):
        if node.op == "placeholder":
            if number == 0:
                known[node] = Tagged(reading.signals.source("input", shape, axis))
            else:
                known[node] = node.args[0] if node.args else State(str(node.target))
        elif node.op == "output":
            result = mapped(node.args[0], known)
        else:
            known[node] = value_of(module, reading, node, known)
    outputs, kept = outputs_of(reading.signals, leaves(result), f"model {title}")
    tensors.refuse_unused()
    network = lower(reading.signals.layers, kept, title)
    return Imported(network, layout, axis, tuple(outputs))


def effective(module: torch.nn.Module) -> dict[str, Any]:
    """The tensors of a module; those of parametrised layers (spectral norm and the like) as they come out."""
    state = dict(module.state_dict())
    for name, part in module.named_modules():
        prefix = f"{name}." if name else ""
        for own in getattr(part, "parametrizations", {}):
            inner = [key for key in state if key.startswith(f"{prefix}parametrizations.{own}.")]
            place = list(state).index(inner[0])
            items = [(key, value) for key, value in state.items() if key not in inner]
            items.insert(place, (f"{prefix}{own}", getattr(part, own)))
            state = dict(items)
    return state


def refuse_layer(layer: torch.nn.Module, target: str) -> None:
    """Refuse a module of PyTorch that there is no row for."""
    title = type(layer).__name__
    rule = f"nn.{title} is not among the layers that are imported"
    raise InputError(
        f"layer {target or title.lower()}", f"nn.{title}", rule, f"Use one of: {', '.join(LAYERS)}."
    )


def first_sentence(error: Exception) -> str:
    """What an error says, up to its first full stop."""
    return " ".join(str(error).split()).partition(". ")[0].rstrip(".")[:200]


def followed(place: str, function: Any, *args: Any, **kwargs: Any) -> Any:
    """What a function gives. Errors: OtherAxis where it takes no such shapes, or no such arguments."""
    try:
        return function(*args, **kwargs)
    except InputError as error:
        if error.place != place.removeprefix("layer "):
            raise
        raise type(error)(place, error.value, error.rule, error.remedy) from None
    except Exception as error:
        rule = f"it cannot be followed with frames of this shape and layout: {first_sentence(error)}"
        remedy = "Give another frame_shape, or export the model to ONNX."
        raise OtherAxis(place, type(error).__name__, rule, remedy) from None


def value_of(module: torch.nn.Module, reading: Reading, node: torch.fx.Node, known: Mapping[Any, Any]) -> Any:
    """What a node of the graph gives."""
    args, kwargs = mapped(node.args, known), mapped(node.kwargs, known)
    if node.op == "get_attr":
        return constant_of(module, reading, str(node.target))
    if node.op == "call_module":
        return layer_value(module.get_submodule(str(node.target)), reading, str(node.target), args, kwargs)
    place, inside = node.name, leaves((args, kwargs))
    name = function_name(node)
    if not any(isinstance(part, Tagged | State) for part in inside):
        function: Any = getattr(args[0], name) if node.op == "call_method" else node.target
        return followed(place, function, *args[node.op == "call_method" :], **kwargs)
    if name == "getitem" and isinstance(args[0], State | tuple):
        return args[0] if isinstance(args[0], State) else args[0][args[1]]
    refuse_states(place, inside)
    plain = IN_PLACE.get(name, name.rstrip("_"))
    if plain in TYPES:
        return retyped(place, args, kwargs)
    if plain in MOVES or plain in SIZES:
        return followed(place, on_tags, reading, node, name, args, kwargs)
    return followed(place, call, reading.signals, place, plain, args, kwargs)


def function_name(node: torch.fx.Node) -> str:
    """The name that a function or method goes by in torch and its tables here."""
    if node.op == "call_method":
        return str(node.target)
    from torch.nn import functional

    for own in DISPATCHED:  # functions without a name of their own
        if node.target is getattr(functional, own):
            return own
    return str(getattr(node.target, "__name__", node.target))


def layer_value(layer: torch.nn.Module, reading: Reading, target: str, args: Any, kwargs: Any) -> Any:
    """What a module that is called gives."""
    place, kind = target or type(layer).__name__.lower(), str(layer_name(layer))
    if not any(isinstance(part, Tagged) for part in leaves((args, kwargs))):
        return followed(place, layer, *args, **kwargs)
    refuse_states(f"layer {place}", args[:1])
    prefix = f"{target}." if target else ""
    return followed(f"layer {place}", LAYERS[kind], reading, place, prefix, layer, *args, **kwargs)


def constant_of(module: torch.nn.Module, reading: Reading, target: str) -> Any:
    """A tensor or attribute of the module by its path."""
    if reading.tensors.has(target):
        import torch

        stored = reading.tensors.stored
        like = stored[target if target in stored else reading.tensors.parts(target)[1]]  # type: ignore[index]
        if like.is_floating_point():
            return torch.from_numpy(np.ascontiguousarray(reading.tensors.take(target))).to(like.dtype)
        reading.tensors.used.add(target)
        return like
    found: Any = module
    for part in target.split("."):
        found = getattr(found, part)
    return found


def mapped(given: Any, known: Mapping[Any, Any]) -> Any:
    """Arguments with the values of the nodes they name."""
    import torch

    return torch.fx.node.map_aggregate(
        given, lambda part: known[part] if isinstance(part, torch.fx.Node) else part
    )


def leaves(given: Any) -> list[Any]:
    """Everything within lists, tuples, dicts and slices."""
    if isinstance(given, Mapping):
        given = list(given.values())
    if isinstance(given, slice):
        given = [given.start, given.stop, given.step]
    if isinstance(given, list | tuple):
        return [leaf for part in given for leaf in leaves(part)]
    return [given]


def refuse_states(place: str, given: Any) -> None:
    """Refuse a further input of the model outside the place of an initial state."""
    for part in leaves(given):
        if isinstance(part, State):
            rule = "a further input of the model may only be the initial state of a recurrent layer"
            raise InputError(place, part.name, rule, "Join all inputs of a frame into one.")


def retyped(place: str, args: Any, kwargs: Any) -> Any:
    """A value of another type or device: the same, as long as it is a real number."""
    import torch

    for part in leaves((args[1:], kwargs)):
        if isinstance(part, torch.dtype) and not part.is_floating_point:
            rule = "values of a network are real numbers"
            raise InputError(place, part, rule, "Leave the conversion out.")
    return args[0]


def on_tags(reading: Reading, node: torch.fx.Node, name: str, args: Any, kwargs: Any) -> Any:
    """A call that only moves values or asks for their shape, made on tags."""
    import torch

    signals, pads = reading.signals, name == "pad"

    def tensor(part: Any) -> Any:
        if isinstance(part, Tagged):
            return torch.from_numpy(part.tags.astype(np.float64))
        if isinstance(part, torch.Tensor) and part.is_floating_point():
            return torch.from_numpy(signals.constant(part.double().numpy()).astype(np.float64))
        return part

    def back(part: Any) -> Any:
        if isinstance(part, torch.Tensor):
            return Tagged(np.rint(part.numpy()).astype(np.int64))
        if isinstance(part, torch.Size):
            return tuple(part)
        if isinstance(part, list | tuple):
            return tuple(back(own) for own in part)
        return part

    if name == "getattr" and args[1] in ("dtype", "device"):
        like = next((own for own in reading.tensors.stored.values() if own.is_floating_point()), None)
        plain = torch.float32 if args[1] == "dtype" else torch.device("cpu")
        return plain if like is None else getattr(like, args[1])
    aggregate = torch.fx.node.map_aggregate
    args, kwargs = aggregate(args, tensor), aggregate(kwargs, tensor)
    if pads:
        value = kwargs.get("value") or (args[3] if len(args) > 3 else 0.0) or 0.0
        tag = float(signals.constant(np.array([value]))[0])
        mode = kwargs.get("mode", args[2] if len(args) > 2 else "constant")
        sides = kwargs["pad"] if "pad" in kwargs else args[1]
        return back(torch.nn.functional.pad(args[0], sides, mode, tag if mode == "constant" else None))
    if name in ("dropout", "dropout2d", "feature_dropout", "contiguous", "clone", "detach", "alias"):
        return back(args[0])
    if name == "interpolate" and kwargs.get("mode", "nearest") not in ("nearest", "nearest-exact"):
        rule = "only nearest neighbours are taken as they are"
        raise InputError(node.name, f"mode {kwargs['mode']}", rule, "Use mode nearest.")
    if node.op == "call_method":
        return back(getattr(args[0], name)(*args[1:], **kwargs))
    return back(node.target(*args, **kwargs))  # type: ignore[operator]
