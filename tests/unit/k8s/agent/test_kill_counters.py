# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The kernel's counters of kills, on composed trees of cgroups in a folder: real files, and real inotify."""

import select

import pytest

from oomwatch.agent.kill_counters import KillCounters, Rise

BOOT = "2b1d2f7c-1111-2222-3333-444455556666"
POD = "/kubepods.slice/kubepods-pod1.slice"
ONE, OTHER = POD + "/cri-containerd-a.scope", POD + "/cri-containerd-b.scope"


class Clock:
    now = 100.0

    def __call__(self):
        return self.now


class Host:
    """A v2 hierarchy without the mount option memory_localevents: a kill is counted by all above it as well."""

    files = "low 0\nhigh 0\nmax 0\noom {ooms}\noom_kill {kills}\noom_group_kill {groups}\n"

    def __init__(self, root):
        self.root = root
        self.clock = Clock()
        (root / "proc").mkdir()
        self.top = root / "sys/fs/cgroup"
        self.top.mkdir(parents=True)
        (self.top / "cgroup.controllers").write_text("cpu memory pids\n")
        self.kills = {}
        self.groups = {}
        self.total = 0
        self.write_total()

    def write_total(self):
        (self.root / "proc/vmstat").write_text(f"nr_free_pages 1\noom_kill {self.total}\nnumamisc 2\n")

    def add(self, path):
        folder = self.top / path.strip("/")
        folder.mkdir(parents=True, exist_ok=True)
        for part in [folder, *folder.parents]:
            if part == self.top:
                break
            name = "/" + str(part.relative_to(self.top))
            if name not in self.kills:
                self.kills[name] = 0
                self.groups[name] = 0
                self.write(name)
                (part / "cgroup.events").write_text("populated 1\nfrozen 0\n")

    def write(self, path):
        text = self.files.format(ooms=0, kills=self.kills[path], groups=self.groups[path])
        (self.top / path.strip("/") / "memory.events").write_text(text)

    def kill(self, path, times=1, groups=0):
        """The kernel counts from below to above, and for the host."""
        while path:
            self.kills[path] += times
            self.groups[path] += groups
            self.write(path)
            path = path.rpartition("/")[0]
        self.total += times
        self.write_total()

    def remove(self, path):
        folder = self.top / path.strip("/")
        for name in folder.iterdir():
            name.unlink()
        folder.rmdir()
        del self.kills[path]

    def counters(self, state=None, boot=BOOT):
        return KillCounters(str(self.root), state, boot, self.clock)


@pytest.fixture
def host(tmp_path):
    made = Host(tmp_path)
    made.add(ONE)
    made.add(OTHER)
    made.add("/system.slice/x.service")
    return made


@pytest.fixture
def counters(host):
    made = host.counters()
    assert made.look() == []
    yield made
    made.close()


def test_kill_is_of_the_cgroup_that_it_happened_in_though_all_above_count_it(host, counters):
    host.kill(ONE, 2)
    assert counters.look() == [Rise(ONE, 2, 0, 0)]
    assert counters.total == 2
    assert counters.look() == []


def test_kills_in_several_cgroups_at_once(host, counters):
    host.kill(ONE)
    host.kill("/system.slice/x.service", 3)
    assert sorted(counters.look()) == [Rise(ONE, 1, 0, 0), Rise("/system.slice/x.service", 3, 0, 0)]


def test_group_kill_of_two_processes_rises_by_three_and_one(host, counters):
    host.kill(OTHER, 3, groups=1)
    assert counters.look() == [Rise(OTHER, 3, 1, 0)]


def test_cgroup_that_went_leaves_its_kills_with_the_one_above(host, counters):
    host.kill(ONE)
    host.remove(ONE)
    assert counters.look() == [Rise(POD, 1, 0, 0)]


def test_cgroup_that_came_after_the_start_begins_at_nothing(host, counters):
    new = POD + "/cri-containerd-c.scope"
    host.add(new)
    host.kill(new)
    assert counters.look() == [Rise(new, 1, 0, 0)]


def test_counts_before_the_start_are_no_news(host):
    host.kill(ONE, 5)
    later = host.counters()
    assert later.look() == [] and later.total == 5
    host.kill(ONE)
    assert later.look() == [Rise(ONE, 1, 0, 0)]
    later.close()


def test_restart_in_the_same_boot_sees_what_happened_meanwhile(host, counters):
    host.kill(ONE)
    counters.look()
    state = counters.state()
    host.kill(ONE)
    host.kill(OTHER)
    later = host.counters(state)
    assert sorted(later.look()) == [Rise(ONE, 1, 0, 0), Rise(OTHER, 1, 0, 0)]
    later.close()


def test_state_of_another_boot_makes_all_of_this_boot_news(host, counters):
    state = counters.state()
    host.kill(ONE, 2)
    later = host.counters(state, "5a6fc4d1-c6cc-4b6f-b9d3-f37cc1d1f1a5")
    assert later.look() == [Rise(ONE, 2, 0, 0)]
    later.close()


@pytest.mark.parametrize(
    "state", [{}, {"boot": BOOT}, {"boot": BOOT, "total": "x", "is_whole": True, "cgroups": []}, [1]]
)
def test_damaged_state_is_no_state(host, state):
    host.kill(ONE)
    later = host.counters(state)
    assert later.look() == []
    later.close()


def test_notification_wakes_the_agent(host, counters):
    host.clock.now += 10
    counters.look()
    host.clock.now += 10
    descriptor = counters.fileno()
    assert descriptor is not None
    host.kill(ONE)
    assert select.select([descriptor], [], [], 10)[0] == [descriptor]


@pytest.mark.parametrize(
    ("text", "expected"), [("populated 1\nfrozen 0\n", True), ("populated 0\nfrozen 0\n", False), (None, False)]
)
def test_populated(host, counters, text, expected):
    path = host.top / ONE.strip("/") / "cgroup.events"
    if text is None:
        (host.top / ONE.strip("/") / "memory.events").unlink()
        path.unlink()
        path.parent.rmdir()
    else:
        path.write_text(text)
    assert counters.populated(ONE) is expected


def test_hundreds_of_cgroups_that_come_and_go_lose_no_kill(host, counters):
    for number in range(300):
        name = f"/system.slice/run-{number}.scope"
        host.add(name)
        if number % 50 == 0:
            host.kill(name)
        host.remove(name)
    rises = counters.look()
    assert sum(rise.kills for rise in rises) == 6


def test_host_without_memory_cgroups_counts_for_the_whole_host(tmp_path):
    (tmp_path / "proc").mkdir()
    (tmp_path / "proc/vmstat").write_text("nr_free_pages 1\noom_kill 3\n")
    found = KillCounters(str(tmp_path), None, BOOT)
    assert found.look() == [] and found.total == 3
    assert found.trouble.startswith("No memory cgroups are at ")
    (tmp_path / "proc/vmstat").write_text("nr_free_pages 1\noom_kill 4\n")
    found.look()
    assert found.total == 4
    found.close()
