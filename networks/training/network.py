"""A delta network in training: layers one after another."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from torch import Tensor, nn

from deltasim.networks.budget import Budget
from deltasim.networks.builders.sgu import SLOPE
from deltasim.networks.training.cells import NAMES
from deltasim.networks.training.layers.causal import CausalConvolution
from deltasim.networks.training.layers.feed_forward import Convolution, Dense
from deltasim.networks.training.layers.layer import EXPORTED, Conditions, Encoding, Layer, Outcome, Place
from deltasim.networks.training.layers.pooling import MaxPool
from deltasim.networks.training.layers.recurrent import Recurrent
from deltasim.runtime.errors import InputError, nearest

INPUT = "input"


@dataclass(frozen=True)
class RecurrentShape:
    """A recurrent layer to be made; fields as those of `Recurrent`."""

    kind: str
    units: int
    theta_x: float = 0.0
    theta_h: float = 0.0
    bidirectional: bool = False
    theta_product: float | None = None
    slope: float = SLOPE
    budget_x: Budget | None = None
    budget_h: Budget | None = None


@dataclass(frozen=True)
class DenseShape:
    """A dense layer to be made; fields as those of `Dense`."""

    units: int
    activation: str = "identity"
    theta: float = 0.0


@dataclass(frozen=True)
class ConvolutionShape:
    """A convolution to be made; fields as those of `Convolution`."""

    in_shape: tuple[int, int, int]
    planes: int
    kernel: tuple[int, int]
    stride: tuple[int, int] = (1, 1)
    padding: tuple[int, int] = (0, 0)
    activation: str = "relu"
    theta: float = 0.0


@dataclass(frozen=True)
class CausalShape:
    """A convolution over blocks to be made; fields as those of `CausalConvolution`."""

    in_shape: tuple[int, int, int]
    planes: int
    kernel: tuple[int, int]
    padding: int = 0
    activation: str = "identity"
    theta: float = 0.0


@dataclass(frozen=True)
class PoolShape:
    """A pooling to be made; fields as those of `MaxPool`."""

    in_shape: tuple[int, int, int]
    window: tuple[int, int]
    activation: str = "identity"
    theta: float = 0.0


Shape = RecurrentShape | DenseShape | ConvolutionShape | CausalShape | PoolShape


class DeltaNetwork(nn.Module):
    """Layers of these shapes on ``inputs`` values a frame, the last named ``readout`` where it is dense.

    ``learned`` is which thresholds are trained: "" none, "layer" one for each encoder, "neuron" one for each
    of its elements. Weights are drawn from PyTorch's generator.

    >>> import torch
    >>> model = DeltaNetwork(4, [RecurrentShape("gru", 8, 0.1, 0.1), DenseShape(2, theta=0.1)])
    >>> values, encodings = model(torch.randn(5, 3, 4))
    >>> values.shape, [encoding.projection for encoding in encodings]
    (torch.Size([5, 3, 2]), ['input->gru_0', 'gru_0->gru_0', 'gru_0->readout'])
    """

    def __init__(self, inputs: int, shapes: Iterable[Shape], learned: str = "") -> None:
        super().__init__()
        if learned not in ("", "layer", "neuron"):
            rule = "thresholds are learned for each layer or each neuron"
            raise InputError("learned", learned, rule, nearest(learned, ("layer", "neuron")))
        self.inputs, self.learned = inputs, learned
        chosen = list(shapes)
        if not chosen:
            raise InputError("network", "no layers", "a network has at least one layer", "Add one.")
        layers: list[nn.Module] = []
        below: tuple[tuple[str, int], ...] = ((INPUT, inputs),)
        for number, shape in enumerate(chosen):
            last = number == len(chosen) - 1 and number > 0
            layer = made(shape, number, below, learned, last)
            layers.append(layer)
            below = layer.outputs
        self.layers = nn.ModuleList(layers)

    @property
    def stack(self) -> Iterator[Layer]:
        """The layers in order."""
        yield from self.layers  # type: ignore[misc]

    @property
    def weights(self) -> tuple[tuple[str, Tensor], ...]:
        """Every matrix and kernel, by the name of its layer and its own."""
        return tuple(
            (f"{layer.place.name}.{name}", weight) for layer in self.stack for name, weight in layer.weights
        )

    def forward(
        self, values: Tensor, lengths: Tensor | None = None, conditions: Conditions = EXPORTED
    ) -> Outcome:
        """Outputs (T, B, n) of sequences (T, B, inputs), and what every encoder sent."""
        encodings: list[Encoding] = []
        if conditions.formats is not None:
            values = conditions.formats.activations(values)
        for layer in self.layers:
            values, sent = layer(values, lengths, conditions)
            encodings += sent
        return Outcome(values, tuple(encodings))


def made(
    shape: Shape, number: int, below: tuple[tuple[str, int], ...], learned: str, last: bool
) -> Recurrent | Dense | Convolution | CausalConvolution | MaxPool:
    """The layer of a shape."""
    if isinstance(shape, RecurrentShape):
        if shape.kind not in NAMES:
            raise InputError("cell", shape.kind, "this is no recurrent cell", nearest(shape.kind, NAMES))
        place = Place(f"{shape.kind.partition('-')[0]}_{number}", below)
        return Recurrent(
            shape.kind,
            place,
            shape.units,
            theta_x=shape.theta_x,
            theta_h=shape.theta_h,
            theta_product=shape.theta_product,
            slope=shape.slope,
            learned=learned,
            bidirectional=shape.bidirectional,
            budget_x=shape.budget_x,
            budget_h=shape.budget_h,
        )
    if isinstance(shape, DenseShape):
        place = Place("readout" if last else f"dense_{number}", below)
        return Dense(place, shape.units, shape.activation, theta=shape.theta, learned=learned)
    if isinstance(shape, PoolShape):
        place = Place(f"pool_{number}", below)
        return MaxPool(
            place, shape.in_shape, shape.window, shape.activation, theta=shape.theta, learned=learned
        )
    place = Place(f"conv2d_{number}", below)
    if isinstance(shape, CausalShape):
        return CausalConvolution(
            place,
            shape.in_shape,
            shape.planes,
            shape.kernel,
            shape.padding,
            shape.activation,
            theta=shape.theta,
            learned=learned,
        )
    return Convolution(
        place,
        shape.in_shape,
        shape.planes,
        shape.kernel,
        shape.stride,
        shape.padding,
        shape.activation,
        theta=shape.theta,
        learned=learned,
    )
