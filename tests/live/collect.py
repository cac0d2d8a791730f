# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run the collector once as somebody else, or somewhere else, and print {facts, entries} as JSON.

`entries` is how many names of folders it was given: a search that stops early is known by that, on any host.
"""

import argparse
import json
import os

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
    from memcore.answers import facts
    from memcore.sources.host import Host

    options = facts.Options(**{name: float(value) for name, value in (item.split("=") for item in arguments.options)})
    _change_place(arguments)
    os.scandir = _Listing
    record = facts.collect(Host("/"), options._replace(top=int(options.top)))
    print(json.dumps({"facts": record, "entries": _Listing.entries}))


class _Listing:
    """What os.scandir gives, and the count of all that was taken of it."""

    entries = 0
    _scandir = staticmethod(os.scandir)

    def __init__(self, path="."):
        self._names = self._scandir(path)

    def __enter__(self):
        return self

    def __exit__(self, *dummy):
        self._names.close()

    def __iter__(self):
        return self

    def __next__(self):
        _Listing.entries += 1
        return next(self._names)


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
