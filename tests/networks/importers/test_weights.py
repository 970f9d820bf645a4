"""Files of PyTorch weights: every tensor is used or named, and what a file does not say is asked for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import save_file
from torch import nn
from torch.nn.utils import prune
from torch.nn.utils.parametrizations import weight_norm

from deltasim.networks.importers.check import difference, noise, original_of
from deltasim.networks.importers.models import import_model
from deltasim.networks.importers.pytorch.weights import BETWEEN, import_weights, read_weights
from deltasim.runtime.errors import InputError
from tests.networks.importers.agreement import kinds

pytestmark = pytest.mark.filterwarnings("ignore:LSTM with projections is not supported")


@settings(max_examples=12)
@given(data=st.data())
def test_chains_agree_with_pytorch(data: st.DataObject, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Recurrent and linear layers and functions in any order, saved either way."""
    torch.manual_seed(data.draw(st.integers(0, 2**16)))
    size = data.draw(st.integers(1, 5))
    model, words = nn.Module(), []
    for number in range(data.draw(st.integers(1, 4))):
        kind = data.draw(st.sampled_from(["rnn", "gru", "lstm", "cell", "linear", "function"]))
        if kind == "function" and words:
            words.append(data.draw(st.sampled_from(BETWEEN)))
            continue
        name, hidden = f"part{number}", data.draw(st.integers(2, 5))
        layer, word, size = drawn(data, kind, size, hidden)
        model.add_module(name, layer)
        words.append(f"{name}{word}")
    suffix = data.draw(st.sampled_from([".pt", ".safetensors"]))
    path = tmp_path_factory.mktemp("weights") / f"model{suffix}"
    state = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    save_file(state, path) if suffix == ".safetensors" else torch.save(state, path)
    layers = " ".join(words)
    found = import_model(path, layers=layers)
    library, original = original_of(path, layers)
    apart = difference(found, original, noise(found, lengths=(1, 7)))
    assert library == "PyTorch"
    assert apart.largest <= 1e-5 * max(apart.output, 1e-3)


def drawn(data: st.DataObject, kind: str, size: int, hidden: int) -> tuple[nn.Module, str, int]:
    """A layer, what stands behind its name, and the size of its outputs."""
    bias = data.draw(st.booleans())
    if kind in ("linear", "function"):
        return nn.Linear(size, hidden, bias), "", hidden
    how = data.draw(st.sampled_from(["tanh", "relu"]))
    if kind == "cell":
        return nn.RNNCell(size, hidden, bias, how), f":{how}", hidden
    more: dict[str, Any] = {"num_layers": data.draw(st.integers(1, 2)), "bias": bias}
    more["bidirectional"] = data.draw(st.booleans())
    width, word = hidden, ""
    if kind == "rnn":
        more["nonlinearity"], word = how, f":{how}"
    if kind == "lstm" and data.draw(st.booleans()):
        width = more["proj_size"] = hidden - 1
    layer = getattr(nn, kind.upper())(size, hidden, **more)
    return layer, word, width * (1 + more["bidirectional"])


def test_a_file_of_one_layer_needs_no_word() -> None:
    assert kinds(import_weights(nn.GRU(3, 4, 2).state_dict())) == {
        "input": "input",
        "gru_0": "gru",
        "gru_1": "gru",
    }
    assert kinds(import_weights(nn.LSTMCell(3, 4).state_dict())) == {"input": "input", "lstm": "lstm"}
    assert kinds(import_weights(nn.Linear(3, 4).state_dict())) == {"input": "input", "linear": "dense"}


@pytest.mark.parametrize("type_", [torch.float64, torch.bfloat16, torch.float16])
@pytest.mark.parametrize("suffix", [".pt", ".safetensors"])
def test_any_float_type(tmp_path: Path, type_: torch.dtype, suffix: str) -> None:
    state = {name: tensor.to(type_) for name, tensor in nn.GRU(3, 4).state_dict().items()}
    path = tmp_path / f"weights{suffix}"
    save_file(state, path) if suffix == ".safetensors" else torch.save(state, path)
    columns = import_model(path).network.projections[0].connection.weights
    assert (columns.transpose(1, 2, 0).reshape(12, 3) == state["weight_ih_l0"].float().numpy()).all()


