"""Words that are gone stay gone: ``docs/glossary.md`` has the field's own that are used instead.

A word is looked for in the parts of every name (``free_places`` has ``free`` and ``places``) and in the
sentences of documents, comments and docstrings. Where plain English is meant, the name stands in ``meant``.
"""

from __future__ import annotations

import io
import re
import subprocess
import tokenize
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
ROOMS = (
    "benchmarks",
    "deltasim",
    "exploration",
    "networks",
    "reports",
    "runtime",
    "simulator",
    "tests",
    "validation",
    "workloads",
)
DRAM = "simulator/dram"
NETWORK = "simulator/flit_network"
ENGINES = (
    "simulator/components",
    "simulator/engines",
    "simulator/ledger",
    "simulator/mapping",
    "simulator/plan",
)
PART = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")


class Gone(NamedTuple):
    """A word, what is said instead, the folders it is gone from, names in which it means something else."""

    word: str
    instead: str
    folders: tuple[str, ...] = ROOMS
    meant: tuple[str, ...] = ()


GONE = (
    Gone("shelf", "cache bucket"),
    Gone("hears", "interruptible; receives events"),
    Gone("restarts", "resets accumulators"),
    Gone("standing", "idle power; level of agreement"),
    Gone("wish", "placement constraint; candidate command"),
    Gone("wishes", "placement constraints; candidate commands"),
    Gone("books", "statistics", (*ENGINES, DRAM)),
    Gone("weigh", "update best candidate", (DRAM,)),
    Gone("forget", "invalidate best candidate", (DRAM,)),
    Gone("owned", "activated for a request", (DRAM,)),
    Gone("book", "record", (*ENGINES, DRAM)),
    Gone("covered", "recorded until", ENGINES),
    Gone("lane", "arrival list; fed accumulators", ("networks", "simulator/engines")),
    Gone("feeds", "input edges", ENGINES),
    Gone("bundle", "shared merge", ENGINES),
    Gone("bundles", "shared merges", ENGINES),
    Gone("fence", "sentinel", ENGINES),
    Gone("lag", "serialisation tail", ENGINES),
    Gone("span", "serialisation", (*ENGINES, NETWORK)),
    Gone("leg", "dateline class", ("simulator",)),
    Gone("legs", "dateline classes", ("simulator",)),
    Gone("seam", "dateline"),
    Gone(
        "circle",
        "dependency cycle",
        ("simulator/chip", "simulator/plan", "simulator/topology", NETWORK),
        ("on_a_circle",),
    ),  # where nodes are drawn
    Gone("gate", "release", ("simulator/engines",)),
    Gone("meeting", "barrier"),
    Gone("pace", "synchronise", ("simulator",)),
    Gone("share", "partition", ENGINES, ("estimated_share",)),  # a fraction of the energy
    Gone("shares", "partitions", ENGINES),
    Gone("slices", "partitions", ENGINES),
    Gone("copies", "column segments", ENGINES),
    Gone("piece", "burst", ENGINES),
    Gone("pieces", "bursts", ENGINES),
    Gone("store", "memory instance", ("simulator",)),
    Gone("stores", "memory instances", ("simulator",)),
    Gone("room", "credits; capacity", ("simulator/components", "simulator/engines")),
    Gone("remembers", "delta-encoded"),
    Gone("practice", "calibration set"),
    Gone("dealt", "stratified order"),
    Gone("furthest", "largest magnitude"),
    Gone("heaviest", "largest weight"),
    Gone("wires", "links", ENGINES),
    Gone("layout", "column format", ENGINES, ("layout",)),  # of records in memory
    Gone("layouts", "column formats", ENGINES, ("layouts",)),
    Gone("profile", "send counts", ("simulator",)),
    Gone("sweep", "pass", ("networks", "simulator"), ("sweep",)),  # the key in files
    Gone("sweeps", "passes", ("networks", "simulator")),
    Gone("turns", "slot scheduler; bank interleave; round-robin pointer", (*ENGINES, DRAM)),
)

SENTENCES = {
    r"\b(stands?|stood) still\b": "is stalled, deadlocks",
    r"\b(sets?|setting) out\b": "is issued",
    r"\bcomes? closer\b": "becomes ready",
    r"\bthe books of\b": "statistics",
    r"\bhears Ctrl-C\b": "handles Ctrl-C",
    r"\bpopulations? (that )?hears?\b": "receives",
    r"\bmeeting of\b": "barrier",
    r"\bseam of\b": "dateline",
    r"\bwaiting circles?\b": "dependency cycle",
}


def sources(*suffixes: str) -> list[Path]:
    """Files of the project as git sees them, or, without git, all in its folders; this one left out."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if listed.returncode == 0:
        found = {ROOT / name for name in listed.stdout.split("\0") if name}
    else:
        found = {path for folder in (*ROOMS, "docs") for path in (ROOT / folder).rglob("*")}
    return sorted(
        path for path in found if path.suffix in suffixes and path.is_file() and path != Path(__file__)
    )


@cache
def tokens() -> list[tuple[str, tokenize.TokenInfo]]:
    """Every name, string and comment of the sources, with its file."""
    kinds = (tokenize.NAME, tokenize.STRING, tokenize.COMMENT)
    return [
        (path.relative_to(ROOT).as_posix(), token)
        for path in sources(".py")
        for token in tokenize.generate_tokens(io.StringIO(path.read_text(encoding="utf-8")).readline)
        if token.type in kinds
    ]


@cache
def names() -> dict[str, set[tuple[str, str]]]:
    """For every part of a name the (file, name) in which it stands; names of tests are sentences."""
    found: dict[str, set[tuple[str, str]]] = {}
    for file, token in tokens():
        text = token.string.strip("\"'") if token.type == tokenize.STRING else token.string
        is_field = token.type == tokenize.STRING and file.endswith("compiled/records.py")
        if (token.type == tokenize.NAME or is_field) and text.isidentifier() and not text.startswith("test_"):
            for part in PART.findall(text):
                found.setdefault(part.lower(), set()).add((file, text))
    return found


def said() -> Iterator[tuple[str, str]]:
    """Every line of a document, a comment or a docstring, with its file."""
    for path in sources(".md"):
        for line in path.read_text(encoding="utf-8").splitlines():
            yield path.relative_to(ROOT).as_posix(), line
    for file, token in tokens():
        if token.type == tokenize.COMMENT or token.string.lstrip("r").startswith('"""'):
            for line in token.string.splitlines():
                yield file, line.strip()


def names_that_are_gone() -> list[str]:
    return [
        f"{file}: {name} (say {gone.instead})"
        for gone in GONE
        for file, name in sorted(names().get(gone.word, ()))
        if file.startswith(gone.folders) and name not in gone.meant
    ]


def exceptions_that_nothing_needs() -> list[str]:
    return [
        f"{gone.word}: {name}"
        for gone in GONE
        for name in gone.meant
        if not any(file.startswith(gone.folders) and name == own for file, own in names().get(gone.word, ()))
    ]


def sentences_that_are_gone() -> list[str]:
    return [
        f"{file}: {line[:80]} (say {instead})"
        for file, line in said()
        for pattern, instead in SENTENCES.items()
        if re.search(pattern, line)
    ]


def test_words_that_are_gone() -> None:
    """One test, as all files are taken apart for it once."""
    assert names_that_are_gone() == []
    assert exceptions_that_nothing_needs() == []
    assert sentences_that_are_gone() == []
