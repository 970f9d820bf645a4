"""New processes that import deltasim alone, and not the script that asked for them."""

from __future__ import annotations

import sys
import threading
from multiprocessing.context import SpawnContext, SpawnProcess
from types import ModuleType

starting = threading.Lock()


class Worker(SpawnProcess):
    """A spawned process for work of deltasim's own.

    Otherwise it would run the script of its parent first, which therefore had to ask
    ``if __name__ == "__main__":`` before it started anything.
    """

    def start(self) -> None:
        """Start it while the script is out of sight."""
        with starting:
            script = sys.modules["__main__"]
            sys.modules["__main__"] = ModuleType("__main__")
            try:
                super().start()
            finally:
                sys.modules["__main__"] = script


class WorkerContext(SpawnContext):
    """What makes such processes, for a pool of them."""

    Process = Worker