def test_pruned_and_normalised_tensors_are_what_they_stand_for() -> None:
    layer = nn.GRU(3, 4, 2, bidirectional=True)
    for name in ("weight_ih_l1", "weight_hh_l0_reverse"):
        prune.random_unstructured(layer, name, 0.5)
    found = import_weights(layer.state_dict())
    plain = {name: getattr(layer, name) for name, _ in nn.GRU(3, 4, 2, bidirectional=True).named_parameters()}
    assert found.network.digest == import_weights(plain, name="weights").network.digest
    linear = weight_norm(nn.Linear(3, 4))
    with torch.no_grad():
        linear.parametrizations.weight.original0.mul_(3.0)
    columns = import_weights(linear.state_dict()).network.projections[0].connection.weights
    np.testing.assert_allclose(columns[:, 0].T, linear.weight.detach().numpy(), rtol=1e-6)


def test_a_checkpoint_holds_one_dict_of_tensors(tmp_path: Path) -> None:
    path = tmp_path / "checkpoint.pth"
    module = nn.GRU(3, 4)
    optimiser = {"state": {0: {"step": torch.tensor(3.0)}}, "param_groups": [{"lr": 0.1, "params": [0]}]}
    torch.save({"state_dict": module.state_dict(), "optimizer": optimiser, "epoch": 3}, path)
    assert import_model(path).network.input_size == 3
    torch.save({"a": module.state_dict(), "b": module.state_dict()}, path)
    with pytest.raises(InputError, match=r"checkpoint\.pth: 2 such: a, b: a file of weights holds one dict"):
        import_model(path)


def without(state: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: tensor for name, tensor in state.items() if name not in names}


GRU2 = nn.GRU(3, 4, 2, bidirectional=True).state_dict()
TWO = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2)).state_dict()
PRUNED = {
    f"{name}_orig" if "hh" in name else name: tensor for name, tensor in nn.GRU(3, 4).state_dict().items()
}


