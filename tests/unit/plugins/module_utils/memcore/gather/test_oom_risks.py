# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lifelines, workloads and units of hosts that are laid out file by file."""

import os
import pathlib
import subprocess
import sys
import time

import pytest

from ansible_collections.memfacts.linux.plugins.module_utils.memcore.answers import facts
from ansible_collections.memfacts.linux.plugins.module_utils.memcore.gather.options import Options
from ansible_collections.memfacts.linux.plugins.module_utils.memcore.sources import host

MIB = 1 << 20
MOUNT = "32 22 0:27 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n"
POD = "/kubepods.slice/kubepods-pod3c8e1f02_5d41_4e7a_9b1c_0a2b3c4d5e6f.slice"
# pid 1 and 2 of every host: (comm, ppid, MiB, adj, cgroup)
BASE = {1: ("systemd", 0, 10, 0, "/init.scope"), 2: ("kthreadd", 0, None, 0, "/")}


class Laid:
    """A captured tree of 4 GiB with these processes, limits {cgroup: MiB} and unit files."""

    def __init__(self, folder):
        self.folder = folder
        self.write("proc/meminfo", "MemTotal: 4194304 kB\nMemFree: 0 kB\nSwapTotal: 0 kB\n")
        self.write("proc/1/mountinfo", MOUNT)
        self.write("sys/fs/cgroup/cgroup.controllers", "memory\n")

    def write(self, path, text):
        full = self.folder / path
        full.parent.mkdir(parents=True, exist_ok=True)
        full.write_text(text)

    def oom(self, processes, limits=(), units=(), release="6.1.0", floored=False, **options):
        """The subset oom of that host."""
        self.write("proc/sys/kernel/osrelease", release + "\n")
        for pid, (comm, ppid, mib, adj, cgroup) in {**BASE, **processes}.items():
            self.process(pid, comm, ppid, mib, adj, cgroup, floored)
        for cgroup, mib in dict(limits).items():
            self.write(f"sys/fs/cgroup{cgroup}/memory.max", f"{mib * MIB}\n")
            self.write(f"sys/fs/cgroup{cgroup}/memory.current", f"{mib * MIB // 2}\n")
        for path, adj in dict(units).items():
            self.write(path, f"[Service]\nOOMScoreAdjust={adj}\n")
        asked = Options(subsets=("oom",), **options)
        return facts.collect(host.at(str(self.folder)), asked)

    def process(self, pid, comm, ppid, mib, adj, cgroup, floored):
        size = "" if mib is None else f"VmRSS:\t {mib * 1024} kB\nVmPTE:\t 0 kB\nVmSwap:\t 0 kB\n"
        self.write(f"proc/{pid}/status", f"Name:\t{comm}\nPPid:\t{ppid}\nUid:\t0\t0\t0\t0\n{size}")
        self.write(f"proc/{pid}/oom_score_adj", f"{adj}\n")
        self.write(f"proc/{pid}/cgroup", f"0::{cgroup}\n")
        share = (mib or 0) * 1000 // 4096
        score = max(adj + share, 0) if floored else (1000 + adj + share) * 2 // 3
        unscored = pid in BASE or adj == -1000
        self.write(f"proc/{pid}/oom_score", f"{0 if unscored else score}\n")
        if mib is not None:
            (self.folder / f"sys/fs/cgroup{cgroup}").mkdir(parents=True, exist_ok=True)


@pytest.fixture
def laid(tmp_path):
    return Laid(tmp_path)


def ssh(adj, pid=812):
    return {pid: ("sshd", 1, 8, adj, "/system.slice/ssh.service")}


@pytest.mark.parametrize(
    ("processes", "names"),
    [
        pytest.param(ssh(-1000), [("sshd", True)], id="protected"),
        pytest.param(ssh(0), [("sshd", False)], id="not-protected"),
        pytest.param(
            {**ssh(-1000), 900: ("sshd", 812, 8, 0, "/system.slice/ssh.service")},
            [("sshd", True)],
            id="its-child",
        ),
        pytest.param({900: ("sshd", 1, 8, 0, "/user.slice/user-0.slice/session-1.scope")}, [], id="a-session"),
        pytest.param({900: ("sshd", 1, 8, 0, f"{POD}/cri-containerd-{'ab' * 32}.scope")}, [], id="in-a-pod"),
        pytest.param(
            {
                700: ("dbus-broker-lau", 1, 4, -900, "/system.slice/dbus-broker.service"),
                701: ("dbus-broker", 700, 4, -900, "/system.slice/dbus-broker.service"),
            },
            [("dbus", True)],
            id="launcher-and-bus",
        ),
        pytest.param({900: ("java", 1, 8, 0, "/system.slice/a.service")}, [], id="a-workload"),
    ],
)
def test_lifelines_are_the_main_processes_of_the_hosts_own(processes, names, laid):
    oom = laid.oom(processes)["oom"]

    assert [(row["name"], row["protected"]) for row in oom["lifelines"]] == names


