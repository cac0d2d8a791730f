# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The fleet itself: what its hosts are, that they reboot, that a dead one is reported, that nothing is left of it."""

import os
import subprocess

import pytest

from tests.fleet import fleet as fleets

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


def test_host_reboots_with_its_disk_and_without_its_memory(hosts):
    guest = hosts["bullseye-v2"]
    guest.sh("echo kept >/opt/on-disk; echo lost >/run/in-memory")
    guest.reboot()
    assert guest.sh("cat /opt/on-disk; ls /run/in-memory", check=False)[:2] == (2, "kept\n")
    guest.sh("rm /opt/on-disk")


def test_a_dead_host_is_reported_with_its_console_and_nothing_is_left_of_its_fleet(tmp_path, monkeypatch):
    own = fleets.Fleet("doomed", str(tmp_path / "files"))
    one = dict(list(own.guests.items())[:1])
    monkeypatch.setattr(own, "guests", one)
    guest = one["bookworm-v2"]
    own.start()
    try:
        guest.sh("systemd-run --quiet sh -c 'sleep 1; echo c >/proc/sysrq-trigger'")  # after this call has ended
        guest.process.wait(fleets.READY_SECONDS)
        with pytest.raises(fleets.GuestDied, match="(?s)bookworm-v2 has ended.*Kernel panic - not syncing: sysrq"):
            guest.sh("true")
    finally:
        own.stop()
    left = subprocess.run(["pgrep", "-f", own.scratch], stdout=subprocess.PIPE, text=True, check=False).stdout
    there = [path for path in (own.scratch, own.folder, f"/run/netns/{own.name}") if os.path.exists(path)]
    assert (left, there) == ("", [])


def test_taking_down_what_is_not_there_says_nothing(tmp_path):
    fleets.Fleet("never-started", str(tmp_path / "files")).stop()
