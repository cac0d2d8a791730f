# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who dies next, in words."""

import pytest

from ansible_collections.memfacts.linux.plugins.module_utils.memcore.render import next_victim

MIB = 1 << 20


def process(pid, comm, mib):
    return {"pid": pid, "comm": comm, "frees_bytes": None if mib is None else mib * MIB}


def domain(**given):
    row = {
        "cgroup": "/a",
        "choice": "highest score",
        "next": [process(9, "java", 100)],
        "next_count": 1,
        "sure": True,
        "chosen_pid": None,
        "signed_next": [process(9, "java", 100)],
        "rivals": [],
        "could_die_instead": [],
        "could_die_count": 0,
        "maybe_vfork": [],
        "without_vfork": [],
        "by_nodes": [],
        "may_die_too": [],
        "group_cgroup": None,
        "group_tasks": None,
        "group_frees_bytes": None,
        "group_sure": None,
        "used_bytes": 75 * MIB,
        "limit_bytes": 100 * MIB,
    }
    return dict(row, **given)


def host(*cgroups, **given):
    return dict(domain(), by_cgroup=list(cgroups), kills_since_boot=0, badness_model="signed", **given)


TABLE = {"victims": [], "killable": 0, "unkillable": [], "drift_bytes": 0}
DIES_WITH_ALL = {"group_cgroup": "/a/b", "group_tasks": 4, "group_frees_bytes": 300 * MIB}
TIE = {
    "next": [process(1, "pause", 1), process(2, "a", 1), process(3, "b", 1), process(4, "c", 1)],
    "next_count": 5,
    "signed_next": [process(3, "b", 1)],
}


@pytest.mark.parametrize(
    ("given", "line", "short"),
    [
        pytest.param(
            {},
            "the kernel kills java (pid 9), which frees up to 100.0 MiB",
            "the OOM killer would kill java (pid 9)",
            id="one",
        ),
        pytest.param(
            {"next": [process(9, "java", None)]},
            "the kernel kills java (pid 9)",
            "the OOM killer would kill java (pid 9)",
            id="untold",
        ),
        pytest.param(
            TIE,
            "one of 5 processes with the same points dies (pause (pid 1), a (pid 2), b (pid 3) …)"
            ", while Linux 5.9 or later would kill b (pid 3), which frees up to 1.0 MiB",
            "the OOM killer would kill one of 5 processes with the same score",
            id="tie",
        ),
        pytest.param(
            {"rivals": [7, 8], "sure": False},
            "the kernel most likely kills java (pid 9), which frees up to 100.0 MiB"
            "; too close to call, could also be killed first: pid 7, 8",
            "the OOM killer would kill java (pid 9)",
            id="close",
        ),
        pytest.param(
            {"group_cgroup": "/a/b", "group_tasks": 4, "group_frees_bytes": 300 * MIB, "group_sure": True},
            "the kernel kills java (pid 9) and with it all 4 processes of /a/b, which frees up to 300.0 MiB",
            "the OOM killer would kill java (pid 9)",
            id="group",
        ),
        pytest.param(
            dict(DIES_WITH_ALL, sure=False, rivals=[7], group_sure=True),
            "the kernel kills all 4 processes of /a/b, whichever of them it chooses, which frees up to 300.0 MiB",
            "the OOM killer would kill java (pid 9)",
            id="group-whoever-is-chosen",
        ),
        pytest.param(
            dict(DIES_WITH_ALL, sure=False, group_sure=False),
            "the kernel most likely kills java (pid 9) and with it all 4 processes of /a/b,"
            " which frees up to 300.0 MiB",
            "the OOM killer would kill java (pid 9)",
            id="group-or-somebody-else",
        ),
        pytest.param(
            {"choice": "panic", "next": []},
            "the kernel panics (vm.panic_on_oom is set)",
            "when memory runs out the kernel panics (vm.panic_on_oom)",
            id="panic",
        ),
        pytest.param(
            {"choice": "allocating task", "next": []},
            "the kernel kills the process that requests memory, whatever its score"
            " (vm.oom_kill_allocating_task is set)",
            "when memory runs out the kernel kills the process that requests memory (vm.oom_kill_allocating_task)",
            id="allocating-task",
        ),
        pytest.param(
            {"choice": "nobody", "next": [], "next_count": 0},
            "no process may be killed",
            "when memory runs out no process may be killed",
            id="nobody",
        ),
    ],
)
def test_the_host(given, line, short):
    assert next_victim.in_facts(dict(host(), **given))[0] == "on this host: " + line
    assert next_victim.in_short(dict(host(), **given)) == short


def test_only_the_fullest_cgroup_is_shown():
    cgroups = [domain(cgroup="/b", choice="wait", next=[]), domain()]

    assert next_victim.in_facts(host(*cgroups))[1:-1] == [
        "in /b (75.0 % of 100.0 MiB used): its processes sleep until memory is free"
        " (memory.oom_control turns the OOM killer off)"
    ]


def test_an_empty_cgroup_is_not_shown():
    assert len(next_victim.in_facts(host(domain(used_bytes=0), domain(used_bytes=None)))) == 2


