"""Runs that are compared without having been written to a disk."""

from __future__ import annotations

from deltasim.reports.comparison.inputs import Compared, named
from deltasim.reports.saved.folder import SavedRun


def together(*runs: SavedRun) -> tuple[Compared, ...]:
    """Each run as if it had been given by its own folder."""
    return named([(run.folder, run) for run in runs])
