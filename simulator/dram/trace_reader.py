"""Trace files of a memory, one record a line, read in blocks of bounded size.

Every line is recognised by itself, so that a file may come from anywhere; behind a ``#`` stands a comment.

| line | from |
|---|---|
| ``R|W address bytes`` | our own form; with a time behind: ticks of the memory, or like ``120ns`` |
| ``LD|ST address`` | Ramulator 2, one transaction |
| ``address R|W`` | Ramulator 1, one transaction |
| ``address READ|WRITE cycle`` | DRAMsim3, one transaction; the address is hexadecimal, with 0x or without |

Other numbers are decimal, or hexadecimal behind 0x. A transaction is the burst that the address lies in.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from deltasim.runtime.compiling import kernel, part
from deltasim.runtime.errors import InputError
from deltasim.simulator.dram.scheduling.state import Integers

BLOCK = 1 << 20  # bytes of text read at a time
LONGEST_LINE = 4096
MOST_BYTES = 1 << 30  # of one record
MOST_PS = 10**15  # of a time: a thousand seconds

# what is wrong with a line
FORM, BEYOND, SIZE, LATE, VECTOR = 1, 2, 3, 4, 5

SPACE, TAB, RETURN, LINE_END, COMMENT, COMMA = 32, 9, 13, 10, 35, 44
LETTER_R, LETTER_W, LETTER_L, LETTER_S, LETTER_D, LETTER_T = 82, 87, 76, 83, 68, 84


class Records(NamedTuple):
    """A block of records: write flags, byte addresses, sizes in bytes, ticks before which they do not arrive.

    ``start`` None: all arrive as soon as there is room.
    """

    writes: npt.NDArray[np.uint8]
    address: Integers
    size: Integers
    start: Integers | None = None


class Addressed(NamedTuple):
    """What the reader asks of a memory: its bytes, those of a transaction, and picoseconds of a tick."""

    capacity: int
    burst: int
    tick_ps: int


def read_records(path: str | Path, memory: Addressed) -> Iterator[Records]:
    """Give the records of a trace file, block by block; memory does not grow with the file's length.

    Errors: InputError, with the line number, for a line that does not parse, a size of 0 and an address
    beyond the memory; and for a file that cannot be read.
    """
    try:
        file = open(path, "rb")  # noqa: SIM115 (closed below, after the last block)
    except (OSError, ValueError) as error:
        rule = f"a trace is a text file ({getattr(error, 'strerror', None) or 'no such name'})"
        raise InputError(path, "unreadable", rule, "Name one.") from None
    with file:
        lines, rest = 0, b""
        while True:
            try:
                text = file.read(BLOCK)
            except OSError as error:
                rule = f"a trace is a text file ({error.strerror})"
                raise InputError(path, "unreadable", rule, "Name one.") from None
            block = rest + text
            cut = len(block) if not text else block.rfind(b"\n") + 1
            if cut == 0 and len(block) > LONGEST_LINE:
                cut = len(block)  # no line is that long: let it be refused
            rest = block[cut:]
            if cut:
                records, lines = parse_block(path, block[:cut], lines, memory)
                yield records
            if not text:
                return


def parse_block(path: str | Path, block: bytes, lines: int, memory: Addressed) -> tuple[Records, int]:
    """Parse whole lines; ``lines`` of the file came before. Empty lines and comments are passed over."""
    text = np.frombuffer(block, np.uint8)
    most = block.count(b"\n") + 1
    integers = address, size, start = np.empty((3, most), np.int64)
    writes = np.empty(most, np.uint8)
    count, seen, fault = parse(
        text, writes, address, size, start, memory.capacity, memory.burst, memory.tick_ps
    )
    if fault:
        line = quoted_record(block.split(b"\n", seen + 1)[seen][:LONGEST_LINE].decode("ascii", "replace"))
        rule, remedy = {
            FORM: ("a line is R or W, a byte address and a number of bytes", "Write it like 'R 4096 64'."),
            BEYOND: (
                f"the memory ends at {memory.capacity} bytes",
                "Use a larger memory or a smaller address.",
            ),
            SIZE: (f"a record is 1 to {MOST_BYTES} bytes", "Correct the size or cut the record."),
            LATE: ("a time is at most 1000 s", "Write ticks, or a time like 120ns."),
            VECTOR: ("it names bank, row and column instead of an address", "Write it like 'LD 0x1000'."),
        }[fault]
        raise InputError(f"{path}:{lines + seen + 1}", line, rule, remedy)
    return Records(writes[:count], *(numbers[:count] for numbers in integers)), lines + seen


RECORD_WORD = re.compile(r"R|W|LD|ST|READ|WRITE|0x[0-9a-fA-F]+|[0-9.,-]+([pnum]?s)?")


def quoted_record(text: str) -> str:
    """A line as an error may repeat it: what records consist of; of other text only that it is there.

    >>> quoted_record("R 12 "), quoted_record("LD 0x1G # x"), quoted_record("root:x:0"), quoted_record("")
    ('R 12', 'other text', 'other text', 'nothing')
    """
    words = text.split("#")[0].split()
    if all(RECORD_WORD.fullmatch(word) for word in words):
        return " ".join(words)[:80] or "nothing"
    return "other text"


@kernel
def parse(
    text: npt.NDArray[np.uint8],
    writes: npt.NDArray[np.uint8],
    address: Integers,
    size: Integers,
    start: Integers,
    capacity: int,
    burst: int,
    tick_ps: int,
) -> tuple[int, int, int]:
    """Fill the arrays from text; give (records, lines passed, fault or 0)."""
    count, line, place, end = 0, 0, 0, text.size
    while place < end:
        place = past_blanks(text, place)
        if place == end:
            break
        if text[place] == LINE_END:
            place, line = place + 1, line + 1
            continue
        if text[place] == COMMENT:
            place = line_end(text, place)
            continue
        first, first_end = place, past_word(text, place)
        second = past_blanks(text, first_end)
        second_end = past_word(text, second)
        third = past_blanks(text, second_end)
        third_end = past_word(text, third)
        fourth = past_blanks(text, third_end)
        fourth_end = past_word(text, fourth)
        place = past_blanks(text, fourth_end)
        if place < end and text[place] != LINE_END and text[place] != COMMENT:
            return count, line, FORM
        letters = first_end - first
        since, fault = 0, 0
        if letters == 1 and (text[first] == LETTER_R or text[first] == LETTER_W):
            writes[count] = text[first] == LETTER_W
            at, ok = number(text, second, second_end, False)
            of, fine = number(text, third, third_end, False)
            if not ok and holds(text, second, second_end, COMMA):
                fault = VECTOR
            elif not (ok and fine):
                fault = FORM
            if fourth_end > fourth:
                since, fault = time_of(text, fourth, fourth_end, tick_ps, fault)
        else:
            of = burst
            kind, kind_end, hexadecimal = second, second_end, third_end > third
            if letters == 2 and (text[first] == LETTER_L or text[first] == LETTER_S):
                kind, kind_end = first, first_end
                at, ok = number(text, second, second_end, False)
                fine = third == third_end
            else:
                at, ok = number(text, first, first_end, hexadecimal)
                fine = fourth == fourth_end
                if fine and third_end > third:
                    since, fine = number(text, third, third_end, False)
            at &= -burst
            wanted = kind_of(text, kind, kind_end)
            writes[count] = wanted == LETTER_W
            if fault == 0 and not (ok and fine and wanted):
                fault = FORM
        if fault == 0 and (of == 0 or of > MOST_BYTES):
            fault = SIZE
        if fault == 0 and (at >= capacity or of > capacity - at):
            fault = BEYOND
        if fault == 0 and since > MOST_PS // tick_ps:
            fault = LATE
        if fault:
            return count, line, fault
        address[count], size[count], start[count] = at, of, since
        count += 1
    return count, line, 0


@part
def past_blanks(text: npt.NDArray[np.uint8], place: int) -> int:
    """The next letter that is no blank."""
    while place < text.size and (text[place] == SPACE or text[place] == TAB or text[place] == RETURN):
        place += 1
    return place


@part
def past_word(text: npt.NDArray[np.uint8], place: int) -> int:
    """The end of a word."""
    while place < text.size and text[place] > SPACE and text[place] != COMMENT:
        place += 1
    return place


@part
def line_end(text: npt.NDArray[np.uint8], place: int) -> int:
    """Where the line ends."""
    while place < text.size and text[place] != LINE_END:
        place += 1
    return place


@part
def holds(text: npt.NDArray[np.uint8], place: int, end: int, letter: int) -> bool:
    """Whether a letter is in a word."""
    for at in range(place, end):  # noqa: SIM110 (a kernel takes no generator)
        if text[at] == letter:
            return True
    return False


@part
def number(text: npt.NDArray[np.uint8], place: int, end: int, hexadecimal: bool) -> tuple[int, bool]:
    """Read a word as a whole number below 2**63, and say whether it is one."""
    if end - place > 2 and text[place] == 48 and (text[place + 1] | 32) == 120:  # 0x
        place, hexadecimal = place + 2, True
    value, ok = 0, place < end
    base, most = (16, 0x7FFFFFFFFFFFFFF) if hexadecimal else (10, 922337203685477579)
    while place < end and ok:
        letter = text[place] | 32
        digit = int(text[place]) - 48
        if hexadecimal and 97 <= letter <= 102:
            digit = int(letter) - 87
        ok = 0 <= digit < (16 if hexadecimal else 10) and value <= most
        value, place = value * base + digit, place + 1
    return value, ok


@part
def time_of(text: npt.NDArray[np.uint8], place: int, end: int, tick_ps: int, fault: int) -> tuple[int, int]:
    """Read a word as ticks, or as a time with its unit, rounded up to ticks; and the fault, if any."""
    stop = place
    while stop < end and (48 <= text[stop] <= 57 or text[stop] == 46):
        stop += 1
    if stop == end or (text[place] == 48 and stop == place + 1 and (text[stop] | 32) == 120):
        ticks, ok = number(text, place, end, False)
        return ticks, fault if ok else FORM
    unit_ps = 0
    if end - stop == 2 and text[stop + 1] == 115:  # ps, ns, us, ms
        letter = text[stop]
        unit_ps = 1 if letter == 112 else 1000 if letter == 110 else 10**6 if letter == 117 else 0
        unit_ps = 10**9 if letter == 109 else unit_ps
    elif end - stop == 1 and text[stop] == 115:  # s
        unit_ps = 10**12
    if unit_ps == 0 or stop == place:
        return 0, FORM
    value, scale, dots = 0.0, 1.0, 0
    for at in range(place, stop):
        if text[at] == 46:
            dots += 1
        else:
            value = value * 10 + (int(text[at]) - 48)
            scale *= 10.0 if dots else 1.0
    ps = value / scale * unit_ps
    if dots > 1 or (dots and stop == place + 1):
        return 0, FORM
    if ps > MOST_PS:
        return 0, fault if fault else LATE
    return int(np.ceil(np.round(ps) / tick_ps)), fault


@part
def kind_of(text: npt.NDArray[np.uint8], place: int, end: int) -> int:
    """LETTER_R or LETTER_W for a word that says read or write, else 0."""
    letters = end - place
    upper = text[place] & 0xDF if letters else 0
    if letters == 1 and upper in (LETTER_R, LETTER_W):
        return int(upper)
    if letters == 2 and text[place] == LETTER_L and text[place + 1] == LETTER_D:
        return LETTER_R
    if letters == 2 and text[place] == LETTER_S and text[place + 1] == LETTER_T:
        return LETTER_W
    if (
        is_word(text, place, end, READ)
        or is_word(text, place, end, P_READ)
        or is_word(text, place, end, FETCH)
    ):
        return LETTER_R
    if is_word(text, place, end, WRITE) or is_word(text, place, end, P_WRITE):
        return LETTER_W
    return 0


READ, WRITE = tuple(b"READ"), tuple(b"WRITE")
P_READ, P_WRITE, FETCH = tuple(b"P_MEM_RD"), tuple(b"P_MEM_WR"), tuple(b"P_FETCH")


@part
def is_word(text: npt.NDArray[np.uint8], place: int, end: int, word: tuple[int, ...]) -> bool:
    """Whether a word is this one, in capitals or small."""
    if end - place != len(word):
        return False
    for number_of, letter in enumerate(word):
        given = text[place + number_of]
        if given != letter and given - 32 != letter:
            return False
    return True
