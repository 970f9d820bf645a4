"""What happens to a message and to a fetch, stage by stage, and who goes first where two meet at one unit.

Both schedulers read these tables, which are those of ``docs/semantics.md``. A job's key is (arrival, rank of
its stage, step, projection or population, source, core, ...): first come, first served; of those that come in
one picosecond the lower rank; of one rank the smaller content.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

RANKS = ("scan", "message", "request", "response", "column", "update")
SCAN_KIND, MESSAGE_KIND, REQUEST_KIND, RESPONSE_KIND, COLUMN_KIND, UPDATE_KIND = range(len(RANKS))


class Stage(NamedTuple):
    """One stage: the kind of unit it asks for, as a job of which rank, and which stages may come next."""

    name: str
    unit: str
    kind: str
    then: tuple[str, ...] = ()


STAGES = (
    Stage("scan", "scan", "scan", ("send", "link", "receive", "fetch", "update")),
    Stage("send", "send", "message", ("link", "receive", "fetch")),
    Stage("link", "link", "message", ("link", "receive", "fetch")),
    Stage("receive", "receive", "message", ("fetch",)),
    Stage("fetch", "fetch", "column", ("read", "look up", "request", "serve", "place", "queue")),
    Stage("read", "scratchpad", "request", ("multiply",)),
    Stage("look up", "cache tags", "request", ("read lines", "request", "serve", "place", "queue")),
    Stage("request", "link", "request", ("request", "serve", "place", "queue")),
    Stage("serve", "dram or serial", "request", ("respond", "read lines", "multiply")),
    Stage("place", "buffer", "request", ("respond", "read lines", "multiply")),
    Stage("queue", "controller", "request", ("respond", "read lines", "multiply")),
    Stage("respond", "link", "response", ("respond", "read lines", "multiply")),
    Stage("read lines", "cache data", "request", ("multiply",)),
    Stage("multiply", "mac", "column", ("update",)),
    Stage("update", "update", "update", ("scan",)),
)
SCANNING, SENDING, CROSSING, RECEIVING, FETCHING, READING, LOOKING_UP, REQUESTING = range(8)
SERVED, PLACED, QUEUED, RESPONDING, READING_LINES, MULTIPLYING, UPDATING = range(8, len(STAGES))

RANK_OF = np.array([RANKS.index(stage.kind) for stage in STAGES], np.int64)
"""The rank of a job at each stage."""
RANK_OF.setflags(write=False)
