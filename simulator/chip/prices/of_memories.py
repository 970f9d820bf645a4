"""Prices of the memories on the chip, by CACTI."""

from __future__ import annotations

from deltasim.runtime.errors import InputError
from deltasim.simulator.chip.prices.conditions import Conditions
from deltasim.simulator.chip.prices.figure import Figure, Model, count_of, node_of
from deltasim.simulator.sram.model import SramEstimate, sram

TAG_BITS = 32  # a tag with its state, rounded up to a power of two
WIDEST_TAGS = 1024  # bits


def about(conditions: Conditions) -> str:
    return f"{count_of(conditions, 'size') / 1024:g} KiB of {conditions['width']} bit"


def data_array(conditions: Conditions) -> SramEstimate:
    """The words of a memory; those of a cache without its tags. Errors: InputError from the table."""
    banks = count_of(conditions, "banks") if "banks" in conditions else 1
    return sram(count_of(conditions, "size"), count_of(conditions, "width"), node_of(conditions), banks)


def tag_array(conditions: Conditions) -> SramEstimate:
    """The tags of a cache, those of a set side by side. Errors: InputError from the table."""
    ways = count_of(conditions, "ways")
    lines = count_of(conditions, "size") // count_of(conditions, "line")
    try:
        return sram(lines * TAG_BITS // 8, min(WIDEST_TAGS, ways * TAG_BITS), node_of(conditions))
    except InputError as error:
        place = f"the tags, {lines // ways:,} sets of {ways}"
        raise InputError(place, error.value, error.rule, error.remedy) from None


def arrays(conditions: Conditions) -> tuple[SramEstimate, ...]:
    """The arrays of one instance: its data, and of a cache its tags."""
    data = data_array(conditions)
    return (data, tag_array(conditions)) if "ways" in conditions else (data,)


def read(conditions: Conditions) -> Figure:
    """A scratchpad and a buffer: an access is a read of one bank."""
    array = data_array(conditions)
    return Figure(array.read_j, array.kind, f"{array.why}, {about(conditions)}")


def write(conditions: Conditions) -> Figure:
    array = data_array(conditions)
    return Figure(array.write_j, array.kind, f"{array.why}, {about(conditions)}")


def lookup(conditions: Conditions) -> Figure:
    """A look-up in a cache reads the tags of a set."""
    tags = tag_array(conditions)
    return Figure(tags.read_j, "estimated", f"{tags.why}, tags of a set of {conditions['ways']}")


def leakage(conditions: Conditions) -> Figure:
    """That of an instance."""
    found = arrays(conditions)
    watts = sum(array.leakage_w for array in found)
    if len(found) > 1:
        return Figure(watts, "estimated", f"{found[0].why}, with its tags")
    return Figure(watts, found[0].kind, f"{found[0].why}, {about(conditions)}")


def state_read(conditions: Conditions) -> Figure:
    """A bit of an access: what lies in words side by side moves together."""
    return of_bit(read(conditions), conditions)


def state_write(conditions: Conditions) -> Figure:
    return of_bit(write(conditions), conditions)


def of_bit(figure: Figure, conditions: Conditions) -> Figure:
    bits = count_of(conditions, "width")
    return figure._replace(value=figure.value / bits, why=f"{figure.why}, a bit of an access")


MODELS: dict[str, Model] = {  # kind of memory and action
    "scratchpad.read": read,
    "scratchpad.leakage": leakage,
    "scratchpad.state_read": state_read,
    "scratchpad.state_write": state_write,
    "state.state_read": state_read,
    "state.state_write": state_write,
    "state.leakage": leakage,
    "buffer.read": read,
    "buffer.leakage": leakage,
    "registers.write": write,
    "registers.read": read,
    "registers.leakage": leakage,
    "cache.lookup": lookup,
    "cache.read": read,
    "cache.fill": write,
    "cache.leakage": leakage,
}
