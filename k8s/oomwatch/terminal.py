# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""Where the program's answer goes."""

import json
import os
import shutil
import sys
from typing import Dict, Iterable

from memcore.sources.host import reason
from oomwatch import exits

_WIDEST = 120  # longer lines of prose are hard to read


def width() -> int:
    """Columns of the terminal, or of a usual one where the output is no terminal."""
    return min(shutil.get_terminal_size((100, 24)).columns, _WIDEST)


def show(lines: Iterable[str]) -> None:
    """Print lines; what the terminal's encoding lacks is shown as an escape."""
    encoding = getattr(sys.stdout, "encoding", None) or "ascii"
    _write("".join(line.encode(encoding, "backslashreplace").decode(encoding) + "\n" for line in lines))


def show_json(record: Dict) -> None:
    """Print one object on one line, in ASCII."""
    _write(json.dumps(record) + "\n")


def complain(sentence: str) -> None:
    """Say on standard error what went wrong, where there is one."""
    if sys.stderr is not None:
        sys.stderr.write(f"oomwatch: {sentence.rstrip('.')}.\n")


def _write(text: str) -> None:
    """BrokenPipeError says that the reader has gone; whatever else goes wrong is an OutputError."""
    if sys.stdout is None:
        raise exits.OutputError("Standard output is closed, so that nobody can read the answer; open it")
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        leave_quietly()
        raise exits.OutputError(f"Cannot write the answer: {reason(error)}") from None


def leave_quietly() -> None:
    """Nobody takes our output: let Python not complain about it when it ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
