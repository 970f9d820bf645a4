"""Every example in a docstring runs and prints what it says."""

from __future__ import annotations

import doctest
import importlib
import pkgutil
import warnings

import pytest

import deltasim
from deltasim import exploration, networks, reports, runtime, simulator, validation, workloads

ROOMS = (exploration, networks, reports, runtime, simulator, validation, workloads)
MODULES = sorted(
    {
        "deltasim",
        *(found.name for found in pkgutil.walk_packages(deltasim.__path__, "deltasim.")),
        *(
            found.name
            for room in ROOMS
            for found in pkgutil.walk_packages(room.__path__, f"{room.__name__}.")
        ),
        *(room.__name__ for room in ROOMS),
    }
    - {"deltasim.__main__"}
)


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_of_a_module(name: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        module = importlib.import_module(name)
        assert doctest.testmod(module, optionflags=doctest.ELLIPSIS).failed == 0
