"""How many deliberate faults the tests notice: faults drawn from the files of ``benchmarks.mutation.tests``.

python -m benchmarks mutants                         1,000 faults, the page docs/mutants.md; most of an hour
python -m benchmarks mutants reports/levels.py       all faults of one file, told on the terminal
python -m benchmarks mutants --again                 what lived or was not tried, and the page

What was tried stands in build/mutants.jsonl, so a run that was stopped goes on where it was. A fault is tried
again when its file has changed.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from benchmarks.mutation.operators import Mutant, mutants, mutated
from benchmarks.mutation.tests import TESTS
from benchmarks.mutation.trial import DIED, LATE, LIVED, ROOT, Trial, load_others

SEED, NUMBER = 13, 1000
PAGE, EXPLAINED = ROOT / "docs" / "mutants.md", Path(__file__).with_name("survivors.yaml")
TRIED = ROOT / "build" / "mutants.jsonl"
PROMISED = 0.9


class Tried(NamedTuple):
    """What became of a fault."""

    file: str
    digest: str
    number: int
    ended: str


def drawn(files: Mapping[str, int], number: int, seed: int) -> dict[str, list[int]]:
    """Numbers of the faults drawn from each file, which has so many: in proportion, by largest remainder.

    >>> drawn({"a": 60, "b": 30, "c": 10}, 10, 1)["b"] == drawn({"a": 60, "b": 30, "c": 10}, 10, 1)["b"]
    True
    >>> {file: len(chosen) for file, chosen in drawn({"a": 60, "b": 30, "c": 10}, 5, 1).items()}
    {'a': 3, 'b': 2, 'c': 0}
    """
    total = sum(files.values())
    shares = {file: number * count / total for file, count in files.items()}
    taken = {file: int(share) for file, share in shares.items()}
    order = sorted(files, key=lambda file: (taken[file] - shares[file], file))
    for file in order[: min(number, total) - sum(taken.values())]:
        taken[file] += 1
    return {
        file: sorted(random.Random(f"{seed} {file}").sample(range(count), min(count, taken[file])))
        for file, count in files.items()
    }


def read_tried() -> dict[tuple[str, str, int], str]:
    """What is known from earlier runs: how a fault of a file with that digest ended."""
    if not TRIED.exists():
        return {}
    rows = (Tried(*json.loads(line)) for line in TRIED.read_text().splitlines())
    return {row[:3]: row.ended for row in rows}


def digest_of(file: str) -> str:
    return hashlib.sha256((ROOT / file).read_bytes()).hexdigest()[:16]


def try_file(file: str, numbers: Sequence[int], tests: Sequence[str]) -> None:
    """Try some faults of a file, in a process of its own, and note how each ended."""
    trial = Trial(file, tests)
    digest, held = digest_of(file), {mutant.number: mutant for mutant in mutants(trial.source)}
    for number in numbers:
        ended, seconds = trial.tried(mutated(trial.source, number))
        with TRIED.open("a") as noted:
            noted.write(json.dumps(Tried(file, digest, number, ended)) + "\n")
        if ended == LIVED:
            print(f"lived  {file}:{held[number].line}  {held[number].change}  ({seconds:.1f} s)", flush=True)


def try_all(chosen: Mapping[str, Sequence[int]], jobs: int) -> None:
    """Try all faults drawn, some files at once."""
    TRIED.parent.mkdir(exist_ok=True)
    waiting, at_work, failed = (
        [file for file, numbers in chosen.items() if numbers],
        dict[int, str](),
        list[str](),
    )
    while waiting or at_work:
        while waiting and len(at_work) < jobs:
            file = waiting.pop(0)
            child = os.fork()
            if child == 0:
                code = 1
                try:
                    try_file(file, chosen[file], TESTS[file])
                    code = 0
                except RuntimeError as error:
                    print(error, file=sys.stderr)
                finally:
                    sys.stdout.flush()
                    os._exit(code)
            at_work[child] = file
        done, status = os.wait()
        file = at_work.pop(done)
        if status:
            failed.append(file)
        print(
            f"done   {file}: {len(chosen[file])} tried, {len(waiting) + len(at_work)} files left", flush=True
        )
    if failed:
        raise SystemExit(f"not tried to the end: {', '.join(failed)}")


def read_explained() -> dict[tuple[str, str, str], str]:
    """Why a fault may live: by file, its line of source and the change."""
    import yaml

    rows = yaml.safe_load(EXPLAINED.read_text(encoding="utf-8")) or []
    return {(row["file"], row["line"], row["change"]): row["why"] for row in rows}


def lived(
    chosen: Mapping[str, Sequence[int]], tried: Mapping[tuple[str, str, int], str]
) -> Iterator[tuple[str, Mutant]]:
    """The faults that no test noticed."""
    for file, numbers in chosen.items():
        held = mutants((ROOT / file).read_text(encoding="utf-8"))
        digest = digest_of(file)
        yield from ((file, held[number]) for number in numbers if tried.get((file, digest, number)) == LIVED)


def page(chosen: Mapping[str, Sequence[int]], counts: Mapping[str, int], seed: int) -> tuple[str, int]:
    """The page, and how many that lived are not explained."""
    tried, why = read_tried(), read_explained()
    survivors = list(lived(chosen, tried))
    alive = Counter(file for file, _ in survivors)
    late = sum(
        tried.get((file, digest_of(file), n)) == LATE for file, numbers in chosen.items() for n in numbers
    )
    number = sum(map(len, chosen.values()))
    share = 1 - len(survivors) / number
    said = "reached" if share >= PROMISED else "missed"
    lines = [
        "# Deliberate faults",
        "",
        f"`python -m benchmarks mutants` puts {number:,} faults, one at a time, into the files below and "
        "runs each file's tests (`benchmarks/mutation/tests.py`). They are drawn from all that "
        "`benchmarks/mutation/operators.py` can make, in proportion to each file's number, "
        f"with seed {seed}.",
        "",
        f"**{share:.1%} were noticed** ({number - len(survivors):,} of {number:,}; "
        f"goal {PROMISED:.0%}: {said}). "
        f"Of these {late} ran until they were stopped.",
        "",
        "| file | faults there are | tried | noticed | lived |",
        "|---|---:|---:|---:|---:|",
    ]
    for file, numbers in chosen.items():
        held = alive[file]
        lines.append(f"| {file} | {counts[file]:,} | {len(numbers)} | {len(numbers) - held} | {held} |")
    lines += ["", "## What lived", ""]
    unexplained = 0
    reasons: dict[str, list[str]] = {}
    for file, mutant in survivors:
        line = (ROOT / file).read_text(encoding="utf-8").splitlines()[mutant.line - 1].strip()
        reason = why.get((file, line, mutant.change))
        unexplained += reason is None
        told = f"- `{file}:{mutant.line}` `{mutant.change.replace('`', chr(39))}`"
        reasons.setdefault(reason or "Not explained.", []).append(told)
    for reason, told in reasons.items():
        lines += [reason, "", *told, ""]
    return "\n".join(lines), unexplained


def main(arguments: Sequence[str]) -> None:
    """Try what is asked for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks mutants", description="Deliberate faults.")
    parser.add_argument(
        "files", nargs="*", metavar="FILE", help="all faults of these files; default: a draw of all"
    )
    parser.add_argument("--number", type=int, default=NUMBER, help="faults drawn")
    parser.add_argument("--seed", type=int, default=SEED, help="of the draw")
    parser.add_argument("--jobs", type=int, default=1, help="files at once")
    parser.add_argument("--again", action="store_true", help="try once more what lived")
    asked = parser.parse_args(arguments)
    counts = {file: len(mutants((ROOT / file).read_text(encoding="utf-8"))) for file in TESTS}
    if unknown := [file for file in asked.files if file not in TESTS]:
        parser.error(f"{unknown[0]}: no tests stand for it in benchmarks/mutation/tests.py")
    chosen = drawn(counts, asked.number, asked.seed)
    if asked.files:
        chosen = {file: list(range(counts[file])) for file in asked.files}
    tried = read_tried()
    known = {DIED, LATE} if asked.again else {DIED, LATE, LIVED}
    open_ = {
        file: [number for number in numbers if tried.get((file, digest_of(file), number)) not in known]
        for file, numbers in chosen.items()
    }
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "POLARS_MAX_THREADS"):
        os.environ[name] = "1"
    os.chdir(ROOT)
    if any(open_.values()):
        load_others()
        try_all(open_, asked.jobs)
    if asked.files:
        survivors = list(lived(chosen, read_tried()))
        print(f"{len(survivors)} of {sum(map(len, chosen.values()))} lived")
        return
    text, unexplained = page(chosen, counts, asked.seed)
    PAGE.write_text(text, encoding="utf-8")
    print(f"The page is {PAGE}; {unexplained} that lived are not explained.")
