# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Events of kills that only a counter shows."""

from ansible_collections.memfacts.linux.plugins.module_utils.memcore.answers import events
from ansible_collections.memfacts.linux.plugins.module_utils.memcore.gather import counted_kills
from ansible_collections.memfacts.linux.plugins.module_utils.memcore.gather.counted_kills import Counted
from ansible_collections.memfacts.linux.plugins.module_utils.memcore.render import event_page

BOOT = "2b1d2f7c-1111-2222-3333-444455556666"
ORIGIN = events.Origin("node-1", BOOT, 1764567790.0)
WHY = "the kernel's log cannot be read"


def event(kills=1, cgroup="/system.slice/foo.service", whole_group=False, hit_limit=False):
    counted = Counted(kills, cgroup, whole_group, hit_limit, 1764567890.0, 100.25, WHY)
    return events.told(counted_kills.record(counted, ORIGIN))


def test_event_of_a_counter_says_how_often_and_where():
    found = event(3)
    assert found["source"] == "counter"
    assert found["repeats"] == 2, "one event stands for three kills"
    assert found["summary"] == (
        "The kernel counted 3 OOM kills in /system.slice/foo.service. No report of that was read: the kernel's log "
        "cannot be read."
    )


def test_event_of_a_counter_claims_nothing_that_a_counter_does_not_show():
    found = event()
    assert found["victim"] is None and found["victims"] == [] and found["candidates"] == []
    assert found["scope"] is None and found["limit_owner"] is None
    assert {found["verdict"][name]["result"] for name in ("by_rule", "by_cause", "useful")} == {"unknown"}
    assert found["verdict"]["reason"] == WHY
    assert found["incomplete"] == [{"source": "report", "reason": WHY}]


def test_id_has_the_boot_and_the_moment_of_reading():
    assert event()["id"] == f"{BOOT}:100250000:0"
    assert event()["time"] == "2025-12-01T05:44:50Z"


def test_limit_that_was_hit_is_named():
    found = event(hit_limit=True)
    assert found["scope"] == "memcg"
    assert found["limit_owner"]["cgroup"] == "/system.slice/foo.service"
    assert found["limit_owner"]["kind"] == "unit"
    assert found["limit_owner"]["limit_bytes"] is None


def test_whole_group():
    found = event(3, whole_group=True)
    assert found["group_kill"] and found["group_cgroup"] == "/system.slice/foo.service"
    assert found["summary"].startswith(
        "The kernel's OOM killer killed all processes of /system.slice/foo.service (memory.oom.group). "
    )


def test_host_without_a_cgroup():
    assert event(cgroup=None)["summary"].startswith("The kernel counted 1 OOM kill. ")


def test_page_has_one_paragraph():
    lines = event_page.one(event(), 200)
    assert lines[0] == "" and lines[1].startswith("2025-12-01T05:44:50Z  The kernel counted 1 OOM kill in ")
    assert "the log shows no kill" not in " ".join(lines)
