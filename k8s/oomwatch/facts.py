# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""oomwatch facts: where this host's memory went."""

from typing import Dict

from memcore.answers import asked, facts
from memcore.gather.options import SUBSETS
from memcore.sources import host
from oomwatch import exits, host_options, terminal


def add_parser(commands) -> None:
    """Add the command to the program's parser."""
    parser = commands.add_parser(
        "facts",
        help="show where this host's memory went",
        description="Account for every byte of MemTotal: processes, tmpfs and other shared memory, kernel memory, and "
        "what no counter shows. Then list the findings. Run it as root to see all processes.",
        epilog="Exit status: 0 no findings, 1 findings, 2 usage error or nothing to read.",
    )
    parser.add_argument("--json", action="store_true", help="one object on one line, by schemas/facts.schema.json")
    parser.add_argument(
        "--subset",
        default="all",
        metavar="NAMES",
        help=f"what to gather, separated by commas: all, {', '.join(SUBSETS)}; with a leading ! all but that (all)",
    )
    host_options.add(parser)
    parser.set_defaults(run=run)


def run(arguments) -> int:
    """Gather; the exit status."""
    options = asked.checked(arguments.subset.split(","), arguments.top, True, 1.0, True)
    return tell(facts.collect(host.at(arguments.root), options), terminal.JSON if arguments.json else terminal.TEXT)


def tell(found: Dict, form: str) -> int:
    """Print the facts as JSON, text or not at all; the exit status."""
    if form == terminal.JSON:
        terminal.show_json(found)
    elif form == terminal.TEXT:
        terminal.show(facts.page(found))
    return exits.FOUND if found["findings"] else exits.NOTHING
