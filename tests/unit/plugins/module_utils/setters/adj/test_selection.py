# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which processes a selector means, and which it never touches."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.memfacts.linux.plugins.module_utils.memcore.errors import OptionError
from ansible_collections.memfacts.linux.plugins.module_utils.setters.adj import selection
from ansible_collections.memfacts.linux.plugins.module_utils.setters.adj.selection import Candidate, LeftOut, Selector

SSH, CRON = "/system.slice/ssh.service", "/system.slice/cron.service"
DOCKER = "/system.slice/docker-" + "ab" * 32 + ".scope"
DOCKER_2 = "/system.slice/docker-" + "ab" * 31 + "cd.scope"


def process(pid, ppid=1, comm="prog", executable=None, uid=0, cgroup=CRON, adj=0, arguments=None, titles=()):
    path = "/usr/bin/" + comm if executable is None else executable
    return Candidate(
        pid, ppid, pid * 10, comm, path, uid, (cgroup,), adj, pid if arguments is None else arguments, titles
    )


INIT = process(1, 0, "systemd", "/usr/lib/systemd/systemd", cgroup="/init.scope")


def chosen(selector, processes, own=999, known=(), value=None):
    return [found.pid for found in selection.select(selector, processes, own, dict(known), value).chosen]


@pytest.mark.parametrize(
    "name, hit",
    [
        pytest.param("nginx", True, id="comm"),
        pytest.param("/opt/web/nginx-real", True, id="path"),
        pytest.param("nginx-real", True, id="last-part-of-the-path"),
        pytest.param("ngin", False, id="a-part-of-the-name"),
        pytest.param("real", False, id="a-part-of-the-path"),
        pytest.param("/opt/web", False, id="the-folder"),
    ],
)
def test_a_name_matches_as_a_whole(name, hit):
    web = process(7, comm="nginx", executable="/opt/web/nginx-real")
    assert chosen(Selector("name", name), [INIT, web]) == ([7] if hit else [])


def test_long_script_names_with_equal_beginnings_differ():
    right = process(7, comm="long-daemon-nam", executable="/usr/bin/python3", titles=("python3", "long-daemon-name-a"))
    other = process(8, comm="long-daemon-nam", executable="/usr/bin/python3", titles=("python3", "long-daemon-name-b"))
    assert chosen(Selector("name", "long-daemon-name-a"), [INIT, right, other]) == [7]


def test_a_pattern_is_looked_for_in_name_and_path_but_not_in_arguments():
    batch = process(7, comm="run", executable="/opt/batch/run")
    java = process(8, comm="java", titles=("java", "batch"))
    assert chosen(Selector("pattern", "batch"), [INIT, batch, java]) == [7]
    assert chosen(Selector("pattern", "^(run|java)$"), [INIT, batch, java]) == [7, 8]


def test_user_cgroup_and_container():
    rows = [
        INIT,
        process(7, uid=33),
        process(8, cgroup=CRON + "/job"),
        process(9, cgroup=CRON + "d"),
        process(10, cgroup=DOCKER),
    ]
    assert chosen(Selector("user", "www-data", uid=33), rows) == [7]
    assert chosen(Selector("cgroup", CRON, folders=(CRON,)), rows) == [7, 8]
    assert chosen(Selector("container", "ab", containers=("ab" * 32,)), rows) == [10]


def test_a_container_is_found_in_whichever_hierarchy_names_it():
    only_memory = process(7)._replace(cgroups=("/", "/docker/" + "ab" * 32))
    assert (only_memory.cgroup, only_memory.owner.container) == ("/docker/" + "ab" * 32, "ab" * 32)
    assert process(8)._replace(cgroups=()).cgroup == "/"


def test_a_container_is_known_by_the_beginning_of_its_id():
    rows = [process(10, cgroup=DOCKER), process(11, cgroup=DOCKER_2), process(12, cgroup="/lxc.payload.web1")]
    assert selection.containers("ab" * 31 + "c", rows) == {"ab" * 31 + "cd"}
    assert selection.containers("ababab", rows) == {"ab" * 32, "ab" * 31 + "cd"}
    assert selection.containers("ababa", rows) == set()  # too short to be an id
    assert selection.containers("web1", rows) == {"web1"}
    assert selection.containers("web", rows) == set()


def test_descendants_are_taken_along_and_come_before_their_parents():
    rows = [INIT, process(5, 1, "top"), process(6, 5), process(7, 6), process(8, 1)]
    assert chosen(Selector("name", "top"), rows) == [5]
    assert chosen(Selector("name", "top", children=True), rows) == [7, 6, 5]


