# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module oom_score_adj on this kernel: which processes it finds, and what it sets."""

import contextlib
import json
import os
import pathlib
import pwd
import re
import shutil
import subprocess
import sys

import pytest

from tests.live import adj, procfs
from tests.live.adj import running, wait_for

pytestmark = adj.MARKS


def test_a_value_is_set_stays_and_is_given_back(program):
    with running(program, "600") as pid:
        assert adj.changes(adj.run(name=program, value=300)) == {pid: (0, 300)}
        assert adj.of(pid) == 300
        again = adj.run(name=program, value=300)
        assert (again["changed"], adj.changes(again)) == (False, {})
        assert adj.changes(adj.run(name=program, value=400)) == {pid: (300, 400)}
        undone = adj.run(name=program, state="absent")
        assert (undone["changed"], adj.changes(undone)) == (True, {pid: (400, 0)})
        assert adj.of(pid) == 0
        assert not os.path.exists(os.path.dirname(adj.RECORD))
        assert not adj.run(name=program, state="absent")["changed"]


@pytest.mark.parametrize("kind", ["pid", "name", "pattern", "executable"])
def test_each_way_to_name_a_process_finds_it(program, kind):
    with running(program, "600") as pid:
        ways = {
            "pid": {"pid": pid},
            "name": {"name": adj.NAME},
            "pattern": {"pattern": "^" + adj.PREFIX},
            "executable": {"pattern": f"/{adj.NAME}$"},
        }
        assert adj.changes(adj.run(value=7, **ways[kind])) == {pid: (0, 7)}
        assert adj.of(pid) == 7


def test_a_user_means_that_user_s_processes():
    taken = {procfs.uid(pid) for pid in os.listdir("/proc") if pid.isdigit()}
    name, uid = next((user.pw_name, user.pw_uid) for user in pwd.getpwall() if user.pw_uid not in taken)
    with running(sys.executable, "-c", f"import os, time; os.setuid({uid}); time.sleep(600)") as pid:
        wait_for(lambda: re.search(rf"\nUid:\t{uid}\t", pathlib.Path(f"/proc/{pid}/status").read_text()))
        assert adj.changes(adj.run(user=name, value=9)) == {pid: (0, 9)}
        assert adj.changes(adj.run(user=str(uid), value=10)) == {pid: (9, 10)}


CONTAINER = "0adc" * 16


def test_cgroup_and_container_select_their_processes(program, tmp_path, monkeypatch):
    # The runtime's command is a stand-in that knows one name; the cgroup is real and called as docker calls its own.
    docker = tmp_path / "bin" / "docker"
    docker.parent.mkdir()
    docker.write_text(f'#!/bin/sh\ntest "$7" = my-web && echo {CONTAINER}\n')
    docker.chmod(0o755)
    monkeypatch.setenv("PATH", f"{docker.parent}:{os.environ['PATH']}")
    with running(program, "600") as inside, running(program, "600") as outside:
        with adj.cgroup("docker/" + CONTAINER, inside):
            assert adj.changes(adj.run(cgroup=f"/docker/{CONTAINER}", value=3)) == {inside: (0, 3)}
            assert adj.changes(adj.run(cgroup="/docker", value=4)) == {inside: (3, 4)}
            assert adj.changes(adj.run(container=CONTAINER[:12], value=5)) == {inside: (4, 5)}
            result = adj.run(container="my-web", value=6)
            assert adj.changes(result) == {inside: (5, 6)}
            assert result["processes"][0]["container"] == CONTAINER
            assert "is not running here" in adj.run(container="my-db", value=7)["msg"]
            assert adj.changes(adj.run(container="my-web", state="absent")) == {inside: (6, 0)}
        assert adj.of(outside) == 0


def test_children_are_taken_along_when_asked_for():
    with running(sys.executable, "-c", adj.TREE) as pid:
        children = adj.two_children(pid)
        assert adj.changes(adj.run(pid=pid, value=3)) == {pid: (0, 3)}
        result = adj.changes(adj.run(pid=pid, value=5, children=True))
        assert result == {pid: (3, 5), children[0]: (0, 5), children[1]: (0, 5)}
        assert [adj.of(one) for one in (pid, *children)] == [5, 5, 5]
        adj.run(pid=pid, children=True, state="absent")
        assert [adj.of(one) for one in (pid, *children)] == [0, 0, 0]
        for child in children:
            os.kill(child, 9)


def read_pids(path):
    return [int(word) for word in pathlib.Path(path).read_text().split()]


