"""The command ``deltasim`` as a program: it listens for Ctrl-C before it loads anything else."""

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence


def main(arguments: "Sequence[str] | None" = None) -> int:
    """Run one command line and return its exit code; without one, be the program, which ends here.

    >>> main(["list", "cell"])
    2
    """
    if arguments is not None:
        from deltasim.command_line import run_line

        return run_line(arguments)
    listens = False
    try:
        from deltasim.shell import interrupts

        listens = interrupts.listen()
        from deltasim.command_line import run_line

        code = run_line(sys.argv[1:])
    except KeyboardInterrupt:  # before it is listened for
        code = 130
        os.write(2, b"deltasim: stopped. Nothing was written.\n")
    except BaseException:
        if listens:
            interrupts.wait_if_asked()
        raise
    if listens:
        interrupts.wait_if_asked()
    leave(code)
    return code


def leave(code: int) -> None:
    """End the process at once: taking down what was loaded takes long, and Ctrl-C would wait."""
    from contextlib import suppress

    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):  # its reader has left, or it was closed for that reason
            stream.flush()
    os._exit(code)
