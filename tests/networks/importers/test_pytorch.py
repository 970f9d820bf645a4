"""PyTorch modules as networks: PyTorch is the judge, and what is not imported is refused in a sentence."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from torch import nn
from torch.nn import functional as F

from deltasim.networks.importers.pytorch.module import import_module
from deltasim.runtime.errors import InputError
from tests.networks.importers.agreement import EXAMPLES, LONG_EXAMPLES, assert_agrees, kinds
from tests.networks.importers.random_modules import ALONE, Case, cases

pytestmark = [  # what PyTorch says of its own speed
    pytest.mark.filterwarnings("ignore:LSTM with projections is not supported"),
    pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel"),
]


@pytest.fixture(autouse=True)
def _seeded() -> None:
    torch.manual_seed(0)


@settings(max_examples=EXAMPLES, suppress_health_check=list(HealthCheck))
@given(case=cases())
def test_random_modules_agree(case: Case) -> None:
    assert_agrees(case.module, case.frame_shape)


@pytest.mark.long
@settings(max_examples=LONG_EXAMPLES, suppress_health_check=list(HealthCheck))
@given(case=cases())
def test_three_hundred_random_modules_agree(case: Case) -> None:
    """300 random modules of every layer beside PyTorch: 1e-5 of the largest output, or 4 times its error."""
    assert_agrees(case.module, case.frame_shape)


@pytest.mark.parametrize("seed", range(4))
def test_a_root_of_squares_near_zero_agrees(seed: int) -> None:
    torch.manual_seed(seed)
    module = nn.Sequential(nn.Conv1d(4, 6, 3), nn.ReLU(), nn.LPPool1d(2, 2), nn.Flatten())
    frames = 3 * np.random.default_rng(seed).normal(size=(60, 32)).astype(np.float32)
    assert_agrees(module, (4, 8), frames=frames)  # where both are 0 a running sum of squares is not


class Forward(nn.Module):
    """A forward of its own over some layers."""

    def __init__(self, function: Callable[..., Any], **layers: nn.Module) -> None:
        super().__init__()
        self.function = function
        for name, layer in layers.items():
            setattr(self, name, layer)
        self.register_buffer("shift", torch.tensor([0.25, -0.5, 1.0]))
        self.scale = nn.Parameter(torch.randn(3))

    def forward(self, x: torch.Tensor) -> Any:
        return self.function(self, x)


def used(own: Forward, x: torch.Tensor) -> torch.Tensor:
    """All three values of the shift and the scale, so that no tensor is left."""
    return x + (own.shift * own.scale).sum()


def convolved(own: Any, x: torch.Tensor) -> torch.Tensor:
    frames = x.view(x.shape[0] * x.shape[1], 1, 4, 4)
    features = torch.relu(own.conv(frames)).flatten(1).view(x.size(0), x.size(1), -1)
    outputs, final = own.gru(features)
    return used(own, own.fc(outputs[:, -1]) * 2 + torch.sigmoid(final[-1])[..., :2])


def chunks(own: Any, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    first, second = own.a(x).chunk(2, 1)[0], own.a(x).chunk(2, 1)[1]
    joined = torch.cat([second, x[:, :2] * 2, x[:, :1] * own.shift[0]], 1)
    return first * own.scale.sum(), joined


FORWARDS: dict[str, tuple[Callable[..., Any], dict[str, nn.Module], tuple[int, ...]]] = {
    "residual": (lambda own, x: used(own, F.relu(own.a(F.relu(own.a(x))) + x)), {"a": nn.Linear(3, 3)}, (3,)),
    "residual planes": (
        lambda own, x: used(own, F.relu(own.b(own.a(x)) + x)),
        {"a": nn.Conv2d(2, 2, 3, padding=1), "b": nn.BatchNorm2d(2)},
        (2, 5, 5),
    ),
    "conv, gru, last frame": (
        convolved,
        {"conv": nn.Conv2d(1, 2, 3), "gru": nn.GRU(8, 4, batch_first=True), "fc": nn.Linear(4, 2)},
        (1, 4, 4),
    ),
    "gates": (
        lambda own, x: used(own, own.a(x) * torch.sigmoid(own.b(x)) / (1.5 + torch.tanh(x))),
        {"a": nn.Linear(3, 3), "b": nn.Linear(3, 3)},
        (3,),
    ),
    "powers": (
        lambda own, x: used(
            own, (x**2 + (x * own.scale) ** 2 + 0.1) ** 0.5 - torch.sqrt(x.abs() + 1) ** 3 + 1 / (x * x + 1)
        ),
        {},
        (3,),
    ),
    "extremes": (
        lambda own, x: used(
            own, torch.maximum(x, own.shift) - torch.minimum(x, 2 * x).clamp(-0.5, 0.25) + x.clamp(min=0.1)
        ),
        {},
        (3,),
    ),
    "chunks": (chunks, {"a": nn.Linear(3, 4)}, (3,)),
    "concatenated planes": (
        lambda own, x: used(own, own.b(torch.cat([own.a(x), x], 1)).mean((2, 3))),
        {"a": nn.Conv2d(1, 2, 3, padding=1), "b": nn.Conv2d(3, 2, 2)},
        (1, 4, 5),
    ),
    "two convolutions of one source": (
        lambda own, x: used(own, torch.relu(own.a(x) + own.b(x) + own.c(x) + x)),
        {"a": nn.Conv1d(2, 2, 3, padding=1), "b": nn.Conv1d(2, 2, 3, padding=1), "c": nn.Conv1d(2, 2, 1)},
        (2, 6),
    ),
    "transposed": (
        lambda own, x: used(own, own.a(x.permute(0, 3, 1, 2)).transpose(1, 2).amax(-1).sum(1)),
        {"a": nn.Conv2d(2, 3, 2)},
        (4, 5, 2),
    ),
    "positions": (lambda own, x: used(own, torch.tanh(own.a(x)).softmax(-1)), {"a": nn.Linear(3, 2)}, (4, 3)),
    "matrices": (
        lambda own, x: used(
            own,
            torch.matmul(x, own.shift.outer(own.scale)) @ torch.eye(3, dtype=x.dtype)
            - F.linear(x, own.a.weight),
        ),
        {"a": nn.Linear(3, 3, bias=False)},
        (3,),
    ),
    "interpolated": (
        lambda own, x: used(
            own, F.interpolate(F.pad(own.a(x), (1, 0, 0, 2), value=0.5), scale_factor=2).flatten(1)[:, ::3]
        ),
        {"a": nn.Conv2d(1, 1, 2)},
        (1, 3, 4),
    ),
    "normalised input": (lambda own, x: own.a((x - own.shift) / own.scale), {"a": nn.Linear(3, 2)}, (3,)),
    "functions": (
        lambda own, x: used(
            own,  # values 1 and more apart: a norm of nearly equal ones makes every rounding large
            F.layer_norm(F.gelu(own.a(x)) + 4 * own.shift, (3,))
            + F.leaky_relu(x, 0.2)
            + F.hardtanh(x, -0.1, 0.3),
        ),
        {"a": nn.Linear(3, 3)},
        (3,),
    ),
    "pooled by function": (
        lambda own, x: used(
            own,
            F.max_pool2d(own.a(x), 2)
            - F.avg_pool2d(own.a(x), 2, divisor_override=1)
            + F.adaptive_max_pool2d(x, (2, 1)),
        ),
        {"a": nn.Conv2d(1, 1, 3)},
        (1, 6, 4),
    ),
    "numbers": (lambda own, x: used(own, 2 - (3 * x - 1) / 4 + (-x).mul_(2).add(1)), {}, (3,)),
    "types": (
        lambda own, x: used(own, own.a(x.float()).to(torch.float64).float()),
        {"a": nn.Linear(3, 2)},
        (3,),
    ),
}


@pytest.mark.parametrize("name", FORWARDS)
def test_forwards_of_their_own(name: str) -> None:
    function, layers, shape = FORWARDS[name]
    if name == "types":
        module = Forward(function, **layers)
        import_module(module, shape)  # float64 inside: nothing to compare in one precision
        return
    assert_agrees(Forward(function, **layers).eval(), shape)


@pytest.mark.parametrize(
    ("norm", "shape"),
    [
        (nn.LayerNorm(8), (8,)),
        (nn.LayerNorm((3, 4), elementwise_affine=False), (3, 4)),
        (nn.RMSNorm(8), (8,)),
        (nn.GroupNorm(2, 4), (4, 5)),
    ],
)
def test_norms_over_a_frame(norm: nn.Module, shape: tuple[int, ...]) -> None:
    """Of values that are not nearly equal: a small variance makes every rounding of a running sum large."""
    for part in norm.parameters():
        nn.init.normal_(part)
    assert_agrees(norm, shape)


CELLS = {"RNNCell", "GRUCell", "LSTMCell"}
NORMS = {"LayerNorm", "RMSNorm", "GroupNorm"}


@pytest.mark.parametrize("name", sorted(ALONE - CELLS - NORMS))
def test_layers_that_stand_alone(name: str) -> None:
    settings: dict[str, tuple[Any, tuple[int, ...]]] = {
        "ChannelShuffle": (nn.ChannelShuffle(2), (4, 2, 2)),
        "Dropout1d": (nn.Dropout1d(), (2, 3)),
        "Dropout2d": (nn.Dropout2d(), (2, 3, 2)),
        "PixelShuffle": (nn.PixelShuffle(2), (4, 2, 2)),
        "PixelUnshuffle": (nn.PixelUnshuffle(2), (1, 2, 4)),
        "Unflatten": (nn.Unflatten(1, (2, 3)), (6,)),
        "UpsamplingNearest2d": (nn.UpsamplingNearest2d(scale_factor=2), (1, 2, 2)),
    }
    layer, shape = settings[name]
    assert_agrees(nn.Sequential(layer, nn.Flatten(), nn.Tanh()), shape)


@pytest.mark.parametrize(
    "cell", [nn.RNNCell(3, 4, nonlinearity="relu"), nn.GRUCell(3, 4), nn.LSTMCell(3, 4, bias=False)]
)
def test_cells_step_along_the_frames(cell: nn.Module) -> None:
    assert_agrees(cell)


class Stepped(nn.Module):
    """A cell that is handed its state."""

    def __init__(self) -> None:
        super().__init__()
        self.cell, self.fc = nn.LSTMCell(3, 4), nn.Linear(4, 2)

    def forward(self, x: torch.Tensor, state: Any) -> Any:
        h, c = self.cell(x, state)
        return self.fc(h), (h, c)


def test_a_cell_in_a_module_is_handed_its_state() -> None:
    module = Stepped()
    found = import_module(module)
    assert kinds(found) == {"input": "input", "cell": "lstm", "fc": "dense"}
    frames = np.random.default_rng(0).normal(size=(5, 3)).astype(np.float32)
    state, outputs = None, []
    with torch.no_grad():
        for frame in torch.from_numpy(frames):
            output, state = module(frame[None], state)
            outputs.append(output.numpy())
    from deltasim.networks.execute import execute

    _, (ours,) = execute(found.network, [frames])
    theirs = np.concatenate(outputs)
    np.testing.assert_allclose(ours[:, : theirs.shape[1]], theirs, atol=1e-6)


@pytest.mark.parametrize("kind", [torch.float64, torch.bfloat16, torch.float16])
def test_any_float_type(kind: torch.dtype) -> None:
    module = nn.GRU(3, 4).to(kind)
    found = import_module(module)
    weight = module.weight_ih_l0.detach().float().numpy()
    columns = found.network.projections[0].connection.weights
    assert (columns.transpose(1, 2, 0).reshape(12, 3) == weight).all()


def test_reading_leaves_the_module_as_it_was() -> None:
    module = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Dropout())
    module[2].eval()
    import_module(module)
    assert [part.training for part in module.modules()] == [True, True, True, False]


def test_batch_norm_is_folded_and_activations_are_the_cells() -> None:
    module = nn.Sequential(nn.BatchNorm1d(4), nn.Linear(4, 3), nn.BatchNorm1d(3), nn.ReLU(), nn.Linear(3, 2))
    found = assert_agrees(module.eval())
    assert kinds(found) == {"input": "input", "1": "dense", "4": "dense"}
    assert found.network.weight_words == 12 + 6


def test_a_convolution_keeps_its_weights_shared() -> None:
    module = nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU(), nn.AvgPool2d(2), nn.Conv2d(2, 2, 2))
    found = assert_agrees(module, (1, 8, 8))
    words = [projection.connection.weight_words for projection in found.network.projections]
    assert words == [18, 4, 16]


def test_a_magnitude_is_one_population_that_both_convolutions_feed() -> None:
    module = Forward(
        lambda own, x: used(own, torch.sqrt(own.a(x)[:, :2] ** 2 + own.a(x)[:, 2:] ** 2 + 0.5)),
        a=nn.Conv1d(1, 4, 3),
    )
    single = Forward(
        lambda own, x: magnitude(own.a(x)) * own.shift.sum() + own.scale.sum(), a=nn.Conv1d(1, 4, 3)
    )
    found = assert_agrees(single, (1, 8))
    projection = found.network.projections[0]
    assert kinds(found)["a"] == "formula"
    assert (projection.connection.gates, projection.connection.weight_words) == (2, 12)
    assert_agrees(module, (1, 8))


def magnitude(x: torch.Tensor) -> torch.Tensor:
    return torch.sqrt(x[:, :2] ** 2 + x[:, 2:] ** 2)


class Shared(nn.Module):
    """An input that two populations share is changed in place."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = x * 2
        y.relu_()
        return y


