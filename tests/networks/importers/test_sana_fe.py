"""Network files of SANA-FE: what they say, and one sentence for what deltasim does not express."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from deltasim.networks.importers.models import import_model
from deltasim.networks.importers.sanafe.network import read_network
from deltasim.runtime.errors import InputError
from deltasim.simulator.chip.importers.sanafe import is_architecture, load_architecture

NETWORK = """\
network:
  name: pair
  groups:
    - name: in
      attributes: [log_spikes: true]
      neurons:
        - 0: [spikes: [1, 0, 1]]
        - 1: [rate: 0.5]
    - name: out
      attributes: {threshold: 2, leak_decay: 0.5, soma_hw_name: lif}
      neurons:
        - 0..1: [soma: {bias: 0.25}]
        - 2: [threshold: 3.0, force_update: false]
  edges:
    - out.1 -> out.0: [weight: -4]
    - in -> out: [type: dense, weight: [-1, 2, 1, 3, 0.5, 0]]
    - out -> in2: [type: sparse, source_target_pairs: [[0, 1], [2, 0]], weight: [1.5, 2.5]]
mappings:
  - in.0..1: [core: 0.0, soma: "outside[0]"]
  - out.2: [core: 0.10]
  - out.0..1: [core: 1.0]
  - in2: {core: 1.1}
"""
NETWORK = NETWORK.replace(
    "  edges:", "    - name: in2\n      attributes: []\n      neurons: [0..1]\n  edges:"
)
ARCHITECTURE = """\
architecture:
  name: pair
  attributes: {topology: mesh, width: 2, height: 1, link_buffer_size: 4, sync_model: table,
               latency_sync: {1: 1.0e-7, 2: 3.0e-7}}
  tile:
    - name: tile[0..1]
      attributes:
        - {energy_north_hop: 2.0e-12, latency_north_hop: 1.4e-9, energy_east_hop: 2.5e-12}
        - {latency_east_hop: 1.2e-9, energy_south_hop: 2.0e-12, latency_south_hop: 1.5e-9}
        - {energy_west_hop: 1.8e-12, latency_west_hop: 2.0e-9}
      core:
        - name: core[0..11]
          attributes: {buffer_position: soma, max_neurons_supported: 2}
          axon_in: [{name: in, attributes: {energy_message_in: 0.0, latency_message_in: 2.0e-9}}]
          synapse: [{name: s, attributes: {model: current_based, energy_process_spike: 2.0e-11,
                     latency_process_spike: 3.0e-9}}]
          dendrite: [{name: d, attributes: {model: accumulator, energy_update: 0.0, latency_update: 0.0}}]
          soma:
            - name: lif
              attributes: {model: leaky_integrate_fire, energy_access_neuron: 2.0e-11,
                latency_access_neuron: 3.0e-9, energy_update_neuron: 1.0e-11, latency_update_neuron: 1.0e-9,
                energy_spike_out: 6.0e-11, latency_spike_out: 3.0e-8}
            - name: outside[0..3]
              attributes: {model: input, energy_access_neuron: 0.0, latency_access_neuron: 0.0,
                energy_update_neuron: 0.0, latency_update_neuron: 0.0, energy_spike_out: 0.0,
                latency_spike_out: 0.0}
          axon_out: [{name: out, attributes: {energy_message_out: 1.0e-10, latency_message_out: 5.0e-9}}]
