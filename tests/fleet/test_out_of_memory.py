# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host runs out of memory for real: at first sshd would die for an all but unkillable hog, then protect runs."""

import os
import re

import pytest

from tests.fleet import fleet as fleets
from tests.fleet import observed

pytestmark = pytest.mark.lab

THESE = ("bookworm-v2", "bullseye-v1")
# As people write it into a unit file: "never kill my job".
UNIT = """\
[Service]
ExecStart=/usr/local/bin/hog /opt/hog.py
OOMScoreAdjust=-999
"""
POLICY = {"oom_policy_workloads": [{"unit": "hog.service", "value": 500}]}


@pytest.fixture
def hogs(hosts):
    """{name: (guest, pid of sshd, pid of the hog)}: sshd has lost its -1000, and the hog has 200 MiB."""
    with open(os.path.join(fleets.HERE, "on_host", "hog.py"), encoding="utf-8") as stream:
        script = stream.read()
    found = {}
    for name in THESE:
        guest = hosts[name]
        guest.write("/opt/hog.py", script)
        guest.write("/etc/systemd/system/hog.service", UNIT)
        guest.sh("ln -s /usr/bin/python3 /usr/local/bin/hog; systemctl daemon-reload; systemctl start hog")
        # The kernel raises its watermarks once after a shortage, and kills more than one for it on so small a host.
        guest.sh("sysctl -q vm.watermark_boost_factor=0")
        observed.until(guest, lambda guest=guest: guest.sh("ls /run/full", check=False).status == 0, "a hog of 200 MiB")
        units = observed.units(guest, ("hog",))["units"]
        guest.sh(f"echo 0 >/proc/{units['ssh']['pid']}/oom_score_adj")
        found[name] = (guest, units["ssh"]["pid"], units["hog"]["pid"])
    yield found
    for guest, *_rest in found.values():
        guest.sh(
            "systemctl stop hog; systemctl reset-failed hog; rm -f /run/full /run/eat /opt/hog.py /usr/local/bin/hog;"
            "rm -rf /etc/systemd/system/hog.service* /var/lib/memfacts; systemctl daemon-reload;"
            "systemctl restart ssh"
        )


def killed(guest):
    """Names of those whom the kernel has killed since the last call."""
    return re.findall(r"Killed process \d+ \(([^)]+)\)", guest.sh("dmesg --read-clear"))


def order(run):
    """{host: [pids from the next victim on]} as oom_victims_info tells it."""
    return {result.host: [row["pid"] for row in result.data["host"]["victims"]] for result in run.results}


def test_protected_sshd_survives_the_oom_and_the_hog_dies(hogs, controller):
    at_risk = order(controller.task("oom_victims_info", THESE, top=1000))
    for name, (_guest, sshd, hog) in hogs.items():
        assert at_risk[name].index(sshd) < at_risk[name].index(hog), name

    controller.playbook("protect", THESE, **POLICY)
    safe = controller.task("oom_victims_info", THESE, top=1000)
    for name, (guest, sshd, hog) in hogs.items():
        assert order(safe)[name][0] == hog, name
        assert sshd not in order(safe)[name], name
        killed(guest)

    for guest, *_rest in hogs.values():
        guest.sh("touch /run/eat")
    for guest, sshd, _hog in hogs.values():
        observed.until(
            guest, lambda guest=guest: guest.sh("pidof hog", check=False).status == 1, "the death of the hog"
        )
        assert killed(guest) == ["hog"]
        assert observed.units(guest)["units"]["ssh"] == {"pid": sshd, "shown": 0, "live": -1000}
        guest.hang_up()
        guest.sh("true")  # a new login
    controller.playbook("undo", THESE, **POLICY)
