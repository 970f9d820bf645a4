"""One thing wrong with a description, and all of them."""

from __future__ import annotations

from typing import NamedTuple


class Fault(NamedTuple):
    """One thing wrong with a description: the path of the field, its value, the rule and the remedy."""

    path: str
    value: str
    rule: str
    remedy: str


class Faults(ValueError):
    """All that is wrong between the parts of one description."""

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        super().__init__("; ".join(fault.rule for fault in faults))
        self.faults = faults


class BrokenRule(ValueError):
    """A value that a field cannot have: the rule it breaks and the remedy."""

    def __init__(self, rule: str, remedy: str) -> None:
        super().__init__(f"{rule}. {remedy}")
        self.rule, self.remedy = rule, remedy
