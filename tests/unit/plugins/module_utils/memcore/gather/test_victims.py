# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who dies next on composed hosts: which domains there are, who is in them, in which order, and what is said."""

import pathlib

import pytest

from ansible_collections.memfacts.linux.plugins.module_utils.memcore.gather import oom_domains, victims
from ansible_collections.memfacts.linux.plugins.module_utils.memcore.gather.options import Options
from ansible_collections.memfacts.linux.plugins.module_utils.memcore.gather.survey import Survey
from ansible_collections.memfacts.linux.plugins.module_utils.memcore.models import victims as models
from ansible_collections.memfacts.linux.plugins.module_utils.memcore.models.badness import FLOORED, SIGNED
from ansible_collections.memfacts.linux.plugins.module_utils.memcore.sources import captured, host
from tests.support import hosttree
from tests.support.oomtree import PAGE, RAM, lay, process, write

POD = pathlib.Path(__file__).resolve().parents[4] / "fixtures" / "oom" / "pod-9066e5cfb73c.tree"
SAID = "said by the test"
MIB = 1 << 20
NO_LIMIT_V1 = 9223372036854771712


def ask(machine, model=SIGNED, tie="last"):
    return victims.predict(machine, (tie, SAID), (model, SAID))


def limited(limit, **more):
    """A cgroup of v2 that is full and has no page cache, unless more says otherwise."""
    return dict(
        {"memory.max": limit, "memory.current": limit, "memory.stat": "inactive_file 0"},
        **{name.replace("_", "."): text for name, text in more.items()},
    )


def paths(found):
    return [answer.domain.path for answer in found.cgroups]


def pids(tasks):
    return [task.pid for task in tasks]


def members(found):
    return {answer.domain.path: pids(answer.domain.tasks) for answer in found.cgroups}


def test_each_cgroup_with_a_limit_is_a_domain_with_its_whole_subtree(tmp_path):
    cgroups = [
        ("/a", limited("max"), [10]),
        ("/a/b", limited(100 * MIB), [11]),
        ("/a/b/c", limited("max"), [12]),
        ("/a/b/d", limited(10 * MIB), [13]),
        ("/empty", limited(10 * MIB), []),
    ]
    found = ask(lay(tmp_path, [process(pid) for pid in range(10, 15)], cgroups))
    assert members(found) == {"/a/b": [11, 12, 13], "/a/b/d": [13]}
    assert pids(found.host.domain.tasks) == [10, 11, 12, 13, 14]
    assert found.tasks.by_pid[12].cgroup == "/a/b/c" and found.tasks.by_pid[14].cgroup is None


def test_the_scan_goes_through_older_cgroups_first_and_in_the_order_of_joining(tmp_path):
    cgroups = [
        ("/p", limited(100 * MIB), []),
        ("/p/z", limited("max"), [15, 11]),
        ("/p/z/y", limited("max"), [19]),
        ("/p/a", limited("max"), [10]),
    ]
    found = ask(lay(tmp_path, [process(pid, 10, -900) for pid in (10, 11, 15, 19)], cgroups), FLOORED, "first")
    assert members(found) == {"/p": [15, 11, 19, 10]}
    assert pids(found.cgroups[0].ranking.victims) == [15] and found.cgroups[0].ranking.sure
    last = ask(lay(tmp_path / "last", [process(pid, 10, -900) for pid in (10, 11, 15, 19)], cgroups), FLOORED, "last")
    assert pids(last.cgroups[0].ranking.victims) == [10]


def test_v1_tells_the_order_of_cgroups_but_not_within_them(tmp_path):
    limit = {"memory.limit_in_bytes": 100 * MIB, "memory.use_hierarchy": 1, "memory.swappiness": 60}
    limit.update({"memory.usage_in_bytes": 100 * MIB, "memory.stat": "total_inactive_file 0"})
    none = {"memory.limit_in_bytes": NO_LIMIT_V1}
    cgroups = [("/p", limit, []), ("/p/pause", none, [50]), ("/p/app", none, [20, 30])]
    tasks = [process(pid, 10, -998) for pid in (20, 30, 50)]
    machine = lay(tmp_path, tasks, cgroups, version="v1", release="4.19.78")
    first = ask(machine, FLOORED, "first").cgroups[0].ranking
    assert (pids(first.victims), first.sure) == ([50], True)
    last = ask(machine, FLOORED, "last").cgroups[0].ranking
    assert (pids(last.victims), last.sure) == ([20, 30], False)


def test_before_4_14_inode_numbers_say_nothing_about_age(tmp_path):
    limit = {"memory.limit_in_bytes": 100 * MIB}
    cgroups = [("/p", limit, []), ("/p/pause", {}, [50]), ("/p/app", {}, [20])]
    tasks = [process(pid, 10, -998) for pid in (20, 50)]
    found = ask(lay(tmp_path, tasks, cgroups, version="v1", release="4.4.155"), FLOORED, "first")
    assert (pids(found.cgroups[0].ranking.victims), found.cgroups[0].ranking.sure) == ([50, 20], False)


