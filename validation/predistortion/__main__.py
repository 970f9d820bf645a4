"""Predistortion with delta networks beside what was published: docs/predistortion.md.

python -m deltasim.workloads.predistortion.making OUT --data FOLDER --seed 0      (seeds 0 to 2)
python -m deltasim.validation.predistortion OUT docs/predistortion.md --data FOLDER
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from deltasim.runtime.errors import InputError
from deltasim.validation.predistortion.charts import chart
from deltasim.validation.predistortion.measured import (
    BITS,
    CHIPS,
    OURS_EQUAL,
    PLAIN,
    amplified,
    in_fixed_point,
    line,
    networks_of,
    seeds_in,
)
from deltasim.validation.predistortion.page import Found, page
from deltasim.workloads.predistortion.sources import source


def main(arguments: list[str]) -> None:
    """Score, run on chips, and write the page and its chart."""
    parser = argparse.ArgumentParser(prog="python -m deltasim.validation.predistortion", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("file", type=Path)
    parser.add_argument("--data", type=Path, required=True)
    given = parser.parse_args(arguments)
    pairs, found = seeds_in(given.folder), source(given.data)
    test, held_out = found.read("test"), found.read("val")
    first = min(pairs)
    model = pairs[first][PLAIN].amplifier
    lines, networks = {}, {}
    for seed, own in pairs.items():
        networks[seed] = networks_of(own, held_out)
        lines[seed] = {
            name: line(name, network, model, test, CHIPS) for name, network in networks[seed].items()
        }
    rounded = networks[first][OURS_EQUAL]
    fixed = {bits: line(OURS_EQUAL, in_fixed_point(rounded, bits), model, test, ()) for bits in BITS}
    drawing = given.file.with_suffix(".svg")
    drawing.write_text(chart(pairs), encoding="utf-8")
    command = f"python -m deltasim.validation.predistortion OUT docs/{given.file.name} --data FOLDER"
    told = Found(lines, pairs, amplified(model, test, held_out), fixed, test.band, len(test.sent))
    given.file.write_text(page(told, drawing.name, command), encoding="utf-8")


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except InputError as error:
        sys.exit(str(error))
