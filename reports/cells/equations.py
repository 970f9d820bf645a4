"""What every cell computes in a step, as statements, and which matrices feed its sums: one table.

Statements are those of `deltasim.networks.cells.formula.Formula`, with ``hard_sigmoid`` (slope 0.2) and
``softplus`` by name: a0, a1 ... are sums, a name that is read before it is given a value is a state. Where a
cell has parameters, these are its defaults, or those that its name stands for.
"""

from __future__ import annotations

from typing import NamedTuple

from deltasim.runtime.errors import InputError, nearest


class Feed(NamedTuple):
    """A sum that what ``source`` sent is added to: through a matrix, or, without a name, by itself alone."""

    source: str
    accumulator: int
    matrix: str = ""


class Part(NamedTuple):
    """A population: the name of what it gives, its statements, and what feeds its sums.

    ``events``: it receives spikes, whose sums start anew at every step, not changes. ``biased``: the sums
    that have a bias; what comes without a matrix has none.
    """

    output: str
    statements: str
    feeds: tuple[Feed, ...]
    events: bool = False
    biased: tuple[int, ...] = (0, 1, 2, 3)


def fed(**matrices: str) -> tuple[Feed, ...]:
    """``x="r u c-"``: x feeds one sum after another, through W_xr, W_xu; a minus sign leaves one out.

    >>> fed(x="r -", h="- c")
    (Feed(source='x', accumulator=0, matrix='W_xr'), Feed(source='h', accumulator=1, matrix='W_hc'))
    """
    return tuple(
        Feed(source, number, f"W_{source}{gate}")
        for source, gates in matrices.items()
        for number, gate in enumerate(gates.split())
        if gate != "-"
    )


WEIGHTS = (Feed("x", 0, "W"),)
RESET = "s = w > 1; v = (1 - s) * w; spike = s"


def spiking(statements: str) -> tuple[Part, ...]:
    """A neuron that receives spikes."""
    return (Part("spike", statements, WEIGHTS, events=True),)


CELL_EQUATIONS: dict[str, tuple[Part, ...]] = {
    "dense": (Part("y", "y = relu(a0)", WEIGHTS),),
    "rnn": (Part("h", "h = tanh(a0)", (Feed("x", 0, "W_x"), Feed("h", 0, "W_h"))),),
    "gru": (
        Part(
            "h",
            "r = sigmoid(a0); u = sigmoid(a1); c = tanh(a2 + r * a3); h = u * h + (1 - u) * c",
            fed(x="r u c -", h="r u - c"),
        ),
    ),
    "lstm": (
        Part(
            "h",
            "i = sigmoid(a0); f = sigmoid(a1); g = tanh(a2); o = sigmoid(a3); c = f * c + i * g; "
            "h = o * tanh(c)",
            fed(x="i f g o", h="i f g o"),
        ),
    ),
    "conv2d": (Part("y", "y = relu(a0)", (Feed("x", 0, "K (a patch)"),)),),
    "lif": spiking(f"w = 0.9 * v + a0; {RESET}"),
    "truncated_lif": spiking(f"w = cut(0.9 * v) + a0; {RESET}"),
    "glif": spiking(
        "i = 0.5 * i + a0; w = 0.9 * v + i; s = w > 1 + 0.5 * a; v = (1 - s) * w; a = 0.95 * a + s; spike = s"
    ),
    "li": (Part("y", "y = 0.9 * y + a0", WEIGHTS),),
    "formula": (Part("h", "u = sigmoid(a0); h = u * h + (1 - u) * tanh(a1)", fed(x="u c")),),
    "if": spiking(f"w = v + a0; {RESET}"),
    "lif_subtract": spiking("w = 0.9 * v + a0; s = w > 1; v = w - s; spike = s"),
    "lif_refractory": spiking(
        "free = n <= 0; w = free * (0.9 * v + a0) + (1 - free) * v; s = free * (w > 1); v = (1 - s) * w; "
        "n = 2 * s + (1 - s) * max(n - 1, 0); spike = s"
    ),
    "cuba_lif": spiking(f"i = 0.5 * i + a0; w = 0.9 * v + i; {RESET}"),
    "alif": spiking("w = 0.9 * v + a0; s = w > 1 + 0.5 * a; v = (1 - s) * w; a = 0.95 * a + s; spike = s"),
    "cuba_li": (Part("y", "i = 0.5 * i + a0; y = 0.9 * y + i", WEIGHTS),),
    "integrator": (Part("y", "y = y + a0", WEIGHTS),),
    "sigma_delta": (Part("y", "y = relu(a0)", WEIGHTS),),
    "gru-reset-before": (
        Part("g", "g = sigmoid(a0) * a1", (*fed(x="r", h="r"), Feed("h", 1))),
        Part(
            "h",
            "u = sigmoid(a0); c = tanh(a1); h = u * h + (1 - u) * c",
            (*fed(x="u c", h="u -"), Feed("g", 1, "W_hc")),
        ),
    ),
    "sgu": (
        Part("u", "u = a0 * a1", (Feed("x", 0, "W_xh"), Feed("h", 1))),
        Part(
            "h",
            "z_g = tanh(a0); z = hard_sigmoid(a1); h = (1 - z) * h + z * softplus(z_g * h)",
            (Feed("u", 0, "W_zxh"), Feed("x", 1, "W_xz"), Feed("h", 1, "W_hz")),
            biased=(1,),
        ),
    ),
    "dsgu": (
        Part("u", "u = a0 * a1", (Feed("x", 0, "W_xh"), Feed("h", 1))),
        Part("g", "g = tanh(a0) * a1", (Feed("u", 0, "W_zxh"), Feed("h", 1)), biased=()),
        Part(
            "h",
            "z = hard_sigmoid(a1); h = (1 - z) * h + z * sigmoid(a0)",
            (Feed("g", 0, "W_go"), Feed("x", 1, "W_xz"), Feed("h", 1, "W_hz")),
            biased=(1,),
        ),
    ),
}
"""By the names of ``deltasim list cells``."""


def equations_of(name: str) -> tuple[Part, ...]:
    """The parts of a cell. Errors: InputError for another name, and for the input, which computes nothing.

    >>> [part.output for part in equations_of("dsgu")]
    ['u', 'g', 'h']
    """
    if name not in CELL_EQUATIONS:
        raise InputError("cell", name, "no step of this name is drawn", nearest(name, CELL_EQUATIONS))
    return CELL_EQUATIONS[name]
