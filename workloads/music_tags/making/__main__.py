"""Train networks that tag sound, and write each pair with its record.

    python -m deltasim.workloads.music_tags.making OUT --data sounds --seed 0

OUT/seed-0/crnn-small and its like then hold a dense and a delta network, which `deltasim run music-tags
--trained` takes. Everything is chosen on the validation part; the test part is not touched.
`python -m deltasim.validation.music_tags OUT docs/music-tags.md` makes the page.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import replace
from pathlib import Path

from deltasim.runtime.errors import InputError
from deltasim.workloads.music_tags.making.family import family
from deltasim.workloads.music_tags.making.learning import Recipe
from deltasim.workloads.music_tags.sources import source
from deltasim.workloads.music_tags.structures import NAMES, SIZES, structure
from deltasim.workloads.music_tags.trained import save


def words(text: str) -> list[str]:
    """Names as they are given: ``crnn,k2c2``."""
    return [word.strip() for word in text.split(",") if word.strip()]


def main(arguments: list[str]) -> None:
    """Train as the arguments say."""
    parser = argparse.ArgumentParser(
        prog="python -m deltasim.workloads.music_tags.making", description=__doc__
    )
    parser.add_argument("out", type=Path)
    parser.add_argument("--data", default="sounds", help="sounds, or a folder; default: sounds")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--structures", type=words, default=list(NAMES), help=f"of {', '.join(NAMES)}")
    parser.add_argument("--sizes", type=words, default=list(SIZES), help=f"of {', '.join(SIZES)}")
    parser.add_argument("--epochs", type=int, default=Recipe.epochs, help="on whole clips")
    parser.add_argument("--tuned-epochs", type=int, default=Recipe.tuned_epochs, help="in blocks")
    given = parser.parse_args(arguments)
    chosen = [structure(name, size) for size in given.sizes for name in given.structures]
    names = [f"{name}-{size}" for size in given.sizes for name in given.structures]
    found = source(given.data)
    train, validation = found.read("train"), found.read("validation")
    recipe = replace(Recipe(), seed=given.seed, epochs=given.epochs, tuned_epochs=given.tuned_epochs)
    command = f"python -m deltasim.workloads.music_tags.making OUT --data {found.name} --seed {given.seed}"
    for option, default in (("epochs", Recipe.epochs), ("tuned_epochs", Recipe.tuned_epochs)):
        if getattr(given, option) != default:
            command += f" --{option.replace('_', '-')} {getattr(given, option)}"

    def report(name: str, figures: dict[str, float]) -> None:
        shown = " ".join(f"{key} {value:.4g}" for key, value in figures.items())
        print(f"  {name} {shown}", file=sys.stderr, flush=True)

    for name, shape in zip(names, chosen, strict=True):
        whence = {"command": command, "data": train.about, "data_digest": train.digest}
        made = family(shape, train, validation, recipe, whence=whence, name=name, report=report)
        save(made, given.out / f"seed-{given.seed}" / name)
        told = ("parameters", "validation", "naive_theta", "theta", "learned")
        shown = {key: made.record[key] for key in told}
        print(name, json.dumps(shown), flush=True)


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except InputError as error:
        sys.exit(str(error))
