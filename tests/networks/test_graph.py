"""What makes a network, and the sentence for everything that does not."""

import re
from dataclasses import replace

import numpy as np
import pytest

from deltasim.networks.builders.recurrent import random_parameters, random_stack, stack
from deltasim.networks.cells import Dense, Input, dense
from deltasim.networks.connections import AllToAll
from deltasim.networks.graph import Network, Population, Projection
from deltasim.networks.numbers.arithmetic import FixedPoint
from deltasim.runtime.errors import InputError


def network_of(populations, projections, outputs=("b",), **rest):
    return Network("test", populations, projections, outputs, **rest)


def layer(name, size=2, **rest):
    return Population(name, Dense(size), np.zeros((1, size), np.float32), **rest)


def link(source, target, weights=None, **rest):
    words = np.ones((2, 1, 2), np.float32) if weights is None else weights
    return Projection(source, target, AllToAll(words), **rest)


GIVEN = Population("input", Input(2))
FINE = [GIVEN, layer("a"), layer("b")]
CHAIN = [link("input", "a"), link("a", "b")]
NAN = np.float32([[[1, 2]], [[3, np.nan]]])


FAULTS = {
    "network test: b -> c -> b: projections without delay form a cycle, so no population in it can be "
    "computed first. Give one of them delay 1.": (
        [*FINE, layer("c")],
        [*CHAIN, link("b", "c"), link("c", "b")],
    ),
    "network test: a: two populations have this name. Rename one of them.": ([*FINE, layer("a")], CHAIN),
    "network test: a, b: a network has at least one Input. Add an Input population.": (FINE[1:], CHAIN[1:]),
    "network test: input->a: two projections join these populations. Add their weights, or give each a "
    "label.": (
        FINE,
        [*CHAIN, link("input", "a")],
    ),
    "network test: projection inptu->a: inptu: there is no population of this name. Did you mean input? "
    "There are: a, b, input.": (FINE, [link("inptu", "a")]),
    "network test: projection input->a: side: a role is input or recurrent. There are: input, recurrent.": (
        FINE,
        [link("input", "a", role="side")],
    ),
    "network test: projection a->input: input: nothing projects to an Input. Choose another target.": (
        FINE,
        [link("a", "input")],
    ),
    "network test: projection input->a: weights: shape (2, 1, 3): input to the dense cell a needs (2, 1, 2). "
    "Give (sources, gates, targets) of that shape.": (FINE, [link("input", "a", np.ones((2, 1, 3)))]),
    "network test: projection input->a: weights: nan: every value is a finite number; the one at (1, 0, 1) "
    "is not. Train or export the network again.": (FINE, [link("input", "a", NAN)]),
    "network test: projection input->a: theta: -0.1: "
    "a threshold is at least 0. Give 0 or a positive number.": (
        FINE,
        [link("input", "a", theta=-0.1)],
    ),
    "network test: projection input->a: theta: nan: "
    "a threshold is at least 0. Give 0 or a positive number.": (
        FINE,
        [link("input", "a", theta=np.array([0.1, np.nan]))],
    ),
    "network test: projection input->a: theta: 1e+39: a threshold is at most 3.4e+38. "
    "Give less, or infinity.": (FINE, [link("input", "a", theta=1e39)]),
    "network test: projection input->a: theta: shape (3,): thresholds are one number or one for each of 2 "
    "source neurons. Give an array of that length.": (FINE, [link("input", "a", theta=np.zeros(3))]),
    "network test: projection a->b: -1: a delay is 0 to 65,535 steps. Give 0, or 1 for recurrence.": (
        FINE,
        [link("a", "b", delay=-1)],
    ),
    "network test: projection a->b:late one: label: late one: a name is at most 64 letters, digits, points, "
    "dashes and underscores, a letter or digit first. Label it like late.": (
        FINE,
        [link("a", "b", label="late one")],
    ),
    "network test: projection a->b: pass 1: b of pass 0 cannot read a population of a later pass. Compute "
    "b in a later pass.": ([GIVEN, layer("a", pass_number=1), layer("b")], CHAIN),
    "network test: projection a->b: pass 0: populations of one pass that run in opposite directions cannot "
    "read each other. Put b into the next pass.": ([GIVEN, layer("a", reverse=True), layer("b")], CHAIN),
    "network test: population a: shape (1, 3): the bias of a dense cell has the shape (1, 2). Give one value "
    "for each accumulator.": (
        [GIVEN, replace(layer("a"), bias=np.zeros((1, 3), np.float32)), layer("b")],
        CHAIN,
    ),
    "network test: population a: shape none: the bias of a dense cell has the shape (1, 2). Give one value "
    "for each accumulator.": ([GIVEN, replace(layer("a"), bias=None), layer("b")], CHAIN),
    "network test: population a: bias: inf: every value is a finite number; the one at (0, 0) is not. Train "
    "or export the network again.": (
        [GIVEN, replace(layer("a"), bias=np.float32([[np.inf, 0]])), layer("b")],
        CHAIN,
    ),
    "network test: population a: 0: a population has at least one neuron. Give a positive size.": (
        [GIVEN, layer("a", 0), layer("b")],
        CHAIN,
    ),
    "network test: population a: pass -1: passes count from 0, and there are at most 1,000. "
    "Give the number of its pass.": (
        [GIVEN, layer("a", pass_number=-1), layer("b")],
        CHAIN,
    ),
    "network test: population input: Input: an Input has no bias, belongs to pass 0 and is not reversed. "
    "Leave these out; its readers choose their order of frames.": (
        [replace(GIVEN, reverse=True), *FINE[1:]],
        CHAIN,
    ),
}


