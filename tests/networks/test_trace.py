"""Traces: bounds, digests, files, and the made-up traces chips are tried with."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deltasim.networks.builders.recurrent import random_stack
from deltasim.networks.execute import execute
from deltasim.networks.trace import Trace, dense_trace, from_counts, random_trace, require_bounds
from deltasim.runtime.errors import InputError
from deltasim.runtime.readers.files import Unreadable


@pytest.fixture
def made():
    rng = np.random.default_rng(0)
    network = random_stack("gru", 4, (6,), rng, theta=0.1, bidirectional=True)
    frames = [rng.normal(size=(length, 4)).astype(np.float32) for length in (7, 3)]
    return network, execute(network, frames)[0]


def same(one, other):
    return one.digest == other.digest and all(
        (getattr(one, field) == getattr(other, field)).all()
        for field in ("messages", "step_bounds", "sequence_bounds")
    )


def test_save_and_load(made, tmp_path):
    _, trace = made
    trace.save(tmp_path / "a.npz")
    assert same(Trace.load(tmp_path / "a.npz"), trace)
    assert [file.name for file in tmp_path.iterdir()] == ["a.npz"]  # nothing left aside


def test_bounds_that_do_not_fit_are_refused(made, tmp_path):
    _, trace = made
    for field, bounds in (
        ("step_bounds", trace.step_bounds[:-1]),
        ("step_bounds", trace.step_bounds + 1),
        ("sequence_bounds", trace.sequence_bounds[1:]),
        ("sequence_bounds", trace.sequence_bounds[:0]),
    ):
        replace(trace, **{field: bounds}).save(tmp_path / "a.npz")
        with pytest.raises(InputError, match="its bounds do not fit its messages"):
            Trace.load(tmp_path / "a.npz")


def test_a_sequence_is_a_trace_of_its_own(made):
    _, trace = made
    first, last = trace.sequence(0), trace.sequence(1)
    assert first.sequence_bounds.tolist() == [0, 7] and last.sequence_bounds.tolist() == [0, 3]
    assert last.messages["step"].max() < 3 and last.step_bounds[0] == 0
    assert last.sequence(0) is last


def test_messages_of_a_step_are_put_in_order_of_projection():
    """Runs of one step, the last projection first: from 2 to 0, and back in order by a stable sort."""
    projection, counts = np.array([2, 1, 0], np.int64), np.array([1, 2, 1], np.int64)
    step, bounds = np.zeros(3, np.int64), np.array([0, 1])
    trace = from_counts(np.arange(4, dtype=np.int32), np.ones(4), step, projection, counts, bounds, "")
    assert trace.messages["projection"].tolist() == [0, 1, 1, 2]
    assert trace.messages["source"].tolist() == [3, 1, 2, 0] and trace.step_bounds.tolist() == [0, 4]


def test_missing_file(tmp_path):
    with pytest.raises(InputError, match=r"a.npz: no file: a trace is read from a file. Check the path."):
        Trace.load(tmp_path / "a.npz")


@pytest.mark.parametrize("content", [b"", b"no archive", b"PK\x03\x04 half"])
def test_foreign_files(content, tmp_path):
    (tmp_path / "a.npz").write_bytes(content)
    with pytest.raises(InputError, match=r"this is no readable trace \(.*\)\. Execute the network again\."):
        Trace.load(tmp_path / "a.npz")


def test_archive_without_the_arrays(tmp_path):
    np.savez(tmp_path / "a.npz", messages=np.zeros(3))
    with pytest.raises(InputError, match="this is no readable trace"):
        Trace.load(tmp_path / "a.npz")


def test_pickled_arrays_are_refused(tmp_path):
    np.savez(tmp_path / "a.npz", messages=np.array([{}], dtype=object))
    with pytest.raises(InputError, match="this is no readable trace"):
        Trace.load(tmp_path / "a.npz")


def test_changed_content(made, tmp_path):
    _, trace = made
    trace.messages["delta"][0] += 1
    changed = Trace(trace.messages.copy(), trace.step_bounds, trace.sequence_bounds, trace.network_digest)
    object.__setattr__(changed, "digest", "0" * 64)
    changed.save(tmp_path / "a.npz")
    with pytest.raises(InputError, match="the content of the trace does not match its digest"):
        Trace.load(tmp_path / "a.npz")


def test_every_cut_of_a_file_is_noticed(made, tmp_path):
    _, trace = made
    trace.save(tmp_path / "a.npz")
    whole = (tmp_path / "a.npz").read_bytes()
    for share in (0.1, 0.5, 0.9, 0.99):
        (tmp_path / "b.npz").write_bytes(whole[: int(len(whole) * share)])
        with pytest.raises(InputError):
            Trace.load(tmp_path / "b.npz")


def test_every_changed_byte_is_noticed_or_harmless(made, tmp_path):
    _, trace = made
    trace.save(tmp_path / "a.npz")
    whole = (tmp_path / "a.npz").read_bytes()
    for place in range(0, len(whole), max(1, len(whole) // 150)):
        changed = bytearray(whole)
        changed[place] ^= 0x41
        (tmp_path / "b.npz").write_bytes(bytes(changed))
        try:
            again = Trace.load(tmp_path / "b.npz")
        except InputError:
            continue
        assert same(again, trace)


def test_sequences_make_up_the_trace(made):
    _, trace = made
    parts = [trace.sequence(index) for index in range(trace.sequences)]
    assert [part.steps for part in parts] == [7, 3]
    assert sum(len(part.messages) for part in parts) == len(trace.messages)
    assert all(part.messages["step"].max() < part.steps for part in parts)


@given(st.integers(0, 2**16), st.sampled_from([0.0, 0.1, 0.5, 1.0]), st.booleans())
def test_random_traces(seed, occupancy, both):
    rng = np.random.default_rng(seed)
    network = random_stack("gru", 20, (30, 30), rng, bidirectional=both)
    trace = random_trace(network, [5, 9], occupancy, rng)
    assert trace.sequence_bounds.tolist() == [0, 5 * network.passes, 14 * network.passes]
    shares = trace.occupancy(network)
    for share in shares.values():
        assert abs(share - occupancy) <= (0.1 if 0 < occupancy < 1 else 0)
    for step in range(trace.steps):
        messages = trace.step(step)
        keys = messages["projection"].astype(np.int64) * 1000 + messages["source"]
        assert (np.diff(keys) > 0).all()


def test_dense_trace_has_the_messages_of_a_run_at_theta_0():
    """But for what never changes: the hidden state of the first step is at rest."""
    rng = np.random.default_rng(0)
    network = random_stack("lstm", 3, (4,), rng, bidirectional=True, readout=2)
    lengths = [4, 2]
    full = dense_trace(network, lengths)
    run, _ = execute(network, [rng.normal(size=(length, 3)).astype(np.float32) for length in lengths])
    names = ["step", "projection", "source"]
    missing = set(map(tuple, full.messages[names].tolist())) - set(map(tuple, run.messages[names].tolist()))
    firsts = {0, 2 * 4}
    assert {step for step, _, _ in missing} == firsts
    assert len(missing) == 2 * 2 * 4
    assert (full.step_bounds[1:] > full.step_bounds[:-1]).all()


def test_errors(made):
    network, trace = made
    with pytest.raises(InputError, match=r"occupancy: 1.5: an occupancy lies within 0 to 1"):
        random_trace(network, [3], 1.5, np.random.default_rng(0))
    with pytest.raises(InputError, match="sequence 1: length 0: a sequence has at least one frame"):
        dense_trace(network, [3, 0])
    with pytest.raises(InputError, match="a trace belongs to the network that made it"):
        trace.occupancy(network.with_thresholds(0.3))


def test_occupancy_counts_every_element_scanned():
    network = random_stack("rnn", 2, (3,), np.random.default_rng(0), theta=0.0)
    trace, _ = execute(network, [np.ones((4, 2), np.float32)])
    assert trace.occupancy(network)["input"] == 2 / 8  # the constant input is sent once
    assert trace.sent(network).tolist()[0] == 2
    assert trace.scanned(network).tolist() == [8, 12]


@given(lengths=st.lists(st.integers(1, 4), max_size=4), passes=st.booleans())
def test_a_dense_trace_is_a_random_one_at_occupancy_1(lengths, passes):
    network = random_stack("gru", 3, (4, 2), np.random.default_rng(0), bidirectional=passes)
    assert (
        dense_trace(network, lengths).digest
        == random_trace(network, lengths, 1.0, np.random.default_rng(0)).digest
    )


def test_bounds_that_go_back_by_one_are_refused(made, tmp_path):
    """A sequence of -1 steps, which ends where it should."""
    _, trace = made
    back = replace(trace, sequence_bounds=np.array([0, 8, 7, 10]))
    back.save(tmp_path / "a.npz")
    with pytest.raises(InputError, match="its bounds do not fit its messages"):
        Trace.load(tmp_path / "a.npz")


def test_one_element_that_is_sent_is_all_of_them():
    network = random_stack("rnn", 1, (1,), np.random.default_rng(0))
    assert dense_trace(network, [1]).occupancy(network) == {"input": 1.0, "hidden": 1.0}


@pytest.mark.parametrize(
    ("lost", "sentence"),
    [
        ([-1, 2], "what it lost is none of its messages"),
        ([2, 1], "what it lost is none of its messages"),
        ([1, 1], "what it lost is none of its messages"),
        ([1, None], "what it lost is none of its messages"),
        ([0.5], "what it lost is no list of places"),
    ],
)
def test_what_was_lost_is_a_rising_list_of_messages(made, lost, sentence):
    """None stands for the place behind the last message."""
    _, trace = made
    last = len(trace.messages) - 1
    require_bounds(replace(trace, lost=np.array([0, last])))
    require_bounds(replace(trace, lost=np.array([last])))
    places = np.array([last + 1 if place is None else place for place in lost])
    with pytest.raises(Unreadable) as caught:
        require_bounds(replace(trace, lost=places))
    assert caught.value.reason == sentence


def test_a_sequence_without_a_frame_is_refused(made):
    network, _ = made
    with pytest.raises(InputError, match="sequence 1"):
        random_trace(network, [2, 0], 0.5, np.random.default_rng(0))
