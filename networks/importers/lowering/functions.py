"""The functions of one value that models are made of, as formulas of ``deltasim.networks.cells.Formula``."""

from __future__ import annotations

FORMULAS: dict[str, str] = {
    "abs": "abs(x0)",
    "celu": "max(x0, 0) + {alpha!r} * expm1(min(x0, 0) / {alpha!r})",
    "elu": "max(x0, 0) + {alpha!r} * expm1(min(x0, 0))",
    "erf": "erf(x0)",
    "exp": "exp(x0)",
    "expm1": "expm1(x0)",
    "gelu": "0.5 * x0 * (1 + erf(x0 * 0.7071067811865476))",
    "gelu_tanh": "0.5 * x0 * (1 + tanh(0.7978845608028654 * (x0 + 0.044715 * x0 ** 3)))",
    "hard_shrink": "x0 * (abs(x0) > {lambd!r})",
    "hard_sigmoid": "max(min({alpha!r} * x0 + {beta!r}, 1), 0)",
    "hard_swish": "x0 * max(min(x0 / 6 + 0.5, 1), 0)",
    "hard_tanh": "max(min(x0, {high!r}), {low!r})",
    "leaky_relu": "max(x0, 0) + {alpha!r} * min(x0, 0)",
    "log": "log(x0)",
    "log1p": "log1p(x0)",
    "log_sigmoid": "min(x0, 0) - log1p(exp(-abs(x0)))",
    "mish": "x0 * tanh(max(x0, 0) + log1p(exp(-abs(x0))))",
    "power": "x0 ** {exponent!r}",
    "reciprocal": "1 / x0",
    "relu": "relu(x0)",
    "relu6": "min(relu(x0), 6)",
    "root": "sqrt(x0)",
    "rsqrt": "1 / sqrt(x0)",
    "selu": "1.0507009873554805 * (max(x0, 0) + 1.6732632423543772 * expm1(min(x0, 0)))",
    "selu_of": "{gamma!r} * (max(x0, 0) + {alpha!r} * expm1(min(x0, 0)))",
    "shrink": "(x0 + {bias!r}) * (x0 < -{lambd!r}) + (x0 - {bias!r}) * (x0 > {lambd!r})",
    "sigmoid": "sigmoid(x0)",
    "silu": "x0 * sigmoid(x0)",
    "soft_shrink": "max(x0 - {lambd!r}, 0) + min(x0 + {lambd!r}, 0)",
    "softplus": "max(x0, 0) + log1p(exp(-{beta!r} * abs(x0))) / {beta!r}",
    "softplus_of": "max(x0, 0) + log1p(exp(-abs(x0)))",
    "softsign": "x0 / (1 + abs(x0))",
    "square": "x0 ** 2",
    "tanh": "tanh(x0)",
    "tanh_shrink": "x0 - tanh(x0)",
    "thresholded": "x0 * (x0 > {alpha!r})",
    "threshold": "x0 * (x0 > {threshold!r}) + {value!r} * (x0 <= {threshold!r})",
}


def formula(name: str, **parameters: float) -> str:
    """The formula of a function, with its parameters.

    >>> formula("leaky_relu", alpha=0.1)
    'max(x0, 0) + 0.1 * min(x0, 0)'
    """
    numbers = {key: float(value) for key, value in parameters.items()}
    return FORMULAS[name].format(**numbers)
