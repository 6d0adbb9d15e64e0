"""Terminals that have not every character."""

import contextlib
import io
import sys


def write_out_what_a_terminal_lacks() -> None:
    """Print a character that a terminal has not as its code: a name may keep no line from being read.

    A line of `who` names who calls for help; in a terminal of Latin-1 or GBK it would end in an error.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            with contextlib.suppress(OSError, ValueError):  # a stream that somebody has exchanged or closed
                stream.reconfigure(errors="backslashreplace")
