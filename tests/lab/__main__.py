# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Command line of the lab. Exit status: the script's own; 77 kernel not to be had, 70 guest died, 64 usage.

With --fetch: 0 all is in the cache, 1 something cannot be had.
"""

import argparse
import os
import sys

from tests.lab import fetch, kernels, lab


class _Fetch(argparse.Action):
    """Like argparse's "version": does its work and ends, whatever else is missing."""

    def __call__(self, parser, namespace, values, option_string=None):
        parser.exit(fetch.main(values))


def main(argv=None):
    parser = argparse.ArgumentParser(
        description="Run a Python script of this checkout under another kernel, as root.",
        formatter_class=argparse.RawTextHelpFormatter,
    )
    # "version" is argparse's name for an option that prints and ends, whatever else is missing.
    parser.add_argument("--list", action="version", version=_table(), help="show the kernels and end")
    what = "fetch and build those kernels, or all, and end"
    parser.add_argument("--fetch", nargs="*", action=_Fetch, metavar="KERNEL", help=what)
    parser.add_argument("--mem", type=int, default=512, metavar="MIB", help="memory of the guest (default 512)")
    parser.add_argument("--cgroup", choices=("v1", "v2"), default="v2", help="cgroup version (default v2)")
    parser.add_argument("--swap", type=int, default=0, metavar="MIB", help="swap of the guest (default none)")
    parser.add_argument("--timeout", type=int, metavar="SECONDS", help="the guest is killed then")
    parser.add_argument("kernel", help="a name that --list shows")
    parser.add_argument("script", help="a file of this checkout")
    parser.add_argument("out_dir", help="folder for console.txt, boot.txt and what the script leaves")
    parser.add_argument("args", nargs=argparse.REMAINDER, help="arguments of the script")
    return _run(parser.parse_args(argv))


def _table():
    return "\n".join(f"{row.name:10} {row.machine:5} cgroup {' '.join(row.cgroups)}" for row in kernels.TABLE)


def _run(options):
    try:
        status = lab.run(
            options.kernel,
            options.script,
            options.out_dir,
            args=options.args,
            mem_mb=options.mem,
            timeout=options.timeout,
            cgroup=options.cgroup,
            swap_mb=options.swap,
        )
    except kernels.Unavailable as error:
        print(error, file=sys.stderr)
        return 77
    except lab.GuestDied as error:
        print(error, file=sys.stderr)
        return 70
    except ValueError as error:
        print(error, file=sys.stderr)
        return 64
    with open(os.path.join(options.out_dir, "console.txt"), encoding="utf-8", errors="replace") as console:
        sys.stdout.write(console.read())
    return status


if __name__ == "__main__":
    sys.exit(main())
