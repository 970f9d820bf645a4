"""Networks on disk: what comes back is what was saved, and every kind of damage has its sentence."""

import json
import re
from dataclasses import replace

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from deltasim.networks.builders.feed_forward import feed_forward
from deltasim.networks.builders.recurrent import random_stack
from deltasim.networks.builders.spiking import random_spiking
from deltasim.networks.builders.torch import from_torch_state
from deltasim.networks.cells import Formula, Input, conv2d, dense
from deltasim.networks.connections import Convolution
from deltasim.networks.files.network import load_network, save_network
from deltasim.networks.graph import Network, Population, Projection
from deltasim.networks.numbers.arithmetic import EDGEDRNN, FixedPoint, Q, WideSums
from deltasim.networks.numbers.quantise import quantised
from deltasim.runtime.errors import InputError


def made():
    rng = np.random.default_rng(0)
    yield random_stack("gru", 4, (6, 5), rng, theta_x=0.1, theta_h=[0.2, 0.3], readout=3)
    yield random_stack("lstm", 4, (6,), rng, theta=0.1, bidirectional=True)
    yield random_stack("rnn", 4, (6,), rng, theta=0.1, arithmetic=FixedPoint(weight=Q(2, 6), lookup=Q(2, 8)))
    yield random_stack("gru", 4, (6,), rng).with_thresholds({"input": rng.uniform(0, 1, 4)})
    planes = conv2d.Parameters(rng.normal(size=(2, 1, 3, 3)), rng.normal(size=2), (2, 1), (1, 0))
    flat = dense.Parameters(rng.normal(size=(3, 24)), rng.normal(size=3))
    network = feed_forward((1, 5, 6), [(planes, "relu"), (flat, "tanh")], theta=0.1)
    yield network
    yield quantised(network, FixedPoint(weight=Q(3, 9)))
    yield quantised(network, EDGEDRNN)
    yield quantised(network, FixedPoint(), {"input->conv2d_0": Q(1, 3), "conv2d_0->dense_1": Q(2, 30)})
    yield magnitudes(rng)
    yield replace(magnitudes(rng), name="wide-magnitudes", arithmetic=WideSums())
    yield quantised(magnitudes(rng), FixedPoint())
    yield random_spiking(12, 4, 0.2, rng, areas=2, inputs=3)
    yield random_spiking(12, 4, 0.2, rng, arithmetic=FixedPoint(), name="fixed-spiking")


def magnitudes(rng):
    """A formula, a convolution with two gates, and a projection that names its accumulators."""
    planes = Convolution(rng.normal(size=(4, 1, 1, 2)), in_shape=(1, 1, 5), gates=2)
    cell = Formula(8, "y = sqrt(a0**2 + a1**2) * a2")
    return Network(
        "magnitudes",
        (Population("input", Input(5)), Population("magnitude", cell, np.ones((3, 8), np.float32))),
        (Projection("input", "magnitude", planes, accumulators=(0, 1)),),
        ("magnitude",),
    )


@pytest.mark.parametrize("network", list(made()), ids=lambda network: network.name)
def test_round_trip(network, tmp_path):
    files = save_network(network, tmp_path / "trained-0.2")
    assert [file.name for file in files] == ["trained-0.2.safetensors", "trained-0.2.json"]
    assert len(list(tmp_path.iterdir())) == 2
    for path in (tmp_path / "trained-0.2", *files):
        again = load_network(path)
        assert again.digest == network.digest
        assert again.name == network.name
        assert again.arithmetic == network.arithmetic
        formats = [[p.weight_format for p in each.projections] for each in (again, network)]
        assert formats[0] == formats[1]
    stored = load_file(files[0])
    for projection in network.projections:
        assert stored[f"{projection.name}.weights"].dtype == projection.connection.weights.dtype


@pytest.fixture
def saved(tmp_path):
    save_network(random_stack("gru", 3, (4,), np.random.default_rng(0), theta=0.1), tmp_path)
    return tmp_path


def refuse(folder, sentence):
    with pytest.raises(InputError, match=sentence) as caught:
        load_network(folder)
    assert "\n" not in str(caught.value)


def change(folder, edit):
    file = folder / "network.json"
    content = json.loads(file.read_text())
    edit(content)
    file.write_text(json.dumps(content))


def test_missing_files(saved):
    (saved / "network.json").unlink()
    refuse(
        saved, r"network.json: no file: a network is a .json description with a .safetensors file beside it"
    )
    refuse(saved / "other", r"other.safetensors: no file")


def test_damaged_tensors(saved):
    file = saved / "network.safetensors"
    whole = file.read_bytes()
    for content in (b"", b"nonsense", whole[:20], whole[:-4]):
        file.write_bytes(content)
        refuse(
            saved, r"network.safetensors: damaged: a network's weights are safetensors \(.*\)\. Save or copy"
        )


def test_damaged_weights_are_noticed(saved):
    file = saved / "network.safetensors"
    whole = bytearray(file.read_bytes())
    whole[-2] ^= 1
    file.write_bytes(bytes(whole))
    refuse(saved, "weights and description do not belong together, or one is damaged")