def test_workloads_are_what_is_no_lifeline_the_biggest_first(laid):
    found = laid.oom(
        {
            **ssh(-1000),
            700: ("dbus-daemon", 1, 4, -900, "/system.slice/dbus.service"),
            901: ("sh", 1, 2, -1000, "/user.slice/user-0.slice/session-1.scope"),
            902: ("postgres", 1, 100, -1000, "/system.slice/postgresql.service"),
            903: ("a", 1, 10, -1, "/system.slice/a.service"),
            904: ("sshd", 1, 50, -999, f"{POD}/cri-containerd-{'ab' * 32}.scope"),
            905: ("java", 1, 500, 0, "/system.slice/java.service"),
        }
    )

    oom = found["oom"]
    assert [(row["comm"], row["unit"], row["held_bytes"]) for row in oom["unkillable_workloads"]] == [
        ("postgres", "postgresql.service", 100 * MIB),
        ("sh", "session-1.scope", 2 * MIB),
    ]
    assert [row["comm"] for row in oom["negative_workloads"]] == ["sshd", "a"]
    assert [finding["id"] for finding in found["findings"]] == ["unkillable-workload"]


def test_the_rules_see_lists_whole_that_the_facts_cut(laid):
    shells = {900 + number: ("sh", 1, 2, -1000, "/a") for number in range(3)}

    found = laid.oom(shells, top=1)

    assert len(found["oom"]["unkillable_workloads"]) == 1
    assert "oom.unkillable_workloads" in found["truncated"]
    assert found["findings"][0]["evidence"]["count"] == 3


def pod(*adjs):
    """Processes of a pod of 1000 MiB: pause first, then one of 100 MiB more each."""
    sizes = [1] + [100 * number for number in range(1, len(adjs))]
    names = ["pause"] + [f"c{number}" for number in range(1, len(adjs))]
    return {
        2000 + at: (names[at], 1, size, adj, f"{POD}/cri-containerd-{at:064x}.scope")
        for at, (size, adj) in enumerate(zip(sizes, adjs))
    }


# Points of a process at -998 in 1000 MiB (256000 pages): pages - 998 * 256; 300 MiB are 76800 pages, far less.
@pytest.mark.parametrize(
    ("processes", "floored", "tied"),
    [
        pytest.param(pod(-998, -998, -998, -998), True, True, id="all-at-one-value"),
        pytest.param(pod(-998, -997, -997, -997), True, True, id="pause-a-little-lower"),
        pytest.param(pod(-998, -998, -998, -998), False, False, id="signed"),
        # 200 MiB are 51200 pages, -100 takes 25600 off: both of them are above 1
        pytest.param(pod(-100, -100, -100), True, None, id="pause-alone-is-below-zero"),
        pytest.param(pod(-998, -998, 0), True, None, id="one-counts-by-size"),
        pytest.param(pod(-998), True, None, id="one-process"),
        pytest.param(pod(0, 0), True, None, id="no-adjustment"),
    ],
)
def test_a_cgroup_in_which_nothing_is_left_to_choose_by(processes, floored, tied, laid):
    others = {
        800: ("nginx", 1, 100, 0, "/system.slice/nginx.service"),
        801: ("a", 1, 50, 300, "/system.slice/a.service"),
    }
    found = laid.oom({**processes, **others}, {POD: 1000}, release="5.4.59" if floored else "6.1.0", floored=floored)

    assert found["oom"]["badness_model"] == ("floored" if floored else "signed")
    rows = found["oom"]["same_adj_cgroups"]
    if tied is None:
        assert [row for row in rows if row["all_tied"]] == []
        return
    assert [(row["cgroup"], row["processes"], row["all_tied"]) for row in rows] == [(POD, 4, tied)]
    assert rows[0]["biggest"]["comm"] == "c3"
    expected = ["floored-tie-in-cgroup", "floored-badness"] if tied else ["same-negative-adj"]
    assert [finding["id"] for finding in found["findings"]] == expected
    if tied:
        # A tree does not tell the order of the scan: any of the four, and the smallest is named first.
        assert (rows[0]["next_count"], rows[0]["next"][0]["comm"]) == (4, "pause")
    else:
        assert [row["comm"] for row in rows[0]["next"]] == ["c3"]


