"""The table of commands, and what a person sees when something goes wrong.

Exit codes: 0 done, 2 bad input or a machine that refuses (one sentence on stderr), 130 stopped by Ctrl-C.
Commands import what they need when they run, so that ``deltasim --help`` answers at once.
"""

from __future__ import annotations

import functools
import sys
import unicodedata
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
    evolve,
    explore,
    exporting,
    figure,
    importing,
    listing,
    mapping,
    memory,
    noc,
    quantise,
    report,
    run,
    timeline,
    train,
    tune,
    validate,
    whatif,
)
from deltasim.runtime.disk import unfinished
from deltasim.runtime.errors import InputError, on_one_line
from deltasim.runtime.telling import telling
from deltasim.shell.interrupts import EXIT_STOPPED
from deltasim.shell.terminal import complain, give_up, printable

EXIT_BAD_INPUT = 2
LONGEST_ARGUMENT = 1000  # characters
NO_TEXT = ("Cc", "Cs", "Zl", "Zp")  # Unicode's categories of control characters, surrogates, line separators


class Stopped(Exception):
    """Ctrl-C where it raises KeyboardInterrupt, which typer would take for its own."""


class Unread(Exception):
    """The reader of our output, such as ``head``, has left."""


class FrontDoor(TyperGroup):
    """The group of all commands; turns Ctrl-C in any of them into `Stopped`, a closed pipe into `Unread`."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            raise Stopped from None
        except BrokenPipeError:
            raise Unread from None


app = typer.Typer(
    name="deltasim",
    epilog="Example: deltasim run digits --chip edgedrnn",
    cls=FrontDoor,
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
    ("explore", explore.explore, "many chips, one answer", "deltasim explore study.yaml --out study.db"),
    (
        "import",
        importing.import_model,
        "a model of your own",
        "deltasim import model.safetensors --out network --check",
    ),
    (
        "export",
        exporting.export_network,
        "a network as a NIR graph",
        "deltasim export network --out graph.nir --dt 1ms",
    ),
    (
        "tune",
        tune.tune,
        "thresholds of your own",
        "deltasim tune network --data mine.csv --within 0.5points",
    ),
    (
        "quantise",
        quantise.quantise,
        "a network in fixed point",
        "deltasim quantise network --data mine.csv --out network-8",
    ),
    ("compare", compare.compare, "set runs side by side", "deltasim compare runs/a runs/b"),
    ("whatif", whatif.whatif, "what would help a run", "deltasim whatif runs/a"),
    ("timeline", timeline.timeline, "one sequence over time", "deltasim timeline runs/a --steps 10:12"),
    ("figure", figure.figure, "a figure for a paper", "deltasim figure runs/a energy --out energy.pdf"),
    (
        "report",
        report.report,
        "benchmarks and chips in one matrix",
        "deltasim report all --chips edgedrnn,mesh16 --out reports",
    ),
    ("list", listing.list_names, "what is in the box", "deltasim list chips"),
    ("describe", describe.describe, "a chip, a cell, a standard", "deltasim describe chip edgedrnn"),
    ("map", mapping.show_mapping, "neurons and weights on a chip", "deltasim map digits --chip mesh16"),
    ("train", train.train, "make a trained network again", "deltasim train digits --theta 0.2 --out trained"),
    (
        "evolve",
        evolve.evolve,
        "networks by mutation and selection",
        "deltasim evolve evolved-parity --mutation sm-g-abs --out evolved",
    ),
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


@functools.cache
def made() -> typer.core.TyperGroup:
    """The group of all commands, made once: it reads the signatures of all of them."""
    group = typer.main.get_command(app)
    assert isinstance(group, TyperGroup)
    return group


def run_line(arguments: Sequence[str]) -> int:
    """Run one command line and return its exit code.

    >>> run_line(["list", "cell"])
    2
    """
    unfinished.tell_when_stopped(unfinished.NOTHING)
    with printable():
        try:
            require_words(arguments)
            with telling(complain), warnings.catch_warnings():
                warnings.showwarning = _warn
                result = made()(list(arguments) or ["--help"], "deltasim", standalone_mode=False)
            sys.stdout.flush()
        except SystemExit as done:  # of what a shell asks for to complete words
            return done.code if isinstance(done.code, int) else 0
        except InputError as error:
            return _end(str(error), EXIT_BAD_INPUT)
        except typer.TyperException as unknown:
            context = getattr(unknown, "ctx", None)
            command = context.command_path if context is not None else "deltasim"
            words = " ".join(unknown.format_message().split())
            end = "" if words.endswith((".", "?")) else "."
            return _end(on_one_line(f"{words}{end} See '{command} --help'."), EXIT_BAD_INPUT)
        except Stopped:
            return _end(f"stopped. {unfinished.work.words}", EXIT_STOPPED)
        except (Unread, BrokenPipeError):
            give_up(sys.stdout)
            return 0
        except OSError as error:
            give_up(sys.stdout)
            return _end(told_by_the_system(error), EXIT_BAD_INPUT)
        except MemoryError:
            rule = "what was asked for does not fit into it"
            full = InputError("memory", "full", rule, "Simulate less, or on a larger machine.")
            return _end(str(full), EXIT_BAD_INPUT)
        if result == EXIT_STOPPED:  # before a command had begun
            return _end(f"stopped. {unfinished.NOTHING}", EXIT_STOPPED)
    return result if isinstance(result, int) else 0


def require_words(arguments: Sequence[str]) -> None:
    """Raise InputError for an argument that nothing can be named by: too long, or not text of one line.

    >>> require_words(["run", "x" * 5000])
    Traceback (most recent call last):
    deltasim.runtime.errors.InputError: argument 2: xxx...
    """
    for number, word in enumerate(arguments, start=1):
        if len(word) > LONGEST_ARGUMENT:
            rule = f"an argument has at most {LONGEST_ARGUMENT:,} characters"
            raise InputError(f"argument {number}", word, rule, "Shorten it.")
        if any(unicodedata.category(sign) in NO_TEXT for sign in word):
            rule = "an argument is text of one line"
            raise InputError(f"argument {number}", word, rule, "Leave out control characters.")


def told_by_the_system(error: OSError) -> str:
    """The sentence for what the machine refuses: a full disk, a name too long, a missing right.

    >>> told_by_the_system(OSError(28, "No space left on device"))
    'standard output: OSError: it cannot be used: no space left on device. Make room, or name another place.'
    """
    place = "standard output" if error.filename is None else str(error.filename)
    reason = (error.strerror or type(error).__name__).lower()
    rule = f"it cannot be used: {reason}"
    return str(InputError(place, type(error).__name__, rule, "Make room, or name another place."))


def _warn(message: Warning | str, *_where: Any, **_more: Any) -> None:
    """A warning as a person reads it: one line, without the place in our sources."""
    complain(on_one_line(str(message)))


def _end(sentence: str, code: int) -> int:
    complain(sentence)
    return code
