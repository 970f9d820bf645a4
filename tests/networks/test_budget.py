"""Budgets of messages: how many a step, which, and what is left for later."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deltasim.networks.budget import Budget, scan_budgeted
from deltasim.networks.builders.recurrent import random_stack
from deltasim.networks.execute import execute
from deltasim.networks.files.network import load_network, save_network
from deltasim.networks.loss import Loss
from deltasim.runtime.errors import InputError
from tests.simulator.random_networks import networks
from tests.simulator.strategies import inputs_of


def bounded(network, *budgets):
    """The network with a budget for each projection, or None."""
    joined = zip(network.projections, budgets, strict=True)
    return replace(network, projections=tuple(replace(p, budget=budget) for p, budget in joined))


def small(theta=0.1):
    return random_stack("gru", 4, (6,), np.random.default_rng(0), theta=theta)


@settings(max_examples=20, deadline=None)
@given(st.data())
def test_a_budget_with_room_for_all_changes_nothing(data):
    network = data.draw(networks())
    frames = data.draw(inputs_of(network))
    sizes = [p.connection.source_size for p in network.projections]
    roomy = [
        None if network.sends_events(number) else Budget(size, size) for number, size in enumerate(sizes)
    ]
    plain, expected = execute(network, frames)
    trace, found = execute(bounded(network, *roomy), frames)
    assert trace.messages.tobytes() == plain.messages.tobytes()
    assert [one.tobytes() for one in found] == [one.tobytes() for one in expected]


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_the_largest_changes_are_sent_as_far_as_the_budget_goes(data):
    """Against a plain reading of the rule, element by element; of few sizes, so that there are ties."""
    size = data.draw(st.integers(1, 12))
    parts = data.draw(st.integers(1, size))
    most = data.draw(st.integers(parts, 2 * size))
    budget = Budget(data.draw(st.sampled_from([most, most / 3, 0.4])), most, parts)
    theta = np.float32(data.draw(st.lists(st.sampled_from([0, 1, 2]), min_size=size, max_size=size)))
    last, saved, bounds = np.zeros(size, np.float32), budget.starting(), budget.bounds(size)
    held, bucket = [0.0] * size, [most / parts] * parts
    for _ in range(data.draw(st.integers(1, 5))):
        values = np.float32(data.draw(st.lists(st.integers(-3, 3), min_size=size, max_size=size)))
        sources, deltas = np.empty(size, np.int32), np.empty(size, np.float32)
        count = scan_budgeted(budget, bounds, saved, values, last, theta, sources, deltas)
        expected = []
        for part in range(parts):
            bucket[part] = min(bucket[part] + budget.rate / parts, most / parts)
            own = range(bounds[part], bounds[part + 1])
            changed = [(abs(values[k] - held[k]), k) for k in own if values[k] != held[k]]
            reached = sorted((-change, k) for change, k in changed if change >= theta[k])
            chosen = sorted(k for _, k in reached[: int(bucket[part])])
            bucket[part] -= len(chosen)
            expected += [(k, values[k] - held[k]) for k in chosen]
        for k, _ in expected:
            held[k] = values[k]
        assert list(zip(sources[:count].tolist(), deltas[:count].tolist(), strict=True)) == expected
        assert last.tolist() == held


def test_no_step_sends_more_than_is_saved_and_the_mean_is_the_rate():
    """A rate of a message and a half a step, up to six at once: 6 at first, then 1 and 2 in turn."""
    network = bounded(small(0.0), None, Budget(1.5, 6))
    frames = np.random.default_rng(1).normal(size=(40, 4)).astype(np.float32)
    trace, _ = execute(network, [frames])
    own = trace.messages[trace.messages["projection"] == 1]["step"]
    counts = np.bincount(own, minlength=40).tolist()
    assert counts[:4] == [0, 6, 1, 2]  # nothing has moved before the first step
    assert sorted(set(counts[2:])) == [1, 2] and sum(counts[2:]) == 57


def test_a_dense_network_has_no_budget():
    network = bounded(small(), Budget(1, 1), Budget(2, 2))
    assert network.dense.digest == small(0.0).digest
    assert network.digest != small().digest


def test_a_budget_is_stored_with_its_network(tmp_path):
    network = bounded(small(), Budget(2, 3, 2), None)
    save_network(network, tmp_path / "bounded")
    again = load_network(tmp_path / "bounded")
    assert again.digest == network.digest
    assert again.projections[0].budget == Budget(2, 3, 2)
    assert Budget(2, 3).described == Budget(2.0, 3).described


@pytest.mark.parametrize(
    ("budget", "sentence"),
    [
        (Budget(0, 1), "rate: 0: messages are earned every step, and at most 1 are saved"),
        (Budget(float("nan"), 1), "rate: nan"),
        (Budget(3, 2), "rate: 3: messages are earned every step, and at most 2"),
        (Budget(1, 0), "most: 0: at least one message"),
        (Budget(1, 2.5), "most: 2.5"),
        (Budget(4, 4, 5), "parts: 5: a source of 4 elements has from 1 to 4 parts"),
        (Budget(2, 2, 3), "most: 2: every part may send"),
    ],
)
def test_what_is_no_budget_is_refused(budget, sentence):
    with pytest.raises(InputError, match=sentence):
        bounded(small(), budget, None)


def test_a_lossy_projection_has_no_budget():
    first, second = small().projections
    both = replace(first, loss=Loss(0.1, 0), budget=Budget(1, 1))
    with pytest.raises(InputError, match="loses messages has no budget"):
        replace(small(), projections=(both, second))