class Later(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = x * 2
        return F.relu(y, inplace=True) + y


class Branch(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x if x.sum() > 0 else -x


class Auxiliary(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.a, self.b = nn.Linear(3, 3), nn.Linear(3, 2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.b(x)
        return self.a(x)


REFUSED: list[tuple[nn.Module, tuple[int, ...] | None, str]] = [
    (
        nn.Sequential(nn.Embedding(3, 4)),
        None,
        r"layer 0: nn.Embedding: nn.Embedding is not among the layers .* Use one of: Ada",
    ),
    (
        nn.Sequential(nn.Conv2d(1, 2, 3)),
        None,
        "model Sequential: frame_shape: its first layer does not say what shape",
    ),
    (
        nn.Sequential(nn.Conv2d(1, 2, 3)),
        (2, 5, 5),
        r"layer 0: input shape \(3, 2, 5, 5\): its kernel has the shape \(2, 1, 3, 3\), for 1",
    ),
    (
        nn.Sequential(nn.Linear(3, 4), nn.GRUCell(4, 4)),
        None,
        "1: nn.GRUCell: a cell that is called without its state forgets",
    ),
    (
        nn.Sequential(nn.Linear(3, 4), nn.Linear(3, 4)),
        None,
        r"1: input shape \(3, 4\): its matrix multiplies the last axis, of 3 values",
    ),
    (
        nn.BatchNorm1d(3, track_running_stats=False),
        None,
        "track_running_stats: a batch norm without running statistics",
    ),
    (
        nn.Sequential(nn.Linear(3, 3), nn.LPPool1d(3, 2)),
        (3,),
        "norm 3, ceil_mode False: a pooling by a norm has norm 1 or 2",
    ),
    (
        Auxiliary(),
        None,
        r"model Auxiliary: b.weight \(and 1 more\): no layer that is imported uses this tensor",
    ),
    (
        Branch(),
        (3,),
        "model Branch: TraceError: its forward cannot be traced: symbolically traced variables cannot",
    ),
    (Shared(), (3,), "relu_: relu_: this changes a value in place that is read again"),
    (Later(), (3,), "this changes a value in place that is read again. Write it with a result of its own"),
    (
        Forward(lambda own, x: used(own, torch.fft.rfft(x).abs())),
        (3,),
        "fft_rfft: .*fft_rfft is not among the functions",
    ),
    (
        Forward(lambda own, x: used(own, x @ x.transpose(0, 1))),
        (3,),
        "matmul: a product of two values that both differ",
    ),
    (
        Forward(lambda own, x: used(own, x.mean(0))),
        (3,),
        r"mean: axes \[0\], frames on axis 0: it takes all frames of a sequence",
    ),
    (
        Forward(lambda own, x: used(own, x[1:] - x[:-1])),
        (3,),
        "sub: frames mixed: this step reads values of several frames",
    ),
    (
        Forward(lambda own, x: used(own, own.a(x.t())), a=nn.Linear(3, 2)),
        (3,),
        "Put the frames on another axis",
    ),
    (
        Forward(lambda own, x: used(own, own.a(x.t()[None])), a=nn.Conv1d(3, 2, 2)),
        (3,),
        "takes a frame at a time: frames first",
    ),
    (
        Forward(lambda own, x: used(own, own.a(x)[1][1]), a=nn.LSTM(3, 2)),
        (3,),
        "read by another layer: the memory of an LSTM stays",
    ),
    (
        Forward(lambda own, x: used(own, own.a(x)[1][1]), a=nn.GRU(3, 2, bidirectional=True)),
        (3,),
        "frames mixed",
    ),
    (
        Forward(lambda own, x: used(own, own.a(x, torch.ones(1, 1, 2))[0]), a=nn.GRU(3, 2)),
        (3,),
        "a sequence starts from a state of zeros",
    ),
    (
        Forward(lambda own, x: used(own, x.long().float())),
        (3,),
        "values of a network are real numbers|is not among the functions",
    ),
    (Forward(lambda own, x: used(own, x**x)), (3,), "exponent: an exponent is one number"),
]


@pytest.mark.parametrize(("module", "shape", "sentence"), REFUSED)
def test_what_is_not_imported_is_refused_by_name(
    module: nn.Module, shape: tuple[int, ...] | None, sentence: str
) -> None:
    with pytest.raises(InputError, match=sentence) as caught:
        import_module(module, shape)
    assert "\n" not in str(caught.value)
    assert re.search(r"\. [A-Z].*[.?]$", str(caught.value))
