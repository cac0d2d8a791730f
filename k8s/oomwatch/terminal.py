# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""Writes the answers of oomwatch to the terminal."""

import json
import os
import sys
import textwrap
from typing import Dict, Iterable, List

from memcore.sources.host import reason
from oomwatch import exits

TEXT, JSON, NONE = "text", "json", "none"
_WIDEST = 120  # longer lines of prose are hard to read
_UNKNOWN = 100


def width() -> int:
    """Number of columns of the terminal, or 100 if the output is not a terminal. COLUMNS precedes the terminal.

    As shutil.get_terminal_size, whose module takes the agent half a MiB of memory.
    """
    given = os.environ.get("COLUMNS", "")
    columns = int(given) if given.isdecimal() else 0
    if not columns:
        try:
            columns = os.get_terminal_size(sys.__stdout__.fileno()).columns
        except (AttributeError, ValueError, OSError):
            pass  # closed, or no terminal
    return min(columns or _UNKNOWN, _WIDEST)


def form(asked: str) -> str:
    """How answers are written where `asked` is auto, text, json or none; none where there is no standard output."""
    if sys.stdout is None:
        return NONE
    if asked != "auto":
        return asked
    return TEXT if sys.stdout.isatty() else JSON


def wrapped(sentences: Iterable[str]) -> List[str]:
    """Each sentence on lines of its own, as wide as the terminal."""
    columns = width()
    return [line for text in sentences for line in textwrap.wrap(text, columns, subsequent_indent="  ")]


def show(lines: Iterable[str]) -> None:
    """Print lines. Characters that the encoding of the terminal lacks are shown as escapes."""
    encoding = getattr(sys.stdout, "encoding", None) or "ascii"
    _write("".join(line.encode(encoding, "backslashreplace").decode(encoding) + "\n" for line in lines))


def show_json(record: Dict) -> None:
    """Print one object on one line, in ASCII."""
    _write(json.dumps(record) + "\n")


def complain(sentence: str) -> None:
    """Print an error on standard error, if it is open."""
    if sys.stderr is not None:
        sys.stderr.write(f"oomwatch: {sentence.rstrip('.')}.\n")


def _write(text: str) -> None:
    """Raise BrokenPipeError if the reader is gone, and OutputError for any other failure."""
    if sys.stdout is None:
        raise exits.OutputError(
            "Standard output is closed, so the answer cannot be printed; run oomwatch with standard output open"
        )
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        leave_quietly()
        raise exits.OutputError(f"Cannot write the answer: {reason(error)}") from None


def leave_quietly() -> None:
    """The reader of our output is gone: keep Python from reporting that at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
