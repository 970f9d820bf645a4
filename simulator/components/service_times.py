"""How long a stage works on a job, in picoseconds."""

from __future__ import annotations

from deltasim.runtime.compiling import kernel


@kernel
def rounds(amount: int, lanes: int) -> int:
    """How many rounds it takes to put ``amount`` through ``lanes``: ⌈amount / lanes⌉.

    >>> int(rounds(9, 8))
    2
    """
    return (amount + lanes - 1) // lanes


@kernel
def scan_duration(elements: int, per_cycle: int, pad_to: int, period_ps: int) -> int:
    """Time of a threshold scan over a partition, which is rounded up to ``pad_to`` elements.

    >>> int(scan_duration(39, 1, 8, 8000))      # 40 cycles at 125 MHz
    320000
    """
    return rounds(rounds(elements, pad_to) * pad_to, per_cycle) * period_ps


@kernel
def scan_words(elements: int, sent: int, delta_encoded: int) -> tuple[int, int]:
    """State words a scan reads and writes.

    An encoder of deltas compares every value with the last one sent, and writes that where it sends; one of
    events (``delta_encoded`` 0) only looks at the values.

    >>> [[int(words) for words in scan_words(40, 3, delta_encoded)] for delta_encoded in (1, 0)]
    [[80, 3], [40, 0]]
    """
    return elements * (1 + delta_encoded), sent * delta_encoded


@kernel
def scan_offset(position: int, per_cycle: int, period_ps: int) -> int:
    """When the element at ``position`` has been judged, counted from the start of the scan.

    >>> int(scan_offset(0, 1, 8000)), int(scan_offset(5, 4, 8000))
    (8000, 16000)
    """
    return (position // per_cycle + 1) * period_ps


@kernel
def array_of(position: int, arrays: int) -> int:
    """Which of a core's multiply arrays takes the columns of source neuron ``position`` of a partition.

    >>> [int(array_of(position, 8)) for position in (0, 7, 8, 21)]
    [0, 7, 0, 5]
    """
    return position % arrays


@kernel
def link_occupancy(flits: int, period_ps: int, serialisation_ps: int) -> int:
    """How long a packet occupies a link: its flits, or its serialisation so far where that is longer.

    >>> int(link_occupancy(4, 8000, 0)), int(link_occupancy(4, 8000, 50_000))
    (32000, 50000)
    """
    return max(flits * period_ps, serialisation_ps)


@kernel
def mac_work(words: int, lanes: int, period_ps: int) -> int:
    """How long the multiply-accumulators work on a burst; one that completes no word takes 1 ps.

    >>> int(mac_work(9, 8, 1000)), int(mac_work(0, 8, 1000))
    (2000, 1)
    """
    return max(1, rounds(words, lanes) * period_ps)


@kernel
def consumed(granted_ps: int, work_ps: int, tail_ps: int) -> int:
    """When a column has gone through the multiply-accumulators: after its work, and after its last word came.

    >>> int(consumed(1000, 500, 1200)), int(consumed(1000, 500, 2000))
    (1500, 2000)
    """
    return max(granted_ps + work_ps, tail_ps)


@kernel
def pause(made: int, packets: int, message_ps: int, copy_ps: int) -> int:
    """How long a scan pauses for a message that leaves in so many copies.

    ``made`` is 1 for one of a neuron of the chip, 0 for one that came from outside and is only sent.

    >>> int(pause(1, 3, 30_000, 5_000)), int(pause(0, 3, 30_000, 5_000))
    (45000, 15000)
    """
    return made * message_ps + packets * copy_ps


@kernel
def carried_until(position: int, carried_ps: int, elements: int) -> int:
    """Of an update that passes during a scan, the part that has when the element at ``position`` is judged.

    >>> int(carried_until(0, 1000, 4)), int(carried_until(3, 1000, 4))
    (250, 1000)
    """
    return (position + 1) * carried_ps // elements


@kernel
def update_duration(
    neurons: int, active: int, lanes: int, access_ps: int, group_ps: int, fixed_ps: int
) -> int:
    """How long the update of a partition takes of which ``active`` neurons are not at rest.

    >>> int(update_duration(9, 9, 8, 0, 1000, 500)), int(update_duration(9, 2, 8, 100, 1000, 500))
    (2500, 1700)
    """
    return max(1, fixed_ps + rounds(neurons, lanes) * access_ps + rounds(active, lanes) * group_ps)
