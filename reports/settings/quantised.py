"""A network put into fixed point, as a person meets it: printed, and written as a network folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from deltasim.exploration.calibration import Calibrated
from deltasim.networks.graph import Network
from deltasim.reports.quantities import percent, quantity, ratio

if TYPE_CHECKING:
    from rich.console import RenderableType


@dataclass(frozen=True, eq=False)
class Quantised:
    """A calibration, to be printed and saved."""

    calibrated: Calibrated

    @property
    def network(self) -> Network:
        """The network in fixed point."""
        return self.calibrated.network

    @property
    def sentence(self) -> str:
        """What was lost on the sequences that chose nothing."""
        found = self.calibrated
        lost = f"RMS deviation {found.lost.rms:.3g}, {percent(found.lost.agree, 2)} of frames agree"
        if found.score is not None:
            lost += f", accuracy {percent(found.score, 2)} of {percent(found.score_before, 2)}"
        fewer = ratio(found.bytes_before / found.bytes_after)
        held = f"{quantity(found.bytes_after, 'B')} of weights, {fewer} fewer"
        return f"Lost against float32 at the same thresholds: {lost}; {held}."

    def to_dict(self) -> dict[str, Any]:
        """In plain types, as ``--json`` prints it."""
        found = self.calibrated
        return {
            "network": found.network.name,
            "arithmetic": str(found.network.arithmetic),
            "digest": found.network.digest,
            "calibration": found.calibration,
            "rest": found.rest,
            "lost": found.lost._asdict(),
            "score": found.score,
            "score_before": found.score_before,
            "weight_bytes": found.bytes_after,
            "weight_bytes_before": found.bytes_before,
            "weights": [{**one._asdict(), "form": str(one.form)} for one in found.weights],
        }

    def save(self, folder: str | Path) -> Path:
        """Write the network folder. Raises InputError when the folder exists."""
        from deltasim.networks.files.network import save_network
        from deltasim.runtime.disk.output import new_folder, told_in_a_sentence

        place = Path(folder)
        with new_folder(place) as aside, told_in_a_sentence(place):
            save_network(self.network, aside)
        return place

    def __rich__(self) -> RenderableType:
        """Terminal form: a row a projection, then the sentence."""
        from rich import box
        from rich.console import Group
        from rich.table import Table
        from rich.text import Text

        title = Text(f"{self.network.name} in {self.network.arithmetic}")
        table = Table(title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD,
                      pad_edge=False, show_edge=False)  # fmt: skip
        for column in ("projection", "weights", "largest", "saturated", "error"):
            table.add_column(column, justify="left" if column == "projection" else "right")
        for name, form, largest, saturated, error in self.calibrated.weights:
            table.add_row(Text(name), str(form), f"{largest:.3g}", percent(saturated), percent(error, 2))
        return Group(table, Text(""), Text(self.sentence, style="bold"))
