# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""`make fleet` and `make fleet-down`: a fleet to play with, its end. `fetch` fills the cache ahead, for tests, too."""

import argparse
import os
import sys
import time

from tests import CHECKOUT
from tests.fleet import fleet, guests, stock

FOLDER = os.path.join(CHECKOUT, "build", "fleet")
COMMANDS = """\
{count} hosts after {seconds:.0f} s: {names}

  ip netns exec {name} ssh -F build/fleet/ssh_config {first}
  ip netns exec {name} .venv/bin/ansible -i build/fleet/inventory.yml all -m memfacts
  ip netns exec {name} .venv/bin/ansible-playbook -i build/fleet/inventory.yml memfacts.linux.audit

Consoles: {scratch}/*/console.txt   Log in as root; 'reboot' works. Remove all of it: make fleet-down
"""


def main(argv=None):
    """Exit 1 where there can be no fleet, with one sentence."""
    does = "Start the fleet of this checkout, remove it, or fill the cache in advance."
    parser = argparse.ArgumentParser(description=does)
    parser.add_argument("action", choices=("up", "down", "fetch"))
    action = parser.parse_args(argv).action
    own = fleet.Fleet("fleet", FOLDER)
    if os.geteuid():
        print("the fleet needs root for a network namespace, tap devices and disk images", file=sys.stderr)
        return 1
    try:
        return {"up": _up, "down": _down, "fetch": _fetch}[action](own)
    except (fleet.Unavailable, stock.Unavailable, guests.GuestDied) as error:
        print(error, file=sys.stderr)
        return 1


def _up(own):
    started = time.monotonic()
    own.start()
    for message in own.news:
        print(f"{message}\nIt was started again.", file=sys.stderr)
    print(
        COMMANDS.format(
            count=len(own.guests),
            seconds=time.monotonic() - started,
            names=", ".join(own.guests),
            first=next(iter(own.guests)),
            name=own.name,
            scratch=own.scratch,
        ),
        end="",
    )
    return 0


def _down(own):
    own.stop()
    print(f"removed {own.name} completely")
    return 0


def _fetch(_own):
    for disk in stock.fetch().values():
        print(disk)
    return 0


if __name__ == "__main__":
    sys.exit(main())
