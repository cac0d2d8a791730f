# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The agent's loop, with a log, counters and names that the test controls."""

import os
import time
import types

import pytest

from memcore.answers import events
from memcore.models.pods import Container, Pod
from oomwatch.agent import loop as loop_module
from oomwatch.agent.accounts import Accounts
from oomwatch.agent.kill_counters import Rise
from oomwatch.agent.loop import Loop
from oomwatch.agent.tallies import Tallies

UID = "392bf93e-1fcf-11ea-9b5b-3cfdfe576498"
CONTAINER = "c" * 64
POD = Pod(
    UID, None, "shop", "cart-1", "Deployment", "cart", "Guaranteed", "n", False, (Container(CONTAINER, "app"),), True
)
IN_POD = f"/kubepods/pod{UID}/{CONTAINER}"


def report(usec, pid, cgroup="/a", comm="hog"):
    """Composed: the two lines of a report that name who died and where, as /dev/kmsg has them."""
    choice = f"oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=/,mems_allowed=0,oom_memcg={cgroup},"
    killed = f"Memory cgroup out of memory: Killed process {pid} ({comm}) total-vm:9kB, anon-rss:8kB, "
    return [
        f"6,{usec},{usec},-;{choice}task_memcg={cgroup},task={comm},pid={pid},uid=0".encode(),
        f"3,{usec + 1},{usec + 1},-;{killed}file-rss:0kB, shmem-rss:0kB, UID:0 pgtables:4kB oom_score_adj:0".encode(),
    ]


class Log:
    source, trouble, lost, every, origin_boot, is_caught_up = "kmsg", None, 0, 1.0, "boot", True

    def __init__(self):
        self.coming = []
        self.read_end, self.write_end = os.pipe()

    def come(self, lines):
        self.coming += lines
        os.write(self.write_end, b".")

    def fileno(self):
        return self.read_end

    def hurry(self):
        pass

    def read(self):
        lines, self.coming = self.coming, []
        if lines:
            os.read(self.read_end, 1000)
        return lines


class Counters:
    total, trouble, every = 0, None, 1.0

    def __init__(self):
        self.rises = []

    def fileno(self):
        return None

    def look(self):
        rises, self.rises = self.rises, []
        return rises

    def populated(self, _cgroup):
        return True


class Names:
    wake_fd, is_answering = None, True

    def __init__(self):
        self.known = {}
        self.asked = []
        self.asking = set()

    def clear_wake(self):
        pass

    def find(self, uid):
        return self.known.get(uid)

    def ask(self, uid, container_id):
        self.asked.append((uid, container_id))

    def is_asking(self, uid):
        return uid in self.asking


class Chores:
    due = float("inf")

    def do(self, _now):
        pass


class Parts:
    is_from_boot = False
    is_reading = True
    why_unreported = "the kernel's log has no line of it"
    origin = events.Origin("node", "2b1d2f7c-1111-2222-3333-444455556666", None)

    def __init__(self):
        self.settings = types.SimpleNamespace(root="/nowhere")
        self.log, self.counters, self.names, self.tallies = Log(), Counters(), Names(), Tallies()
        self.follower = events.Follower(self.origin)
        self.accounts = Accounts("boot")
        self.stamped = []
        self.clock = types.SimpleNamespace(booted=time.time(), read=self.stamped.append)  # the reports are new
        self.saves = 0

    def save(self):
        self.saves += 1
        return True


class Teller:
    def __init__(self):
        self.told = []

    def tell(self, record, tied, killed_at):
        self.told.append((record, tied, killed_at))

    @property
    def victims(self):
        return [record["victim"] and record["victim"]["pid"] for record, _tied, _at in self.told]


@pytest.fixture
def agent(monkeypatch):
    """A loop whose reports are whole as soon as the log has no more of them."""
    monkeypatch.setattr(loop_module, "_PAUSE", 0.0)
    parts, teller = Parts(), Teller()
    read_end, _write_end = os.pipe()
    made = Loop(parts, teller, Chores(), read_end)
    made.parts, made.teller = parts, teller
    made.step()  # the counters' base
    return made


def raise_counter(agent, by):
    agent.parts.counters.total += by
    agent._next_counters = 0.0