def test_v1_without_use_hierarchy_leaves_children_out(tmp_path):
    limit = {"memory.limit_in_bytes": 100 * MIB, "memory.use_hierarchy": 0}
    cgroups = [("/p", limit, [10]), ("/p/q", {"memory.limit_in_bytes": NO_LIMIT_V1}, [11])]
    found = ask(lay(tmp_path, [process(10), process(11)], cgroups, version="v1"))
    assert members(found) == {"/p": [10]}


@pytest.mark.parametrize(
    "files, swappiness, swap, total",
    [
        pytest.param({}, 60, 0, 25600, id="no-swap"),
        pytest.param({}, 60, 5000, 30600, id="all-swap"),
        pytest.param({"memory.swap.max": 10 * MIB}, 60, 5000, 25600 + 2560, id="some-swap"),
        pytest.param({"memory.swap.max": 0}, 60, 5000, 25600, id="swap-forbidden"),
        pytest.param({}, 0, 5000, 25600, id="never-swaps"),
        pytest.param({"memory.swap.max": 100 * MIB}, 60, 0, 25600, id="swap-limit-on-a-host-without-swap"),
        pytest.param({"memory.swap.max": 100 * MIB}, 60, 5000, 30600, id="swap-limit-above-the-hosts-swap"),
        pytest.param({"memory.swap.max": "max"}, 60, 5000, 30600, id="no-swap-limit"),
        pytest.param({"memory.max": 0, "memory.swap.max": 0}, 60, 5000, 1, id="limit-of-0"),
    ],
)
def test_pages_of_a_v2_cgroup(tmp_path, files, swappiness, swap, total):
    cgroups = [("/p", dict(limited(100 * MIB), **files), [10])]
    machine = lay(tmp_path, [process(10)], cgroups, swap=swap, sysctls={"swappiness": swappiness})
    assert ask(machine).cgroups[0].domain.total == total * 4096 // PAGE


@pytest.mark.parametrize(
    "files, total",
    [
        pytest.param({}, 25600 + 5000, id="no-accounting-of-swap"),
        pytest.param({"memory.memsw.limit_in_bytes": 110 * MIB}, 25600 + 2560, id="limit-of-both"),
        pytest.param({"memory.memsw.limit_in_bytes": 100 * MIB}, 25600, id="limit-of-both-is-the-limit"),
        pytest.param({"memory.memsw.limit_in_bytes": 999 * MIB}, 30600, id="limit-of-both-above-all-swap"),
        pytest.param({"memory.memsw.limit_in_bytes": NO_LIMIT_V1}, 25600 + 5000, id="no-limit-of-both"),
        pytest.param({"memory.memsw.limit_in_bytes": 110 * MIB, "memory.swappiness": 0}, 25600, id="never-swaps"),
    ],
)
def test_pages_of_a_v1_cgroup(tmp_path, files, total):
    cgroups = [("/p", dict({"memory.limit_in_bytes": 100 * MIB}, **files), [10])]
    machine = lay(tmp_path, [process(10)], cgroups, version="v1", swap=5000)
    assert ask(machine).cgroups[0].domain.total == total


def test_pages_of_the_host_are_ram_and_swap(tmp_path):
    assert ask(lay(tmp_path, [process(10)], swap=5000)).host.domain.total == RAM + 5000


