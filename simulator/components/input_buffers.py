"""Which virtual channel of a link a packet takes, and whether it may."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from deltasim.runtime.compiling import kernel

FULL = -1


@kernel
def first_channel(queue: int, queues: int, channels: int) -> int:
    """The first virtual channel of a queue; those of the next queue follow it.

    The channels of a link are shared out evenly between the queues of packets that wait for it.

    >>> [int(first_channel(queue, 3, 8)) for queue in range(4)]
    [0, 2, 5, 8]
    """
    return queue * channels // queues


@kernel
def channel_with_credits(credits: npt.NDArray[np.int64], first: int, end: int, flits: int) -> int:
    """The place in ``first`` to ``end`` - 1 with the most room, if a packet of ``flits`` fits, or ``FULL``.

    ``credits`` is in flits, one number for each virtual channel; of equals, the first place.

    >>> import numpy as np
    >>> credits = np.array([8, 2, 5, 5])
    >>> int(channel_with_credits(credits, 1, 4, 5)), int(channel_with_credits(credits, 1, 4, 6))
    (2, -1)
    """
    best = FULL
    for place in range(first, end):
        if credits[place] >= flits and (best == FULL or credits[place] > credits[best]):
            best = place
    return best