def sshd(pid, ppid, comm="sshd", executable="/usr/sbin/sshd", cgroup="/user.slice/session-1.scope", **more):
    return process(pid, ppid, comm, executable, cgroup=cgroup, **more)


# sshd > session > its forked half > shell > sudo > the module, and a second session with a hog.
OVER_SSH = [
    INIT,
    sshd(5, 1, cgroup=SSH),
    sshd(20, 5),
    sshd(21, 20),
    process(22, 21, "sh"),
    process(23, 22, "sudo"),
    process(24, 23, "python3"),
    sshd(30, 5),
    sshd(31, 30),
    process(32, 31, "hog"),
]


def test_run_and_its_session_are_skipped_but_not_the_listener():
    found = selection.select(Selector("pattern", "sshd|python|sudo"), OVER_SSH, 24, {}, None)
    assert [one.pid for one in found.chosen] == [31, 30, 5]
    assert {one.pid for one in found.left_out} == {20, 21, 23, 24}
    assert {one.reason for one in found.left_out} == {"belongs to this run of Ansible"}


def test_a_pid_is_meant_even_if_it_is_the_run_s_own():
    assert chosen(Selector("pid", "22"), OVER_SSH, own=24) == [22]
    assert chosen(Selector("pid", "22", children=True), OVER_SSH, own=24) == []


def test_ansible_workers_are_skipped_but_not_its_other_children():
    rows = [
        INIT,
        process(3, 1, "tmux"),
        process(4, 3, "bash"),
        process(5, 4, "ansible", "/usr/bin/python3", arguments=77),
        process(6, 5, "ansible", "/usr/bin/python3", arguments=77),
        process(7, 5, "ansible", "/usr/bin/python3", arguments=77),
        process(8, 6, "python3", "/usr/bin/python3"),
        process(9, 4, "python3", "/usr/bin/python3"),
    ]
    assert chosen(Selector("pattern", "python"), rows, own=8) == [9]


def test_unit_selects_processes_with_the_value_of_its_main_process():
    rows = [
        INIT,
        process(5, 1, "postgres", adj=-900),
        process(6, 5, "checkpointer", adj=-900),
        process(7, 5, "backend", adj=0),
        process(8, 7, "helper", adj=0),
    ]
    unit = Selector("unit", "cron.service", folders=(CRON,))
    found = selection.select(unit, rows, 999, {}, -500)
    assert [one.pid for one in found.chosen] == [6, 5]
    reason = "has its own value (0), which is not the value of its service"
    assert found.left_out == [LeftOut(7, "backend", reason), LeftOut(8, "helper", reason)]
    assert chosen(unit._replace(children=True), rows) == [8, 6, 7, 5]


def test_what_was_handed_to_process_1_is_no_main_process():
    folder = "/system.slice/containerd.service"
    rows = [
        INIT,
        process(5, 1, "containerd", cgroup=folder, adj=-999),
        process(6, 1, "containerd-shim", cgroup=folder, adj=-998),
        process(7, 6, "ctr", cgroup=folder, adj=-999),
    ]
    unit = Selector("unit", "containerd.service", folders=(folder,), main_pids=(5,))
    found = selection.select(unit, rows, 999, {}, -1000)
    assert [one.pid for one in found.chosen] == [7, 5]
    assert found.left_out == [
        LeftOut(6, "containerd-shim", "has its own value (-998), which is not the value of its service")
    ]
    assert chosen(unit._replace(children=True), rows) == [7, 5, 6]
    # systemd knows no main process, or one that has exited since.
    assert chosen(unit._replace(main_pids=()), rows) == [7, 5, 6]
    assert chosen(unit._replace(main_pids=(4,)), rows) == [7, 5, 6]
    assert [one.pid for one in selection.mains(unit, rows[1:])] == [5]


def test_of_several_users_units_each_has_its_own_main_process():
    ours, theirs = CRON + "/1", CRON + "/2"
    rows = [process(5, 1, cgroup=ours), process(6, 1, cgroup=ours), process(7, 1, cgroup=theirs)]
    unit = Selector("unit", "x.service", folders=(ours, theirs), main_pids=(5,))
    assert [one.pid for one in selection.mains(unit, rows)] == [5, 7]


def test_a_run_that_was_interrupted_still_takes_the_rest():
    # 6 was set, 7 was not, and the main process comes last.
    rows = [INIT, process(5, 1, adj=0), process(6, 5, adj=-500), process(7, 5, adj=0)]
    unit = Selector("unit", "cron.service", folders=(CRON,))
    assert chosen(unit, rows, value=-500) == [6, 7, 5]
    # The main process was set already: what it had before is in the record.
    rows = [INIT, process(5, 1, adj=-500), process(7, 5, adj=0)]
    assert chosen(unit, rows, known={(5, 50): 0}, value=-500) == [7, 5]