def test_what_counts_of_a_process_is_resident_set_swap_and_page_tables(tmp_path):
    task = process(10, 100, -5, swap=20, page_tables=3, anon=60, shmem=30, ppid=7, capabilities=1 << 21, threads=4)
    found = ask(lay(tmp_path, [task]))
    one = found.tasks.by_pid[10]
    assert (one.rss, one.swap, one.page_tables, one.anon, one.file, one.shmem) == (100, 20, 3, 60, 10, 30)
    assert (one.adj, one.ppid, one.administrator) == (-5, 7, False)
    assert found.host.ranking.rows[0].points == 123 - 5 * (RAM // 1000)
    assert models.frees(one) == 63


@pytest.mark.parametrize("release, administrator", [("4.16.1", True), ("4.17.0", False)])
def test_who_may_administer_counts_up_to_4_16(tmp_path, release, administrator):
    machine = lay(tmp_path, [process(10, capabilities=1 << 21), process(11)], release=release)
    found = ask(machine, FLOORED, "first")
    assert (found.tasks.by_pid[10].administrator, found.tasks.by_pid[11].administrator) == (administrator, False)


def test_counters_drift_with_cpus_since_6_2_and_with_threads_before(tmp_path):
    tasks = [process(10, threads=5)]
    new = ask(lay(tmp_path / "new", tasks, cpus=4, release="6.12.0"))
    old = ask(lay(tmp_path / "old", tasks, cpus=4, release="6.1.0"))
    assert new.tasks.drift(new.tasks.by_pid[10]) == 4 * 32 * 4
    assert old.tasks.drift(old.tasks.by_pid[10]) == 4 * 64 * 5


def test_pid_1_is_spared_only_in_the_initial_namespace(tmp_path):
    tasks = [process(1, 500), process(10)]
    on_host = ask(lay(tmp_path / "host", tasks))
    assert pids(on_host.host.ranking.victims) == [10]
    assert [task.spared for task in on_host.host.ranking.spared] == ["global init"]
    in_container = ask(lay(tmp_path / "container", tasks, init="pid:[4026532198]"))
    assert pids(in_container.host.ranking.victims) == [1]


def test_kernel_threads_and_zombies_are_no_candidates(tmp_path):
    machine = lay(tmp_path, [process(10)])
    write(tmp_path, "proc/11/status", "Name:\tgone\nState:\tZ (zombie)\nPPid:\t1\nUid:\t0\t0\t0\t0\nThreads:\t1\n")
    write(tmp_path, "proc/11/oom_score_adj", "1000\n")
    assert sorted(ask(machine).tasks.by_pid) == [10]


def test_a_process_whose_first_thread_has_ended_is_one(tmp_path):
    machine = lay(tmp_path, [process(10, 50), process(11, 7000, comm="thread", threads=2)])
    of_thread = (tmp_path / "proc" / "11" / "status").read_text()
    write(tmp_path, "proc/11/status", "Name:\tserver\nState:\tZ (zombie)\nPPid:\t1\nUid:\t0\t0\t0\t0\nThreads:\t2\n")
    write(tmp_path, "proc/11/task/11/status", (tmp_path / "proc" / "11" / "status").read_text())
    write(tmp_path, "proc/11/task/12/status", of_thread)
    found = ask(machine)
    assert [(task.pid, task.comm, task.rss) for task in found.host.ranking.victims] == [(11, "server", 7000)]


def test_where_processes_hide_nothing_is_sure(tmp_path):
    machine = lay(tmp_path, [process(10)], [("/p", limited(MIB), [10])])
    (tmp_path / "proc" / "2" / "status").unlink()  # kthreadd is to be seen on every host, but in no container
    found = ask(machine)
    assert [answer.ranking.sure for answer in (found.host, *found.cgroups)] == [False, False]
    assert pids(found.host.ranking.victims) == [10]


@pytest.mark.parametrize(
    "sysctls, of_host, of_cgroup",
    [
        ({}, models.HIGHEST, models.HIGHEST),
        ({"oom_kill_allocating_task": 1}, models.ALLOCATING, models.HIGHEST),
        ({"panic_on_oom": 1, "oom_kill_allocating_task": 1}, models.PANIC, models.HIGHEST),
        ({"panic_on_oom": 2}, models.PANIC, models.PANIC),
    ],
)
def test_settings_that_overrule_the_score(tmp_path, sysctls, of_host, of_cgroup):
    found = ask(lay(tmp_path, [process(10)], [("/p", limited(MIB), [10])], sysctls=sysctls))
    assert found.host.ranking.choice == of_host
    assert [answer.ranking.choice for answer in found.cgroups] == [of_cgroup]


def test_v1_may_let_tasks_wait_instead(tmp_path):
    files = {"memory.limit_in_bytes": MIB, "memory.oom_control": "oom_kill_disable 1\nunder_oom 0\noom_kill 0"}
    found = ask(lay(tmp_path, [process(10)], [("/p", files, [10])], version="v1"))
    assert found.cgroups[0].ranking.choice == models.WAIT


def test_a_group_is_read_from_the_highest_cgroup_that_has_it_set(tmp_path):
    cgroups = [
        ("/p", limited(100 * MIB, memory_oom_group=0), []),
        ("/p/q", limited("max", memory_oom_group=1), [10]),
        ("/p/q/r", limited("max", memory_oom_group=1), [11]),
        ("/s", limited("max", memory_oom_group=1), [12]),
    ]
    found = ask(lay(tmp_path, [process(10), process(11, 5000), process(12, 10)], cgroups))
    for answer in (found.host, found.cgroups[0]):
        assert (answer.ranking.group, pids(answer.ranking.group_tasks)) == ("/p/q", [10, 11])


def test_a_tie_on_the_host_is_decided_by_creation_not_by_pid(tmp_path):
    tasks = [process(10, start=900), process(11, start=100), process(12, start=500), process(13, 5)]
    tied = ask(lay(tmp_path, tasks), SIGNED, "last")
    assert pids(tied.host.ranking.chosen) == [10]
    first = ask(lay(tmp_path / "first", tasks), FLOORED, "first")
    assert pids(first.host.ranking.chosen) == [11]


def test_start_times_are_read_only_for_a_tie_at_the_top(tmp_path):
    machine = lay(tmp_path, [process(10, 7000), process(11), process(12)])
    read = []
    machine.brief = lambda path, of_class=machine.brief: read.append(path) or of_class(path)
    ask(machine)
    assert [path for path in read if path.endswith("/stat")] == []


def test_each_file_of_a_process_is_read_once_however_many_domains_it_is_in(tmp_path):
    path, cgroups = "", []
    for depth in range(6):
        path += f"/{depth}"
        cgroups.append((path, limited(100 * MIB), [10 + depth]))
    machine = lay(tmp_path, [process(10 + depth, 100 + depth) for depth in range(6)], cgroups)
    read = []
    machine.brief = lambda path, of_class=machine.brief: read.append(path) or of_class(path)
    assert len(ask(machine).cgroups) == 6
    of_processes = [path for path in read if path.endswith(("/status", "/oom_score_adj"))]
    assert sorted(of_processes) == sorted(set(of_processes))


def test_a_captured_tree_does_not_tell_the_order_but_its_processes_tell_their_cgroup(tmp_path):
    cgroups = [("/p", limited(100 * MIB), []), ("/p/a", limited("max"), [])]
    tasks = [process(10, 10, -900, cgroup="/p/a"), process(11, 10, -900, cgroup="/p/a"), process(12, cgroup="/q")]
    lay(tmp_path, tasks, cgroups)
    found = ask(captured.CapturedTree(str(tmp_path)), FLOORED, "first")
    assert members(found) == {"/p": [10, 11]}
    assert (pids(found.cgroups[0].ranking.victims), found.cgroups[0].ranking.sure) == ([10, 11], False)


def test_without_a_memory_controller_only_the_host_is_ranked_and_that_is_said(tmp_path):
    machine = lay(tmp_path, [process(10)], version="none")
    found = ask(machine)
    assert found.cgroups == [] and pids(found.host.ranking.victims) == [10]
    assert machine.incomplete["oom by_cgroup"] == "no memory controller is mounted, so only the host is ranked"


def test_a_cgroup_that_cannot_be_read_is_said(tmp_path):
    machine = lay(tmp_path, [process(10)], [("/p", limited(MIB), [10])])
    whole = machine.whole

    def refuse(path):
        if path.endswith("/p/cgroup.procs"):
            raise PermissionError(13, "Permission denied")
        return whole(path)

    machine.whole = refuse
    assert ask(machine).cgroups == []
    assert machine.incomplete["/sys/fs/cgroup/p/cgroup.procs"] == "permission denied"


def test_a_threaded_cgroup_has_no_processes_of_its_own(tmp_path):
    machine = lay(tmp_path, [process(10)], [("/p", limited(MIB), [10]), ("/p/threads", {}, [])])
    whole = machine.whole

    def threaded(path):
        if path.endswith("/threads/cgroup.procs"):
            raise OSError(95, "Operation not supported")
        return whole(path)

    machine.whole = threaded
    assert members(ask(machine)) == {"/p": [10]}
    assert not [source for source in machine.incomplete if "cgroup.procs" in source]


def test_a_process_whose_adj_cannot_be_read_is_counted_and_left_out(tmp_path):
    machine = lay(tmp_path, [process(10), process(11)])
    (tmp_path / "proc" / "11" / "oom_score_adj").unlink()
    (tmp_path / "proc" / "11" / "oom_score_adj").mkdir()  # so that reading it is an error
    assert sorted(ask(machine).tasks.by_pid) == [10]
    assert machine.incomplete["/proc/PID/oom_score_adj"] == "1 of 2 processes could not be read"


def test_a_process_that_ends_meanwhile_is_no_loss_but_a_file_that_was_not_captured_is(tmp_path):
    machine = lay(tmp_path, [process(10), process(11)])
    (tmp_path / "proc" / "11" / "oom_score_adj").unlink()
    assert sorted(ask(machine).tasks.by_pid) == [10]
    assert "/proc/PID/oom_score_adj" not in machine.incomplete

    tree = captured.CapturedTree(str(tmp_path))
    assert sorted(ask(tree).tasks.by_pid) == [10]
    assert tree.incomplete["/proc/PID/oom_score_adj"] == "1 of 2 processes could not be read"


def rows(machine, top=10, model=SIGNED, tie="last"):
    survey = Survey(machine, Options(top=top, namespaces=False))
    return survey, victims.rows_of(survey, victims.of_survey(survey, (tie, SAID), (model, SAID)))


def test_rows_of_facts(tmp_path):
    cgroups = [
        ("/roomy", limited(100 * MIB, memory_current=MIB), [10]),
        ("/full", limited(50 * MIB, memory_current=49 * MIB), [11, 12]),
    ]
    tasks = [process(10, 900, comm="big"), process(11, 300, -1000, swap=5, page_tables=1), process(12, 100, shmem=40)]
    survey, found = rows(lay(tmp_path, tasks, cgroups), top=1)
    assert [row["cgroup"] for row in found["by_cgroup"]] == ["/full"]  # the one that is closest to its limit
    full = found["by_cgroup"][0]
    assert (full["limit_bytes"], full["used_bytes"], full["total_bytes"]) == (50 * MIB, 49 * MIB, 50 * MIB)
    assert full["next"] == [{"pid": 12, "comm": "task12", "frees_bytes": 60 * PAGE}]
    assert full["unkillable"] == [
        {
            "pid": 11,
            "comm": "task11",
            "reason": "oom_score_adj -1000",
            "oom_score_adj": -1000,
            "held_bytes": 306 * PAGE,
        }
    ]
    assert (full["unkillable_bytes"], full["unkillable_exhausts"]) == (306 * PAGE, False)
    assert found["next"][0]["comm"] == "big" and found["killable"] == 2 and len(found["victims"]) == 1
    # Half of the RAM is still available: task12 could take it and pass big, which has 800 pages more today.
    assert (found["margin_bytes"], found["sure"]) == (800 * PAGE, False)
    assert found["headroom_bytes"] == RAM // 2 * PAGE
    assert found["could_die_instead"] == [{"pid": 12, "comm": "task12", "grows_bytes": 800 * PAGE}]
    assert found["could_die_count"] == 1
    assert (full["sure"], full["headroom_bytes"], full["could_die_instead"]) == (True, MIB, [])  # nobody else is in it
    assert found["drift_bytes"] == 2 * 4 * 64 * PAGE
    assert (found["badness_evidence"], found["tie_rule_evidence"]) == (SAID, SAID)
    assert found["signed_next"] == []
    assert survey.truncated == ["oom.victims", "oom.by_cgroup"]


def test_unkillable_processes_may_fill_a_cgroup(tmp_path):
    tasks = [process(10, 256, -1000)]
    dummy, found = rows(lay(tmp_path, tasks, [("/p", limited(256 * PAGE), [10])]))
    assert found["by_cgroup"][0]["choice"] == "nobody"
    assert found["by_cgroup"][0]["unkillable_exhausts"] and found["by_cgroup"][0]["unkillable_percent"] == 100.0


def test_a_floored_kernel_is_told_whom_another_would_kill(tmp_path):
    tasks = [process(10, 1, -998), process(11, 5000, -998, page_tables=7)]
    dummy, found = rows(lay(tmp_path, tasks, [("/p", limited(100 * MIB), [10, 11])]), model=FLOORED, tie="first")
    domain = found["by_cgroup"][0]
    assert [row["pid"] for row in domain["next"]] == [10] and domain["sure"]
    assert domain["signed_next"] == [{"pid": 11, "comm": "task11", "frees_bytes": 5007 * PAGE}]


def test_what_a_kill_frees_is_null_and_named_before_4_5(tmp_path):
    machine = lay(tmp_path, [process(10, parts=False)])
    dummy, found = rows(machine)
    assert found["next"][0]["frees_bytes"] is None
    assert "does not show a process's anonymous memory" in machine.incomplete["oom frees_bytes"]


def test_a_child_dies_for_its_parent_up_to_5_0(tmp_path):
    tasks = [process(10, 9000), process(11, 50, ppid=10), process(12, 70, ppid=10)]
    dummy, found = rows(lay(tmp_path, tasks, release="4.19.78"), model=FLOORED, tie="first")
    assert (found["chosen_pid"], [row["pid"] for row in found["next"]]) == (10, [12])


def test_limits_of_the_host_name_what_is_missing(tmp_path):
    machine = lay(tmp_path, [process(10)])
    write(tmp_path, "proc/meminfo", "MemTotal: 4000000 kB\n")
    survey = Survey(machine, Options(namespaces=False))
    assert oom_domains.host_limits(survey).used is None
    assert machine.incomplete["oom used_bytes"] == "/proc/meminfo has no MemAvailable"


@pytest.fixture
def pod(tmp_path):
    """The pod of the kernel's commit as a captured tree."""
    hosttree.unpack(POD.read_text(encoding="utf-8"), str(tmp_path / "pod"))
    return tmp_path / "pod"


def test_the_pod_of_the_kernels_commit(pod):
    """Its kernel is told from what its processes show; the tree has no order, so that pause is one of those."""
    found = victims.predict(captured.CapturedTree(str(pod)))
    answer = found.cgroups[0]
    assert (found.rules.model, found.rules.tie_rule) == (FLOORED, "first")
    assert answer.domain.total == 4194304 and len(answer.ranking.victims) == 21
    assert answer.ranking.victims[0].comm in {task.comm for task in answer.domain.tasks}
    signed = victims.predict(captured.CapturedTree(str(pod)), model=(SIGNED, SAID)).cgroups[0].ranking
    assert [(task.comm, models.frees(task)) for task in signed.victims] == [("data_sim", 3967322 + 9058)]


def test_the_pod_on_its_own_host_loses_pause(pod):
    """Live, with the sandbox's cgroup older than the container's."""

    class Alive(host.Host):
        def folders(self, path):
            return sorted(super().folders(path))  # the sandbox's id begins with 0, the container's with 1

    found = victims.predict(Alive(str(pod)), model=(FLOORED, SAID))
    ranking = found.cgroups[0].ranking
    assert [task.comm for task in ranking.victims] == ["pause"]
    # The capture does not show what the pod uses: data_sim could still grow by the 209233 pages that lift it to 1.
    assert not ranking.sure and ranking.contenders[0].grows == 209233
    assert models.frees(ranking.victims[0]) == 1 + 8


def test_a_unit_whose_name_would_move_the_cursor_is_shown_with_escapes(tmp_path):
    machine = lay(tmp_path, [process(50, rss=900, cgroup="/system.slice/\x1b[31m\u202ex.service")])
    dummy, found = rows(machine)
    assert [row["unit"] for row in found["victims"]] == ["\\x1b[31m\\u202ex.service"]


@pytest.mark.parametrize("model", [SIGNED, FLOORED])
def test_a_host_of_less_than_a_page_is_ranked_without_an_error(tmp_path, model):
    machine = lay(tmp_path, [process(50, rss=900), process(51, rss=10)])
    write(tmp_path, "proc/meminfo", "MemTotal: 1 kB\nSwapTotal: 0 kB\n")
    dummy, found = rows(machine, model=model)
    assert [row["pid"] for row in found["victims"]] == [50, 51]


def test_a_rival_may_grow_by_all_that_is_free_in_the_cgroup(tmp_path):
    tasks = [process(10, 9000, comm="hog"), process(11, 4000, comm="db"), process(12, 100, comm="sh")]
    # 100 MiB are 25600 pages; 20 MiB are free and 4 MiB are page cache, which is 6144 pages.
    files = limited(100 * MIB, memory_current=80 * MIB, memory_stat=f"inactive_file {3 * MIB}\nactive_file {MIB}")
    ranking = ask(lay(tmp_path, tasks, [("/p", files, [10, 11, 12])])).cgroups[0].ranking
    assert pids(ranking.victims) == [10] and not ranking.sure and ranking.rivals == []
    assert [(one.task.pid, one.grows) for one in ranking.contenders] == [(11, 5000)]


def test_where_nothing_is_free_growth_does_not_matter(tmp_path):
    tasks = [process(10, 9000), process(11, 4000)]
    ranking = ask(lay(tmp_path, tasks, [("/p", limited(100 * MIB), [10, 11])])).cgroups[0].ranking
    assert (pids(ranking.victims), ranking.sure, ranking.contenders) == ([10], True, [])


@pytest.mark.parametrize(
    "files, swap, pages",
    [
        pytest.param({"memory.current": 90 * MIB}, 0, 2560, id="below-the-limit"),
        pytest.param({"memory.stat": f"shmem {MIB}"}, 0, 256, id="shared-memory-may-be-mapped"),
        pytest.param({"memory.swap.max": 2 * MIB}, 5000, 512, id="some-swap"),
        pytest.param({}, 5000, 5000, id="all-swap"),
        pytest.param({"memory.swap.max": 0}, 5000, 0, id="no-swap-for-it"),
        pytest.param({"memory.stat": ""}, 0, None, id="nobody-tells"),
    ],
)
def test_what_a_cgroup_can_still_take(tmp_path, files, swap, pages):
    cgroups = [("/p", dict(limited(100 * MIB), **files), [10])]
    assert ask(lay(tmp_path, [process(10)], cgroups, swap=swap)).cgroups[0].domain.headroom == pages


def test_on_the_host_the_whole_page_cache_counts_though_memavailable_leaves_some_out(tmp_path):
    machine = lay(tmp_path, [process(10)], swap=0)
    write(
        tmp_path,
        "proc/meminfo",
        "MemTotal: 400000 kB\nMemFree: 4000 kB\nMemAvailable: 8000 kB\nActive(file): 4000 kB\n"
        "Inactive(file): 8000 kB\nSReclaimable: 400 kB\nShmem: 40 kB\nSwapTotal: 4000 kB\nSwapFree: 400 kB\n",
    )
    assert ask(machine).host.domain.headroom == (16400 + 40 + 400) // 4


def test_subgroups_without_the_memory_controller_leave_a_tie_open(tmp_path):
    tasks = [process(pid, 10, -900) for pid in (10, 11, 12, 13)]
    cgroups = [
        ("/p", limited(100 * MIB), [10]),
        ("/p/a", limited("max"), [11]),
        ("/p/b", {}, [12]),  # charged to /p: scanned with pid 10, before or after it, and before /p/a
        ("/q", limited(100 * MIB), [13]),
    ]
    first = ask(lay(tmp_path, tasks, cgroups), FLOORED, "first").cgroups
    assert pids(first[0].domain.tasks) == [10, 12, 11]
    assert (pids(first[0].ranking.victims), first[0].ranking.sure) == ([10, 12], False)
    assert (pids(first[1].ranking.victims), first[1].ranking.sure) == ([13], True)
    last = ask(lay(tmp_path / "last", tasks, cgroups), FLOORED, "last").cgroups[0].ranking
    assert (pids(last.victims), last.sure) == ([11], True)  # /p/a has the controller and is scanned last


def test_processes_with_threads_in_a_threaded_cgroup_leave_a_tie_open(tmp_path):
    tasks = [process(pid, 10, -900) for pid in (10, 11)]
    machine = lay(tmp_path, tasks, [("/p", limited(100 * MIB), [10, 11]), ("/p/threads", {}, [])])
    whole = machine.whole

    def threaded(path):
        if path.endswith("/threads/cgroup.procs"):
            raise OSError(95, "Operation not supported")
        return whole(path)

    machine.whole = threaded
    ranking = ask(machine, FLOORED, "first").cgroups[0].ranking
    assert (pids(ranking.victims), ranking.sure) == ([10, 11], False)


def family(**child):
    """A parent, its child with the same figures but for `child`, and a smaller process."""
    same = {"rss": 500, "anon": 400, "page_tables": 9, "swap": 3, "total_vm": 7000}
    return [process(10, ppid=1, **same), process(11, **{**same, "ppid": 10, **child}), process(12, 50, total_vm=90)]


def test_a_child_with_exactly_its_parents_memory_may_be_skipped(tmp_path):
    ranking = ask(lay(tmp_path, family(), [("/p", limited(100 * MIB), [10, 11, 12])])).cgroups[0].ranking
    assert pids(ranking.victims) == [11] and not ranking.sure  # the last of two equals
    assert (pids(ranking.maybe_vfork), pids(ranking.without_vfork)) == ([11], [10])


@pytest.mark.parametrize(
    "child", [{"total_vm": 7001}, {"ppid": 1}, {"page_tables": 10}, {"anon": 401}, {"total_vm": 7000, "swap": 4}]
)
def test_a_child_that_differs_in_one_figure_raises_no_doubt(tmp_path, child):
    ranking = ask(lay(tmp_path, family(**child), [("/p", limited(100 * MIB), [10, 11, 12])])).cgroups[0].ranking
    assert ranking.maybe_vfork == ranking.without_vfork == []


def test_before_4_8_no_vfork_child_is_skipped_but_none_dies_for_its_parent(tmp_path):
    cgroups = [("/p", {"memory.limit_in_bytes": 100 * MIB}, [10, 11, 12])]
    old = lay(tmp_path, family(), cgroups, version="v1", release="4.4.155")
    ranking = ask(old, FLOORED, "first").host.ranking
    assert (pids(ranking.chosen), pids(ranking.victims)) == ([10], [11])
    assert (pids(ranking.maybe_vfork), pids(ranking.without_vfork)) == ([11], [10])


def test_figures_of_a_doubt(tmp_path):
    dummy, found = rows(lay(tmp_path, family(), [("/p", limited(100 * MIB), [10, 11, 12])]))
    assert found["by_cgroup"][0]["maybe_vfork"] == [11]
    assert found["by_cgroup"][0]["without_vfork"] == [{"pid": 10, "comm": "task10", "frees_bytes": 409 * PAGE}]


def test_who_may_share_the_victims_memory_is_named_in_whatever_cgroup_it_is(tmp_path):
    cgroups = [("/p", limited(100 * MIB), [10, 12]), ("/elsewhere", limited(100 * MIB), [11])]
    dummy, found = rows(lay(tmp_path, family(), cgroups))
    by_path = {row["cgroup"]: row for row in found["by_cgroup"]}
    assert (by_path["/p"]["next"][0]["pid"], by_path["/p"]["may_die_too"]) == (10, [11])
    assert (by_path["/elsewhere"]["next"][0]["pid"], by_path["/elsewhere"]["may_die_too"]) == (11, [10])


def test_who_dies_with_the_group_anyway_is_not_named_again(tmp_path):
    cgroups = [("/p", limited(100 * MIB, memory_oom_group=1), [10, 11, 12])]
    dummy, found = rows(lay(tmp_path, family(), cgroups))
    row = found["by_cgroup"][0]
    assert (row["group_tasks"], row["group_sure"], row["sure"], row["may_die_too"]) == (3, True, False, [])


def test_where_processes_hide_no_group_is_certain(tmp_path):
    cgroups = [("/p", limited(100 * MIB, memory_oom_group=1), [10])]
    machine = lay(tmp_path, [process(10)], cgroups)
    assert ask(machine).cgroups[0].ranking.group_sure
    hiding = lay(tmp_path / "hiding", [process(10)], cgroups)
    (tmp_path / "hiding" / "proc" / "2" / "status").unlink()
    assert ask(hiding).cgroups[0].ranking.group_sure is False


def test_kernel_memory_of_v1_may_become_a_process_s_since_nothing_tells_what_of_it_can_be_freed(tmp_path):
    files = {
        "memory.limit_in_bytes": 100 * MIB,
        "memory.usage_in_bytes": 100 * MIB,
        "memory.stat": f"total_inactive_file {MIB}",
        "memory.kmem.usage_in_bytes": 2 * MIB,
    }
    tasks = [process(10, 9000), process(11, 8231), process(12, 8230)]  # pid 11 lacks 769 pages, and 3 MiB are 768
    answer = ask(lay(tmp_path, tasks, [("/p", files, [10, 11, 12])], version="v1", release="7.1.0")).cgroups[0]
    assert answer.domain.headroom == 3 * MIB // PAGE
    assert pids(one.task for one in answer.ranking.contenders) == []
    more = dict(files, **{"memory.kmem.usage_in_bytes": 2 * MIB + PAGE})
    machine = lay(tmp_path / "more", tasks, [("/p", more, [10, 11, 12])], version="v1", release="7.1.0")
    ranking = ask(machine).cgroups[0].ranking
    assert (pids(one.task for one in ranking.contenders), ranking.sure) == ([11], False)


def of_nodes(tmp_path, processes, model=SIGNED, tie="last", cgroups=(), nodes=(65438, 65495), **more):
    """A host of two nodes; facts and ranking."""
    machine = lay(tmp_path, processes, cgroups, **more)
    zone = "Node {}, zone   Normal\n  pages free     1\n        spanned  {}\n        present  {}\n"
    write(tmp_path, "proc/zoneinfo", "".join(zone.format(node, pages, pages) for node, pages in enumerate(nodes)))
    write(tmp_path, "proc/meminfo", "MemTotal: 471536 kB\nMemFree: 0 kB\nMemAvailable: 0 kB\nSwapTotal: 0 kB\n")
    survey = Survey(machine, Options())
    found = victims.of_survey(survey, (tie, SAID), (model, SAID))
    return found, victims.rows_of(survey, found)


# Figures of the lab's scene cpuset on Linux 6.12: node 1 ran out, and on-one died for it.
ON_ZERO = process(162, 10272, 300, comm="on-zero", nodes="0")
ON_ONE = process(163, 15400, 0, comm="on-one", nodes="1")
TRIGGER = process(164, 10, -1000, comm="trigger", nodes="1")
FREE = process(165, 10, 0, comm="free", nodes="0-1")


def test_who_dies_depends_on_which_nodes_of_a_cpuset_are_full(tmp_path):
    _found, facts = of_nodes(tmp_path, [ON_ZERO, ON_ONE, TRIGGER, FREE])
    assert ([row["pid"] for row in facts["next"]], facts["sure"]) == ([162], False)
    on_one = {"pid": 163, "comm": "on-one", "frees_bytes": 15400 * PAGE}
    assert facts["by_nodes"] == [{"nodes": "1", "processes": 2, "choice": "highest score", "next": [on_one]}]


def test_a_cpuset_raises_no_doubt_where_the_same_process_dies_for_each_of_its_nodes(tmp_path):
    everywhere = process(161, 40000, 0, nodes="0-1")
    _found, facts = of_nodes(tmp_path, [everywhere, ON_ONE, TRIGGER])
    assert ([row["pid"] for row in facts["next"]], facts["sure"], facts["by_nodes"]) == ([161], True, [])
    # Nobody is confined where all may use the same nodes, or where the kernel has no cpusets.
    for index, nodes in enumerate(({"nodes": "0-1"}, {"nodes": "0"}, {})):
        rest = [process(10, 40000, **nodes), process(11, 100, **nodes)]
        _found, facts = of_nodes(tmp_path / str(index), rest)
        assert (facts["sure"], facts["by_nodes"]) == (True, [])


def test_an_adj_weighs_less_where_fewer_nodes_are_full(tmp_path):
    # 500 * 130 = 65000 pages on the host, 500 * 65 = 32500 of node 1 alone.
    raised, large = process(10, 100, 500, nodes="0-1"), process(11, 40000, 0, nodes="1")
    _found, facts = of_nodes(tmp_path, [raised, large])
    assert ([row["pid"] for row in facts["next"]], facts["sure"]) == ([10], False)
    assert [row["pid"] for row in facts["by_nodes"][0]["next"]] == [11]


def test_full_nodes_of_a_cpuset_panic_only_where_cgroups_do(tmp_path):
    for value, choices in ((1, ["highest score", "highest score"]), (2, [])):
        sysctls = {"panic_on_oom": value}
        found, facts = of_nodes(tmp_path / str(value), [ON_ZERO, ON_ONE], sysctls=sysctls)
        assert found.host.ranking.choice == "panic" and facts["sure"] == (not choices)
        assert [row["choice"] for row in facts["by_nodes"]] == choices


def test_nodes_part_a_cgroup_only_on_kernels_before_5_3(tmp_path):
    cgroups = [("/p", limited(100 * MIB), [162, 163])]
    answers = {}
    for model in (SIGNED, FLOORED):
        _found, facts = of_nodes(tmp_path / model, [ON_ZERO, ON_ONE, TRIGGER], model, "first", cgroups)
        row = facts["by_cgroup"][0]
        answers[model] = row["sure"], [(part["nodes"], part["next"][0]["pid"]) for part in row["by_nodes"]]
    assert answers == {SIGNED: (True, []), FLOORED: (False, [("1", 163)])}


def test_without_the_pages_of_the_nodes_a_cpuset_leaves_the_host_open(tmp_path):
    _found, facts = of_nodes(tmp_path, [ON_ZERO, ON_ONE], nodes=())
    assert (facts["sure"], facts["by_nodes"]) == (False, [])
