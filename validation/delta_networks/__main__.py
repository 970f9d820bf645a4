"""Make docs/delta-networks.md and its charts.

python -m deltasim.validation.delta_networks docs/delta-networks.md --driving DRIVING [--digits DIGITS]

DRIVING holds what ``python -m deltasim.workloads.driving.making`` wrote, DIGITS what
``python -m deltasim.workloads.digits.making`` did.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from deltasim.runtime.errors import InputError
from deltasim.validation.delta_networks.charts import cost_chart, method_chart, steering_chart
from deltasim.validation.delta_networks.claims import claims
from deltasim.validation.delta_networks.cost_model import rows
from deltasim.validation.delta_networks.digits_tables import METHOD_CHART
from deltasim.validation.delta_networks.methods import compared
from deltasim.validation.delta_networks.page import COST_CHART, STEERING_CHART, page
from deltasim.validation.delta_networks.steering import steered


def main(arguments: list[str]) -> None:
    """Write the page and its charts."""
    parser = argparse.ArgumentParser(prog="python -m deltasim.validation.delta_networks", description=__doc__)
    parser.add_argument("target", type=Path)
    parser.add_argument("--driving", type=Path, required=True)
    parser.add_argument("--digits", type=Path)
    given = parser.parse_args(arguments)
    costs, driving = rows(), steered(given.driving)
    digits = None if given.digits is None else compared(given.digits)
    command = f"python -m deltasim.validation.delta_networks {given.target.as_posix()} --driving DRIVING"
    command += "" if digits is None else " --digits DIGITS"
    folder = given.target.parent
    (folder / COST_CHART).write_text(cost_chart(costs))
    (folder / STEERING_CHART).write_text(steering_chart(driving))
    if digits is not None:
        (folder / METHOD_CHART).write_text(method_chart(digits))
    given.target.write_text(page(claims(driving, digits, costs), costs, driving, digits, command))


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except InputError as error:
        sys.exit(str(error))
