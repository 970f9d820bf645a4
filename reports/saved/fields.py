"""A chip and a network as fields and texts, so that two records say in what they differ."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from deltasim.networks.connections import Connection
    from deltasim.networks.graph import Network
    from deltasim.runtime.arrays import Numbers
    from deltasim.simulator.chip import Chip

WORDS = ("about", "source", "sources", "format", "version", "digest")  # decide no number
LONGEST = 300  # signs of a text; behind them its digest


def chip_fields(chip: Chip) -> dict[str, str]:
    """Every field of a description but its prices, which a record has with what they come to.

    >>> from deltasim.simulator.chip import load_chip
    >>> found = chip_fields(load_chip("mesh16"))
    >>> found["cores.mac.lanes"], found["memories.scratchpad.size"]
    ('8', '524288 B')
    """
    content = chip.content()
    content.pop("prices", None)
    return dict(flat(content))


def network_fields(network: Network) -> dict[str, str]:
    """Every field of a network; of its numbers how many, how large and a digest.

    >>> from deltasim.networks.builders.recurrent import random_stack
    >>> found = network_fields(random_stack("gru", 8, (16,), np.random.default_rng(0), theta_x=0.5))
    >>> found["populations.gru_0.size"], found["projections.input->gru_0.theta"]
    ('16', '0.5')
    """
    content = {
        "name": network.name,
        "arithmetic": str(network.arithmetic),
        "outputs": network.outputs,
        "populations": [
            {"name": one.name, "cell": kind(one.cell), **plain(one.cell)}
            | {"pass_number": one.pass_number, "reverse": one.reverse}
            | ({} if one.bias is None else {"bias": numbers(one.bias)})
            for one in network.populations
        ],
        "projections": [
            {"name": one.name, "connection": kind(one.connection), **plain(one.connection)}
            | {"role": one.role, "delay": one.delay, "theta": theta(one.theta)}
            | {"weight_format": str(one.weight_format), "weights": weights(one.connection)}
            for one in network.projections
        ],
    }
    return dict(flat(content))


def kind(part: object) -> str:
    """What a cell or a connection is called; one of a user's own by its class."""
    return str(getattr(part, "kind", type(part).__name__))


def plain(part: object) -> dict[str, Any]:
    """The fields of a cell or connection that are no arrays."""
    if not dataclasses.is_dataclass(part):
        return {}
    held = {field.name: getattr(part, field.name) for field in dataclasses.fields(part)}
    return {name: value for name, value in held.items() if isinstance(value, str | int | float | tuple)}


def theta(value: float | Numbers) -> str:
    """A threshold, or those of all sources."""
    return numbers(np.asarray(value)) if np.ndim(value) else f"{float(value):g}"


def weights(connection: Connection) -> str:
    """The arrays of a connection in words."""
    return "; ".join(numbers(np.asarray(one)) for one in connection.content)


def flat(value: Any, place: str = "") -> Iterator[tuple[str, str]]:
    """Every value of plain data with its place; entries of a list that have names go by these.

    >>> list(flat({"a": {"b": 1}, "c": [{"name": "x", "d": True}], "e": [1, 2], "about": "words"}))
    [('a.b', '1'), ('c.x.d', 'True'), ('e', '1, 2')]
    """
    if isinstance(value, Mapping):
        for name, inner in value.items():
            if name not in WORDS:
                yield from flat(inner, f"{place}.{name}" if place else str(name))
    elif isinstance(value, list | tuple) and any(isinstance(entry, Mapping) for entry in value):
        seen: dict[str, int] = {}
        for number, entry in enumerate(value):
            name = str(entry.get("name", number))
            seen[name] = seen.get(name, 0) + 1
            inner = {key: held for key, held in entry.items() if key != "name"}
            yield from flat(inner, f"{place}.{name}" + (f" ({seen[name]})" if seen[name] > 1 else ""))
    else:
        yield place, text(value)


def text(value: Any) -> str:
    """A value in one line; what is long ends with a digest of the whole."""
    said = ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
    said = " ".join(said.split())
    return said if len(said) <= LONGEST else f"{said[:LONGEST]}... ({short(said.encode())})"


def numbers(values: Numbers) -> str:
    """An array in words: shape, root mean square, digest.

    >>> numbers(np.array([[3.0, 4.0]]))
    '1 x 2, RMS 3.536, digest bed9efba'
    """
    held = np.ascontiguousarray(values)
    rms = float(np.sqrt(np.mean(np.square(held.astype(np.float64))))) if held.size else 0.0
    return f"{' x '.join(map(str, held.shape))}, RMS {rms:.4g}, digest {short(held.tobytes())}"


def short(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:8]
