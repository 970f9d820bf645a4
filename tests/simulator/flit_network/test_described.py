"""A chip's network is measured as its description has it."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from deltasim.simulator.flit_network.described import Described, described
from deltasim.simulator.flit_network.fabric import parse_fabric
from deltasim.simulator.flit_network.measure import Router, measure_packets
from deltasim.simulator.flit_network.traffic import packets_of
from tests.simulator.builders import content_of


def test_what_a_chip_states_is_taken(tmp_path: Path) -> None:
    fields = {
        "cores.count": 4,
        "network.topology": "mesh:2x2",
        "network.link_width": "16 bit",
        "network.message_bits": 40,
        "network.hop_cycles": 7,
        "network.virtual_channels": 2,
        "network.buffer": 5,
    }
    path = tmp_path / "small.yaml"
    path.write_text(yaml.safe_dump(content_of(fields)))
    assert described(str(path)) == Described(2, 5, 7, 3, 16, 1.0)


def test_what_it_does_not_state_and_other_networks_have_defaults() -> None:
    assert described("mesh16") == Described(hop_cycles=2, pitch_mm=0.74)
    assert described("mesh16-cached") == Described(3, 32, 2)
    assert described("mesh64-hbm").flit_bits == 256
    assert described("torus:4x4") == Described() == Described(8, 8, 4, 1, 64, 1.0)


@pytest.mark.parametrize("chip", ["mesh16", "mesh16-cached"])
def test_a_packet_of_a_chip_takes_its_hop_cycles(chip: str) -> None:
    fabric, network = parse_fabric(chip), described(chip)
    router = Router(network.virtual_channels, network.buffer, network.hop_cycles)
    alone = measure_packets(fabric, packets_of([(0, 0, 15, 1)], 16), router)
    assert alone.latency.tolist() == [2 * 7 + 2]