def test_each_oom_is_told_once_and_in_order(agent):
    agent.parts.log.come(report(10, 5) + report(20, 6))
    raise_counter(agent, 2)
    agent.step()
    agent.step()
    assert agent.teller.victims == [5, 6]
    assert agent.parts.tallies.value("oomwatch_kernel_oom_kill_total") == 2
    assert agent.parts.tallies.value("oomwatch_unreported_kills_total") == 0


def test_event_waits_for_the_name_of_its_pod_and_the_next_one_waits_behind_it(agent):
    names = agent.parts.names
    names.asking.add(UID)
    agent.parts.log.come(report(10, 5, IN_POD) + report(20, 6))
    agent.step()
    assert agent.teller.victims == []
    assert names.asked == [(UID, CONTAINER)]
    names.known[UID] = POD
    names.asking.clear()
    agent._wait = lambda: True
    agent.step()
    assert agent.teller.victims == [5, 6]
    record, tied, _at = agent.teller.told[0]
    assert (record["victim"]["namespace"], record["victim"]["pod"], record["victim"]["container"]) == (
        "shop",
        "cart-1",
        "app",
    )
    assert tied.victims[0].role == "process"


def test_name_that_does_not_come_holds_nothing_up_for_ever(agent, monkeypatch):
    monkeypatch.setattr(loop_module, "_PATIENCE", 0.0)
    agent.parts.names.asking.add(UID)
    agent.parts.log.come(report(10, 5, IN_POD))
    agent.step()
    assert agent.teller.victims == [5]
    assert agent.teller.told[0][0]["victim"]["pod"] is None
    assert agent.teller.told[0][0]["victim"]["pod_uid"] == UID


def test_state_is_not_saved_while_an_event_waits(agent):
    agent._save()
    saves = agent.parts.saves
    agent.parts.names.asking.add(UID)
    agent.parts.log.come(report(10, 5, IN_POD))
    agent.step()
    agent._save()
    assert agent.parts.saves == saves
    agent.parts.names.asking.clear()
    agent._wait = lambda: True
    agent.step()
    agent._save()
    assert agent.parts.saves == saves + 1


def test_kill_without_a_report_is_told_where_the_counter_rose(agent):
    agent.parts.is_reading = False
    agent.parts.counters.rises = [Rise("/system.slice/x.service", 2, 0, 0)]
    raise_counter(agent, 2)
    agent.step()
    assert agent.parts.tallies.value("oomwatch_unreported_kills_total") == 2
    assert [record["source"] for record, _tied, _at in agent.teller.told] == ["counter"]
    assert agent.teller.told[0][0]["repeats"] == 1


def test_kills_before_the_agent_are_no_news(agent):
    assert agent.teller.told == []
    parts = Parts()
    parts.counters.total = 40
    other = Loop(parts, agent.teller, Chores(), os.pipe()[0])
    other.step()
    assert agent.teller.told == []
    assert parts.tallies.value("oomwatch_kernel_oom_kill_total") == 40


def test_stop_tells_what_is_read_and_saves(agent, monkeypatch):
    monkeypatch.setattr(loop_module, "_PAUSE", 100.0)
    agent.parts.log.come(report(10, 5))
    agent.step()
    assert agent.teller.victims == []
    saves = agent.parts.saves
    agent.run(lambda: True)
    assert agent.teller.victims == [5]
    assert agent.parts.saves == saves + 1


def test_lost_records_are_counted(agent):
    agent.parts.log.lost = 7
    agent.parts.log.come([b"6,5,5,-;x"])
    agent.step()
    assert agent.parts.tallies.value("oomwatch_log_records_lost_total") == 7


def test_only_records_that_come_while_the_agent_watches_set_the_clock(agent):
    """Those that wait at its start, and those that waited while it was stopped, were written some time before."""
    fresh = Loop(agent.parts, agent.teller, Chores(), os.pipe()[0])
    agent.parts.log.come(report(1, 100))
    fresh.step()
    assert agent.parts.stamped == []
    live = report(10, 200)
    agent.parts.log.come(live)
    fresh.step()
    assert agent.parts.stamped == [live]
    fresh.heartbeat -= 60
    agent.parts.log.come(report(20, 300))
    fresh.step()
    assert agent.parts.stamped == [live]
