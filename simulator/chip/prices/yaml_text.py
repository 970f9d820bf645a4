"""The text of a description with the prices that models give written as such, so that a copy stays true."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import yaml

from deltasim.simulator.chip.prices.conditions import inherited
from deltasim.simulator.chip.prices.price import DERIVED

if TYPE_CHECKING:
    from deltasim.simulator.chip.description import Chip


def with_derived(text: str, chip: Chip) -> str:
    """The text of a chip's file, with a line ``action: derived`` for each price that it leaves to a model.

    What the text has already stays where it is. The lines go to the end of its prices; a text that is not
    laid out in lines there is written anew.

    >>> from deltasim.simulator.chip.description import packaged_chips
    >>> from deltasim.simulator.chip import load_chip
    >>> text = with_derived((packaged_chips() / "mesh16.yaml").read_text(), load_chip("mesh16"))
    >>> next(line for line in text.splitlines() if "scratchpad.read" in line)
    '  scratchpad.read: derived    # by size, width, node and banks'
    """
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    fields = {key.value: value for key, value in root.value} if isinstance(root, yaml.MappingNode) else {}
    prices = fields.get("prices")
    if prices is None:
        end = text if text.endswith("\n") else f"{text}\n"
        return f"{end}\nprices:\n" + "".join(lines(chip, set(), 2))
    if not isinstance(prices, yaml.MappingNode) or prices.flow_style or not prices.value:
        content = chip.content()
        written = content.pop("prices")
        said = yaml.safe_dump(content | {"prices": written}, sort_keys=False, allow_unicode=True)
        return said + "".join(lines(chip, set(written), 2)) if written else said
    there = {key.value for key, _ in prices.value}
    last = last_line(prices)
    indent = prices.value[0][0].start_mark.column
    rows = text.splitlines(keepends=True)
    rows[last] = rows[last] if rows[last].endswith("\n") else f"{rows[last]}\n"
    return "".join([*rows[: last + 1], *lines(chip, there, indent), *rows[last + 1 :]])


def last_line(node: Any) -> int:
    """The line on which the last value inside a node ends."""
    while isinstance(node, yaml.MappingNode | yaml.SequenceNode) and node.value and not node.flow_style:
        node = node.value[-1][1] if isinstance(node, yaml.MappingNode) else node.value[-1]
    return int(node.end_mark.line)


def lines(chip: Chip, there: set[str], indent: int) -> list[str]:
    """A line for each price of a chip that is derived and not there yet."""
    found = []
    for action, resolved in chip.resolved.items():
        if resolved.by == DERIVED and action not in there and action not in chip.prices:
            *most, last = inherited(chip, action, measured_power=False)
            what = f"{', '.join(most)} and {last}" if most else last
            found.append(f"{' ' * indent}{action}: {DERIVED}    # by {what}\n")
    return found
