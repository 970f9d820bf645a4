"""A recurrent layer, in one direction or both, with an encoder for its inputs and one for its states."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from deltasim.networks.budget import Budget
from deltasim.networks.builders.sgu import MATRICES, SLOPE
from deltasim.networks.training.cells import (
    CELLS,
    NAMES,
    PRODUCTS,
    RESET_BEFORE,
    SIMPLE_GATED,
    reset_before,
    sgu,
)
from deltasim.networks.training.cells.loop import loop
from deltasim.networks.training.encoder import Threshold, hold, looser
from deltasim.networks.training.layers.layer import EXPORTED, Conditions, Encoding, Outcome, Place, words
from deltasim.runtime.errors import InputError, nearest


class Recurrent(nn.Module):
    """One recurrent layer that transmits only changes of at least a threshold.

    ``kind`` is rnn, gru (the reset gate after the recurrent product, PyTorch's), gru-reset-before, lstm,
    sgu or dsgu (with a hard sigmoid of this ``slope``).
    Parameters have the names of ``torch.nn.GRU`` and its likes, whose state dict loads directly; with
    thresholds 0 it is that layer. ``theta_x`` is compared with what enters, ``theta_h`` with its states,
    ``theta_product`` with what is multiplied inside a step (`PRODUCTS`; None for that of the states):
    numbers, or one for each element. ``learned``: see `deltasim.networks.training.encoder.Threshold`.
    ``budget_x`` and ``budget_h`` bound what is sent, of cells without such a product. In both
    directions values are the forward states, then the reverse ones, which meet a sequence from its last real
    frame to its first.

    >>> _ = torch.manual_seed(0)
    >>> layer, dense = Recurrent("gru", Place("gru_0", (("input", 3),)), 5), torch.nn.GRU(3, 5)
    >>> _ = layer.load_state_dict(dense.state_dict())
    >>> x = torch.randn(7, 2, 3)
    >>> torch.allclose(layer(x).values, dense(x)[0], atol=1e-6)
    True
    """

    def __init__(
        self,
        kind: str,
        place: Place,
        units: int,
        *,
        theta_x: float | Tensor = 0.0,
        theta_h: float | Tensor = 0.0,
        theta_product: float | Tensor | None = None,
        slope: float = SLOPE,
        learned: str = "",
        bidirectional: bool = False,
        budget_x: Budget | None = None,
        budget_h: Budget | None = None,
    ) -> None:
        super().__init__()
        if kind not in NAMES:
            raise InputError("layer", kind, "this is no recurrent cell", nearest(kind, NAMES))
        if kind in PRODUCTS and (budget_x or budget_h):
            rule = "a cell that multiplies inside its step has no budget of messages"
            raise InputError("layer", kind, rule, "Take the cell gru, or no budget.")
        if budget_x and len(place.below) > 1:
            rule = "a layer that reads both directions of another has no budget for what enters"
            raise InputError("layer", place.name, rule, "Leave budget_x to the first layer.")
        self.kind, self.place, self.units, self.slope = kind, place, units, slope
        self.budget_x, self.budget_h = budget_x, budget_h
        if kind in SIMPLE_GATED:
            self.gates, matrices = 2, MATRICES[kind]
        else:
            self.gates = matrices = 3 if kind == RESET_BEFORE else CELLS[kind].gates
        self.directions = ("", "_reverse") if bidirectional else ("",)
        bound, rows = units**-0.5, self.gates * units
        shapes = {
            "weight_ih": (rows, place.width),
            "weight_hh": (matrices * units, units),
            "bias_ih": (rows,),
            "bias_hh": (rows,),
        }
        if kind in SIMPLE_GATED:
            del shapes["bias_hh"]
        for direction in self.directions:
            for name, shape in shapes.items():
                drawn = torch.empty(shape).uniform_(-bound, bound)
                self.register_parameter(f"{name}_l0{direction}", nn.Parameter(drawn))
        self.theta_x = nn.ModuleList(Threshold(theta_x, place.width, learned) for _ in self.directions)
        self.theta_h = nn.ModuleList(Threshold(theta_h, units, learned) for _ in self.directions)
        product = theta_h if theta_product is None else theta_product
        self.theta_product = nn.ModuleList(
            Threshold(product, units, learned) for _ in self.directions for _ in PRODUCTS.get(kind, ())
        )

    @property
    def outputs(self) -> tuple[tuple[str, int], ...]:
        """Its populations, the reverse one last."""
        return tuple((f"{self.place.name}{direction}", self.units) for direction in self.directions)

    @property
    def weights(self) -> tuple[tuple[str, Tensor], ...]:
        """Its matrices by name."""
        return tuple(
            (f"{name}_l0{direction}", self.get_parameter(f"{name}_l0{direction}"))
            for direction in self.directions
            for name in ("weight_ih", "weight_hh")
        )

    def biases(self, direction: str) -> tuple[Tensor, Tensor]:
        """What is added to the product with inputs, and to that with states, (gates units,) each.

        What both would add to the same accumulator is added once, with the inputs.
        """
        if self.kind in SIMPLE_GATED:
            first = self.get_parameter(f"bias_ih_l0{direction}")
            return first, torch.zeros_like(first)
        first, second = (self.get_parameter(f"{name}_l0{direction}") for name in ("bias_ih", "bias_hh"))
        if self.kind != "gru":
            return first + second, torch.zeros_like(second)
        gates = 2 * self.units
        apart = torch.cat([second.new_zeros(gates), second[gates:]])
        return torch.cat([first[:gates] + second[:gates], first[gates:]]), apart

    def forward(
        self, values: Tensor, lengths: Tensor | None = None, conditions: Conditions = EXPORTED
    ) -> Outcome:
        """Run sequences (T, B, n) of these lengths from rest; without lengths all are T long."""
        parts: list[Tensor] = []
        encodings: list[Encoding] = []
        for number, direction in enumerate(self.directions):
            met = flipped(values, lengths) if direction else values
            hidden, sent = self.one_way(met, number, conditions)
            parts.append(flipped(hidden, lengths) if direction else hidden)
            encodings += sent
        return Outcome(parts[0] if len(parts) == 1 else torch.cat(parts, 2), tuple(encodings))

    def one_way(
        self, values: Tensor, number: int, conditions: Conditions
    ) -> tuple[Tensor, tuple[Encoding, ...]]:
        """One direction, frames in the order in which it meets them."""
        direction, formats = self.directions[number], conditions.formats
        from_input: Tensor = self.get_parameter(f"weight_ih_l0{direction}")
        from_state: Tensor = self.get_parameter(f"weight_hh_l0{direction}")
        name, pruned = f"{self.place.name}{direction}", (words(from_input), words(from_state))
        bias, apart = self.biases(direction)
        if formats is not None and self.kind in PRODUCTS:
            rule = f"a {self.kind}, which multiplies inside its step, is trained in float32 alone"
            raise InputError("bits", formats.bits, rule, "Take the cell gru, or no bits.")
        from_input, bias = conditions.parameters(from_input, bias)
        from_state, apart = conditions.parameters(from_state, apart)
        theta_x, theta_h = self.theta_x[number](conditions.share), self.theta_h[number](conditions.share)
        budget_x = looser(self.budget_x, conditions.share, self.place.width)
        budget_h = looser(self.budget_h, conditions.share, self.units)
        held_input = hold(values, theta_x, budget_x)
        projected = nn.functional.linear(held_input, from_input, bias)
        noise = None
        if conditions.noise:
            shape = (*values.shape[:2], self.units)
            noise = conditions.noise * torch.randn(shape, dtype=values.dtype, device=values.device)
        products = self.products(number, conditions.share)
        if self.kind == RESET_BEFORE:
            return self.gated(name, held_input, projected, from_state, theta_x, theta_h, products[0], noise)
        if self.kind in SIMPLE_GATED:
            return self.simple(name, held_input, projected, from_state, theta_x, theta_h, products, noise)
        tables = None if formats is None else formats.tables(values)
        cell = CELLS[self.kind]
        hidden, held = loop(cell, projected, from_state, apart, theta_h, noise, tables, budget_h)
        into = Encoding(name, held_input, theta_x, pruned[0]).parts(self.place)
        return hidden, (*into, Encoding(f"{name}->{name}", held, theta_h, pruned[1], delay=1))

    def gated(
        self,
        name: str,
        held_input: Tensor,
        projected: Tensor,
        weight: Tensor,
        theta_x: Tensor,
        theta_h: Tensor,
        theta_reset: Tensor,
        noise: Tensor | None,
    ) -> tuple[Tensor, tuple[Encoding, ...]]:
        """The reset gate before the product: `NAME_reset` is the population of r times the held states."""
        size, reset = self.units, f"{name}_reset"
        hidden, held, held_gated = reset_before.loop(projected, weight, theta_h, theta_reset, noise)
        inputs = self.get_parameter("weight_ih_l0" + name.removeprefix(self.place.name))
        fetched = words(inputs[:size]), words(inputs[size:])
        return hidden, (
            *Encoding(reset, held_input, theta_x, fetched[0]).parts(self.place),
            Encoding(f"{name}->{reset}", held, theta_h, words(weight[:size]) + 1, delay=1),
            *Encoding(name, held_input, theta_x, fetched[1]).parts(self.place),
            Encoding(f"{name}->{name}", held, theta_h, words(weight[size : 2 * size]), delay=1),
            Encoding(f"{reset}->{name}", held_gated, theta_reset, words(weight[2 * size :])),
        )

    def simple(
        self,
        name: str,
        held_input: Tensor,
        projected: Tensor,
        weight: Tensor,
        theta_x: Tensor,
        theta_h: Tensor,
        products: tuple[Tensor, ...],
        noise: Tensor | None,
    ) -> tuple[Tensor, tuple[Encoding, ...]]:
        """A simple gated unit: `NAME_u` and, of a DSGU, `NAME_g` are the populations of its products."""
        size, first, second = self.units, f"{name}_u", f"{name}_g"
        theta_u, theta_g = products[0], products[1] if len(products) > 1 else None
        hidden, held, held_u, held_g = sgu.loop(
            projected, weight, theta_h, theta_u, theta_g, self.slope, noise
        )
        inputs = self.get_parameter("weight_ih_l0" + name.removeprefix(self.place.name))
        one = torch.ones_like(words(weight[:size]))
        sent = [
            *Encoding(first, held_input, theta_x, words(inputs[:size])).parts(self.place),
            Encoding(f"{name}->{first}", held, theta_h, one, delay=1),
            *Encoding(name, held_input, theta_x, words(inputs[size:])).parts(self.place),
            Encoding(f"{name}->{name}", held, theta_h, words(weight[:size]), delay=1),
        ]
        read = words(weight[size : 2 * size])
        if held_g is None or theta_g is None:
            sent.append(Encoding(f"{first}->{name}", held_u, theta_u, read))
        else:
            sent.append(Encoding(f"{first}->{second}", held_u, theta_u, read))
            sent.append(Encoding(f"{name}->{second}", held, theta_h, one, delay=1))
            sent.append(Encoding(f"{second}->{name}", held_g, theta_g, words(weight[2 * size :])))
        return hidden, tuple(sent)

    def products(self, number: int, share: float) -> tuple[Tensor, ...]:
        """The thresholds of a direction's products."""
        count = len(PRODUCTS.get(self.kind, ()))
        every = list(self.theta_product)[number * count : (number + 1) * count]
        return tuple(threshold(share) for threshold in every)


def flipped(values: Tensor, lengths: Tensor | None) -> Tensor:
    """Every sequence of (T, B, n) from its last real frame to its first; padding stays at the end.

    >>> flipped(torch.tensor([1.0, 2.0, 0.0]).reshape(3, 1, 1), torch.tensor([2])).flatten().tolist()
    [2.0, 1.0, 0.0]
    """
    if lengths is None:
        return values.flip(0)
    frames = torch.arange(len(values), device=values.device)[:, None]
    places = torch.where(frames < lengths, lengths - 1 - frames, frames)
    return torch.gather(values, 0, places[:, :, None].expand_as(values))
