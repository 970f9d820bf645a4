"""Numbers for people: SI prefixes, three significant digits, a true multiplication sign."""

from __future__ import annotations

import math

PREFIXES = {
    -15: "f", -12: "p", -9: "n", -6: "µ", -3: "m", 0: "", 3: "k", 6: "M", 9: "G", 12: "T", 15: "P",
}  # fmt: skip
COUNTED = ("", "B")  # units that come whole
ABSENT = "–"


def quantity(value: float | None, unit: str, digits: int = 3) -> str:
    """Write a value with its SI prefix and unit; what is not there is a dash. Part of a count has no prefix.

    >>> quantity(3.2149e-6, "J"), quantity(0.99996, "s"), quantity(0, "W"), quantity(None, "B")
    ('3.21 µJ', '1.00 s', '0 W', '–')
    >>> quantity(999_600, "B"), quantity(12, "B")
    ('1.00 MB', '12 B')
    >>> quantity(0.5, ""), quantity(0.0624, "B")
    ('0.500', '0.0624 B')
    """
    if value is None:
        return ABSENT
    if value == 0 or not math.isfinite(value):
        return f"{value:g} {unit}".rstrip()
    # Round first: 999.6 with three digits is 1000, and belongs to the next prefix.
    rounded = float(f"{value:.{digits - 1}e}")
    exponent = math.floor(math.floor(math.log10(abs(rounded))) / 3) * 3
    exponent = min(max(exponent, 0 if unit in COUNTED else min(PREFIXES)), max(PREFIXES))
    scaled = rounded / 10.0**exponent
    whole = float(value).is_integer() and exponent == 0
    decimals = 0 if whole else max(0, digits - 1 - math.floor(math.log10(abs(scaled)) + 1e-12))
    return f"{scaled:.{decimals}f} {PREFIXES[exponent]}{unit}".rstrip()


def ratio(value: float | None) -> str:
    """Write a ratio.

    >>> ratio(9.06), ratio(123.4), ratio(1.0), ratio(None)
    ('9.1 ×', '123 ×', '1.0 ×', '–')
    """
    if value is None:
        return ABSENT
    return f"{value:,.0f} ×" if abs(value) >= 100 else f"{value:.1f} ×"


def percent(share: float | None, decimals: int = 1) -> str:
    """Write a share as percent; a share too small for its digits is said to be so.

    >>> percent(0.9712), percent(0.0), percent(0.0002), percent(1.0)
    ('97.1 %', '0 %', '< 0.1 %', '100 %')
    """
    if share is None:
        return ABSENT
    if share in (0.0, 1.0):
        return f"{100 * share:.0f} %"
    if 0 < 100 * share < 0.5 * 10**-decimals:
        return f"< {10**-decimals:.{decimals}f} %"
    return f"{100 * share:.{decimals}f} %"


def count(value: int | None) -> str:
    """Write a whole number with thousands set apart.

    >>> count(1234567), count(None)
    ('1,234,567', '–')
    """
    return ABSENT if value is None else f"{value:,}"


def threshold(theta: float | str) -> str:
    """Write a threshold: a number, or "trained" where the network brings its own.

    >>> threshold(0.3), threshold("trained")
    ('θ = 0.3', 'trained θ')
    """
    return f"θ = {theta:g}" if isinstance(theta, int | float) else f"{theta} θ"


def score(name: str, value: float | None) -> str:
    """Write a score: accuracies and error rates in percent, anything else as it is.

    >>> score("accuracy", 0.9833), score("rmse", 0.0421), score("accuracy", None)
    ('98.33 %', '0.0421', '–')
    """
    if value is None:
        return ABSENT
    if any(word in name.lower() for word in ("accuracy", "error rate", "f1")):
        return f"{100 * value:.2f} %"
    return f"{value:.4g}"
