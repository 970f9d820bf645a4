"""Which kind of job goes first where two meet at one unit in one tick; both schedulers read this table.

A job's key is (arrival, rank, step, projection or population, source, core, ...): first come, first served;
of those that come in one picosecond the lower rank; of one rank the smaller content. The table is that of
``docs/semantics.md``.
"""

from __future__ import annotations

RANKS = ("scan", "message", "request", "response", "column", "update")
SCAN_KIND, MESSAGE_KIND, REQUEST_KIND, RESPONSE_KIND, COLUMN_KIND, UPDATE_KIND = range(len(RANKS))