"""


def written(folder: Path, text: str, name: str = "net.yaml") -> Path:
    file = folder / name
    file.write_text(text, encoding="utf-8")
    return file


def test_a_network_as_it_is_described(tmp_path: Path) -> None:
    """Neurons in the order of their cores, ``0.10`` being core 10 of tile 0; inputs are those with spikes."""
    found = read_network(written(tmp_path, NETWORK))
    assert found.addresses == {
        "inputs": ("in.0", "in.1"),
        "neurons": ("out.2", "out.0", "out.1", "in2.0", "in2.1"),
    }
    assert [(run.population, run.tile, run.core, run.neurons) for run in found.mapped] == [
        ("inputs", 0, 0, 2), ("neurons", 0, 10, 1), ("neurons", 1, 0, 2), ("neurons", 1, 1, 2),
    ]  # fmt: skip
    cell, bias = found.network.populations[1].cell, found.network.populations[1].bias
    assert cell.own == ("leak", "threshold")  # type: ignore[union-attr]
    assert bias is not None
    assert bias.tolist() == [[0, 0.25, 0.25, 0, 0], [0.5, 0.5, 0.5, 1, 1], [3, 2, 2, 0, 0]]
    words = [projection.connection for projection in found.network.projections]
    assert words[0].weights.tolist() == [1, -1, 2, 0, 3, 0.5]  # by source, then by place
    assert words[1].weights.tolist() == [2.5, 1.5, -4]
    assert found.frames().tolist() == [[1, 0], [0, 1], [1, 0]]
    assert found.frames(4)[:, 1].tolist() == [0, 1, 0, 1]
    assert import_model(written(tmp_path, NETWORK)).network.digest == found.network.digest


def test_an_architecture_as_it_is_described(tmp_path: Path) -> None:
    file = written(tmp_path, ARCHITECTURE, "arch.yaml")
    described = read_network(written(tmp_path, NETWORK.replace('"outside[0]"', '"outside[2]"')))
    chip = load_architecture(file, described.mapped)
    assert is_architecture(file)
    assert not is_architecture(written(tmp_path, NETWORK))
    assert (chip.network.topology, chip.cores.period_ps, chip.synchronisation.cost_cycles) == (
        "cmesh:1x2x12", 100, 3000,
    )  # fmt: skip
    assert chip.placement.explicit.cores == {"inputs": (0,), "neurons": (10, 12, 13)}
    assert chip.placement.explicit.neurons == {"inputs": (2,), "neurons": (1, 2, 2)}
    scan, update = chip.cores.scan, chip.cores.update
    assert (scan.message_cycles, scan.copy_cycles, update.access_cycles, update.cycles) == (300, 50, 30, 10)
    assert (chip.cores.receive.cycles, chip.cores.mac.cycles) == (20, 30)
    assert chip.network.directions is not None
    assert chip.network.directions.model_dump() == {"east": 12, "west": 20, "north": 14, "south": 15}
    always = load_architecture(file, described.mapped, always_updated=True)
    assert (always.cores.update.access_cycles, always.cores.update.cycles) == (None, 40)
    assert always.priced["core.update"].value == pytest.approx(3e-11)


def test_a_dendrite_that_costs_nothing_may_be_updated_always(tmp_path: Path) -> None:
    """As in SANA-FE's example_chip.yaml, of which SANA-FE's results are the same without it."""
    always = ARCHITECTURE.replace(
        "latency_update: 0.0", "latency_update: 0.0, update_every_timestep: true", 1
    )
    assert always != ARCHITECTURE
    one, other = (load_architecture(written(tmp_path, text, "arch.yaml")) for text in (always, ARCHITECTURE))
    assert one == other


def test_groups_too_large_to_join_are_refused_before_they_are_joined(tmp_path: Path) -> None:
    """Two of 30,000 neurons have 900 million pairs."""
    file = written(
        tmp_path,
        "network: {groups: [{name: a, neurons: [0..29999]}, {name: b, neurons: [0..29999]}],"
        " edges: [a -> b: [type: dense, weight: [1]]]}\n"
        "mappings: [a: [core: 0.0], b: [core: 0.0]]\n",
    )
    with pytest.raises(
        InputError, match=r"1 weights: there is a weight for each of the 900,000,000 synapses"
    ):
        read_network(file)


def test_a_silent_neuron_is_an_input_by_its_soma(tmp_path: Path) -> None:
    """Without spikes: an input where it lies on a soma as inputs do, else a neuron that never fires."""
    silent = NETWORK.replace("- 1: [rate: 0.5]", "- 1: [log_spikes: false]")
    found = read_network(written(tmp_path, silent))
    assert found.addresses["inputs"] == ("in.0", "in.1")
    assert not found.frames()[:, 1].any()
    elsewhere = silent.replace('in.0..1: [core: 0.0, soma: "outside[0]"]', "in: [core: 0.0]")
    assert read_network(written(tmp_path, elsewhere)).addresses["inputs"] == ("in.0",)


SPOILT = [  # what is changed, and the sentence
    (
        "threshold: 2,",
        "treshold: 2,",
        "group out: treshold: 2: deltasim does not know this field of SANA-FE. Did you",
    ),
    ("threshold: 2,", "threshold: two,", "out.0: threshold: two: this is a number. Write it like 1.5e-9."),
    ("leak_decay: 0.5", "leak_decay: 1.5", "leak_decay: 1.5: leak_decay is the share of a potential"),
    ("rate: 0.5", "poisson: 0.5", "poisson: 0.5: deltasim has no such neuron of SANA-FE: random spikes"),
    (
        "force_update: false",
        "force_update: true",
        "force_update is said of all neurons without a bias, or of none",
    ),
    (
        "threshold: 3.0",
        "refractory_delay: 3",
        "refractory_delay: 0, 3: all neurons of a network have the same.",
    ),
    (
        "threshold: 2,",
        "reset_mode: saturate,",
        "reset_mode: hard, saturate: all neurons of a network have the same",
    ),
    ("0..1: [soma", "1..0: [soma", "group out: neurons: 1..0: a range is written first..last"),
    ("- 2: [threshold", "- 3: [threshold", "group out: neurons: 3 neurons: neurons are numbered from 0"),
    (
        "out.1 -> out.0",
        "out.1 -> uot.0",
        "edge out.1 -> uot.0: uot.0: there is no such neuron or group. There are: in,",
    ),
    ("out.1 -> out.0", "out.1 - out.0", "an edge joins two neurons, or two groups. Write it like"),
    ("weight: -4", "weight: -1e39", "weight: -1e39: this is at most 3.4e+38 in size."),
    ("bias: 0.25", "bias: 1e300", "out.0: bias: 1e300: this is at most 3.4e+38 in size."),
    ("weight: -4", "delay: 2", "delay: 2: a synapse is heard in the next step; deltasim reads no delays"),
    (
        "type: dense",
        "type: conv2d",
        "type: conv2d: deltasim reads edges between groups of type dense and sparse",
    ),
    ("3, 0.5, 0]", "3, 0.5]", "5 weights: there is a weight for each of the 6 synapses. Give one for each."),
    ("[[0, 1], [2, 0]]", "[[0, 1], [2, 9]]", "source_target_pairs: 9: this is a whole number, 0 to 1."),
    ("out.1 -> out.0", "in.0 -> out.0", "a pair is joined twice: deltasim has one synapse"),
    ("  - in2: {core: 1.1}\n", "", "mappings: in2.0: every neuron lies on a core. Add - in2.0: [core: 0.0]."),
    (
        "  - in2: {core",
        "  - in3: {core",
        "mappings: in3: in3: there is no such group. Did you mean in? There",
    ),
    ("network:\n", "net:\n", "no network: a file of SANA-FE has the sections network and mappings."),
    ("  - out.2: [core: 0.10]", "  - out.9: [core: 0.10]", "out.9: 9: group out has no such neuron."),
]


@pytest.mark.parametrize(("old", "new", "sentence"), SPOILT)
def test_what_is_not_expressed_is_one_sentence(tmp_path: Path, old: str, new: str, sentence: str) -> None:
    assert old in NETWORK
    with pytest.raises(InputError) as refused:
        read_network(written(tmp_path, NETWORK.replace(old, new, 1)))
    assert sentence in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("buffer_position: soma", "buffer_position: dendrite", "waits in front of its soma until the next"),
        ("model: accumulator", "model: taps", "dendrite d: taps: deltasim knows the model accumulator"),
        ("width: 2", "width: 1", "2 tiles: tiles lie on a grid of 1 by 1. Make the two agree."),
        (
            "width: 2",
            "width: 2000",
            "2000 x 1 tiles of 12: a chip has at most 16,384 cores. Make it",
        ),
        (
            "width: 2",
            "width: 3, width: 2",
            "architecture.attributes.width: a field is given once. Remove one.",
        ),
        ("width: 2", "width: two", "architecture.attributes.width: two: this is a whole number, 0 to 4,096."),
        ("energy_message_out: 1.0e-10", "energy_mesage_out: 1.0e-10", "Did you mean energy_message_out?"),
        (
            "latency_process_spike: 3.0e-9",
            "latency_process_spike: 3",
            "a latency at least 0 s and below a second",
        ),
        (
            "model: input, energy_access_neuron: 0.0",
            "model: input, energy_access_neuron: 1e-12",
            "soma outside[2]: input: an input comes from outside: it lies on a soma of",
        ),
        ("max_neurons_supported: 2", "max_neurons_supported: 1", "2 neurons: a core holds 1 neurons."),
        ("core[0..11]", "core[0..9]", "0.10: a mapping: there are 2 tiles of 10 cores. Map to one of these."),
        (
            "outside[0..3]",
            "outsides[0..1023]",
            "soma: outside[2]: there is no such unit. Did you mean outsides[0..1023]? There are: lif, ou",
        ),
        (
            "outside[0..3]",
            "outside[0..1048575]",
            "soma outside[0..1048575]: too many units: a core has at mos",
        ),
        (
            "energy_update: 0.0, latency_update: 0.0",
            "energy_update: 0.0, latency_update: 1e-9, update_every_timestep: true",
            "true: a unit works in every step only where it is a dendrite that costs nothing. Leave it out.",
        ),
        (
            "model: current_based",
            "model: current_based, update_every_timestep: true",
            "synapse s.update_every_timestep: true: a unit works in every step only where",
        ),
        ("sync_model: table", "sync_model: tabel", "sync_model: tabel: a barrier is fixed or by a table."),
    ],
)
def test_what_an_architecture_may_not_say(tmp_path: Path, old: str, new: str, sentence: str) -> None:
    assert old in ARCHITECTURE
    described = read_network(written(tmp_path, NETWORK.replace('"outside[0]"', '"outside[2]"')))
    with pytest.raises(InputError) as refused:
        load_architecture(written(tmp_path, ARCHITECTURE.replace(old, new, 1), "arch.yaml"), described.mapped)
    assert sentence in str(refused.value)


@settings(max_examples=150, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_spoilt_files_end_in_a_sentence(tmp_path: Path, data: st.DataObject) -> None:
    """Characters and lines taken away, doubled or replaced: read, or refused in one sentence."""
    text = data.draw(st.sampled_from([NETWORK, ARCHITECTURE]))
    for _ in range(data.draw(st.integers(1, 3))):
        place, size = data.draw(st.integers(0, len(text) - 1)), data.draw(st.integers(0, 12))
        put = data.draw(
            st.sampled_from(["", "0", "-1", "1e400", "[", "}", ": ", "- ", "nan", "é", "..", text[:40]])
        )
        text = text[:place] + put + text[place + size :]
    file = written(tmp_path, text)
    try:
        if "architecture" in text:
            load_architecture(file)
        else:
            described = read_network(file)
            assert np.isfinite(described.frames(3)).all()
    except InputError as error:
        assert "Traceback" not in str(error)
