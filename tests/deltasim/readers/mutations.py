"""Ways to spoil an input: of plain data, of text, of bytes, of arrays and of words on the command line."""

from __future__ import annotations

import copy
import io
import json
import random
from collections.abc import Callable
from typing import Any

import numpy as np

Bytes = Callable[[random.Random, bytes], bytes]

NUMBERS: tuple[Any, ...] = (
    *(-1, 0, 1, 2**31, 2**63, 2**64, -(2**63), 10**30, 10**39, 1e-320, 1e-6, 1.5, 1e308, -0.0),
    *(float("nan"), float("inf"), -float("inf")),
)
TEXTS = (
    *("", " ", "x", "x" * 300, "9" * 30, "9" * 4301, "-1", "0", "1e400", "nan", "inf", "None", "true", "~"),
    *("a\nb", "a\tb", "a\0b", "a\u2028b", "a\x85b", "\x1b[2J", "\ud800", "\u202e", "é", "語", "θ", "٣", "１"),
    *(
        "../../../outside",
        "/etc/passwd",
        "a/b",
        "..",
        ".",
        "C:\\x",
        "~nobodyhere/x",
        "a:b",
        "a b",
        "%s",
        "{0}",
    ),
    *("[" * 100, "{" * 100, "&a [*a]", "*a", "!!python/object/apply:os.system [id]", "${HOME}", "$(id)"),
    *("1 Hz", "1 uHz", "1e-320 Hz", "1e30 Hz", "0 B", "-4 KiB", "1 YB", "1.5 B", "64 Kibit", "1 cycle"),
    *("999999999 cycles", "10 km", "1 pm", "1e300 J", "-1 pJ", "1 W", "not stated", "0 nm", "1 nm", "28nm"),
    *(
        "mesh:0x0",
        "mesh:99999x99999",
        "mesh:4",
        "tree:9x99",
        "bus",
        "graph",
        "ring:1",
        "torus:1x1",
        "crossbar:1",
    ),
)
SHAPES: tuple[Any, ...] = (None, True, False, [], {}, [[]], [None], [1, 2], {"a": 1}, [[[[[[1]]]]]], {"": {}})


def value(chance: random.Random) -> Any:
    """Something of another kind, or far too large."""
    return copy.deepcopy(chance.choice(chance.choice((NUMBERS, TEXTS, SHAPES))))


def somewhere(chance: random.Random, content: Any) -> tuple[Any, ...]:
    """The path of something inside; whatever lies high is as likely as all that lies in it."""
    path: tuple[Any, ...] = ()
    while isinstance(content, dict | list) and content and not (path and chance.random() < 0.3):
        name = chance.choice(list(content) if isinstance(content, dict) else range(len(content)))
        path, content = (*path, name), content[name]
    return path


def spoilt_content(chance: random.Random, content: Any) -> Any:
    """Plain data with one to three changes: a value replaced, a field dropped, renamed, doubled or added."""
    content = copy.deepcopy(content)
    for _ in range(chance.choice((1, 1, 1, 2, 3))):
        if not isinstance(content, dict | list) or not content:
            return value(chance)
        *parents, last = somewhere(chance, content)
        owner = content
        for name in parents:
            owner = owner[name]
        way = chance.randrange(6)
        if way <= 2:
            owner[last] = value(chance)
        elif way == 3:
            del owner[last]
        elif isinstance(owner, dict):
            moved = owner.pop(last) if way == 4 else copy.deepcopy(owner[last])
            owner[renamed(chance, str(last))] = moved
        else:
            owner.insert(chance.randrange(len(owner) + 1), copy.deepcopy(owner[last]))
    return content


def renamed(chance: random.Random, name: str) -> str:
    """A name as a person mistypes it, or another altogether."""
    if chance.random() < 0.5 and name:
        place = chance.randrange(len(name))
        return name[:place] + name[place + 1 :]
    return chance.choice((name.upper(), name + "s", chance.choice(TEXTS)))


def spoilt_text(chance: random.Random, text: str) -> str:
    """Text with one to three changes: lines dropped, doubled, swapped, replaced, signs put in, tags."""
    for _ in range(chance.choice((1, 1, 2, 3))):
        lines = text.split("\n")
        place = chance.randrange(len(lines))
        way = chance.randrange(8)
        if way == 0:
            del lines[place]
        elif way == 1:
            lines.insert(place, lines[place])
        elif way == 2:
            lines[place] = str(value(chance))
        elif way == 3:
            words = lines[place].split(" ")
            words[chance.randrange(len(words))] = str(value(chance))
            lines[place] = " ".join(words)
        elif way == 4:
            lines[place] += chance.choice((" \0", "\r", " #", " -1", " 1 1", ", ,", ' !!float "x"', " &a *a"))
        elif way == 5:
            at = chance.randrange(len(lines[place]) + 1)
            sign = chance.choice(
                (*TEXTS, "!!int ''", "!!timestamp x", "2001-13-45", "[" * 2000, "\t", '"', "'")
            )
            lines[place] = lines[place][:at] + sign + lines[place][at:]
        elif way == 6:
            lines[place] = lines[place] * chance.choice((2, 50, 400))
        else:
            lines = lines[: place + 1]
        text = "\n".join(lines)
    return text


