# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""The commands of oomwatch. All errors are printed here."""

import argparse
from typing import List, Optional

from memcore.errors import MemfactsError
from oomwatch import VERSION, exits, explain, facts, terminal, victims


def main(arguments: Optional[List[str]] = None) -> int:
    """Run a command and return the exit status."""
    try:
        asked = _parser().parse_args(arguments)
        return asked.run(asked)
    except BrokenPipeError:
        terminal.leave_quietly()
        return exits.FOUND
    except KeyboardInterrupt:
        return exits.WRONG
    except (exits.InputError, exits.OutputError, MemfactsError, OSError) as error:
        terminal.complain(str(error))
        return exits.WRONG


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="oomwatch",
        description="Explain what the OOM killer did, and predict which process it kills next.",
        allow_abbrev=False,
    )
    commands = parser.add_subparsers(metavar="COMMAND", required=True, dest="command")
    explain.add_parser(commands)
    facts.add_parser(commands)
    victims.add_parser(commands)
    version = commands.add_parser("version", help="print the version", description="Print the version.")
    version.set_defaults(run=_version)
    return parser


def _version(_arguments) -> int:
    terminal.show([f"oomwatch {VERSION}"])
    return exits.NOTHING
