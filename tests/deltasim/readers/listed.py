"""Inputs that once went wrong, each with what is right: what the command line is given and has to say."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from tests.deltasim.readers import tiny
from tests.deltasim.readers.doors import network_files, standard, write

Written = Callable[[], object]


class Case(NamedTuple):
    """One input: the list it is of, what it is, the files it needs, the words of a command line, the answer.

    ``expected`` are words of the one sentence on stderr with exit code 2; without any the command works.
    """

    item: str
    about: str
    prepare: Written
    words: list[str]
    expected: tuple[str, ...]
    environment: dict[str, str] = {}  # noqa: RUF012 (never changed)


def chip(change: Callable[[dict[str, Any]], object]) -> Written:
    """A description with a change to its fields."""

    def prepare() -> None:
        content = json.loads(json.dumps(tiny.CHIP))
        change(content)
        write("chip.yaml", tiny.as_yaml(content))

    return prepare


def chip_line(line: str) -> Written:
    """A description with another line for its ``about``."""

    def prepare() -> None:
        text = tiny.as_yaml(tiny.CHIP)
        first, _, rest = text.partition('"about"')
        write("chip.yaml", (first + line + rest[rest.index("\n") :]).encode("utf-8", "surrogatepass"))

    return prepare


def standard_line(line: str) -> Written:
    """A DRAM standard with a line in front."""
    return lambda: write("mine.yaml", line + "\n" + tiny.as_yaml(standard()))


def runs(spoilt: str, change: Callable[[dict[str, Any]], object] | None = None) -> Written:
    """Two folders of runs, of which the first has this record, or a changed one."""

    def prepare() -> None:
        record = json.loads(json.dumps(tiny.RECORD))
        if change:
            change(record)
        write("a/run.json", json.dumps(record) if change else spoilt)
        write("b/run.json", json.dumps(tiny.RECORD))

    return prepare


def network(**files: bytes) -> Written:
    """A folder of a network, of which some files are others."""

    def prepare() -> None:
        for name, content in (
            network_files() | {f"network.{key}": part for key, part in files.items()}
        ).items():
            write(f"net/{name}", content)

    return prepare


def recordings(**changes: object) -> Written:
    """A file of recorded digits with other arrays."""

    def prepare() -> None:
        Path("data").mkdir()
        arrays: Any = {**tiny.recordings(), **changes}
        np.savez("data/fsdd.npz", **arrays)

    return prepare


def bytes_of_recordings(change: Callable[[bytes], bytes]) -> Written:
    """A file of recorded digits with other bytes."""

    def prepare() -> None:
        file = io.BytesIO()
        arrays: Any = tiny.recordings()
        np.savez(file, **arrays)
        write("data/fsdd.npz", change(file.getvalue()))

    return prepare


def single_array() -> None:
    """An ``.npy`` where an archive should be."""
    file = io.BytesIO()
    np.save(file, np.arange(3))
    write("data/fsdd.npz", file.getvalue())


def flipped(content: bytes) -> bytes:
    """Content with a bit flipped in the middle of its first array."""
    return content[:400] + bytes([content[400] ^ 1]) + content[401:]


def far_too_long() -> None:
    """A sound archive whose sound says that it has 1e14 elements."""
    Path("data").mkdir()
    with zipfile.ZipFile("data/fsdd.npz", "w") as archive:
        for name, array in tiny.recordings().items():
            file = io.BytesIO()
            head = {"descr": array.dtype.str, "fortran_order": False, "shape": array.shape}
            np.lib.format.write_array_header_1_0(
                file, head | ({"shape": (10**14,)} if name == "audio" else {})
            )
            archive.writestr(f"{name}.npy", file.getvalue() + array.tobytes())


def nothing() -> None:
    """No file."""


LONG = "x" * 5000
DESCRIBE = ["describe", "chip", "chip.yaml"]
MEMORY = ["memory", "--trace", "a.trace"]
NOC = ["noc", "--topology", "edges.txt", "--traffic", "packets.txt", "--cycles", "50", "--warm-up", "0"]
COMPARE = ["compare", "a", "b"]
OWN = ["run", "net", "--data", "nowhere.npy"]
DIGITS = ["run", "digits", "--data", "fsdd", "--chip", "nowhere.yaml", "--no-cache"]
HERE = {"DELTASIM_DATA": "data"}


def put(content: Any, path: str, value: object) -> None:
    """Set a field by its path."""
    *parents, last = path.split(".")
    for name in parents:
        content = content[int(name) if isinstance(content, list) else name]
    content[int(last) if isinstance(content, list) else last] = value


def field(path: str, value: object) -> Written:
    """A description with one field replaced."""
    return chip(lambda content: put(content, path, value))


def names(item: str, about: str, path: str, value: str) -> Case:
    """A name that is none."""
    return Case(
        item, about, field(path, value), DESCRIBE, (f"{path}: ", "a name is at most 64 letters, digits,")
    )


def text_of(yaml: str, *said: str) -> Case:
    """A description whose second field is written so."""
    return Case("C1", f"chip.yaml with the line {yaml[:40]!r}", chip_line(yaml), DESCRIBE, said)


def bounded(path: str, value: object, *said: str) -> Case:
    """A number that cannot be held."""
    return Case("A8", f"{path}: {value}", field(path, value), DESCRIBE, (f"{path}: ", *said))


def argument(*words: str) -> Case:
    """A word of 5,000 letters on the command line."""
    line = [LONG if word == "LONG" else word for word in words]
    return Case("C2", " ".join(words), nothing, line, ("(5,000 characters): an argument has at most 1,000",))


CASES = [
    # A8: numbers that cannot be held are refused before the run
    bounded("network.hop_cycles", 10**16, "10000000000000000: the most is 1000000. Use 1000000 or less."),
    bounded("cores.scan.pad_to", 4611686018427387904, "4611686018427387904: the most is 1048576."),
    bounded("cores.mac.lanes", 10**30, "the most is 1048576. Use 1048576 or less."),
    bounded("cores.count", 10**6, "1000000: the most is 16384."),
    bounded("cores.clock", "1e-320 Hz", "a frequency is at least 1 Hz."),
    bounded("cores.clock", "1 uHz", "1 uHz: a frequency is at least 1 Hz."),
    bounded("cores.clock", "2 THz", "2 THz: a frequency is at most 1 THz."),
    bounded("network.clock", "0.5 Hz", "0.5 Hz: a frequency is at least 1 Hz."),
    bounded("memories.0.size", "2 PiB", "2 PiB: a size in bytes is at most 1 PiB."),
    bounded("memories.0.latency", "1e7 cycles", "1e7 cycles: a number of cycles is at most 1000000 cycles."),
    bounded("memories.0.width", "1e6 bit", "1e6 bit: a width in bits is at most 65536 bit."),
    bounded("cores.update.cycles", 10**9, "1000000000: the most is 1000000."),
    bounded("cores.outstanding_fetches", 2**40, "the most is 65536."),
    bounded("cores.dma.outstanding", 2**40, "the most is 65536."),
    bounded("cores.mac.arrays", 5000, "5000: the most is 1024."),
    bounded("network.message_bits", 2**62, "the most is 1048576."),
    bounded("synchronisation.cost", "1e30 cycles", "a number of cycles is at most 1000000 cycles."),
    bounded("network.pitch", "3 km", "3 km: a length is at most 1 m."),
    bounded("prices.core.mac.energy", "1e300 J", "1e300 J: an energy is at most 1 kJ.")._replace(
        prepare=chip(lambda content: content["prices"]["core.mac"].update(energy="1e300 J"))
    ),
    bounded("node", "1e-300 m", "a technology node is 0.1 nm to 100 um."),
    # B: outside of the folder, or run by others
    names("B1", "a chip's name that leads outside", "name", "x/../../../outside"),
    names("B1", "a chip's name with a slash", "name", "a/b"),
    names("B1", "a chip's name with a newline", "name", "a\nb"),
    names("B1", "a chip's name with NUL", "name", "a\0b"),
    names("B1", "a chip's name that is not ASCII", "name", "语"),
    names("B1", "a chip's name of 300 letters", "name", "x" * 300),
    names("B1", "a chip named ..", "name", ".."),
    names("B4", "a memory's name with U+2028", "memories.0.name", "a\u2028b"),
    names("B1", "a memory's name that leads outside", "memories.0.name", "../outside"),
    Case(
        "B1",
        "a network's name that leads outside",
        network(json=network_files()["network.json"].replace(b'"gru-2-3"', b'"../outside"')),
        OWN,
        ("network ../outside: ../outside: a name is at most 64 letters",),
    ),
    Case(
        "B1",
        "a record's chip that leads outside",
        runs("", lambda r: r.update(chip="../x")),
        COMPARE,
        ("chip: it is a name",),
    ),
    Case(
        "B2",
        "edges: /etc/passwd",
        field("network.edges", "/etc/passwd"),
        DESCRIBE,
        ("passwd:1: other text: an edge is two node numbers.",),
    ),
    Case(
        "B2",
        "--topology /etc/passwd",
        nothing,
        ["noc", "--topology", "/etc/passwd"],
        ("passwd:1: other text: an edge is",),
    ),
    Case(
        "B2",
        "--traffic /etc/passwd",
        nothing,
        ["noc", "--traffic", "/etc/passwd"],
        ("passwd:1: other text: a packet is",),
    ),
    Case(
        "B2",
        "--trace /etc/passwd",
        nothing,
        ["memory", "--trace", "/etc/passwd"],
        ("passwd:1: other text: a line is R or W",),
    ),
    Case("B2", "--chip /etc/passwd", nothing, ["describe", "chip", "/etc/passwd"], ("/etc/passwd",)),
    Case(
        "B2",
        "a description that is none",
        lambda: write("chip.yaml", "password: hunter2\nuser: me\n"),
        DESCRIBE,
        ("chip.yaml:1: something else: a description has the fields name, about,",),
    ),
    # C1: YAML
    text_of(
        '"about": "\x01"', "chip.yaml: unreadable: a description is a YAML text file (it holds characters"
    ),
    text_of('"about": "\0"', "chip.yaml: unreadable: a description is a YAML text file (it holds characters"),
    text_of('"about": "\\x01"', "chip.yaml:2: about: ", "a text has no control characters."),
    text_of('"about": "\\ud800"', "chip.yaml:2: about: ", "a text has no control characters."),
    text_of('"about": 2001-13-45'),
    text_of('"about": !!bool x', "chip.yaml:2: not YAML: a description uses no tags. Mend the line."),
    text_of("\"about\": !!int ''", "chip.yaml:2: not YAML: a description uses no tags."),
    text_of('"about": !!float x', "chip.yaml:2: not YAML: a description uses no tags."),
    text_of('"about": !!timestamp x', "chip.yaml:2: not YAML: a description uses no tags."),
    text_of(
        '"about": !!python/object/apply:os.getcwd []', "chip.yaml:2: not YAML: a description uses no tags."
    ),
    text_of(f'"about": {"9" * 4301}', "chip.yaml:2: not YAML: a number has at most 40 digits."),
    text_of(f'"about": {"[" * 2000}', "chip.yaml:2: not YAML: fields lie at most 32 deep."),
    text_of('"about": &a [*a]', "chip.yaml:2: not YAML: an alias stands inside what it names."),
    text_of('"about": x\n"about": y', "chip.yaml:3: about: given twice: a field is given once. Remove one."),
    Case(
        "C1",
        "chip.yaml of 1 MB",
        lambda: write("chip.yaml", "a: b\n" * 200_000),
        DESCRIBE,
        ("it is larger than 131,072 bytes",),
    ),
    *(
        Case(
            "C1",
            f"a DRAM standard with the line {line[:40]!r}",
            standard_line(line),
            ["memory", "--standard", "mine.yaml", "--trace", "a.trace"],
            ("mine.yaml:1: not YAML: ",),
        )
        for line in (
            "a: !!bool x",
            "a: !!int ''",
            "a: !!timestamp x",
            f"a: {'9' * 4301}",
            "[" * 2000,
            "a: !!float x",
        )
    ),
    # C2: arguments
    argument("run", "digits", "--chip", "LONG"),
    argument("noc", "--topology", "LONG"),
    argument("noc", "--traffic", "LONG"),
    argument("memory", "--trace", "a", "--standard", "LONG"),
    argument("run", "digits", "--data", "LONG"),
    argument("run", "digits", "--trained", "LONG"),
    argument("run", "digits", "--out", "LONG"),
    argument("describe", "chip", "LONG"),
    argument("compare", "LONG", "b"),
    argument("import", "LONG", "--out", "x"),
    Case(
        "C2",
        "DELTASIM_DATA of 5,000 letters",
        nothing,
        DIGITS,
        ("DELTASIM_DATA: ", "it names no"),
        {"DELTASIM_DATA": LONG},
    ),
    Case(
        "C2",
        "--chip of 300 letters",
        nothing,
        ["describe", "chip", "x" * 300],
        ("(300 characters): there is no such chip",),
    ),
    Case(
        "C2",
        "--out of 300 letters",
        nothing,
        ["run", "digits", "--out", "x" * 300],
        ("--out: ", "File name too long"),
    ),
    Case(
        "C2",
        "--chip with an escape sequence",
        nothing,
        ["describe", "chip", "\x1b[2J"],
        ("an argument is text of one line",),
    ),
    # C3: JSON
    Case(
        "C3",
        '"energy": null',
        runs("", lambda r: r.update(energy=None)),
        COMPARE,
        ("a/run.json: damaged", "energy: "),
    ),
    Case(
        "C3",
        "text for a number",
        runs("", lambda r: r["latency"].update(step_p99_s="fast")),
        COMPARE,
        ("latency.step_p99_s: ",),
    ),
    Case(
        "C3", "[ x 100,000", runs("[" * 100_000), COMPARE, ("a/run.json: damaged", "it is nested too deeply")
    ),
    Case(
        "C3",
        "NaN",
        runs(json.dumps(tiny.RECORD).replace("0.001", "NaN", 1)),
        [*COMPARE, "--json"],
        ("its numbers are finite",),
    ),
    Case(
        "C3",
        "1e999",
        runs(json.dumps(tiny.RECORD).replace("0.001", "1e999", 1)),
        COMPARE,
        ("its numbers are finite",),
    ),
    Case(
        "C3",
        "a number of 5,000 digits",
        runs(json.dumps(tiny.RECORD).replace("900", "9" * 5000, 1)),
        COMPARE,
        ("at most 400 digits",),
    ),
    Case(
        "C3",
        "network.json of [ x 100,000",
        network(json=b"[" * 100_000),
        OWN,
        ("net/network.json: damaged", "nested too deeply"),
    ),
    Case(
        "C3",
        "training.json of [ x 100,000",
        lambda: write("trained/training.json", "[" * 100_000),
        ["map", "digits", "--data", "synthetic", "--trained", "trained"],
        ("trained/training.json: damaged", "nested too deeply"),
    ),
    # C4: arrays
    Case(
        "C4",
        "an .npy as fsdd.npz",
        single_array,
        DIGITS,
        ("it does not hold the digits (it is no archive",),
        HERE,
    ),
    Case(
        "C4",
        "a header of 1e14 elements",
        far_too_long,
        DIGITS,
        ("it does not hold the digits (an array of 200,000,000,000,000 bytes has 12,800)",),
        HERE,
    ),
    Case("C4", "flipped bytes", bytes_of_recordings(flipped), DIGITS, ("it does not hold the digits",), HERE),
    Case(
        "C4",
        "a 0-d array",
        recordings(audio=np.array(3, np.int16)),
        DIGITS,
        ("its array audio is of int16 with 0 axes",),
        HERE,
    ),
    Case(
        "C4",
        "an array of text",
        recordings(labels=np.array(["a"] * 4)),
        DIGITS,
        ("its array labels is of str",),
        HERE,
    ),
    Case(
        "C4",
        "a structured array",
        recordings(offsets=np.zeros(5, [("a", "i4")])),
        DIGITS,
        ("its array offsets is of",),
        HERE,
    ),
    *(
        Case("C4", f"sample_rate {rate}", recordings(sample_rate=rate), DIGITS, ("sample_rate", *said), HERE)
        for rate, *said in (
            (0, "sound has 4,000 to 192,000 samples a second"),
            (-1, "sound has 4,000 to 192,000 samples a second"),
            (float("nan"), "its array sample_rate is of float64"),
            ([8000], "its array sample_rate is of int64 with 1 axes"),
        )
    ),
    Case(
        "C4",
        "negative labels",
        recordings(labels=np.full(4, -1, np.int8)),
        DIGITS,
        ("do not belong together",),
        HERE,
    ),
    # C5: numbers in text, the environment
    Case(
        "C5",
        "--mapping row:<900 digits> bank",
        nothing,
        [*MEMORY, "--mapping", f"row:{'9' * 900} bank"],
        ("a field takes a whole number of",),
    ),
    Case(
        "C5",
        "--mapping row:<5000 digits> bank",
        nothing,
        [*MEMORY, "--mapping", f"row:{'9' * 5000} bank"],
        ("an argument has at most",),
    ),
    Case(
        "C5",
        "a number of 400 digits in a traffic file",
        lambda: (write("edges.txt", tiny.EDGES), write("packets.txt", f"0 {'1' * 400} 2\n")),
        NOC,
        ("packets.txt:1: ", "a packet is written cycle source destination [flits]"),
    ),
    Case(
        "C5",
        "a number of 5,000 digits in a traffic file",
        lambda: (write("edges.txt", tiny.EDGES), write("packets.txt", f"0 {'1' * 5000} 2\n")),
        NOC,
        ("packets.txt:1: ", "a line has at most 500 bytes"),
    ),
    Case(
        "C5",
        "DELTASIM_DATA=~nobodyhere/x",
        nothing,
        DIGITS,
        ("DELTASIM_DATA: ~nobodyhere/x: it names no folder",),
        {"DELTASIM_DATA": "~nobodyhere/x"},
    ),
    # D: messages
    Case(
        "D",
        "shared_units: [scan, mac]",
        field("cores.shared_units", ["scan", "mac"]),
        DESCRIBE,
        ("cores.shared_units.0: scan: expected a list. Write it like [[scan, mac]].",),
    ),
    Case(
        "D",
        "a memory without prices at 1 nm",
        chip(lambda c: (c.update(node="1 nm"), c["prices"].pop("pad.read"), c["prices"].pop("pad.leakage"))),
        DESCRIBE,
        ("prices.pad.read: missing: every action has a price, and none can be derived: CACTI 7 knows ",),
    ),
    Case(
        "D",
        "faults of fields, between parts and of prices in one pass",
        chip(
            lambda c: (
                put(c, "synchronisation.cost", "5"),
                put(c, "memories.0.size", "61 B"),
                put(c, "placement.policy", "cached"),
                c["prices"].pop("core.mac"),
            )
        ),
        DESCRIBE,
        (
            "synchronisation.cost: 5: a number of cycles needs its unit.",
            "memories.0.size: 61 B: a size is a multiple of the width, 16 B.",
            "placement.policy: cached: this chip has no cache.",
            "prices.core.mac: missing: every action has a price, and none can be derived: ",
        ),
    ),
]
"""The lists A8, B, C and D of what went wrong in version 0.1.0, as far as a command line shows it."""
