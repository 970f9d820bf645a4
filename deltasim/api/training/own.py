"""Train on labelled sequences of one's own."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from deltasim.api.training.asked import Asked, require_torch
from deltasim.runtime.disk.output import told_in_a_sentence
from deltasim.runtime.disk.unfinished import new_file

if TYPE_CHECKING:
    from deltasim.shell.progress import Progress

DRAWING = "curve.svg"


def train_on(
    data: str | Path,
    out: str | Path,
    recipe: str | Path | None = None,
    task: str | None = None,
    test: str | Path | None = None,
    energy: str | Path | None = None,
    resume: bool = False,
    progress: Progress | None = None,
    **changes: Any,
) -> dict[str, Any]:
    """Train on the sequences at ``data`` and write the network's folder ``out``; the record of it.

    ``recipe`` is a YAML file of the fields of `deltasim.networks.training.trainer.recipe.Recipe`; ``changes``
    are fields that win over it. ``energy`` is a chip, whose joules a column costs weigh messages in place of
    their number. ``task``, ``test`` and ``resume``: see `deltasim.workloads.own.learning.train.train_own`.
    """
    require_torch(data)
    from deltasim.workloads.own.learning.train import train_own
    from deltasim.workloads.own.read import read_sequences

    asked = Asked("", Path(out), data, recipe, energy, resume, progress, changes)
    asked.refuse_existing()
    chosen = asked.recipe_over({})
    prices = asked.pricing(chosen.l1)
    record, history = train_own(
        read_sequences(data, None),
        chosen,
        asked.folder,
        task=task,
        test=None if test is None else read_sequences(test, None),
        prices=prices,
        resume=resume,
        progress=asked.telling(),
    )
    if history:
        from deltasim.reports.learning_curve import learning_curve

        drawing = learning_curve(history, asked.folder.name)
        with told_in_a_sentence(asked.folder), new_file(asked.folder / DRAWING) as file:
            file.write(drawing.encode())
    return record
