"""Traces on disk, part by part: the same trace as in memory, and a sentence for every damage."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deltasim.networks.builders.recurrent import random_stack
from deltasim.networks.files.trace_folder import open_trace, store_trace
from deltasim.networks.trace import random_trace
from deltasim.runtime.errors import InputError

NETWORK = random_stack("gru", 3, (5,), np.random.default_rng(0))


def parts(lengths, occupancy, seed=0):
    rng = np.random.default_rng(seed)
    return [random_trace(NETWORK, own, occupancy, rng) for own in lengths]


@given(
    st.lists(st.lists(st.integers(1, 4), min_size=1, max_size=3), min_size=1, max_size=4),
    st.sampled_from([0.0, 0.3, 1.0]),
    st.integers(0, 2**16),
)
def test_stored_parts_are_one_trace(tmp_path_factory, lengths, occupancy, seed):
    made, folder = parts(lengths, occupancy, seed), tmp_path_factory.mktemp("traces") / "trace"
    stored = store_trace(iter(made), folder)
    opened = open_trace(folder)
    assert isinstance(opened.messages, np.memmap)
    assert opened.digest == stored.digest
    singles = [part.sequence(number) for part in made for number in range(part.sequences)]
    assert opened.sequences == len(singles)
    for number, single in enumerate(singles):
        assert opened.sequence(number).digest == single.digest


def test_a_folder_is_written_once_and_by_one_network(tmp_path):
    store_trace(parts([[2]], 0.5), tmp_path / "trace")
    with pytest.raises(InputError, match=r"trace: exists: a trace folder is written once. Name a new folder"):
        store_trace(parts([[2]], 0.5), tmp_path / "trace")
    other = random_trace(
        random_stack("rnn", 3, (5,), np.random.default_rng(0)), [2], 0.5, np.random.default_rng(0)
    )
    with pytest.raises(InputError, match=r"the parts of a trace belong to one network. Store them apart"):
        store_trace([*parts([[2]], 0.5), other], tmp_path / "mixed")
    with pytest.raises(InputError, match="no part: a trace has at least one part"):
        store_trace([], tmp_path / "empty")


def test_damage_is_told(tmp_path):
    folder = tmp_path / "trace"
    with pytest.raises(InputError, match=r"no trace.json: a trace folder holds messages, bounds and a"):
        open_trace(folder)
    store_trace(parts([[4]], 1.0), folder)
    whole = (folder / "messages.npy").read_bytes()
    for content, sentence in (
        (
            whole[:-1] + bytes([whole[-1] ^ 1]),
            r"[0-9a-f]{12}: the content of the trace does not match its digest. The folder is damaged",
        ),
        (whole[:-5], r"this is no readable trace folder \(an array of 448 bytes has 443\)"),
        (b"nonsense", "this is no readable trace folder"),
    ):
        (folder / "messages.npy").write_bytes(content)
        with pytest.raises(InputError, match=sentence):
            open_trace(folder)
    (folder / "messages.npy").unlink()
    with pytest.raises(InputError, match=r"no messages.npy"):
        open_trace(folder)
    (folder / "trace.json").write_text('{"form": "other"}')
    with pytest.raises(InputError, match="this is no readable trace folder"):
        open_trace(folder)


def test_bounds_of_another_kind_are_told(tmp_path):
    folder = tmp_path / "trace"
    store_trace(parts([[4]], 1.0), folder)
    for name in ("step", "sequence"):
        whole = np.load(folder / f"{name}_bounds.npy")
        for other in (whole.astype(np.float64), whole[np.newaxis]):
            np.save(folder / f"{name}_bounds.npy", other)
            with pytest.raises(InputError, match="its bounds are no whole numbers"):
                open_trace(folder)
        np.save(folder / f"{name}_bounds.npy", whole)
    open_trace(folder)
