"""From a delta network in training to one that runs: in float32, or in the fixed point it was trained for."""

from __future__ import annotations

from dataclasses import replace

from deltasim.networks.cells import Input
from deltasim.networks.graph import Network, Population, Projection
from deltasim.networks.numbers.quantise import quantised
from deltasim.networks.training.layers.as_populations import Export, as_populations
from deltasim.networks.training.layers.recurrent import Recurrent
from deltasim.networks.training.network import INPUT, DeltaNetwork
from deltasim.networks.training.rounding import Formats


def exported(
    model: DeltaNetwork,
    name: str,
    *,
    formats: Formats | None = None,
    dense: bool = False,
    sparse: bool = False,
) -> Network:
    """The network that computes what the model does under the same conditions.

    In float32, or with ``formats`` in their fixed point. With ``dense`` all thresholds are 0. With ``sparse``
    weights that are exactly 0 are stored no more. Populations have the names of the layers.

    Rule: outputs equal the model's up to the order of float32 sums, as long as no sum lies so near a
    threshold that its rounding decides; in fixed point up to 8 bits they are equal to the bit.

    >>> import torch
    >>> from deltasim.networks.training.network import DenseShape, RecurrentShape
    >>> _ = torch.manual_seed(0)
    >>> network = exported(DeltaNetwork(4, [RecurrentShape("lstm", 8, 0.1, 0.2), DenseShape(2)]), "small")
    >>> [(projection.name, round(projection.theta, 3)) for projection in network.projections]
    [('input->lstm_0', 0.1), ('lstm_0->lstm_0', 0.2), ('lstm_0->readout', 0.0)]
    """
    export = Export(dense, sparse, formats)
    populations = [Population(INPUT, Input(model.inputs))]
    projections: list[Projection] = []
    pass_number, both_below = 0, False
    for number, layer in enumerate(model.layers):
        both = isinstance(layer, Recurrent) and len(layer.directions) == 2
        if number and (both or both_below):  # it meets frames that come later, so those below are done first
            pass_number += 1
        found = as_populations(layer, pass_number, export)
        populations += found.populations
        projections += found.projections
        both_below = both
    outputs = tuple(name for name, _ in list(model.stack)[-1].outputs)
    own = {p.name: p.weight_format for p in projections if p.weight_format is not None}
    plain = tuple(replace(projection, weight_format=None) for projection in projections)
    network = Network(name, tuple(populations), plain, outputs)
    return network if formats is None else quantised(network, formats.arithmetic, own)
