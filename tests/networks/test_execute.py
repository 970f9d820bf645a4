"""Running: bad input, several inputs, feedback, order of messages, and a light import."""

import pkgutil
import re
import subprocess
import sys

import numpy as np
import pytest

from deltasim import networks
from deltasim.networks.builders.recurrent import random_stack
from deltasim.networks.cells import Dense, Input
from deltasim.networks.connections import AllToAll
from deltasim.networks.execute import execute
from deltasim.networks.graph import Network, Population, Projection
from deltasim.runtime.errors import InputError


def small(**rest):
    return random_stack("gru", 3, (4,), np.random.default_rng(0), name="small", **rest)


@pytest.mark.parametrize(
    ("sequence", "sentence"),
    [
        (
            np.zeros((0, 3)),
            "sequence 1: length 0: a sequence has at least one frame. Leave empty sequences out.",
        ),
        (
            np.zeros((4, 2)),
            "sequence 1: shape (4, 2): network small takes frames of 3 values. Give arrays (frames, values).",
        ),
        (
            [[0, 0, 0], [0, np.nan, 0]],
            "sequence 1, frame 1, channel 1: nan: every input is a finite number. Mend the recording.",
        ),
        (
            [[0, 0, -np.inf]],
            "sequence 1, frame 0, channel 2: -inf: every input is a finite number. Mend the recording.",
        ),
    ],
)
def test_bad_sequences(sequence, sentence):
    with pytest.raises(InputError, match=f"^{re.escape(sentence)}$"):
        execute(small(), [np.ones((2, 3), np.float32), np.asarray(sequence, np.float32)])


def test_no_sequences_is_an_empty_trace():
    trace, outputs = execute(small(), [])
    assert (trace.steps, trace.sequences, len(trace.messages), outputs) == (0, 0, 0, [])


def test_progress_is_told():
    told = []
    execute(
        small(), [np.ones((2, 3), np.float32)] * 3, progress=lambda done, total: told.append((done, total))
    )
    assert told == [(1, 3), (2, 3), (3, 3)]


def test_many_messages_outgrow_the_first_record():
    rng = np.random.default_rng(0)
    trace, _ = execute(random_stack("rnn", 60, (40,), rng), [rng.normal(size=(400, 60)).astype(np.float32)])
    assert len(trace.messages) == 400 * 60 + 399 * 40


def test_several_inputs_and_outputs_lie_side_by_side():
    weights = AllToAll.from_matrices(np.eye(2, dtype=np.float32))
    zero = np.zeros((1, 2), np.float32)
    network = Network(
        "two",
        (
            Population("left", Input(2)),
            Population("a", Dense(2), zero),
            Population("right", Input(2)),
            Population("b", Dense(2, "relu"), zero),
        ),
        (Projection("right", "b", weights), Projection("left", "a", weights), Projection("a", "b", weights)),
        ("b", "a"),
    )
    _, (output,) = execute(network, [np.float32([[1, 2, 3, -9]])])
    assert output.tolist() == [[4, 0, 1, 2]]


def test_feedback_reads_the_step_before():
    one = AllToAll.from_matrices(np.ones((1, 1), np.float32))
    zero = np.zeros((1, 1), np.float32)
    network = Network(
        "loop",
        (Population("input", Input(1)), Population("a", Dense(1), zero), Population("b", Dense(1), zero)),
        (
            Projection("b", "a", one, "recurrent", 1),
            Projection("input", "a", one),
            Projection("a", "b", one),
        ),
        ("b",),
    )
    trace, (output,) = execute(network, [np.ones((4, 1), np.float32)])
    assert output[:, 0].tolist() == [1, 2, 3, 4]  # a[t] = 1 + b[t - 1], b[t] = a[t]
    assert [int(p) for p in trace.step(1)["projection"]] == [0, 2]


def test_messages_are_sorted():
    rng = np.random.default_rng(3)
    network = random_stack("lstm", 5, (6, 6), rng, theta=0.02, bidirectional=True)
    trace, _ = execute(network, [rng.normal(size=(9, 5)).astype(np.float32) for _ in range(3)])
    keys = trace.messages[["step", "projection", "source"]]
    assert (np.sort(keys, order=("step", "projection", "source")) == keys).all()
    for step in range(trace.steps):
        assert (trace.step(step)["step"] == step).all()


def test_reverse_layers_read_the_frames_backwards():
    rng = np.random.default_rng(0)
    network = random_stack("rnn", 2, (3,), rng, bidirectional=True)
    frames = rng.normal(size=(5, 2)).astype(np.float32)
    trace, _ = execute(network, [frames])
    reverse = [p.name for p in network.projections].index("input->rnn_0_reverse")
    first = trace.step(0)
    assert first[first["projection"] == reverse]["delta"].tolist() == frames[-1].tolist()


def test_importing_the_package_is_light():
    code = (
        "import sys, deltasim.networks as networks; heavy = {'numba', 'torch', 'numpy'} & set(sys.modules);"
        "assert not heavy, heavy; assert networks.Q(8, 8).bits == 16; assert 'numba' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_every_public_name_leads_somewhere_and_hides_no_module():
    for name in networks.NAMES:
        assert getattr(networks, name) is not None
    modules = {module.name for module in pkgutil.iter_modules(networks.__path__)}
    assert not modules & set(networks.NAMES)  # once imported, a module would take the place of the name
    with pytest.raises(AttributeError, match=r"module 'deltasim\.networks' has no attribute 'GRUU'"):
        _ = networks.GRUU