@pytest.mark.parametrize("sentence", FAULTS)
def test_faults(sentence):
    populations, projections = FAULTS[sentence]
    with pytest.raises(InputError) as caught:
        network_of(populations, projections)
    assert str(caught.value) == sentence


def test_outputs_are_populations():
    with pytest.raises(InputError, match=re.escape("c: this output is no population of the network")):
        network_of(FINE, CHAIN, ("c",))
    with pytest.raises(InputError, match="a network has at least one output"):
        network_of(FINE, CHAIN, ())


def test_fixed_point_needs_raw_integers_within_the_format():
    small = random_stack("rnn", 2, (3,), np.random.default_rng(0), arithmetic=FixedPoint())
    with pytest.raises(InputError, match="fixed-point networks hold raw integers"):
        replace(random_stack("rnn", 2, (3,), np.random.default_rng(0)), arithmetic=FixedPoint())
    broad = AllToAll(np.full((2, 1, 3), 300, np.int16))
    first = replace(small.projections[0], connection=broad)
    with pytest.raises(InputError, match=r"300 to 300: raw integers of Q1.7 lie within -128 to 127"):
        replace(small, projections=(first, *small.projections[1:]))


def test_populations_are_sorted_so_that_sources_come_first():
    network = network_of([layer("b"), layer("a"), GIVEN], CHAIN)
    assert [p.name for p in network.populations] == ["input", "a", "b"]
    assert network.order == ((1, 2),)
    assert network.incoming == ((), (0,), (1,))


def test_feedback_from_a_later_population_needs_delay_1():
    network = network_of(FINE, [*CHAIN, link("b", "a", delay=1)])
    assert [p.name for p in network.populations] == ["input", "a", "b"]


def test_unknown_population_is_suggested():
    network = network_of(FINE, CHAIN)
    with pytest.raises(
        InputError, match=r"inputt: there is no population of this name. Did you mean input\?"
    ):
        network.population("inputt")


