"""The table of commands, and what a person sees when something goes wrong.

Exit codes: 0 done, 2 bad input (one sentence on stderr), 130 stopped by Ctrl-C.
Commands import what they need when they run, so that ``deltasim --help`` answers at once.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Sequence
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from deltasim import __version__
from deltasim.commands import (
    compare,
    data,
    describe,
    importing,
    listing,
    mapping,
    memory,
    noc,
    run,
    train,
    validate,
)
from deltasim.interrupts import EXIT_STOPPED
from deltasim.runtime import unfinished
from deltasim.runtime.errors import InputError
from deltasim.runtime.telling import telling

EXIT_BAD_INPUT = 2


class Stopped(Exception):
    """Ctrl-C where it raises KeyboardInterrupt, which typer would take for its own."""


class FrontDoor(TyperGroup):
    """The group of all commands; turns Ctrl-C in any of them into `Stopped`."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            raise Stopped from None


app = typer.Typer(
    name="deltasim",
    epilog="Example: deltasim run digits --chip edgedrnn",
    cls=FrontDoor,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # plain help opens three times faster
)


def show_version(asked: bool) -> None:
    """Print the version and leave, when asked to."""
    if asked:
        print(f"deltasim {__version__}")
        raise typer.Exit


@app.callback()
def deltasim(
    version: Annotated[
        bool,
        typer.Option("--version", help="Print the version and leave.", is_eager=True, callback=show_version),
    ] = False,
) -> None:
    """Run delta networks on described chips and read where time and energy go."""


COMMANDS: tuple[tuple[str, Callable[..., None], str, str], ...] = (
    ("run", run.run, "run a network on a chip", "deltasim run digits --chip edgedrnn --limit 20"),
    (
        "import",
        importing.import_model,
        "a model of your own",
        "deltasim import model.safetensors --out network --check",
    ),
    ("compare", compare.compare, "set two runs side by side", "deltasim compare runs/a runs/b"),
    ("list", listing.list_names, "chips, benchmarks, cells", "deltasim list chips"),
    ("describe", describe.describe, "a chip and its prices", "deltasim describe chip edgedrnn"),
    ("map", mapping.show_mapping, "neurons and weights on a chip", "deltasim map digits --chip mesh16"),
    ("train", train.train, "make a trained network again", "deltasim train digits --theta 0.2 --out trained"),
    (
        "memory",
        memory.memory,
        "a DRAM under a trace",
        "deltasim memory --standard DDR4-2400 --trace reads.trace",
    ),
    ("noc", noc.noc, "a network on chip under traffic", "deltasim noc --topology mesh:8x8 --rate 0.1 --json"),
    ("validate", validate.validate, "chips beside silicon", "deltasim validate edgedrnn"),
    ("data", data.data, "fetch recorded data", "deltasim data fetch fsdd"),
)
for name, function, about, example in COMMANDS:
    app.command(name, short_help=about, epilog=f"Example: {example}")(function)


def run_line(arguments: Sequence[str]) -> int:
    """Run one command line and return its exit code.

    >>> run_line(["list", "cell"])
    2
    """
    unfinished.tell_when_stopped(unfinished.NOTHING)
    try:
        with telling(_note), warnings.catch_warnings():
            warnings.showwarning = _warn
            result = app(list(arguments) or ["--help"], "deltasim", standalone_mode=False)
        sys.stdout.flush()
    except InputError as error:
        return _complain(str(error), EXIT_BAD_INPUT)
    except typer.TyperException as error:
        context = getattr(error, "ctx", None)
        command = context.command_path if context is not None else "deltasim"
        words = " ".join(error.format_message().split())
        end = "" if words.endswith((".", "?")) else "."
        return _complain(f"{words}{end} See '{command} --help'.", EXIT_BAD_INPUT)
    except Stopped:
        return _complain(f"stopped. {unfinished.work.words}", EXIT_STOPPED)
    except BrokenPipeError:  # the reader of our output, such as `head`, has left
        sys.stderr.close()
        return 0
    if result == EXIT_STOPPED:  # before a command had begun
        return _complain(f"stopped. {unfinished.NOTHING}", EXIT_STOPPED)
    return result if isinstance(result, int) else 0


def _note(sentence: str) -> None:
    """What a person should know meanwhile."""
    print(f"deltasim: {sentence}", file=sys.stderr)


def _warn(message: Warning | str, *_where: Any, **_more: Any) -> None:
    """A warning as a person reads it: one line, without the place in our sources."""
    print(f"deltasim: {message}", file=sys.stderr)


def _complain(sentence: str, code: int) -> int:
    for line in sentence.splitlines():
        print(f"deltasim: {line}", file=sys.stderr)
    return code
