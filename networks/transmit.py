"""The transmit rule, once: when a neuron's new value is worth a message.

A signal holds the value it last *sent*, not the value of the last step: a slow change is sent once it has
added up to the threshold, and no element is ever wrong by the threshold or more.
Source: Neil, Lee, Delbruck, Liu, "Delta Networks for Optimized Recurrent Network Computation", ICML 2017.
The paper writes ``>``; the released implementations and the EdgeDRNN hardware use ``>=``, and so do we.
"""

from __future__ import annotations

from typing import Any

from deltasim.runtime.arrays import Numbers
from deltasim.runtime.compiling import kernel


@kernel
def sends(value: Any, last_sent: Any, theta: Any) -> bool:
    """Whether a neuron sends: ``|value - last_sent| >= theta``, and never an exact zero.

    All three in one arithmetic: float32, or raw integers. A step without change is silent even at theta 0.

    >>> sends(0.5, 0.25, 0.25), sends(0.5, 0.25, 0.3), sends(0.5, 0.5, 0.0)
    (True, False, False)
    """
    return bool(abs(value - last_sent) >= theta and value != last_sent)


@kernel
def scan_events(values: Numbers, theta: Numbers, sources: Numbers, events: Numbers) -> int:
    """Write down every value as it is, where it reaches its threshold and is not 0: spikes have no memory.

    The transmit rule with a last sent value that stays 0. Shapes as for ``scan``; returns the number of
    messages.

    >>> import numpy as np
    >>> sources, events = np.empty(3, np.int32), np.empty(3, np.float32)
    >>> count = scan_events(np.float32([1, 0, 1]), np.zeros(3, np.float32), sources, events)
    >>> sources[:count].tolist(), events[:count].tolist()
    ([0, 2], [1.0, 1.0])
    """
    count = 0
    for source in range(values.size):  # every value is written, and kept by counting on: no branch to guess
        sources[count] = source
        events[count] = values[source]
        count += sends(values[source], values.dtype.type(0), theta[source])
    return count


@kernel
def scan(values: Numbers, last_sent: Numbers, theta: Numbers, sources: Numbers, deltas: Numbers) -> int:
    """Compare every element of ``values`` with what was last sent, and write down the messages.

    ``values``, ``last_sent`` and ``theta`` have shape (n,). The neurons that send are written to ``sources``
    in ascending order, their differences to ``deltas`` (both with room for n), and ``last_sent`` is brought
    up to date in place. Returns the number of messages. Afterwards ``|values - last_sent| < theta``
    wherever theta > 0.

    >>> import numpy as np
    >>> values, last_sent = np.float32([0.5, 0.1, -1.0]), np.zeros(3, np.float32)
    >>> sources, deltas = np.empty(3, np.int32), np.empty(3, np.float32)
    >>> count = scan(values, last_sent, np.full(3, 0.25, np.float32), sources, deltas)
    >>> sources[:count].tolist(), deltas[:count].tolist(), last_sent.tolist()
    ([0, 2], [0.5, -1.0], [0.5, 0.0, -1.0])
    """
    count = 0
    for source in range(values.size):  # without a branch, as above
        value, last = values[source], last_sent[source]
        sent = sends(value, last, theta[source])
        sources[count] = source
        deltas[count] = value - last
        last_sent[source] = value if sent else last
        count += sent
    return count