@pytest.mark.parametrize(
    ("state", "layers", "sentence"),
    [
        (TWO, None, r'2 layers: the file has the layers 0 2, and .* such as --layers "0 relu 2"\.'),
        (TWO, "0 rellu 2", r"state dict: layers: rellu: a layer is the prefix .* Did you mean relu\?"),
        (TWO, "0 relu", r"state dict: 2.weight \(and 1 more\): no layer that is imported uses this tensor"),
        (TWO, "relu 0 2", "state dict: layers: relu: the first of the layers has tensors"),
        (TWO, "relu", "state dict: layers: relu: the first of the layers has tensors. Name one of: 0, 2"),
        (TWO, "2 relu 0", r"0: input shape \(3, 2\): its matrix multiplies the last axis, of 3 values"),
        (TWO, "0:relu 2", "state dict: layer 0: relu: an nn.Linear has no such choice. Leave it out."),
        (
            nn.RNN(3, 4).state_dict(),
            None,
            r'layer \.: nn.RNN: a file .* tanh or relu. Say --layers "\.:tanh" or',
        ),
        (nn.RNN(3, 4).state_dict(), ".:elu", r"layer \.: elu: a file of weights does not say whether"),
        (nn.GRU(3, 4).state_dict(), ".:relu", r"layer \.: relu: an nn.GRU has no such choice"),
        (
            nn.Conv2d(1, 2, 3).state_dict(),
            None,
            r"layer \.: weight: its tensors \(weight, bias\) do not tell how",
        ),
        (nn.BatchNorm1d(3).state_dict(), None, r"its tensors \(weight, bias, running_mean.* do not tell how"),
        (
            without(GRU2, "bias_hh_l1"),
            None,
            "layer .: bias_hh_l1: bias_ih_l1 is there without it; a layer has both",
        ),
        (without(GRU2, "bias_hh_l1", "bias_ih_l1"), None, "layer .: bias_ih_l1: other layers .* have biases"),
        (
            without(GRU2, "weight_ih_l1_reverse"),
            None,
            "state dict: weight_ih_l1_reverse: this tensor is missing",
        ),
        (
            without(GRU2, "weight_ih_l0_reverse"),
            None,
            "weight_ih_l0_reverse: this tensor is missing. Did you mean",
        ),
        (without(GRU2, "weight_ih_l1"), None, "state dict: weight_ih_l1: this tensor is missing"),
        (
            GRU2 | {"weight_hh_l0": torch.zeros(13, 4)},
            None,
            r"weight_hh_l0: shape \(13, 4\): the recurrent weights of 4",
        ),
        (
            GRU2 | {"weight_ih_l0": torch.zeros(11, 3)},
            None,
            r"weight_ih_l0: shape \(11, 3\): it stacks 3 gates",
        ),
        (
            GRU2 | {"bias_ih_l0": torch.zeros(9)},
            None,
            r"input bias: shape \(3, 3\): 4 neurons that read 3 values",
        ),
        (
            GRU2 | {"weight_ih_l1": torch.zeros(12, 4)},
            None,
            r"layer gru_1: input weights: .* that read 8 values need",
        ),
        (
            GRU2 | {"bias_ih_l0": torch.full((12,), torch.nan)},
            None,
            "nan: every number of the tensor bias_ih_l0 is finite",
        ),
        (
            GRU2 | {"bias_ih_l0": torch.ones(12, dtype=torch.complex64)},
            None,
            "the tensor bias_ih_l0 holds no real numbers",
        ),
        (PRUNED, None, "no layer|this tensor is missing|do not tell"),
        ({}, None, "state dict: no tensors: weights are named tensors"),
    ],
)
def test_what_a_file_does_not_say_is_asked_for(
    state: dict[str, Any], layers: str | None, sentence: str
) -> None:
    with pytest.raises(InputError, match=sentence) as caught:
        import_weights(state, layers)
    assert "\n" not in str(caught.value)


def test_files_that_are_none(tmp_path: Path) -> None:
    path = tmp_path / "model.pt"
    torch.save(nn.GRU(3, 4), path)
    with pytest.raises(InputError, match=r"model\.pt: a pickle: this file holds more than tensors"):
        read_weights(path)
    torch.save(torch.ones(3), path)
    with pytest.raises(InputError, match=r"model\.pt: Tensor: a file of weights holds one dict"):
        read_weights(path)
    for content in (b"", b"nonsense", b"PK\x03\x04", b"[" * 1000):
        path.write_bytes(content)
        with pytest.raises(InputError, match=r"model\.pt: .*: this (is no readable|file holds more)"):
            read_weights(path)
    other = path.with_suffix(".safetensors")
    for content in (b"", b"nonsense", b"\x08\0\0\0\0\0\0\0{}"):
        other.write_bytes(content)
        with pytest.raises(InputError, match=r"no readable safetensors file|weights are named tensors"):
            import_model(other)
    save_file({"weight": torch.ones(2, 2, dtype=torch.int32)}, other)
    with pytest.raises(InputError, match="int32: the tensor weight holds no real numbers of 16, 32 or 64"):
        import_model(other)
    with pytest.raises(InputError, match=r"gone\.pt: no file: weights are read from a file"):
        import_model(tmp_path / "gone.pt")
    with pytest.raises(InputError, match=r"model.txt: .txt: a model is a file whose suffix says"):
        import_model("model.txt")
    with pytest.raises(InputError, match=r"model: list: a model is a torch.nn.Module or the path"):
        import_model([])  # type: ignore[arg-type]
