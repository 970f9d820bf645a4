"""A random spiking network on SANA-FE (``pip install sanafe``), as the peer of the spiking benchmark.

SANA-FE truncates a potential to whole 64ths; thresholds, biases and weights are therefore given 2**16 times
as large, which changes no spike of a network whose numbers are in powers of two.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np

from deltasim.networks.cells import LIF
from deltasim.networks.connections import Sparse
from deltasim.networks.graph import Network
from deltasim.runtime.arrays import Integers

SCALE = 2.0**16
SIDE = 8  # a mesh of 8 x 8 tiles with a core each
ARCHITECTURE = f"""
architecture:
  name: mesh
  attributes: {{topology: mesh, width: {SIDE}, height: {SIDE}, link_buffer_size: 16}}
  tile:
    - name: tile[0..{SIDE * SIDE - 1}]
      attributes:
        energy_north_hop: 4.2e-12
        latency_north_hop: 6.5e-9
        energy_east_hop: 3.0e-12
        latency_east_hop: 4.1e-9
        energy_south_hop: 4.2e-12
        latency_south_hop: 6.5e-9
        energy_west_hop: 3.0e-12
        latency_west_hop: 4.1e-9
      core:
        - name: core
          attributes: {{buffer_position: soma, buffer_inside_unit: false, max_neurons_supported: 1024}}
          axon_in:
            - name: in
              attributes: {{energy_message_in: 0.0, latency_message_in: 16.0e-9}}
          synapse:
            - name: synapse
              attributes:
                model: current_based
                energy_process_spike: 33.6e-12
                latency_process_spike: 4.7e-9
          dendrite:
            - name: dendrite
              attributes: {{model: accumulator, energy_update: 0.0, latency_update: 0.0}}
          soma:
            - name: soma
              attributes:
                model: leaky_integrate_fire
                energy_access_neuron: 51.2e-12
                latency_access_neuron: 6.0e-9
                energy_update_neuron: 21.6e-12
                latency_update_neuron: 3.7e-9
                energy_spike_out: 69.3e-12
                latency_spike_out: 30.0e-9
          axon_out:
            - name: out
              attributes: {{energy_message_out: 111.0e-12, latency_message_out: 5.1e-9}}
"""
"""Costs of Loihi's units as SANA-FE's own ``loihi.yaml`` gives them."""


def loaded(network: Network) -> object:
    """The chip with the recurrent population of a random spiking network on it, 1/64 of it on each core."""
    import sanafe

    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "mesh.yaml"
        file.write_text(ARCHITECTURE)
        architecture = sanafe.load_arch(str(file))
    chip = sanafe.SpikingChip(architecture)
    population = network.populations[1]
    cell, connection = population.cell, network.projections[-1].connection
    assert isinstance(cell, LIF) and isinstance(connection, Sparse) and population.bias is not None
    described = sanafe.Network()
    group = described.create_neuron_group(
        "lif",
        cell.size,
        model_attributes={
            "threshold": cell.threshold * SCALE,
            "leak_decay": cell.leak,
            "reset": cell.reset * SCALE,
            "reset_mode": "hard",
        },
        default_synapse_hw_name="synapse",
        default_dendrite_hw_name="dendrite",
        soma_hw_name="soma",
        log_spikes=True,
    )
    for neuron, bias in enumerate((population.bias[0] * SCALE).tolist()):
        group[neuron].set_attributes(model_attributes={"bias": bias})
    sources = np.repeat(np.arange(connection.source_size), connection.fan_out)
    pairs = list(zip(sources.tolist(), connection.targets.tolist(), strict=True))
    group.connect_neurons_sparse(group, {"weight": (connection.weights * SCALE).tolist()}, pairs)
    cores = architecture.cores()
    for neuron in range(cell.size):
        group[neuron].map_to_core(cores[neuron * len(cores) // cell.size])
    chip.load(described)
    return chip


def spikes(chip: object, steps: int, neurons: int) -> Integers:
    """Spikes of each neuron in each step, (steps, neurons), with SANA-FE's simple timing."""
    result = chip.sim(steps, timing_model="simple", spike_trace=True)  # type: ignore[attr-defined]
    fired = np.zeros((steps, neurons), np.int64)
    for step, addresses in enumerate(result["spike_trace"]):
        for address in addresses:
            fired[step, address.neuron_offset] += 1
    return fired
