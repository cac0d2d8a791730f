# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run the collector once as somebody else, or somewhere else, and print {facts, seconds} as JSON."""

import argparse
import json
import os
import time

from tests.live import syscalls


def main():
    """Read the command line, change place and user, collect."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mounts-of", type=int, metavar="PID", help="see the mounts that this process sees")
    parser.add_argument("--hidepid", action="store_true", help="with a /proc that hides the processes of others")
    parser.add_argument("--uid", type=int, help="as this user, without any capability")
    parser.add_argument("options", nargs="*", metavar="NAME=NUMBER", help="options of the collector")
    arguments = parser.parse_args()
    # An ordinary user may be unable to read this checkout or its Python: load everything first.
    from memcore.gather import facts
    from memcore.sources.host import Host

    options = facts.Options(**{name: float(value) for name, value in (item.split("=") for item in arguments.options)})
    _change_place(arguments)
    start = time.monotonic()
    record = facts.collect(Host("/"), options._replace(top=int(options.top)))
    print(json.dumps({"facts": record, "seconds": time.monotonic() - start}))


def _change_place(arguments):
    if arguments.mounts_of:
        syscalls.enter_mounts_of(arguments.mounts_of)
    if arguments.hidepid:
        syscalls.unshare(syscalls.CLONE_NEWNS)
        syscalls.mount("proc", "/proc", "proc", 0, "hidepid=2")
    if arguments.uid:
        os.setgroups([])
        os.setgid(arguments.uid)
        os.setuid(arguments.uid)


if __name__ == "__main__":
    main()
