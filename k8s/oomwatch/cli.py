# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""The commands of oomwatch. All errors are printed here."""

import argparse
import importlib
import os
import sys
from typing import List, Optional

from memcore.errors import MemfactsError
from oomwatch import VERSION, exits, terminal

# Each has add_parser(commands). Only the module of the command that runs is imported, since each imports much.
_COMMANDS = {
    "run": "oomwatch.run",
    "explain": "oomwatch.explain",
    "facts": "oomwatch.facts",
    "victims": "oomwatch.victims",
    "audit": "oomwatch.audit.command",
    "check-config": "oomwatch.check_config",
}


def main(arguments: Optional[List[str]] = None) -> int:
    """Run a command and return the exit status."""
    try:
        words = sys.argv[1:] if arguments is None else arguments
        parser = _parser(words[:1])
        if "_ARGCOMPLETE" in os.environ:  # the shell asks what a word may be completed to
            from oomwatch import completion

            completion.answer(parser)
        asked = parser.parse_args(words)
        return asked.run(asked)
    except BrokenPipeError:
        terminal.leave_quietly()
        return exits.FOUND
    except KeyboardInterrupt:
        return exits.WRONG
    except (exits.InputError, exits.OutputError, MemfactsError, OSError) as error:
        terminal.complain(str(error))
        return exits.WRONG


def _parser(first: List[str]) -> argparse.ArgumentParser:
    """The parser of the command that is named first, or else of all commands."""
    parser = argparse.ArgumentParser(
        prog="oomwatch",
        description="Explain what the OOM killer did, and predict which process it kills next.",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"oomwatch {VERSION}", help="print the version and exit")
    commands = parser.add_subparsers(metavar="COMMAND", required=True, dest="command")
    for name in [name for name in _COMMANDS if [name] == first] or _COMMANDS:
        importlib.import_module(_COMMANDS[name]).add_parser(commands)
    version = commands.add_parser("version", help="print the version", description="Print the version.")
    version.set_defaults(run=_version)
    return parser


def _version(_arguments) -> int:
    terminal.show([f"oomwatch {VERSION}"])
    return exits.NOTHING
