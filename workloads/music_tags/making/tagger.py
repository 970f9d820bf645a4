"""The network that is trained first, on whole clips with batch norms; and as a delta network of blocks."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

from deltasim.networks.training.layers.causal import CausalConvolution
from deltasim.networks.training.layers.feed_forward import Dense
from deltasim.networks.training.layers.layer import Layer
from deltasim.networks.training.layers.pooling import MaxPool
from deltasim.networks.training.layers.recurrent import Recurrent
from deltasim.networks.training.network import (
    CausalShape,
    DeltaNetwork,
    DenseShape,
    PoolShape,
    RecurrentShape,
    Shape,
)
from deltasim.workloads.music_tags.clips import BANDS
from deltasim.workloads.music_tags.structures import Structure

DROPOUT = 0.05  # of what every convolution gives; three times as much before the readout
KEEPS = 1.0  # what the update gates of the GRUs start from: states that last


class Norm(NamedTuple):
    """A batch norm once trained: ``x gain + offset``, an entry each."""

    gain: Tensor
    offset: Tensor


class Tagger(nn.Module):
    """A structure over whole clips (B, 32, T): logits of the tags, (B, tags).

    The batch norm of the input has an entry for each band, so it can be computed frame by frame. ``rates``
    are the shares of clips that have each tag: what the readout says before it has learned.
    """

    def __init__(self, structure: Structure, rates: Tensor) -> None:
        super().__init__()
        self.structure = structure
        self.bands = nn.BatchNorm1d(BANDS)
        planes = (1, *(stage.planes for stage in structure.stages))
        self.convolutions = nn.ModuleList(
            nn.Conv2d(planes[level], stage.planes, stage.kernel, padding=(stage.padding, 0))
            for level, stage in enumerate(structure.stages)
        )
        self.norms = nn.ModuleList(nn.BatchNorm2d(stage.planes) for stage in structure.stages)
        width = structure.features
        layers = []
        for units in structure.units:
            layer = nn.GRU(width, units)
            layer.get_parameter("bias_ih_l0").data[units : 2 * units] = KEEPS
            layers.append(layer)
            width = units
        self.recurrent = nn.ModuleList(layers)
        self.readout = nn.Linear(width, len(rates))
        self.readout.bias.data = torch.logit(rates.clamp(1e-3, 1 - 1e-3)).to(self.readout.bias.dtype)

    def forward(self, clips: Tensor) -> Tensor:
        """Logits of whole clips."""
        values = self.bands(clips)[:, None]
        stages = zip(self.structure.stages, self.convolutions, self.norms, strict=True)
        for stage, convolution, norm in stages:
            values = norm(convolution(nn.functional.pad(values, (stage.kernel[1] - 1, 0))))
            values = nn.functional.elu(nn.functional.max_pool2d(values, stage.window))
            values = nn.functional.dropout(values, DROPOUT, self.training)
        steps = values.flatten(1, 2).permute(2, 0, 1)
        for layer in self.recurrent:
            steps = layer(steps)[0]
        read = steps[-1] if self.structure.reads == "last" else steps.mean(0)
        logits: Tensor = self.readout(nn.functional.dropout(read, 3 * DROPOUT, self.training))
        return logits


def norm_of(layer: nn.Module) -> Norm:
    """What a trained batch norm does to a value, as one product and one sum."""
    assert isinstance(layer, nn.BatchNorm1d | nn.BatchNorm2d)
    mean, variance = layer.running_mean, layer.running_var
    assert mean is not None and variance is not None
    gain = layer.weight.detach() / torch.sqrt(variance + layer.eps)
    return Norm(gain, layer.bias.detach() - mean * gain)


def in_blocks(tagger: Tagger, theta: float = 0.0) -> DeltaNetwork:
    """The same as a delta network that receives a block a step; every encoder has the threshold ``theta``.

    Batch norms behind convolutions are folded into kernels and biases. That of the bands stands before the
    network (`deltasim.workloads.music_tags.clips.blocks`): a kernel is the same for all bands, and its
    offset must not reach what is padded. At threshold 0 outputs are the tagger's up to rounding.
    """
    shapes: list[Shape] = []
    for stage, (planes, bands, frames) in zip(tagger.structure.stages, tagger.structure.shapes, strict=False):
        shape = (planes, bands, frames)
        shapes.append(CausalShape(shape, stage.planes, stage.kernel, stage.padding, theta=theta))
        rows = bands + 2 * stage.padding - stage.kernel[0] + 1
        shapes.append(PoolShape((stage.planes, rows, frames), stage.window, "elu", theta))
    shapes += [RecurrentShape("gru", units, theta, theta) for units in tagger.structure.units]
    outputs = tagger.readout.out_features
    model = DeltaNetwork(shapes_inputs(shapes), [*shapes, DenseShape(outputs, theta=theta)])
    layers: list[Layer] = [layer for layer in model.stack if not isinstance(layer, MaxPool)]
    behind = [(layer, None) for layer in (*tagger.recurrent, tagger.readout)]
    given = [*zip(tagger.convolutions, tagger.norms, strict=True), *behind]
    with torch.no_grad():
        for layer, (trained, norm) in zip(layers, given, strict=True):
            if isinstance(layer, CausalConvolution):
                assert isinstance(trained, nn.Conv2d) and norm is not None and trained.bias is not None
                gain, offset = norm_of(norm)
                layer.weight.copy_(trained.weight * gain[:, None, None, None])
                layer.bias.copy_(trained.bias * gain + offset)
            else:
                assert isinstance(layer, Recurrent | Dense)
                layer.load_state_dict(trained.state_dict())
    return model


def shapes_inputs(shapes: list[Shape]) -> int:
    """Values a step that the first shape reads."""
    first = shapes[0]
    assert isinstance(first, CausalShape)
    planes, bands, frames = first.in_shape
    return planes * bands * frames
