"""What a model gives, as far as a network can give it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from deltasim.networks.importers.imported import Output
from deltasim.networks.importers.lowering.layers import Hidden, Neurons
from deltasim.networks.importers.lowering.signals import SPAN, Signals, Tagged
from deltasim.runtime.arrays import Integers
from deltasim.runtime.errors import InputError


def outputs_of(signals: Signals, given: Sequence[Any], place: str) -> tuple[list[Output], list[Integers]]:
    """What the model gives in every frame; only where there is nothing such, what it gives in the last.

    Final states of recurrent layers beside that are left out, since their neurons hold them. Errors: nothing
    is left, or another output would be left out.
    """
    layers, owners = signals.layers.listed, signals.layers.owners
    found: list[tuple[Output, Integers]] = []
    left: list[tuple[int, InputError | None, Integers]] = []
    for number, value in enumerate(given):
        if not isinstance(value, Tagged):
            continue
        try:
            axis, elements = signals.frame(f"{place}: output {number}", value.tags)
        except InputError as error:
            left.append((number, error, value.tags % SPAN))
            continue
        if any(isinstance(layers[owner], Hidden) for owner in np.unique(owners[elements])):
            left.append((number, None, elements))
        else:
            found.append((Output(number, axis, elements.shape), elements.ravel()))
    framewise = [each for each in found if each[0].axis is not None]
    if framewise:
        left += [(output.number, None, elements) for output, elements in found if output.axis is None]
    kept = framewise or found
    if not kept:
        faults = [fault for _, fault, _ in left if fault is not None]
        if faults:
            raise faults[0]
        rule = "a model gives numbers that depend on its input, frame by frame"
        raise InputError(place, "no such output", rule, "Give it one.")
    for number, error, elements in left:
        if not all(isinstance(layers[owner], Neurons | Hidden) for owner in np.unique(owners[elements])):
            rule = "it is not given frame by frame as the others are"
            raise error or InputError(f"{place}: output {number}", "last frame", rule, "Leave it out.")
    return [output for output, _ in kept], [elements for _, elements in kept]
