# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What counts as an incident, and what gives Kubernetes Events: not what user space kills, nor failed allocations."""

import json
import time

from memcore.answers import events
from memcore.models import tying
from oomwatch.agent.notes import Compared
from oomwatch.agent.tallies import Tallies
from oomwatch.agent.telling import Teller

INCIDENTS = "oomwatch_incidents_total"
POD = "/kubepods/burstable/podc11937f9-989d-48ba-8453-06d2baa9392b"
NOBODY = [
    "[{}.000001] sh invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=-1000",
    "[{}.000002] memory: usage 10240kB, limit 10240kB, failcnt 77",
    "[{}.000003] Memory cgroup stats for " + POD + ":",
    "[{}.000004] Out of memory and no killable processes...",
]


class Output:
    def __init__(self):
        self.lines = []

    def put(self, line):
        self.lines.append(json.loads(line))


class Delivery:
    def __init__(self):
        self.items = []

    def put(self, item):
        self.items.append(item)


class Told:
    """An agent that reads these lines."""

    def __init__(self, lines):
        self.tallies, self.output, self.delivery = Tallies(), Output(), Delivery()
        self.teller = Teller("json", self.output, self.tallies, self.delivery, "node7", self.compare)
        self.follower = events.Follower()
        self.feed(lines)

    def feed(self, lines):
        for line in lines:
            self.follower.feed(line)
        self.follower.flush()
        for record in self.follower.take():
            tied = tying.tie(record, lambda _uid: None, lambda _cgroup: None)
            self.teller.tell(record, tied, time.time())

    def compare(self, event, _killed_at):
        self.compared = getattr(self, "compared", []) + [event["id"]]
        return Compared("right", True)

    def incidents(self, **labels):
        return self.tallies.value(INCIDENTS, **labels)


def test_kill_by_user_space_is_an_incident_without_an_event():
    told = Told(
        [
            "[  100.000001] [talos] Sending SIGKILL to cgroup {"
            f'"controller": "runtime.OOMController", "cgroup": "/sys/fs/cgroup{POD}"}}',
            '[  100.000002] [talos] victim processes: {"controller": "runtime.OOMController", "processes": ["/app x"]}',
        ]
    )
    assert [event["source"] for event in told.output.lines] == ["talos"]
    assert told.incidents(scope="unknown", source="talos", limit_kind="unknown") == 1
    assert told.tallies.value("oomwatch_verdicts_total", by="rule", result="unknown") == 0
    assert told.delivery.items == []


def test_failed_allocation_is_no_incident():
    told = Told(["[  100.000001] nginx: page allocation failure: order:4, mode:0x40a20(GFP_ATOMIC), nodemask=(null)"])
    assert [event["outcome"] for event in told.output.lines] == ["allocation-failed"]
    assert told.incidents(scope="global", source="kernel", limit_kind="host") == 0
    assert told.delivery.items == []


def test_series_is_one_incident_however_often_it_is_told():
    told = Told([line.format(100) for line in NOBODY])
    told.feed([line.format(second) for second in (101, 102, 103) for line in NOBODY])
    assert [event["repeats"] for event in told.output.lines] == [0, 3]
    assert len({event["id"] for event in told.output.lines}) == 1
    assert told.incidents(scope="memcg", source="kernel", limit_kind="pod") == 1
