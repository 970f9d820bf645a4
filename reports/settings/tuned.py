"""Tuned thresholds with the verbs of those who look at them: printed, and stored in a network's folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from deltasim.exploration.tuning.setting import write_setting
from deltasim.reports.quantities import percent
from deltasim.reports.settings.found_thresholds import FoundThresholds, rows

if TYPE_CHECKING:
    from rich.console import RenderableType

PAGE = "tuning.html"


@dataclass(frozen=True, eq=False)
class Tuned(FoundThresholds):
    """A tuning, to be printed and saved."""

    def save(self, folder: str | Path) -> Path:
        """Store the thresholds and the page in a network folder, which is written where there is none.

        Errors: InputError for a folder with another network.
        """
        from deltasim.networks.files.network import files_of, load_network, save_network
        from deltasim.reports.page.tuned import tuned_page
        from deltasim.runtime.disk.output import new_folder, told_in_a_sentence
        from deltasim.runtime.disk.unfinished import new_file
        from deltasim.runtime.errors import InputError

        def write(place: Path) -> None:
            with new_file(place / PAGE) as file:
                file.write(tuned_page(self).encode())
            write_setting(place, self.tuning.network, self.tuning.thresholds, self.to_dict())

        place = Path(folder)
        if not any(file.is_file() for file in files_of(place)):
            with new_folder(place) as aside, told_in_a_sentence(place):
                save_network(self.tuning.network, aside)
                write(aside)
            return place
        if load_network(place).digest != self.tuning.network.digest:
            rule = "thresholds are stored beside the network they were tuned for"
            raise InputError(place, "another network", rule, "Give its folder, or a new one.")
        with told_in_a_sentence(place):
            write(place)
        return place

    def __rich__(self) -> RenderableType:
        """Terminal form: both parts of the data, then the thresholds."""
        from rich import box
        from rich.console import Group
        from rich.table import Table
        from rich.text import Text

        title = f"{self.tuning.network.name} on {self.chip.name}, tuned within {self.tuning.within}"
        table = Table(title=Text(title), title_justify="left", title_style="bold", box=box.SIMPLE_HEAD,
                      pad_edge=False, show_edge=False)  # fmt: skip
        for column in ("", "calibration part", "the rest"):
            table.add_column(column, justify="left" if not column else "right")
        for row in rows(self.tuning.calibration, self.tuning.rest):
            table.add_row(*(Text(cell) for cell in row))
        layers = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
        for column in ("projection", "threshold", "occupancy"):
            layers.add_column(column, justify="left" if column == "projection" else "right")
        for layer in self.layers:
            layers.add_row(Text(layer.name), Text(layer.shown), Text(percent(layer.occupancy)))
        said = f"{self.tuning.trials} settings were tried."
        return Group(table, Text(""), layers, Text(""), Text(self.sentence, style="bold"), Text(said))