def test_digest_sees_what_changes_values_and_nothing_else():
    def made(**rest):
        return random_stack("gru", 3, (4,), np.random.default_rng(0), **rest)

    plain = made()
    assert plain.digest == made(name="another-name").digest
    others = [made(theta=0.1), made(arithmetic=FixedPoint()), made(readout=2), made(bidirectional=True)]
    others.append(random_stack("gru", 3, (4,), np.random.default_rng(1)))
    assert len({plain.digest, *(other.digest for other in others)}) == 6


def test_thresholds_by_role_and_name():
    network = random_stack("gru", 3, (4, 4), np.random.default_rng(0))
    assert [p.theta for p in network.with_thresholds(0.5).projections] == [0.5] * 4
    changed = network.with_thresholds({"recurrent": 0.2, "gru_1->gru_1": 0.3})
    assert [p.theta for p in changed.projections] == [0.0, 0.2, 0.0, 0.3]
    with pytest.raises(InputError, match=r"inputs: thresholds are given by role.*Did you mean input\?"):
        network.with_thresholds({"inputs": 0.1})
    with pytest.raises(InputError, match="a threshold is at least 0"):
        network.with_thresholds(-1.0)


def test_bidirectional_stack():
    network = random_stack("gru", 3, (4, 5), np.random.default_rng(0), bidirectional=True, readout=2)
    assert [(p.name, p.pass_number, p.reverse) for p in network.populations] == [
        ("input", 0, False),
        ("gru_0", 0, False),
        ("gru_0_reverse", 0, True),
        ("gru_1", 1, False),
        ("gru_1_reverse", 1, True),
        ("readout", 2, False),
    ]
    assert network.passes == 3
    assert network.order == ((1, 2), (3, 4), (5,))
    assert "gru_0_reverse->gru_1" in [p.name for p in network.projections]


def test_stacks_are_checked():
    rng = np.random.default_rng(0)
    with pytest.raises(InputError, match=r"stack: gruu: this is no recurrent cell. Did you mean gru\?"):
        random_stack("gruu", 3, (4,), rng)
    parameters = random_parameters("gru", 3, 4, rng)
    with pytest.raises(InputError, match="2 layers in 1 directions need as many parameter sets"):
        stack("gru", 3, (4, 4), [parameters])
    with pytest.raises(InputError, match=r"gru_0: w_input: shape \(3, 4, 3\): weights have the shape"):
        stack("gru", 5, (4,), [parameters])
    with pytest.raises(
        InputError, match="theta: 2 values: thresholds are one number or one for each of 1 layers"
    ):
        stack("gru", 3, (4,), [parameters], theta_x=[0.1, 0.2])
    readout = dense.Parameters(np.ones((2, 9)), np.zeros(2))
    with pytest.raises(InputError, match=r"readout: weights: shape \(1, 2, 9\)"):
        stack("gru", 3, (4,), [parameters], readout=readout)


def test_cells_of_one_name_and_other_code_make_other_networks(tmp_path, monkeypatch):
    """And the messages of one are never taken for those of the other."""
    from deltasim.networks.files.cached_execution import executed
    from deltasim.runtime.disk.cache import VARIABLE

    monkeypatch.setenv(VARIABLE, str(tmp_path))

    def times(factor):
        class Scaled(Dense):
            def step(self, arithmetic):
                plain = super().step(arithmetic)
                return lambda accumulators, states: factor * plain(accumulators, states)

        return Scaled(2)

    def made(cell):
        target = Population("a", cell, np.zeros((1, 2), np.float32))
        return network_of([GIVEN, target], [link("input", "a", np.ones((2, 1, 2), np.float32))], ("a",))

    plain, twice, thrice = made(Dense(2)), made(times(np.float32(2))), made(times(np.float32(3)))
    assert len({plain.digest, twice.digest, thrice.digest}) == 3
    assert made(times(np.float32(2))).digest == twice.digest
    inputs = [np.ones((1, 2), np.float32)]
    for _ in range(2):
        sums = [executed(network, inputs)[1][0].tolist() for network in (plain, twice, thrice)]
        assert sums == [[[2, 2]], [[4, 4]], [[6, 6]]]
