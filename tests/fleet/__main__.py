# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""`make fleet` and `make fleet-down`: a fleet to play with, and its end."""

import argparse
import os
import sys
import time

from tests import CHECKOUT
from tests.fleet import fleet

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
    parser = argparse.ArgumentParser(description="Start the fleet of this checkout, or remove every trace of it.")
    parser.add_argument("action", choices=("up", "down"))
    action = parser.parse_args(argv).action
    own = fleet.Fleet("fleet", FOLDER)
    if os.geteuid():
        print("the fleet needs root: for a network namespace, taps and whole systems on disk images", file=sys.stderr)
        return 1
    try:
        return _up(own) if action == "up" else _down(own)
    except (fleet.Unavailable, fleet.GuestDied) as error:
        print(error, file=sys.stderr)
        return 1


def _up(own):
    started = time.monotonic()
    own.start()
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
    print(f"nothing is left of {own.name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