def test_a_cgroup_of_unkillable_processes_has_no_victim(laid):
    processes = {900: ("db", 1, 80, -1000, "/db"), 901: ("db", 900, 10, -1000, "/db")}

    found = laid.oom(processes, {"/db": 100})

    assert found["oom"]["without_victim"] == [
        {"cgroup": "/db", "limit_bytes": 100 * MIB, "processes": 2, "pid": 900, "held_bytes": 90 * MIB}
    ]
    assert [finding["id"] for finding in found["findings"]] == ["unkillable-exhausts", "unkillable-workload"]


UNIT = "etc/systemd/system/a.service"
A = "/system.slice/a.service"


@pytest.mark.parametrize(
    ("processes", "units", "rows"),
    [
        pytest.param({900: ("a", 1, 1, -5, A)}, {UNIT: -5}, [(900, -5, -5, True)], id="agrees"),
        pytest.param({900: ("a", 1, 1, 100, A)}, {UNIT: -5}, [(900, -5, 100, False)], id="differs"),
        pytest.param({900: ("a", 1, 1, 100, A)}, {}, [], id="nothing-declared"),
        pytest.param({}, {UNIT: -5}, [], id="not-running"),
        pytest.param(
            {900: ("a", 1, 1, -5, A), 901: ("w", 900, 1, 0, A)},
            {UNIT: -5},
            [(900, -5, -5, True)],
            id="a-childs-own-value",
        ),
        pytest.param(
            {900: ("shim", 1, 1, -4, A), 901: ("a", 1, 1, -5, A)}, {UNIT: -5}, [(901, -5, -5, True)], id="shims"
        ),
        pytest.param({900: ("a", 1, 1, 0, A + "/payload")}, {UNIT: -5}, [(900, -5, 0, False)], id="delegated"),
        pytest.param(
            {900: ("a", 1, 1, 0, "/user.slice/user-1.slice/user@1.service/app.slice/a.service")},
            {UNIT: -5},
            [],
            id="a-users-service-of-the-same-name",
        ),
    ],
)
def test_units_are_compared_by_their_main_process(processes, units, rows, laid):
    oom = laid.oom(processes, units=units)["oom"]

    assert [(row["pid"], row["declared_adj"], row["oom_score_adj"], row["agrees"]) for row in oom["units"]] == rows
    assert {row["declared_in"] for row in oom["units"]} <= {"/" + UNIT}


@pytest.mark.parametrize(
    ("release", "thread", "reaper"),
    [
        ("6.1.0", False, True),
        ("4.6.0", False, True),
        ("4.4.155", False, False),
        ("3.10.0-1160.el7.x86_64", False, False),
        ("3.10.0-9999.el7.x86_64", True, True),
        ("unheard-of", False, None),
    ],
)
def test_the_reaper_is_proven_by_its_thread_else_by_the_release(release, thread, reaper, laid):
    threads = {30: ("oom_reaper", 2, None, 0, "/")} if thread else {31: ("oom_reaper", 900, 1, 0, "/a")}

    found = laid.oom(threads, release=release)

    assert found["oom"]["reaper"] is reaper
    assert ("oom reaper" in {item["source"] for item in found["incomplete"]}) == (reaper is None)


def test_the_process_that_asks_is_no_victim_and_a_child_of_it_is():
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    try:
        while b"VmRSS" not in pathlib.Path(f"/proc/{child.pid}/status").read_bytes():
            time.sleep(0.01)
        oom = facts.collect(host.at("/"), Options(subsets=("oom",), top=1 << 20))["oom"]
    finally:
        child.communicate(b"\n")

    seen = {row["pid"] for row in oom["victims"] + oom["unkillable"]}
    assert child.pid in seen
    assert os.getpid() not in seen
