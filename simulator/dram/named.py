"""The standard of a memory on a chip, however the description gives it: by its name, or field by field."""

from __future__ import annotations

from deltasim.runtime.errors import InputError
from deltasim.simulator.schema.quantities import QuantityError


def read_standard(value: object) -> object:
    """Look up a standard that is given by its name in the box, or as a file; fields pass as they are.

    Errors: QuantityError, which pydantic reports with the place in the description.

    >>> read_standard("HBM2-2000").organisation.pseudo_channels
    2
    """
    from deltasim.simulator.dram.loading import load_standard

    if not isinstance(value, str):
        return value
    try:
        return load_standard(value)
    except InputError as error:
        raise QuantityError(error.rule, error.remedy) from None