@pytest.mark.parametrize(
    ("kills", "model", "line"),
    [
        (0, "signed", "since boot the OOM killer has killed no process"),
        (1, "signed", "since boot the OOM killer has killed 1 process"),
        (
            12,
            "floored",
            "since boot the OOM killer has killed 12 processes; this kernel rounds negative OOM scores up to 1",
        ),
        (
            None,
            "unknown",
            "this kernel does not count OOM kills;"
            " it is not known whether this kernel rounds negative OOM scores up to 1",
        ),
    ],
)
def test_what_was_so_far(kills, model, line):
    assert next_victim.in_facts(dict(host(), kills_since_boot=kills, badness_model=model))[-1] == line


def test_what_decides_is_said_in_words():
    row = domain(
        next=[process(9, "hog", 100)],
        sure=False,
        could_die_instead=[{"pid": 5, "comm": "db", "grows_bytes": 40 * MIB}],
        could_die_count=3,
    )
    assert next_victim.decides(row) == [
        "hog (pid 9) dies if it goes on growing",
        "db (pid 5) dies if it grows by 40.0 MiB more than hog (pid 9) does",
        "2 other processes could grow enough, too",
    ]
    assert next_victim.decides(domain()) == []


def test_of_a_child_that_dies_for_its_parent_the_parent_is_what_others_must_pass():
    row = domain(
        next=[process(9, "worker", 1)],
        chosen_pid=8,
        could_die_instead=[{"pid": 5, "comm": "db", "grows_bytes": 0}],
        could_die_count=1,
    )
    assert next_victim.decides(row) == [
        "worker (pid 9) dies if its parent, pid 8, goes on growing",
        "db (pid 5) is chosen if it grows while pid 8 does not",
    ]


def test_a_victim_with_its_parents_memory_is_a_doubt():
    row = domain(maybe_vfork=[9], without_vfork=[process(8, "make", 100)])
    assert next_victim.doubt(row) == (
        "pid 9 has exactly its parent's memory: if it is a child of vfork() that still uses it, the kernel skips it"
        " and kills make (pid 8)"
    )
    assert next_victim.doubt(domain(maybe_vfork=[9])).endswith("the kernel skips it and finds nobody to kill")
    assert next_victim.doubt(domain()) is None


def test_within_a_group_that_dies_anyway_nothing_is_left_to_decide():
    grower = {"pid": 5, "comm": "db", "grows_bytes": 40 * MIB}
    given = dict(DIES_WITH_ALL, sure=False, could_die_instead=[grower], could_die_count=1, maybe_vfork=[9])
    anyway, open_one = domain(**given, group_sure=True), domain(**given, group_sure=False)
    assert (next_victim.decides(anyway), next_victim.doubt(anyway)) == ([], None)
    assert next_victim.decides(open_one)[0] == "java (pid 9) dies if it goes on growing"
    assert next_victim.doubt(open_one) is not None


@pytest.mark.parametrize(
    ("pids", "start"),
    [
        ([8], "pid 8 uses as much memory as java (pid 9), to the page"),
        ([4, 5, 6, 7], "pid 4, 5, 6 … use as much memory as java (pid 9), to the page"),
    ],
)
def test_who_may_share_the_victims_memory_may_die_too(pids, start):
    assert next_victim.sharers(domain(may_die_too=pids)) == f"{start}: if it is the same memory, all of them die"
    assert next_victim.sharers(domain()) is None


@pytest.mark.parametrize(
    ("given", "end"),
    [
        ({"sure_after": True}, "instead of hog (pid 1)"),
        ({"sure_after": False}, "instead of hog (pid 1), but this is not certain"),
        (
            {"sure_after": False, "choice_after": "allocating task", "next_after": []},
            "allocating task instead of hog (pid 1)",
        ),
        ({"sure_after": None, "choice_after": None, "next_after": []}, "no limit instead of hog (pid 1)"),
    ],
)
def test_an_answer_to_what_if_says_where_it_is_not_certain(given, end):
    row = {
        "cgroup": None,
        "changed": True,
        "choice_before": "highest score",
        "choice_after": "highest score",
        "sure_before": True,
        "next_before": [process(1, "hog", 9)],
        "next_after": [process(2, "db", 9)],
        "order": [],
    }
    asked = {"changes": [{"summary": "a change"}], "host": dict(row, **given), "by_cgroup": []}
    assert next_victim.changed(asked).endswith(end)
    assert next_victim.page(dict(host(), **TABLE, what_if=asked))[-1].endswith(end)


def test_which_nodes_are_full_decides_who_dies():
    rows = [
        {"nodes": "1", "processes": 1, "choice": "highest score", "next": [process(9, "java", 1)]},
        {"nodes": "0,2-3", "processes": 2, "choice": "highest score", "next": [process(8, "a", 1), process(7, "b", 1)]},
        {"nodes": "4", "processes": 2, "choice": "panic", "next": []},
    ]
    assert next_victim.by_nodes(domain(by_nodes=rows)) == [
        "if only memory node 1 is full, to which a cpuset confines 1 process, the kernel most likely kills "
        "java (pid 9)",
        "if only memory nodes 0,2-3 are full, to which a cpuset confines 2 processes, the kernel most likely kills "
        "one of a (pid 8), b (pid 7)",
        "if only memory node 4 is full, to which a cpuset confines 2 processes, the kernel panics "
        "(vm.panic_on_oom is set)",
    ]
    lines = next_victim.page(host(by_nodes=rows[:1], sure=False, **TABLE))
    assert "  not certain yet:" in lines and any("only memory node 1 is full" in line for line in lines)