def test_a_worker_that_was_set_before_and_drifted_is_taken():
    rows = [INIT, process(5, 1, adj=-500), process(6, 5, adj=300)]
    unit = Selector("unit", "cron.service", folders=(CRON,))
    assert chosen(unit, rows, value=-500) == [5]
    assert chosen(unit, rows, known={(6, 60): 0}, value=-500) == [6, 5]


def test_session_service_selects_only_the_service():
    # Without logind the sessions stay in sshd's own cgroup.
    rows = [row._replace(cgroups=(SSH,)) if row.pid > 1 else row for row in OVER_SSH]
    found = selection.select(Selector("unit", "ssh.service", folders=(SSH,), only_roots=True), rows, 24, {}, -1000)
    assert [one.pid for one in found.chosen] == [5]
    assert {one.pid for one in found.left_out} == {20, 21, 22, 23, 24, 30, 31, 32}


def test_a_circle_of_parents_ends():
    # Pids that came around again while the list was read.
    assert chosen(Selector("name", "a", children=True), [process(5, 6, "a"), process(6, 5, "b")]) == [5, 6]


@given(st.lists(st.tuples(st.integers(1, 30), st.integers(0, 30)), max_size=30), st.integers(1, 30))
def test_no_selection_by_name_takes_the_asking_process_or_its_parents(pairs, own):
    rows = [process(pid, ppid, comm="x") for pid, ppid in dict(pairs).items()]
    taken = chosen(Selector("pattern", "x", children=True), rows, own=own)
    by_pid = {row.pid: row for row in rows}
    assert own not in taken
    parent = by_pid.get(own) and by_pid.get(by_pid[own].ppid)
    if parent is not None and parent.ppid > 1 and parent.pid != 1:
        assert parent.pid not in taken
    assert len(taken) == len(set(taken))


@pytest.mark.parametrize(
    "given_options, scope, kind",
    [
        ({"pid": 1}, "system", "pid"),
        ({"unit": "x", "user": "u"}, "user", "unit"),
        ({"user": "u"}, "user", "user"),
    ],
)
def test_exactly_one_selector_is_taken(given_options, scope, kind):
    assert selection.checked_kind(given_options, scope) == kind


@pytest.mark.parametrize(
    "given_options, scope, complaint",
    [
        pytest.param({}, "system", "none of them is given", id="none"),
        pytest.param({"pid": 1, "name": "x"}, "system", "given are pid and name; give exactly one", id="two"),
        pytest.param({"unit": "x", "user": "u"}, "system", "given are user and unit", id="user-and-system-unit"),
        pytest.param({"name": " "}, "system", "name is empty", id="empty"),
        pytest.param({"pid": 0}, "system", "pid is 0", id="pid-0"),
        pytest.param({"pid": -4}, "system", "pid is -4", id="pid-negative"),
    ],
)
def test_conflicting_or_empty_selectors_are_refused(given_options, scope, complaint):
    with pytest.raises(OptionError, match=complaint):
        selection.checked_kind(given_options, scope)


@pytest.mark.parametrize("value", [-1001, 1001, 10**30])
def test_a_value_that_the_kernel_does_not_take_is_refused(value):
    with pytest.raises(OptionError, match=f"value is {value}"):
        selection.checked_value(value)


@pytest.mark.parametrize("pattern", ["(", "*", "[", "x*", "", "a|"])
def test_a_pattern_that_is_none_or_matches_everything_is_refused(pattern):
    with pytest.raises(OptionError):
        selection.checked_pattern(pattern)


@pytest.mark.parametrize(
    "given_path, folder",
    [
        ("/system.slice/x.service", "/system.slice/x.service"),
        ("system.slice/x.service/", "/system.slice/x.service"),
        ("/sys/fs/cgroup/system.slice", "/system.slice"),
        ("/sys/fs/cgroup/memory/system.slice", "/system.slice"),
        ("/sys/fs/cgroup/unified/a", "/a"),
        ("/memory", "/memory"),
    ],
)
def test_a_cgroup_is_understood_however_it_is_written(given_path, folder):
    assert selection.checked_folder(given_path) == folder


@pytest.mark.parametrize("path", ["/", "", "/sys/fs/cgroup", "/sys/fs/cgroup/memory/", "/a/../b"])
def test_a_cgroup_that_is_the_whole_host_is_refused(path):
    with pytest.raises(OptionError):
        selection.checked_folder(path)
