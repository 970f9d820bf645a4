"""Perfetto's trace format, as far as a timeline needs it: tracks, slices with flows, counters.

A trace is a protocol buffer: ``Trace`` of ``TracePacket`` (perfetto/protos/perfetto/trace). Numbers of fields
are those of its schema; the tests read what is written with the package ``perfetto``.
"""

from __future__ import annotations

from collections.abc import Sequence

VARINT, FIXED64, BYTES = 0, 1, 2
SLICE_BEGIN, SLICE_END, COUNTER = 1, 2, 4
SEQUENCE = 1  # the writer's number; there is one


def varint(value: int) -> bytes:
    """An unsigned number, seven bits a byte, the lowest first.

    >>> varint(300).hex()
    'ac02'
    """
    found = bytearray()
    while value > 0x7F:
        found.append(value & 0x7F | 0x80)
        value >>= 7
    found.append(value)
    return bytes(found)


def number(field: int, value: int) -> bytes:
    return varint(field << 3 | VARINT) + varint(value)


def fixed64(field: int, value: int) -> bytes:
    return varint(field << 3 | FIXED64) + value.to_bytes(8, "little")


def held(field: int, content: bytes) -> bytes:
    """A message or text inside another."""
    return varint(field << 3 | BYTES) + varint(len(content)) + content


def packet(content: bytes) -> bytes:
    return held(1, content + number(10, SEQUENCE))


def track(uuid: int, name: str, parent: int | None = None, counter: bool = False) -> bytes:
    """A row of the viewer, inside another one where it has a parent; a counter's is drawn as a curve."""
    content = number(1, uuid) + held(2, name.encode())
    content += b"" if parent is None else number(5, parent)
    return packet(held(60, content + (held(8, b"") if counter else b"")))


def event(time: int, content: bytes) -> bytes:
    return packet(number(8, time) + held(11, content))


def slice_of(uuid: int, start: int, end: int, name: str, flows: Sequence[int] = ()) -> bytes:
    """Something that lasts; slices with a flow in common are joined by an arrow."""
    begin = number(9, SLICE_BEGIN) + number(11, uuid) + held(23, name.encode())
    begin += b"".join(fixed64(47, flow) for flow in flows)
    return event(start, begin) + event(end, number(9, SLICE_END) + number(11, uuid))


def counted(uuid: int, time: int, value: int) -> bytes:
    """A counter's value from a time on."""
    return event(time, number(9, COUNTER) + number(11, uuid) + number(30, value))
