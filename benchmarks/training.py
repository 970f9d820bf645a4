"""A step of training a delta layer beside the dense layer of PyTorch: forward and backward of a batch."""

from __future__ import annotations

from typing import NamedTuple

from benchmarks.tables import Table, against, ratios, side_by_side, spread

GOAL = 5.0  # times PyTorch's time, at most
THETA = 0.1
THREADS = 2


class Size(NamedTuple):
    """How much is measured."""

    units: int
    batch: int
    steps: int
    repeats: int


FULL, QUICK = Size(256, 64, 100, 15), Size(8, 2, 3, 2)

ABOUT = """\
Forward and backward of one layer of {units} units on {units} inputs, batch {batch}, {steps} steps, float32,
{threads} threads: ours with both thresholds in the loop ({theta}), PyTorch's the dense layer of the same
weights, `torch.nn.GRU` and its likes. `gru-reset-before` stands beside `torch.nn.GRU` as well, which does not
have it. Milliseconds a batch: median (lowest to highest) of {repeats} rounds in which both take turns. Goal:
at most {goal:g} times PyTorch's time."""


def measure(quick: bool = False) -> Table:
    """Measure every cell beside PyTorch's."""
    import torch

    from deltasim.networks.training.cells import NAMES, SIMPLE_GATED
    from deltasim.networks.training.layers.layer import Place
    from deltasim.networks.training.layers.recurrent import Recurrent

    size = QUICK if quick else FULL
    before = torch.get_num_threads()
    torch.set_num_threads(THREADS)
    torch.manual_seed(0)
    place = Place("layer", (("input", size.units),))
    values = torch.randn(size.steps, size.batch, size.units, requires_grad=True)
    dense = {"rnn": torch.nn.RNN, "gru": torch.nn.GRU, "lstm": torch.nn.LSTM}
    rows = []
    for kind in NAMES:
        if kind in SIMPLE_GATED:  # PyTorch has no such layer
            continue
        layer = Recurrent(kind, place, size.units, theta_x=THETA, theta_h=THETA)
        theirs = dense.get(kind, torch.nn.GRU)(size.units, size.units)
        theirs.load_state_dict(layer.state_dict())
        taken = side_by_side(
            {
                "ours": lambda layer=layer: layer(values).values.sum().backward(),
                "theirs": lambda theirs=theirs: theirs(values)[0].sum().backward(),
            },
            size.repeats,
        )
        ms = {key: [1e3 * one for one in times] for key, times in taken.items()}
        slower = ratios(ms["ours"], ms["theirs"])
        verdict = against([-one for one in slower], -GOAL)
        rows.append((kind, spread(ms["ours"], 1), spread(ms["theirs"], 1), spread(slower), verdict))
    torch.set_num_threads(before)
    about = ABOUT.format(**size._asdict(), threads=THREADS, theta=THETA, goal=GOAL)
    columns = ("cell", "ours", "PyTorch, dense", "times PyTorch's time", f"goal {GOAL:g}")
    return Table("Training beside PyTorch", about, "python -m benchmarks training", columns, tuple(rows))
