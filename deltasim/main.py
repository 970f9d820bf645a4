"""The command ``deltasim``: its table of commands, and what a person sees when something goes wrong.

Exit codes: 0 done, 2 bad input (one sentence on stderr), 130 stopped by Ctrl-C.
Commands import what they need when they run, so that ``deltasim --help`` answers at once.
"""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Callable, Sequence
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from deltasim import __version__
from deltasim.commands import compare, data, describe, listing, mapping, memory, noc, run, train, validate
from deltasim.interrupts import raised_again
from deltasim.runtime.errors import InputError

EXIT_BAD_INPUT = 2
EXIT_STOPPED = 130


class Stopped(Exception):
    """Ctrl-C, with a word on what was saved."""


class FrontDoor(TyperGroup):
    """The group of all commands; turns Ctrl-C in any of them into `Stopped`."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt as stop:
            raise Stopped(str(stop) or "Nothing was written.") from stop


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


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command line and return its exit code.

    >>> main(["list", "cell"])
    2
    """
    given = sys.argv[1:] if arguments is None else list(arguments)
    try:
        with raised_again(), warnings.catch_warnings():
            warnings.showwarning = _warn
            result = app(given or ["--help"], "deltasim", standalone_mode=False)
    except InputError as error:
        return _complain(str(error), EXIT_BAD_INPUT)
    except typer.TyperException as error:
        context = getattr(error, "ctx", None)
        command = context.command_path if context is not None else "deltasim"
        words = " ".join(error.format_message().split())
        end = "" if words.endswith((".", "?")) else "."
        return _complain(f"{words}{end} See '{command} --help'.", EXIT_BAD_INPUT)
    except Stopped as stop:
        return _end_stopped(str(stop), arguments is None)
    except BrokenPipeError:  # the reader of our output, such as `head`, has left
        sys.stderr.close()
        return 0
    if result == EXIT_STOPPED:  # before a command had begun
        return _end_stopped("Nothing was written.", arguments is None)
    return result if isinstance(result, int) else 0


def _end_stopped(saved: str, is_program: bool) -> int:
    """Say what was saved; a program then ends and waits for no thread that is still compiling."""
    code = _complain(f"stopped. {saved}", EXIT_STOPPED)
    if is_program:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    return code


def _warn(message: Warning | str, *_where: Any, **_more: Any) -> None:
    """A warning as a person reads it: one line, without the place in our sources."""
    print(f"deltasim: {message}", file=sys.stderr)


def _complain(sentence: str, code: int) -> int:
    for line in sentence.splitlines():
        print(f"deltasim: {line}", file=sys.stderr)
    return code
