# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""`make bench`: what memfacts costs, as ratios to simpler tools. A missed budget is said, and fails nothing."""

import argparse
import json
import math
import os
import pathlib
import sys

from tests.bench import catalogue, load, places, record, runner, table
from tests.bench.crowd import Crowd


def main():
    """Measure the rows that are asked for; print each once it is there, and write all of them at the end."""
    asked = arguments()
    known = catalogue.rows()
    if asked.list:
        print(*(f"{row.name:<18}  {row.what}" for row in known), sep="\n")
        return
    try:
        rows = catalogue.chosen(known, asked.row)
    except ValueError as error:
        print(f"bench: {error}", file=sys.stderr)
        sys.exit(2)
    if os.geteuid() != 0 and any(row.root for row in rows):
        sys.exit("bench: run it as root; thousands of processes and private mounts are made, and others' files read")
    measure(rows, asked.quick, pathlib.Path(asked.output))


def arguments():
    """What the command line says."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("row", nargs="*", help="measure only the rows of these names")
    parser.add_argument("--list", action="store_true", help="say the names of all rows, and measure nothing")
    parser.add_argument("--quick", action="store_true", help="tiny sizes, one round: tries the bench itself")
    parser.add_argument("--output", default=places.CHECKOUT / "build" / "bench.json", help="where the record goes")
    return parser.parse_args()


def measure(rows, quick, output):
    """The start is said first, since it tells what to think of the rest."""
    deadline = runner.Deadline(math.inf if quick else runner.LIMIT_SECONDS - runner.SPARE_SECONDS)
    begun = record.start(load.now(), load.average(), quick)
    print(*opening(begun), table.header(), sep="\n", flush=True)
    results = []
    with Crowd() as crowd:
        for result in runner.run(rows, deadline, crowd, quick):
            results.append(result)
            print(*table.lines(result), sep="\n", flush=True)
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(json.dumps(record.whole(begun, deadline.passed(), results), indent=1) + "\n", encoding="utf-8")
    print(*closing(results, deadline.passed(), output), sep="\n")


def opening(begun):
    """The machine, and how loaded it is."""
    host = f"Python {begun['python']}, Linux {begun['kernel']}, {begun['cores']} cores"
    others, average = begun["load_at_start"].values()
    yield f"{begun['date']}, {host}"
    yield f"at the start others have {others:.0%} of the machine's processor time; load average {average:.1f}"
    if others > load.DISTURBING:
        yield f"that is more than {load.DISTURBING:.0%}: expect disturbed rows, which show less what memfacts costs"
    if not begun["meaningful"]:
        yield "--quick: tiny sizes and one round, so that the figures mean nothing"
    yield ""


def closing(results, seconds, output):
    """How it went as a whole."""
    left_out = [result.row.name for result in results if result.left_out]
    disturbed = sum(result.disturbed for result in results)
    measured = len(results) - len(left_out)
    yield ""
    yield f"{measured} rows measured, {disturbed} of them disturbed; {seconds:.0f} s in all; written to {output}"
    if left_out:
        yield f"{len(left_out)} rows left out: {', '.join(left_out)}"


if __name__ == "__main__":
    main()
