# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stops a run of Ansible at a known step: there the hosts' systemctl hangs, and then all that runs is killed."""

import os
import signal

from tests.fleet import observed

PROGRAM = "/usr/local/bin/systemctl"  # found before systemd's own
HANGS = """\
#!/bin/sh
case "$*" in *{words}*) touch /run/hangs; exec sleep 600 ;; esac
exec /bin/systemctl "$@"
"""


def interrupt(controller, guests, words, playbook, **variables):
    """Run the playbook on these guests until each has called systemctl with `words`, and kill it on both sides."""
    for guest in guests:
        guest.sh(f"cat >{PROGRAM}; chmod 755 {PROGRAM}", stdin=HANGS.format(words=words.replace(" ", "\\ ")))
    process = controller.begin(playbook, [guest.name for guest in guests], **variables)
    try:
        for guest in guests:
            observed.until(guest, lambda guest=guest: _hangs(guest), f"systemctl {words}", 300)
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        controller.end(process, expect=None)
        for guest in guests:
            guest.sh(f"pkill -9 -x python3; rm -f /run/hangs {PROGRAM}")


def _hangs(guest):
    return guest.sh("test -e /run/hangs", check=False).status == 0