def spoilt_bytes(chance: random.Random, content: bytes) -> bytes:
    """Bytes cut, flipped, put in, taken out or repeated."""
    changed = bytearray(content)
    for _ in range(chance.choice((1, 1, 2, 8))):
        at = chance.randrange(len(changed) + 1)
        way = chance.randrange(6)
        if way == 0:
            del changed[at:]
        elif way == 1 and at < len(changed):
            changed[at] ^= 1 << chance.randrange(8)
        elif way == 2:
            changed[at:at] = chance.randbytes(chance.choice((1, 4, 64)))
        elif way == 3:
            del changed[at : at + chance.choice((1, 4, 64))]
        elif way == 4:
            changed[at:at] = changed[at : at + chance.choice((4, 64))]
        else:
            changed[at : at + 8] = chance.choice((b"\xff" * 8, b"\0" * 8, b"\x7f" * 8))
    return bytes(changed)


def utf8(text: str) -> bytes:
    """Text as a file has it; halves of characters as the bytes that are no text."""
    return text.encode("utf-8", "surrogatepass")


def spoilt_json(chance: random.Random, content: Any) -> bytes:
    """A record spoilt as data, as text or as bytes."""
    way = chance.randrange(4)
    if way <= 1:
        return utf8(json.dumps(spoilt_content(chance, content)))
    text = json.dumps(content, indent=1)
    if way == 2:
        deep = chance.choice(("[" * 100_000, '{"a":' * 5000, "NaN", "9" * 5000, '{"a": 1, "a": 2}', "1e999"))
        return utf8(chance.choice((spoilt_text(chance, text), deep)))
    return spoilt_bytes(chance, utf8(text))


def spoilt_yaml(chance: random.Random, content: Any, written: Callable[[Any], str]) -> bytes:
    """A description spoilt as data, as text or as bytes."""
    way = chance.randrange(4)
    if way <= 1:
        return utf8(written(spoilt_content(chance, content)))
    text = written(content)
    return utf8(spoilt_text(chance, text)) if way == 2 else spoilt_bytes(chance, utf8(text))


def spoilt_arrays(chance: random.Random, arrays: dict[str, Any]) -> bytes:
    """An npz file with an array of another type, shape or content, a false header, or false bytes."""
    arrays = dict(arrays)
    name = chance.choice(list(arrays))
    array = np.asarray(arrays[name])
    way = chance.randrange(9)
    if way == 0:
        del arrays[name]
    elif way == 1:
        kinds = ("f4", "f8", "i1", "u8", "?", "U3", "S2", "c8", "M8[s]", [("a", "i4")])
        arrays[name] = np.zeros(array.shape, chance.choice(kinds))
    elif way == 2:
        arrays[name] = chance.choice(
            (array[None], array.ravel()[:1], array.ravel()[:0], np.array(0), np.zeros((2, 2)))
        )
    elif way == 3 and array.dtype.kind in "iuf":
        arrays[name] = np.full(
            array.shape,
            chance.choice((-1, 0, 200, np.iinfo(array.dtype).max if array.dtype.kind in "iu" else np.nan)),
        ).astype(array.dtype)
    elif way == 4:
        arrays[renamed(chance, name) or "_"] = arrays.pop(name)
    elif way == 5:
        file = io.BytesIO()
        np.save(file, array)
        return file.getvalue()
    file = io.BytesIO()
    np.savez(file, **{key.replace("\0", "_").replace("\ud800", "_"): part for key, part in arrays.items()})
    content = file.getvalue()
    if way == 6:
        false = chance.choice((b"(100000000000000,)", b"(-1,)", b"(1, 2, 3,)", b"'x'", b"(1.5,)"))
        content = content.replace(b"'shape': (", b"'shape': " + false + b" #(", 1)
        return content
    return spoilt_bytes(chance, content) if way >= 7 else content


def spoilt_tensors(chance: random.Random, content: bytes) -> bytes:
    """A safetensors file with another head, or with false bytes."""
    length = int.from_bytes(content[:8], "little")
    head = json.loads(content[8 : 8 + length])
    way = chance.randrange(3)
    if way == 0:
        return spoilt_bytes(chance, content)
    if way == 1:
        name = chance.choice([key for key in head if key != "__metadata__"])
        head[name][chance.choice(("dtype", "shape", "data_offsets"))] = chance.choice(
            ("BF16", "F64", "I64", "U8", "X", [1], [2**62, 2], [-1], [0, 2**63], [], None, 1.5)
        )
        changed = json.dumps(head).encode()
    else:
        changed = spoilt_json(chance, head)
    return len(changed).to_bytes(8, "little") + changed + content[8 + length :]


def word(chance: random.Random) -> str:
    """A word that somebody could put on a command line, or a program into it."""
    return str(
        chance.choice((*TEXTS, *map(str, NUMBERS), "x" * 5000, "--", "-", "--json", "[" * 900, "é" * 500))
    )
