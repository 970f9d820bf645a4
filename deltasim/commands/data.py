"""``deltasim data``: fetch recorded data into the cache."""

from __future__ import annotations

from typing import Annotated

import typer

from deltasim.runtime.errors import InputError, nearest


def data(
    action: Annotated[str, typer.Argument(help="fetch")],
    name: Annotated[str, typer.Argument(help="the data set: fsdd")],
) -> None:
    """Fetch a recorded data set, check it, and keep it for later runs."""
    if action != "fetch":
        raise InputError("deltasim data", action, "there is no such action", nearest(action, ["fetch"]))
    from deltasim.workloads.digits.making.fetch import fetch

    sources = {"fsdd": fetch}
    if name not in sources:
        raise InputError("deltasim data fetch", name, "there is no such data set", nearest(name, sources))
    print(f"{name} is in {sources[name]()}")