def test_new_child_gets_the_value_of_its_parent_back():
    code = "import os, sys, time\nsys.stdin.readline()\nos.fork()\ntime.sleep(600)\n"
    parent = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE)
    try:
        adj.run(pid=parent.pid, value=250)
        parent.stdin.write(b"\n")
        parent.stdin.flush()
        listing = f"/proc/{parent.pid}/task/{parent.pid}/children"
        (child,) = wait_for(lambda: read_pids(listing))
        assert adj.of(child) == 250
        adj.run(pid=parent.pid, children=True, state="absent")
        assert (adj.of(parent.pid), adj.of(child)) == (0, 0)
        os.kill(child, 9)
    finally:
        parent.kill()
        parent.communicate()


def test_inherited_value_is_recorded_with_the_value_of_the_parent():
    code = "import os, sys, time\nsys.stdin.readline()\nos.fork()\ntime.sleep(600)\n"
    parent = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE)
    try:
        adj.run(pid=parent.pid, value=250)
        parent.stdin.write(b"\n")
        parent.stdin.flush()
        listing = f"/proc/{parent.pid}/task/{parent.pid}/children"
        (child,) = wait_for(lambda: read_pids(listing))
        adj.run(pid=parent.pid, children=True, value=260)
        assert adj.of(child) == 260
        assert adj.changes(adj.run(pid=child, state="absent")) == {child: (260, 0)}
        os.kill(child, 9)
    finally:
        parent.kill()
        parent.communicate()


@pytest.mark.skipif(not adj.may_lower(), reason="this run lacks CAP_SYS_RESOURCE, without which nothing can be lowered")
def test_value_is_lowered_below_the_inherited_one(program):
    with running(program, "600") as pid:
        assert adj.changes(adj.run(name=program, value=-10)) == {pid: (0, -10)}
        assert adj.of(pid) == -10


def test_entries_are_set_in_one_run_and_undone_in_one(program):
    with running(program, "600") as first, running("sleep", "601") as second:
        entries = [{"name": program, "value": 300}, {"pid": second, "value": 7}]
        result = adj.run(entries=entries)
        assert [entry["title"] for entry in result["entries"]] == [f"name {program}", f"pid {second}"]
        assert [adj.changes(entry) for entry in result["entries"]] == [{first: (0, 300)}, {second: (0, 7)}]
        assert "2 of 2 processes changed" in result["summary"]
        assert not adj.run(entries=entries)["changed"]
        listed = adj.run(state="listed")
        assert [row["pid"] for row in listed["record"]["processes"]] == sorted([first, second])
        predicted = adj.run(state="absent", check=True)
        undone = adj.run(state="absent")
        assert (predicted["changed"], predicted["diff"]) == (undone["changed"], undone["diff"])
        assert (adj.of(first), adj.of(second)) == (0, 0)
    assert not os.path.exists(adj.RECORD)


ODD = "adj-" + "\udcff\udcfe"  # two bytes that are no UTF-8


@pytest.mark.parametrize("by", ["comm", "executable", "cgroup"])
def test_names_that_are_not_utf_8_give_a_readable_reply(program, tmp_path, by):
    odd = str(tmp_path / ODD)
    code = f"import ctypes, time; ctypes.CDLL(None).prctl(15, {os.fsencode(ODD)!r}); time.sleep(600)"
    if by == "executable":
        shutil.copy(program, odd)
    command = {"comm": (sys.executable, "-c", code), "executable": (odd, "600"), "cgroup": (program, "600")}[by]
    with running(*command) as pid, contextlib.ExitStack() as stack:
        if by == "comm":
            wait_for(lambda: b"\xff" in pathlib.Path(f"/proc/{pid}/comm").read_bytes())
        if by == "cgroup":
            stack.enter_context(adj.cgroup(f"docker/{ODD}.service", pid))
        done = adj.finished(value=300, **({"cgroup": "/docker"} if by == "cgroup" else {"pid": pid}))
        reply = done.stdout.decode("utf-8")
        result = json.loads(reply)
        reply.encode("utf-8"), json.dumps(result, ensure_ascii=False).encode("utf-8")
        assert adj.changes(result) == {pid: (0, 300)} and adj.of(pid) == 300
        shown = result["processes"][0]["unit" if by == "cgroup" else "comm"]
        assert "\\xff\\xfe" in shown
        assert adj.changes(adj.run(pid=pid, state="absent")) == {pid: (300, 0)}


def test_missing_can_be_ignored():
    result = adj.run(name="no-such-thing", value=5, missing="ignore")
    assert (result["changed"], result["processes"]) == (False, [])
    assert "matches no running user process" in result["summary"]
