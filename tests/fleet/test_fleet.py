# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The fleet itself: what its hosts are, that they reboot, that a dead one is reported, that nothing is left of it."""

import os
import subprocess
import sys
from xml.etree import ElementTree

import pytest

from tests import CHECKOUT
from tests.fleet import fleet as fleets
from tests.fleet import guests
from tests.fleet import hosts as table

pytestmark = pytest.mark.lab


def test_hosts_are_two_distributions_with_their_kernels_and_pythons(fleet, hosts):
    seen = fleet.each(
        lambda guest: guest.sh(
            ". /etc/os-release; echo $VERSION_CODENAME; uname -r | cut -d. -f1-2; hostname;"
            "python3 -c 'import sys; print(*sys.version_info[:2])'; stat -fc %T /sys/fs/cgroup; cat /proc/1/comm"
        ).split("\n")[:-1]
    )
    assert seen == {
        "bookworm-v2": ["bookworm", "6.1", "bookworm-v2", "3 11", "cgroup2fs", "systemd"],
        "bookworm-hybrid": ["bookworm", "6.1", "bookworm-hybrid", "3 11", "tmpfs", "systemd"],
        "bullseye-v2": ["bullseye", "5.10", "bullseye-v2", "3 9", "cgroup2fs", "systemd"],
        "bullseye-v1": ["bullseye", "5.10", "bullseye-v1", "3 9", "tmpfs", "systemd"],
    }


def test_memfacts_by_ssh_agrees_with_each_hosts_own_figures(fleet, hosts, controller):
    run = controller.task("memfacts")
    own = fleet.each(lambda guest: int(guest.sh("awk '/^MemTotal:/ {print $2}' /proc/meminfo")) * 1024)
    facts = {result.host: result.data["ansible_facts"]["memfacts"] for result in run.results}
    assert {name: fact["memory"]["total_bytes"] for name, fact in facts.items()} == own
    assert {name: fact["host"]["cgroup_version"] for name, fact in facts.items()} == {
        "bookworm-v2": "v2",
        "bookworm-hybrid": "hybrid",
        "bullseye-v2": "v2",
        "bullseye-v1": "v1",
    }


@pytest.fixture(scope="module")
def rebooted(fleet):
    """A host of the systemd that opens a watchdog for a reboot, after a reboot."""
    guest = fleet.guests["bullseye-v2"]
    guest.sh("echo kept >/opt/on-disk; echo lost >/run/in-memory")
    guest.reboot()
    yield guest
    guest.sh("rm -f /opt/on-disk")


def test_host_reboots_with_its_disk_and_without_its_memory(rebooted):
    assert rebooted.sh("cat /opt/on-disk; ls /run/in-memory", check=False)[:2] == (2, "kept\n")


def test_no_program_of_this_machine_watches_a_rebooted_host(fleet, rebooted):
    assert rebooted.sh("ls -d /dev/watchdog* /dev/null", check=False)[:2] == (2, "/dev/null\n")
    assert "watchdog" not in rebooted.sh("cat /proc/misc")
    assert set(fleet.programs()) <= {"linux", "ssh"}


@pytest.fixture
def doomed(tmp_path, monkeypatch):
    """A fleet of one host, started from an environment that would harm it; at the end nothing of it may be left."""
    for name in ("TMPDIR", "TMP", "TEMP", "HOME", "LD_LIBRARY_PATH"):
        monkeypatch.setenv(name, "/nowhere")
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    for name in ("ssh", "ip", "sh"):
        (tmp_path / name).write_text("#!/bin/false\n", encoding="utf-8")
        (tmp_path / name).chmod(0o755)
    own = fleets.Fleet("doomed", str(tmp_path / "files"), table.HOSTS[:1])
    own.start()
    try:
        yield own
    finally:
        own.stop()
        monkeypatch.undo()
    left = subprocess.run(["pgrep", "-f", own.scratch], stdout=subprocess.PIPE, text=True, check=False).stdout
    there = [path for path in (own.scratch, own.folder, f"/run/netns/{own.name}") if os.path.exists(path)]
    assert (left, there) == ("", [])


def test_dead_host_is_reported_with_its_console_and_cleaned_up(doomed):
    guest = doomed.guests["bookworm-v2"]
    with open(guest.console, encoding="utf-8") as stream:
        assert f"Checking if {guest.folder}/memory is on tmpfs...OK" in stream.read()
    for script in ("echo c >/proc/sysrq-trigger", "true"):
        with pytest.raises(guests.GuestDied, match=r"(?s)bookworm-v2 has ended \(.*Kernel panic - not syncing: sysrq"):
            guest.sh(script)


def test_dead_or_hanging_guest_fails_one_test_and_is_restarted(tmp_path):
    report = tmp_path / "report.xml"
    path = os.path.join(fleets.HERE, "one_dies.py")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--junitxml={report}", path],
        cwd=CHECKOUT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    told = {case.get("name"): [part.text for part in case] for case in ElementTree.parse(report).iter("testcase")}
    assert len(told) == 6, done.stdout
    assert {name: bool(texts) for name, texts in told.items()} == {name: "_fails_" in name for name in told}
    killed, lost, hung = [text for texts in told.values() for text in texts]
    for text in (killed, lost):
        assert "GuestDied: bookworm-v2 has ended (killed by SIGKILL)" in text
    assert "GuestDied: bookworm-v2 hangs: no answer in 15 s" in hung
    for text in (killed, lost, hung):
        assert "Reached target" in text  # the end of its console


def test_taking_down_what_is_not_there_says_nothing(tmp_path):
    fleets.Fleet("never-started", str(tmp_path / "files")).stop()
