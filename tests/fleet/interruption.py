# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stops a run of Ansible at a known step: there the hosts' systemctl hangs, and then all that runs is killed."""

import os
import signal

from tests.fleet import observed

PROGRAM = "/usr/local/bin/systemctl"  # found before systemd's own
HANGS = """\
#!/bin/sh
case "$*" in *{words}*) echo $$ >>/run/hangs; exec sleep infinity ;; esac
exec /bin/systemctl "$@"
"""


def interrupt(controller, guests, words, playbook, **variables):
    """Run the playbook on these guests until each has called systemctl with `words`, and kill it on both sides."""
    for guest in guests:
        guest.sh(f"cat >{PROGRAM}; chmod 755 {PROGRAM}", stdin=HANGS.format(words=words.replace(" ", "\\ ")))
    process = controller.begin(playbook, [guest.name for guest in guests], **variables)
    try:
        for guest in guests:
            observed.until(guest, lambda guest=guest: _hangs(guest), f"systemctl {words}")
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        controller.end(process, expect=None)
        for guest in guests:
            # A module goes on when its connection is lost, and also when systemctl fails, so it is killed before that.
            guest.sh(f"pkill -9 -x python3; touch /run/hangs; kill -9 $(cat /run/hangs); rm -f /run/hangs {PROGRAM}")
            observed.until(guest, lambda guest=guest: _has_no_python(guest), "the end of the module")


def _hangs(guest):
    return guest.sh("test -s /run/hangs", check=False).status == 0


def _has_no_python(guest):
    return guest.sh("pgrep -x python3", check=False).status == 1
