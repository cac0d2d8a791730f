# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""OOMs of the last hour by pod and node, and since when every one of them is known."""

from memcore.models.tying import Tied, TiedVictim
from oomwatch.agent import recent_ooms
from oomwatch.agent.recent_ooms import RecentOoms

UID = "392bf93e-1fcf-11ea-9b5b-3cfdfe576498"
POD = f"/kubepods/pod{UID}"


def event(number=1, kind="pod", uid=UID, scope="memcg"):
    row = {
        "pid": number,
        "comm": "hog",
        "pod_uid": uid,
        "oom_score_adj": 0,
        "anon_bytes": 5,
        "file_bytes": None,
        "shmem_bytes": None,
    }
    return {
        "id": f"b:{number}:1",
        "time": "2026-12-01T10:00:00Z",
        "source": "kernel",
        "scope": scope,
        "group_kill": False,
        "victims": [row],
        "limit_owner": {"kind": kind, "cgroup": POD if kind == "pod" else "/kubepods", "limit_bytes": 9},
        "cause": None,
    }


TIED = Tied((TiedVictim(1, "hog", None, None, "process"),), None)


def test_oom_of_a_pod_is_kept_for_an_hour():
    kept = RecentOoms(500.0)
    kept.add(event(1), TIED, 1000.0)
    kept.add(event(2), TIED, 4000.0)
    assert [oom.id for oom in kept.recent(4500.0).ooms[UID]] == ["b:1:1", "b:2:1"]
    assert [oom.id for oom in kept.recent(4700.0).ooms[UID]] == ["b:2:1"]
    assert kept.watched_since(600.0) == 500.0
    assert kept.watched_since(9000.0) == 9000.0 - recent_ooms.KEPT_SECONDS


def test_oom_of_the_node_is_the_nodes_and_its_victims_pod():
    kept = RecentOoms(0.0)
    kept.add(event(1, "kubepods"), TIED, 10.0)
    found = kept.recent(20.0)
    assert [oom.id for oom in found.node_ooms] == ["b:1:1"]
    assert [oom.id for oom in found.ooms[UID]] == ["b:1:1"]


def test_storm_forgets_the_oldest_and_says_since_when_all_are_known(monkeypatch):
    monkeypatch.setattr(recent_ooms, "_MOST", 3)
    kept = RecentOoms(0.0)
    for number in range(1, 6):
        kept.add(event(number), TIED, float(number))
    assert [oom.id for oom in kept.recent(6.0).ooms[UID]] == ["b:3:1", "b:4:1", "b:5:1"]
    assert kept.watched_since(6.0) == 2.0
