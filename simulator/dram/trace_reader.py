"""Trace files of a memory: one record a line, ``R|W byte_address bytes``, read in blocks of bounded size."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from deltasim.runtime.compiling import kernel
from deltasim.runtime.errors import InputError
from deltasim.runtime.readers.files import quoted
from deltasim.simulator.dram.state import Integers

BLOCK = 1 << 20  # bytes of text read at a time
LONGEST_LINE = 80
MOST_BYTES = 1 << 30  # of one record

# what is wrong with a line
FORM, BEYOND, SIZE = 1, 2, 3


class Records(NamedTuple):
    """A block of records: write flags, byte addresses and sizes in bytes, one entry each."""

    writes: npt.NDArray[np.uint8]
    address: Integers
    size: Integers


def read_records(path: str | Path, capacity: int) -> Iterator[Records]:
    """Give the records of a trace file, block by block; memory does not grow with the file's length.

    Errors: InputError, with the line number, for a line that does not parse, a size of 0 and an address
    beyond ``capacity`` bytes; and for a file that cannot be read.
    """
    try:
        file = open(path, "rb")  # noqa: SIM115 (closed below, after the last block)
    except (OSError, ValueError) as error:
        rule = f"a trace is a text file ({getattr(error, 'strerror', None) or 'its name holds a NUL'})"
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
                records, lines = parse_block(path, block[:cut], lines, capacity)
                yield records
            if not text:
                return


def parse_block(path: str | Path, block: bytes, lines: int, capacity: int) -> tuple[Records, int]:
    """Parse whole lines; ``lines`` of the file came before. Empty lines are passed over."""
    text = np.frombuffer(block, np.uint8)
    most = block.count(b"\n") + 1
    records = Records(np.empty(most, np.uint8), np.empty(most, np.int64), np.empty(most, np.int64))
    count, seen, fault = parse(text, records.writes, records.address, records.size, capacity)
    if fault:
        line = quoted_record(block.split(b"\n", seen + 1)[seen][:LONGEST_LINE].decode("ascii", "replace"))
        rule, remedy = {
            FORM: ("a line is R or W, a byte address and a number of bytes", "Write it like 'R 4096 64'."),
            BEYOND: (f"the memory ends at {capacity} bytes", "Use a larger memory or a smaller address."),
            SIZE: (f"a record is 1 to {MOST_BYTES} bytes", "Correct the size or cut the record."),
        }[fault]
        raise InputError(f"{path}:{lines + seen + 1}", line, rule, remedy)
    return Records(records.writes[:count], records.address[:count], records.size[:count]), lines + seen


def quoted_record(text: str) -> str:
    """A record as an error may repeat it; of a line that is none, only that it is there.

    >>> quoted_record("R 12 "), quoted_record("root:x:0"), quoted_record("")
    ('R 12', 'other text', 'nothing')
    """
    record = text.strip()
    if record[:1] in ("R", "W") and quoted(record[1:]) == record[1:]:
        return record
    return quoted(record) or "nothing"


@kernel
def parse(
    text: npt.NDArray[np.uint8],
    writes: npt.NDArray[np.uint8],
    address: Integers,
    size: Integers,
    capacity: int,
) -> tuple[int, int, int]:
    """Fill the arrays from text; give (records, lines passed, fault or 0). Numbers are decimal."""
    count, line, place, end = 0, 0, 0, text.size
    while place < end:
        while place < end and (text[place] == 32 or text[place] == 9 or text[place] == 13):
            place += 1
        if place == end:
            break
        if text[place] == 10:
            place, line = place + 1, line + 1
            continue
        letter = text[place]
        if letter != 82 and letter != 87:  # R, W
            return count, line, FORM
        place += 1
        for number in range(2):
            if place == end or (text[place] != 32 and text[place] != 9):
                return count, line, FORM
            while place < end and (text[place] == 32 or text[place] == 9):
                place += 1
            value, digits = 0, 0
            while place < end and 48 <= text[place] <= 57 and digits < 19:
                value, place, digits = value * 10 + (text[place] - 48), place + 1, digits + 1
            if digits == 0 or value < 0:
                return count, line, FORM
            if number == 0:
                address[count] = value
            else:
                size[count] = value
        while place < end and (text[place] == 32 or text[place] == 9 or text[place] == 13):
            place += 1
        if place < end and text[place] != 10:
            return count, line, FORM
        if size[count] == 0 or size[count] > MOST_BYTES:
            return count, line, SIZE
        if address[count] >= capacity or size[count] > capacity - address[count]:
            return count, line, BEYOND
        writes[count] = letter == 87
        count += 1
        place, line = place + 1, line + 1
    return count, line, 0