def test_damaged_description(saved):
    file = saved / "network.json"
    whole = file.read_text()
    for content in ("", "{", whole[: len(whole) // 2], "[]", '{"format": "deltasim network", "version": 1}'):
        file.write_text(content)
        refuse(saved, r"network.json(:\d+)?: damaged: this is no readable network description")


@pytest.mark.parametrize(
    ("edit", "sentence"),
    [
        (lambda c: c.update(version=9), "version 9 of the format, and this program reads 1"),
        (lambda c: c["populations"][1].update(cell="gruu"), r"population gru_0: gruu: .*Did you mean gru\?"),
        (
            lambda c: c["populations"][1].update(size=5),
            re.escape("the bias of a gru cell has the shape (4, 5)"),
        ),
        (lambda c: c["populations"][1].update(colour="red"), "gru_0: colour: a gru cell has no such field"),
        (lambda c: c["projections"][0].update(theta=-1), "a threshold is at least 0"),
        (lambda c: c["projections"][0].update(theta=0.5), "do not belong together"),
        (
            lambda c: c["projections"][0].update(theta="tensor"),
            "input->gru_0.theta: the description names this",
        ),
        (lambda c: c["projections"][0]["connection"].update(kind="alltoall"), "Did you mean all_to_all"),
        (lambda c: c.update(arithmetic={"weight": [0, 8]}), "fixed point weight format: Q0.8"),
        (
            lambda c: c["projections"][0]["connection"].update(kind="sparse", target_size=4, gates=3),
            "input->gru_0.pointer: the description names this",
        ),
        (
            lambda c: c["projections"][0].update(accumulators=[0, 1, 4]),
            re.escape(
                "accumulators: (0, 1, 4): the gru cell gru_0 has the accumulators 0 to 3. Name each block's"
            ),
        ),
        (lambda c: c["projections"][0].update(accumulators=[0, 0, 1]), "Name each block's own, once"),
        (lambda c: c["populations"][1].update(cell="formula", formula="y = a0["), "formula cell: y = a0"),
        (lambda c: c.update(outputs=["gru_9"]), "gru_9: this output is no population"),
    ],
)
def test_changed_description(saved, edit, sentence):
    change(saved, edit)
    refuse(saved, sentence)


def test_wrong_tensors(saved):
    file = saved / "network.safetensors"
    tensors = load_file(file)
    save_file({name: array for name, array in tensors.items() if name != "gru_0.bias"}, file)
    refuse(saved, "gru_0.bias: the description names this tensor and the file lacks it")
    save_file(tensors | {"input->gru_0.weights": np.zeros((2, 3, 4), np.float32)}, file)
    refuse(saved, re.escape("weights: shape (2, 3, 4): input to the gru cell gru_0 needs (3, 3, 4)"))
    save_file(tensors | {"gru_0.bias": np.full((4, 4), np.nan, np.float32)}, file)
    refuse(saved, "gru_0: bias: nan: every value is a finite number")


def test_state_dict_errors():
    rng = np.random.default_rng(0)
    state = {"weight_ih_l0": rng.normal(size=(12, 3)), "weight_hh_l0": rng.normal(size=(12, 4))}
    assert from_torch_state(state, "gru").input_size == 3
    for kind, rows in (("lstm", 16), ("rnn", 4)):
        sentence = (
            rf"state dict: weight_ih_l0: shape \(12, 3\): a {kind} of 4 units stacks . gates to {rows} rows"
        )
        with pytest.raises(InputError, match=sentence):
            from_torch_state(state, kind)
    with pytest.raises(
        InputError, match=r"gru\.weight_ih_l0: the weights of an nn.GRU are not under this name"
    ):
        from_torch_state(state, "gru", prefix="gru.")
    with pytest.raises(InputError, match=r"weight_hh_l0: this tensor is missing\. .*There are: weight_ih_l0"):
        from_torch_state({"weight_ih_l0": state["weight_ih_l0"]}, "gru")
    with pytest.raises(InputError, match=r"linear.weight: this tensor is missing"):
        from_torch_state(state, "gru", readout="linear.")
    with pytest.raises(InputError, match="nan: every number of the tensor bias_ih_l0 is finite"):
        biases = {"bias_ih_l0": np.full(12, np.nan), "bias_hh_l0": np.zeros(12)}
        from_torch_state(state | biases, "gru")


def test_a_digest_is_told_in_twelve_digits(saved):
    change(saved, lambda content: content["projections"][0].update(theta=0.5))
    told = json.loads((saved / "network.json").read_text())["digest"]
    refuse(saved, rf"network.json: digest {told[:12]}: weights and description do not belong together")


def test_a_tensor_of_another_type_is_told(saved):
    file = saved / "network.safetensors"
    tensors = load_file(file)
    save_file(tensors | {"gru_0.bias": tensors["gru_0.bias"].astype(np.int64)}, file)
    refuse(saved, r"network.safetensors: gru_0.bias: int64: it holds int64, and this tensor is of .*float32")
