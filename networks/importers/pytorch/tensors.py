"""The tensors of a PyTorch model by name; pruned and normalised ones as the product they stand for.

Every tensor is asked for by the layer that uses it; one that no layer asks for is an error, since a model
without it computes something else.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from deltasim.networks.importers.lowering.operators import Doubles
from deltasim.runtime.errors import InputError, nearest

NORMALISED = "parametrizations."  # how torch.nn.utils.parametrizations names what it keeps


class Tensors:
    """Named tensors of any float type and device, and which of them have been used.

    ``torch.nn.utils.prune`` keeps ``weight_orig`` and ``weight_mask``, whose product is ``weight``;
    ``weight_norm`` keeps a length and a direction, ``weight_g`` and ``weight_v`` or ``original0`` and
    ``original1``.

    >>> stored = {"weight_orig": np.array([2.0, 3.0]), "weight_mask": np.array([1.0, 0.0])}
    >>> tensors = Tensors(stored, "a file")
    >>> tensors.take("weight").tolist(), list(tensors.unused())
    ([2.0, 0.0], [])
    """

    def __init__(self, stored: Mapping[str, Any], place: str) -> None:
        self.stored, self.place = dict(stored), place
        self.used: set[str] = set()

    @property
    def names(self) -> list[str]:
        """The names that a layer may ask for."""
        found: dict[str, None] = {}
        for name in self.stored:
            found.setdefault(plain_name(name, self.stored), None)
        return list(found)

    def has(self, name: str) -> bool:
        """Whether there is such a tensor, as it is or in parts."""
        return name in self.stored or self.parts(name) is not None

    def parts(self, name: str) -> tuple[str, str, str] | None:
        """The names of the two parts of a tensor, and how they are joined."""
        head, _, last = name.rpartition(".")
        inner = f"{head}.{NORMALISED}{last}." if head else f"{NORMALISED}{last}."
        for how, first, second in (
            ("mask", f"{name}_orig", f"{name}_mask"),
            ("norm", f"{name}_g", f"{name}_v"),
            ("norm", f"{inner}original0", f"{inner}original1"),
        ):
            if first in self.stored and second in self.stored:
                return how, first, second
        return None

    def take(self, name: str) -> Doubles:
        """A tensor in double precision; it counts as used. Errors: none of this name, or no real numbers."""
        parts = self.parts(name)
        if name in self.stored and parts is None:
            self.used.add(name)
            return self.number(name)
        if parts is None:
            rule = "this tensor is missing"
            raise InputError(self.place, name, rule, nearest(name, self.names))
        how, first, second = parts
        self.used |= {first, second, name}  # a module shows the product too
        one, other = self.number(first), self.number(second)
        if how == "mask":
            return one * other
        axes = tuple(axis for axis in range(other.ndim) if one.ndim == 0 or one.shape[axis] == 1)
        length = np.sqrt((other * other).sum(axis=axes, keepdims=one.ndim > 0))
        weighed: Doubles = one * (other / length)
        return weighed

    def number(self, name: str) -> Doubles:
        """One stored tensor as an array of doubles."""
        values = as_array(self.stored[name])
        if values is None:
            kind = getattr(self.stored[name], "dtype", type(self.stored[name]).__name__)
            rule = f"the tensor {name} holds no real numbers"
            raise InputError(self.place, kind, rule, "Store it as a float type; quantised ones as floats.")
        if not np.isfinite(values).all():
            value = values[~np.isfinite(values)][0]
            rule = f"every number of the tensor {name} is finite"
            raise InputError(self.place, value, rule, "Train or export the model again.")
        return values

    def unused(self) -> Iterator[str]:
        """The tensors that no layer has asked for."""
        return (name for name in self.stored if name not in self.used)

    def refuse_unused(self) -> None:
        """Raise an InputError that names the first of them."""
        left = list(self.unused())
        if left:
            more = f" (and {len(left) - 1} more)" if len(left) > 1 else ""
            rule = "no layer that is imported uses this tensor, so the network would not be the model"
            remedy = "Leave it out of the model, or import the layer it belongs to."
            raise InputError(self.place, f"{left[0]}{more}", rule, remedy)


def plain_name(name: str, stored: Mapping[str, Any]) -> str:
    """The name of the tensor that a stored one is, or is a part of.

    >>> plain_name("gru.parametrizations.weight_hh_l0.original1", {})
    'gru.weight_hh_l0'
    """
    if NORMALISED in name and name.endswith((".original0", ".original1")):
        return name.rpartition(".")[0].replace(NORMALISED, "", 1)
    for one, other in (("_orig", "_mask"), ("_g", "_v")):
        for end, partner in ((one, other), (other, one)):
            if name.endswith(end) and name.removesuffix(end) + partner in stored:
                return name.removesuffix(end)
    return name


def as_array(tensor: Any) -> Doubles | None:
    """A tensor of PyTorch, on any device and of any float type, or an array, as doubles; None: no reals."""
    if hasattr(tensor, "detach"):
        if (
            not tensor.is_floating_point()
            or tensor.is_quantized
            or tensor.layout.__str__() != "torch.strided"
        ):
            return None
        found: Doubles = tensor.detach().cpu().double().numpy()
        return found
    values = np.asarray(tensor)
    return values.astype(np.float64) if values.dtype.kind in "fiu" else None
