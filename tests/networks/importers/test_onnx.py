"""ONNX models as networks: onnxruntime is the judge, and what is not imported is refused in a sentence."""

from __future__ import annotations

import importlib.util
import os
import re
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from deltasim.networks.execute import execute
from deltasim.networks.importers.check import difference, original_of
from deltasim.networks.importers.models import import_model
from deltasim.networks.importers.onnx.model import import_onnx
from deltasim.networks.importers.onnx.operators import MOVES, OPERATORS
from deltasim.networks.importers.onnx.recurrent import ACTIVATIONS
from deltasim.networks.numbers.arithmetic import WideSums
from deltasim.runtime.errors import InputError
from tests.networks.importers.agreement import EXAMPLES, kinds
from tests.networks.importers.onnx_models import Node, assert_agrees, model, saved

RNG = np.random.default_rng(0)
OPERANDS = {"RNN": 1, "GRU": 3, "LSTM": 4}


def drawn(*shape: int, low: float | None = None) -> Any:
    values = RNG.normal(size=shape)
    return (values if low is None else np.abs(values) + low).astype(np.float32)


@settings(max_examples=EXAMPLES, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_recurrent_operators_agree(data: st.DataObject, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Every direction, both forms of the GRU, peepholes, activations and bounds of their own."""
    rng = np.random.default_rng(data.draw(st.integers(0, 2**16)))
    op = data.draw(st.sampled_from(sorted(OPERANDS)))
    size, inputs = data.draw(st.integers(1, 5)), data.draw(st.integers(1, 4))
    direction = data.draw(st.sampled_from(["forward", "reverse", "bidirectional"]))
    both = 1 + (direction == "bidirectional")
    rows = OPERANDS[op] * size
    tensors = {
        "w": rng.uniform(-0.7, 0.7, (both, rows, inputs)),
        "r": rng.uniform(-0.7, 0.7, (both, rows, size)),
        "b": rng.uniform(-0.7, 0.7, (both, 2 * rows)),
    }
    attributes: dict[str, Any] = {"hidden_size": size, "direction": direction}
    names = "x w r b"
    if data.draw(st.booleans()):
        del tensors["b"]
        names = "x w r"
    if op == "GRU":
        attributes["linear_before_reset"] = data.draw(st.integers(0, 1))
    if op == "LSTM" and data.draw(st.booleans()):
        tensors["p"] = rng.uniform(-0.7, 0.7, (both, 3 * size))
        names += " - - - p" if "b" in tensors else " - - - - p"
    if data.draw(st.booleans()):
        attributes["clip"] = 0.5
    if data.draw(st.booleans()):
        count = both * {"RNN": 1, "GRU": 2, "LSTM": 3}[op]
        known = ["Relu", "Tanh", "Sigmoid", "HardSigmoid", "LeakyRelu", "Elu", "Softsign", "Softplus"]
        attributes["activations"] = data.draw(
            st.lists(st.sampled_from(known), min_size=count, max_size=count)
        )
    made = model(
        [(op, names, "out", attributes), ("Squeeze", "out axis", "y")],
        ["frames", 1, inputs],
        {name: array.astype(np.float32) for name, array in tensors.items()} | {"axis": np.array([both])},
    )
    assert_agrees(made, tmp_path_factory.mktemp("onnx"))


CASES: dict[str, tuple[list[Node], list[int | str], dict[str, Any]]] = {
    "Abs": ([("Abs", "x", "y")], ["n", 3], {}),
    "Add": ([("Add", "x b", "a"), ("Add", "a x", "c"), ("Tanh", "c", "y")], ["n", 3], {"b": drawn(3)}),
    "AveragePool": (
        [("AveragePool", "x", "y", {"kernel_shape": [2, 3], "strides": [1, 2], "pads": [1, 0, 0, 1]})],
        ["n", 2, 4, 5],
        {},
    ),
    "AveragePool padded": (
        [("AveragePool", "x", "y", {"kernel_shape": [3], "pads": [1, 1], "count_include_pad": 1})],
        ["n", 2, 5],
        {},
    ),
    "BatchNormalization": (
        [("BatchNormalization", "x s b m v", "y", {"epsilon": 0.01})],
        ["n", 3, 4],
        {"s": drawn(3), "b": drawn(3), "m": drawn(3), "v": drawn(3, low=0.5)},
    ),
    "Cast": ([("Cast", "x", "a", {"to": 11}), ("Cast", "a", "y", {"to": 1})], ["n", 3], {}),
    "Celu": ([("Celu", "x", "y", {"alpha": 0.7})], ["n", 3], {}),
    "Clip": ([("Clip", "x low high", "y")], ["n", 3], {"low": np.float32(-0.4), "high": np.float32(0.3)}),
    "Conv": (
        [("Conv", "x w b", "y", {"pads": [1, 0, 0, 2], "strides": [1, 2]})],
        ["n", 2, 4, 5],
        {"w": drawn(3, 2, 2, 3), "b": drawn(3)},
    ),
    "Conv dilated": (
        [("Conv", "x w", "y", {"dilations": [2], "group": 2, "pads": [1, 2]})],
        ["n", 2, 7],
        {"w": drawn(4, 1, 3)},
    ),
    "Conv padded": (
        [("Conv", "x w", "y", {"strides": [2], "auto_pad": "SAME_LOWER"})],
        ["n", 2, 8],
        {"w": drawn(4, 2, 3)},
    ),
    "Conv over frames": (
        [
            ("Transpose", "x", "t", {"perm": [1, 2, 0]}),
            ("Conv", "t w b", "c"),
            ("Transpose", "c", "y", {"perm": [2, 0, 1]}),
        ],
        ["n", 1, 3],
        {"w": drawn(2, 3, 1), "b": drawn(2)},
    ),
    "Div": (
        [("Div", "x b", "a"), ("Exp", "a", "e"), ("Div", "x e", "y")],
        ["n", 3],
        {"b": drawn(3, low=0.5)},
    ),
    "Elu": ([("Elu", "x", "y", {"alpha": 0.7})], ["n", 3], {}),
    "Erf": ([("Erf", "x", "y")], ["n", 3], {}),
    "Exp": ([("Exp", "x", "y")], ["n", 3], {}),
    "Gelu": ([("Gelu", "x", "y", {"approximate": "tanh"})], ["n", 3], {}),
    "Gemm": (
        [("Gemm", "x w b", "y", {"alpha": 0.5, "beta": 2.0, "transB": 1})],
        ["n", 3],
        {"w": drawn(4, 3), "b": drawn(4)},
    ),
    "Gemm plain": ([("Gemm", "x w", "y")], ["n", 3], {"w": drawn(3, 2)}),
    "GlobalAveragePool": ([("GlobalAveragePool", "x", "y")], ["n", 2, 3, 4], {}),
    "GlobalMaxPool": ([("GlobalMaxPool", "x", "y")], ["n", 2, 5], {}),
    "HardSigmoid": ([("HardSigmoid", "x", "y", {"alpha": 0.3})], ["n", 3], {}),
    "HardSwish": ([("HardSwish", "x", "y")], ["n", 3], {}),
    "LayerNormalization": (
        [("LayerNormalization", "x s b", "y")],
        ["n", 8],
        {"s": drawn(8), "b": drawn(8)},
    ),
    "LeakyRelu": ([("LeakyRelu", "x", "y", {"alpha": 0.2})], ["n", 3], {}),
    "Log": ([("Abs", "x", "a"), ("Add", "a b", "c"), ("Log", "c", "y")], ["n", 3], {"b": np.float32(0.2)}),
    "LogSoftmax": ([("LogSoftmax", "x", "y", {"axis": -1})], ["n", 4], {}),
    "MatMul": (
        [("MatMul", "x w", "a"), ("Transpose", "a", "t", {"perm": [0, 2, 1]}), ("MatMul", "v t", "y")],
        ["n", 2, 3],
        {"w": drawn(3, 4), "v": drawn(5, 4)},
    ),
    "Max": ([("Max", "x b", "y")], ["n", 3], {"b": drawn(3)}),
    "MaxPool": (
        [("MaxPool", "x", "y", {"kernel_shape": [3], "strides": [2], "pads": [1, 1], "ceil_mode": 1})],
        ["n", 2, 6],
        {},
    ),
    "Mean": ([("Mean", "x b", "y")], ["n", 3], {"b": drawn(3)}),
    "Min": ([("Neg", "x", "a"), ("Min", "x a b", "y")], ["n", 3], {"b": drawn(3)}),
    "Mish": ([("Mish", "x", "y")], ["n", 3], {}),
    "Mul": ([("Mul", "b x", "a"), ("Sigmoid", "x", "g"), ("Mul", "a g", "y")], ["n", 3], {"b": drawn(3)}),
    "Neg": ([("Neg", "x", "a"), ("Relu", "a", "y")], ["n", 3], {}),
    "PRelu": ([("PRelu", "x s", "y")], ["n", 3, 2], {"s": drawn(3, 1)}),
    "Pow": (
        [("Pow", "x two", "a"), ("Pow", "a part", "y")],
        ["n", 3],
        {"two": np.float32(2), "part": np.float32(0.75)},
    ),
    "Reciprocal": ([("Exp", "x", "a"), ("Reciprocal", "a", "y")], ["n", 3], {}),
    "ReduceMax": ([("ReduceMax", "x", "y", {"axes": [1], "keepdims": 0})], ["n", 3, 2], {}),
    "ReduceMean": ([("ReduceMean", "x", "y", {"axes": [-1]})], ["n", 3, 2], {}),
    "ReduceSum": ([("ReduceSum", "x axes", "y", {"keepdims": 0})], ["n", 3, 2], {"axes": np.array([1, 2])}),
    "Relu": ([("Relu", "x", "y")], ["n", 3], {}),
    "Selu": ([("Selu", "x", "y", {"alpha": 1.5, "gamma": 1.1})], ["n", 3], {}),
    "Shrink": ([("Shrink", "x", "y", {"lambd": 0.3, "bias": 0.3})], ["n", 3], {}),
    "Sigmoid": ([("Sigmoid", "x", "y")], ["n", 3], {}),
    "Softmax": ([("Softmax", "x", "y", {"axis": 1})], ["n", 4, 2], {}),
    "Softplus": ([("Softplus", "x", "y")], ["n", 3], {}),
    "Softsign": ([("Softsign", "x", "y")], ["n", 3], {}),
    "Sqrt": ([("Mul", "x x", "a"), ("Sqrt", "a", "y")], ["n", 3], {}),
    "Sub": ([("Sub", "x b", "a"), ("Sub", "c a", "y")], ["n", 3], {"b": drawn(3), "c": drawn(1)}),
    "Sum": ([("Tanh", "x", "t"), ("Sum", "x t b", "y")], ["n", 3], {"b": drawn(3)}),
    "Tanh": ([("Tanh", "x", "y")], ["n", 3], {}),
    "ThresholdedRelu": ([("ThresholdedRelu", "x", "y", {"alpha": 0.2})], ["n", 3], {}),
    "moves": (
        [
            ("Unsqueeze", "x one", "a"),
            ("Pad", "a pads value", "b"),
            ("Reshape", "b flat", "c"),
            ("Slice", "c from to last step", "d"),
            ("Split", "d parts", "e f", {"axis": 1}),
            ("Concat", "f k e", "g", {"axis": 1}),
            ("Transpose", "g", "h", {"perm": [1, 0]}),
            ("Gather", "h order", "i"),
            ("Transpose", "i", "j", {"perm": [1, 0]}),
            ("Tile", "j twice", "l"),
            ("Expand", "l wide", "m"),
            ("Flatten", "m", "o"),
            ("Identity", "o", "p"),
            ("Dropout", "p", "q"),
            ("Squeeze", "q", "y"),
        ],
        [3, 4],
        {
            "one": np.array([1]),
            "pads": np.array([0, 0, 1, 0, 0, 2]),
            "value": np.float32(0.5),
            "flat": np.array([3, -1]),
            "from": np.array([6]),
            "to": np.array([-100]),
            "last": np.array([1]),
            "step": np.array([-2]),
            "parts": np.array([1, 3]),
            "k": drawn(3, 1),
            "order": np.array([2, 0, 4, 1]),
            "twice": np.array([1, 2]),
            "wide": np.array([3, 8]),
        },
    ),
    "shapes computed from shapes": (
        [
            ("Shape", "x", "s"),
            ("Gather", "s zero", "n"),
            ("Concat", "n six", "t", {"axis": 0}),
            ("Reshape", "x t", "a"),
            ("ConstantOfShape", "t", "z", {"value": onnx.numpy_helper.from_array(np.float32([0.5]))}),
            ("Add", "a z", "y"),
        ],
        ["n", 2, 3],
        {"zero": np.array([0]), "six": np.array([6])},
    ),
    "rearranged": (
        [
            ("DepthToSpace", "x", "a", {"blocksize": 2}),
            ("SpaceToDepth", "a", "b", {"blocksize": 2}),
            ("Relu", "b", "y"),
        ],
        ["n", 4, 2, 2],
        {},
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_operators_agree(name: str, tmp_path: Path) -> None:
    nodes, shape, tensors = CASES[name]
    if name == "moves":  # numbers that differ from frame to frame: so of one frame only
        shape, tensors = [1, 4], moved(tensors)
    opset = {"Gelu": 20, "Mish": 18}.get(name, 17)
    assert_agrees(model(nodes, shape, tensors, opset=opset), tmp_path)


def moved(tensors: dict[str, Any]) -> dict[str, Any]:
    """The numbers of the moves for a batch of one."""
    return tensors | {"flat": np.array([1, -1]), "k": drawn(1, 1), "wide": np.array([1, 8])}


def test_every_operator_has_a_case() -> None:
    used = {node[0] for nodes, *_ in CASES.values() for node in nodes}
    assert set(OPERATORS) - used - {"RNN", "GRU", "LSTM"} == set()
    assert used & MOVES >= MOVES - {"Size"}
    assert set(ACTIVATIONS) >= {"relu", "tanh", "sigmoid", "hardsigmoid", "affine", "scaledtanh"}


def gru(before: int, producer: str = "") -> onnx.ModelProto:
    tensors = {"w": drawn(1, 12, 3), "r": drawn(1, 12, 4), "b": drawn(1, 24)}
    attributes = {"hidden_size": 4, "linear_before_reset": before}
    nodes = [("GRU", "x w r b", "out", attributes), ("Squeeze", "out one", "y")]
    return model(nodes, ["n", 1, 3], tensors | {"one": np.array([1])}, producer=producer)


def test_a_reset_gate_before_the_product_has_an_encoder_of_its_own(tmp_path: Path) -> None:
    found = assert_agrees(gru(0), tmp_path)
    node = next(iter(kinds(found)))
    assert node == "x"
    names = [projection.name for projection in found.network.projections]
    assert names == ["x->out_reset", "out->out_reset", "x->out", "out->out", "out_reset->out"]
    assert kinds(assert_agrees(gru(1), tmp_path)) == {"x": "input", "out": "gru"}


def test_the_known_fault_of_an_exporter_is_warned_of(tmp_path: Path) -> None:
    with pytest.warns(UserWarning, match=r"node out \(GRU\): linear_before_reset is 0, .* by pytorch"):
        import_onnx(saved(gru(0, "pytorch"), tmp_path))
    import_onnx(saved(gru(1, "pytorch"), tmp_path))
    import_onnx(saved(gru(0, "tf2onnx"), tmp_path))


def test_a_fixed_batch_of_one_is_taken_frame_by_frame(tmp_path: Path) -> None:
    nodes = [("Conv", "x w", "a"), ("Relu", "a", "b"), ("Reshape", "b flat", "c"), ("Gemm", "c v", "y")]
    tensors = {"w": drawn(2, 1, 2, 2), "flat": np.array([1, 8]), "v": drawn(8, 3)}
    found = assert_agrees(model(nodes, [1, 1, 3, 3], tensors), tmp_path)
    assert found.axis is None


@pytest.mark.parametrize("kind", [onnx.TensorProto.FLOAT16, onnx.TensorProto.DOUBLE])
def test_any_float_type(kind: int, tmp_path: Path) -> None:
    weights = drawn(4, 3).astype(onnx.helper.tensor_dtype_to_np_dtype(kind))
    made = model([("Gemm", "x w", "y", {"transB": 1})], ["n", 3], {"w": weights}, kind=kind)
    columns = import_onnx(saved(made, tmp_path)).network.projections[0].connection.weights
    assert (weights.astype(np.float32) == columns[:, 0].T).all()


def test_final_states_are_left_to_the_neurons(tmp_path: Path) -> None:
    tensors = {"w": drawn(1, 16, 3), "r": drawn(1, 16, 4), "one": np.array([1])}
    nodes = [("LSTM", "x w r - - h c", "out hn cn", {"hidden_size": 4}), ("Squeeze", "out one", "y")]
    made = model(
        nodes, ["n", 1, 3], tensors, outputs=("y", "hn", "cn"), inputs={"h": [1, 1, 4], "c": [1, 1, 4]}
    )
    found = assert_agrees(made, tmp_path)
    assert found.network.outputs == ("out",)


REFUSED: list[tuple[list[Node], list[int | str], dict[str, Any], dict[str, Any], str]] = [
    (
        [("Sin", "x", "y")],
        ["n", 3],
        {},
        {},
        r"node y \(Sin\): Sin: Sin is not among the operators that are imported. Use",
    ),
    ([("ConvTranspose", "x w", "y")], ["n", 1, 3], {"w": drawn(1, 1, 2)}, {}, "ConvTranspose is not among"),
    (
        [("MatMul", "x x", "y")],
        ["n", 3, 3],
        {},
        {},
        r"node y \(MatMul\): MatMul: a product of two values that both",
    ),
    (
        [("MatMul", "x w", "y")],
        ["n", 2, 3],
        {"w": drawn(2, 3, 3)},
        {},
        r"shape \(2, 3, 3\): a matrix of the model has two",
    ),
    (
        [("Pow", "x b", "y")],
        ["n", 3],
        {"b": drawn(3)},
        {},
        r"node y \(Pow\): shape \(3,\): an exponent is one number",
    ),
    (
        [("Pow", "b x", "y")],
        ["n", 3],
        {"b": drawn(3)},
        {},
        "a value that differs from frame to frame: input 1 of Pow is a",
    ),
    ([("Cast", "x", "y", {"to": 7})], ["n", 3], {}, {}, "to type 7: values of a network are real numbers"),
    (
        [("ReduceMean", "x", "y", {"axes": [0]})],
        ["n", 3],
        {},
        {},
        r"axes \[0\], frames on axis 0: it takes all frames",
    ),
    (
        [("Conv", "x w", "y")],
        [1, 3, "n"],
        {"w": drawn(2, 3, 2)},
        {},
        "the size of axis 2 of input x is not said",
    ),
    (
        [("Relu", "x", "y")],
        ["n", 3],
        {"left": drawn(3)},
        {},
        "left: no node that is imported uses this tensor",
    ),
    (
        [("Relu", "x", "y"), ("Add", "x left", "z")],
        ["n", 3],
        {"left": drawn(3)},
        {},
        "left: no node that is imported uses",
    ),
    (
        [("Relu", "x", "y")],
        ["n", 3],
        {"w": np.float32([np.nan])},
        {},
        "nan: every number of the tensor w is finite",
    ),
    (
        [("Add", "x u", "y")],
        ["n", 3],
        {},
        {"inputs": {"u": ["n", 3]}},
        "2 inputs: x, u: a model has one input of frames",
    ),
    ([("Relu", "x", "y")], ["n", 3], {}, {"kind": 7}, "model|input x"),
    (
        [("Softmax", "x", "y", {"axis": 1})],
        ["n", 3, 2],
        {},
        {"opset": 11},
        "axis 1: before opset 13 it takes all axes from",
    ),
    (
        [("MaxPool", "x", "y z", {"kernel_shape": [2]})],
        ["n", 1, 4],
        {},
        {},
        "output z: MaxPool gives 1 outputs here",
    ),
    (
        [("Relu", "x", "y"), ("ReduceMax", "x", "z", {"axes": [0], "keepdims": 0})],
        ["n", 3],
        {},
        {"outputs": ("y", "z")},
        "takes all frames",
    ),
    (
        [("GRU", "x w r", "y", {"hidden_size": 1, "activations": ["Sigmoid", "Sin"]})],
        ["n", 1, 1],
        {"w": drawn(1, 3, 1), "r": drawn(1, 3, 1)},
        {},
        "sin: this is no activation of a gate",
    ),
    (
        [("GRU", "x w r", "y", {"hidden_size": 1})],
        ["n", 4, 1],
        {"w": drawn(1, 3, 1), "r": drawn(1, 3, 1)},
        {},
        "a recurrent layer is imported for one sequence at a time",
    ),
]


@pytest.mark.parametrize(("nodes", "shape", "tensors", "more", "sentence"), REFUSED)
def test_what_is_not_imported_is_refused_by_name(
    nodes: list[Node],
    shape: list[Any],
    tensors: dict[str, Any],
    more: dict[str, Any],
    sentence: str,
    tmp_path: Path,
) -> None:
    with pytest.raises(InputError, match=sentence) as caught:
        import_onnx(saved(model(nodes, shape, tensors, **more), tmp_path))
    assert "\n" not in str(caught.value)
    assert re.search(r"\. [A-Z].*[.?]$", str(caught.value))


def test_files_that_are_none(tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    with pytest.raises(InputError, match=r"model\.onnx: no file: a model is read from a file"):
        import_onnx(path)
    for content in (b"", b"nonsense", b"\x08\x07" * 40):
        path.write_bytes(content)
        with pytest.raises(InputError, match=r"model\.onnx: .*: this is no sound ONNX model: "):
            import_onnx(path)
    with pytest.raises(InputError, match="--layers: gru: an ONNX model says itself what its layers are"):
        import_model(path, layers="gru")


DATA = os.environ.get("DELTASIM_DATA", "")
SILERO = importlib.util.find_spec("silero_vad")


@pytest.mark.skipif(SILERO is None, reason="needs the package silero-vad (pip install --no-deps silero-vad)")
@pytest.mark.skipif(not Path(DATA, "speech.npz").is_file(), reason="needs DELTASIM_DATA with speech.npz")
def test_a_voice_activity_detector_on_recorded_speech() -> None:
    """Silero's model over whole sentences: the first three, in the long form all of them."""
    assert SILERO is not None and SILERO.origin is not None
    path = Path(SILERO.origin).parent / "data" / "silero_vad_16k_sequence.onnx"
    found = import_model(path)
    assert [population.cell.kind for population in found.network.populations].count("formula") == 1
    with np.load(Path(DATA, "speech.npz")) as stored:
        audio, offsets = stored["audio"], stored["offsets"]
    count = len(offsets) - 1 if os.environ.get("DELTASIM_LONG") else 3
    sequences = [heard(audio[offsets[number] : offsets[number + 1]]) for number in range(count)]
    apart = difference(found, original_of(path)[1], sequences, WideSums())
    assert apart.output > 0.9
    assert apart.largest < 1e-4


def heard(samples: Any) -> Any:
    """Blocks of 512 samples, each behind the 64 before it, as the model reads them."""
    count = len(samples) // 512
    whole = np.concatenate([np.zeros(64), samples[: count * 512] / 32768]).astype(np.float32)
    return np.stack([whole[512 * block : 512 * block + 576] for block in range(count)])


def test_outputs_of_a_frame_follow_from_the_frames_alone(tmp_path: Path) -> None:
    """A network that is imported has no memory beyond its populations: sequences start afresh."""
    found = import_onnx(saved(gru(0), tmp_path))
    frames = drawn(5, 3)
    _, (once, again) = execute(found.network, [frames, frames])
    assert (once == again).all()
