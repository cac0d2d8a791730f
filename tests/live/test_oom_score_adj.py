# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module oom_score_adj on this kernel: what it sets, what it leaves alone, what it gives back."""

import contextlib
import fcntl
import json
import os
import pathlib
import pwd
import re
import shutil
import subprocess
import sys
import time

import pytest

from ansible_collections.memfacts.linux.plugins.module_utils.setters import lock
from tests import CHECKOUT
from tests.lab import debian
from tests.live import adj, procfs
from tests.live.adj import running, wait_for
from tests.live.users import NOBODY

pytestmark = [
    pytest.mark.root,
    pytest.mark.setter,
    pytest.mark.skipif(os.geteuid() != 0, reason="setting other processes' values takes root"),
]

CAP_SYS_RESOURCE = 24
# Of this run alone: tests of another checkout on this host call theirs otherwise.
PREFIX = f"adj-{os.getpid()}-"
NAME = (PREFIX + "sleeper")[:15]  # as much as the kernel keeps of a name
TREE = "import os, time\nfor dummy in range(2):\n    if os.fork() == 0:\n        break\ntime.sleep(600)\n"


def may_lower():
    text = pathlib.Path("/proc/self/status").read_text()
    return bool(int(re.search(r"CapEff:\t([0-9a-f]+)", text)[1], 16) >> CAP_SYS_RESOURCE & 1)


@pytest.fixture
def program(tmp_path):
    """A program that sleeps, under a path that no other process has."""
    path = tmp_path / NAME
    shutil.copy(os.path.realpath(shutil.which("sleep")), path)
    return str(path)


@pytest.fixture(autouse=True)
def record(born_at_zero):
    with adj.own_record():
        yield


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
            "name": {"name": NAME},
            "pattern": {"pattern": "^" + PREFIX},
            "executable": {"pattern": f"/{NAME}$"},
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
    with running(sys.executable, "-c", TREE) as pid:
        listing = f"/proc/{pid}/task/{pid}/children"
        children = wait_for(lambda: both(listing))
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


def both(listing):
    """The two children, None until both are born."""
    found = read_pids(listing)
    return found if len(found) == 2 else None


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


@pytest.mark.parametrize("options", [{"state": "absent"}, {"value": 0}], ids=["absent", "present-already"])
def test_stale_record_from_previous_boot_is_removed(program, options):
    with running(program, "600") as pid:
        adj.run(name=program, value=300)
        text = pathlib.Path(adj.RECORD).read_text()
        pathlib.Path(adj.RECORD).write_text(re.sub('"boot_id": "[^"]*"', '"boot_id": "earlier"', text))
        pathlib.Path(f"/proc/{pid}/oom_score_adj").write_text("0")
        assert not adj.run(name=program, check=True, **options)["changed"]
        assert os.path.exists(adj.RECORD)
        assert not adj.run(name=program, **options)["changed"]
        assert not os.path.exists(os.path.dirname(adj.RECORD))


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


def test_what_somebody_else_set_meanwhile_stays(program):
    with running(program, "600") as pid:
        adj.run(pid=pid, value=300)
        pathlib.Path(f"/proc/{pid}/oom_score_adj").write_text("310")
        assert adj.changes(adj.run(pid=pid, state="absent")) == {}
        assert adj.of(pid) == 310


@pytest.mark.skipif(may_lower(), reason="this run has CAP_SYS_RESOURCE, so nothing is refused")
def test_refusal_is_explained_and_earlier_changes_are_undone(program):
    with running(program, "600") as first, running(program, "601") as second:
        for pid in (first, second):
            pathlib.Path(f"/proc/{pid}/oom_score_adj").write_text("500")
        # Raising first: the minimum of both is what they were born with.
        result = adj.run(name=program, value=-10)
        assert result["failed"]
        assert f"process {min(first, second)} ({NAME}) stays at 500, -10 was refused" in result["msg"]
        assert "CAP_SYS_RESOURCE" in result["msg"] and "oom_score_adj_min" in result["msg"]
        assert [adj.of(first), adj.of(second)] == [500, 500]
        assert not os.path.exists(adj.RECORD)


@pytest.mark.skipif(not may_lower(), reason="this run lacks CAP_SYS_RESOURCE, without which nothing can be lowered")
def test_value_is_lowered_below_the_inherited_one(program):
    with running(program, "600") as pid:
        assert adj.changes(adj.run(name=program, value=-10)) == {pid: (0, -10)}
        assert adj.of(pid) == -10


@pytest.mark.parametrize(
    "options, said",
    [
        pytest.param({"value": 5}, "processes are selected by one of", id="no-selector"),
        pytest.param({"pid": 1, "name": "x", "value": 5}, "given are pid and name", id="two-selectors"),
        pytest.param({"name": NAME, "value": 1001}, "value is 1001, but the kernel takes", id="too-high"),
        pytest.param({"name": NAME, "value": -1001}, "value is -1001, but the kernel takes", id="too-low"),
        pytest.param({"name": NAME, "value": "lots"}, "value", id="no-number"),
        pytest.param({"pattern": "(", "value": 5}, "is not a regular expression", id="no-pattern"),
        pytest.param({"pattern": ".*", "value": 5}, "matches an empty name", id="every-process"),
        pytest.param({"pattern": "no-such-thing", "value": 5}, "matches no running user process", id="nothing"),
        pytest.param({"pid": 4194305, "value": 5}, "pid '4194305' matches no running user process", id="no-pid"),
        pytest.param({"user": "no-such-user", "value": 5}, "user 'no-such-user' does not exist", id="no-user"),
        pytest.param({"cgroup": "/", "value": 5}, "means the whole host", id="root-cgroup"),
        pytest.param({"cgroup": "/no/such", "value": 5}, "matches no running user process", id="no-cgroup"),
        pytest.param({"container": "no-such-one", "value": 5}, "is not running here", id="no-container"),
        pytest.param({"unit": "a b", "value": 5}, "is not the name of a unit", id="no-unit-name"),
        pytest.param({"name": NAME, "value": -1000}, "may not be set to -1000, since", id="unkillable"),
        pytest.param(
            {"name": NAME}, "state is present but any of the following are missing: value, entries", id="none"
        ),
        pytest.param({"name": NAME, "value": True}, "value is true, but it must be a whole number", id="true"),
        pytest.param({"pid": True, "value": 5}, "pid is true, but it must be a whole number", id="pid-true"),
        pytest.param({"user": "a\0b", "value": 5}, "contains a NUL byte", id="nul"),
        pytest.param({"entries": [{"name": NAME}]}, "entry 1 of entries is wrong: value is missing", id="entry"),
        pytest.param({"entries": [], "name": NAME}, "mutually exclusive", id="both"),
        pytest.param({"name": NAME, "state": "listed"}, "give neither entries nor a selector", id="listed"),
        pytest.param({"name": NAME, "value": 5, "persist": "systemd"}, "persist is systemd, but", id="persist"),
    ],
)
def test_bad_input_is_one_sentence_and_changes_nothing(program, options, said):
    with running(program, "600") as pid:
        result = adj.run(**options)
        assert adj.of(pid) == 0
    assert result["failed"] and said in result["msg"]
    assert "\n" not in result["msg"] and "Traceback" not in result["msg"]
    assert not os.path.exists(adj.RECORD)


@pytest.mark.parametrize(
    "options",
    [
        pytest.param({"name": "no-such-thing"}, id="name"),
        pytest.param({"pid": 4194305}, id="pid"),
        pytest.param({"user": "no-such-user"}, id="user"),
        pytest.param({"cgroup": "/no/such"}, id="cgroup"),
        pytest.param({"container": "no-such-one"}, id="container"),
        pytest.param({"unit": "no-such.service"}, id="unit"),
        pytest.param({"entries": [{"name": "no-such-thing"}, {"pid": 4194305}]}, id="entries"),
        pytest.param({"entries": []}, id="no-entries"),
        pytest.param({}, id="nothing-recorded"),
    ],
)
def test_undo_of_nothing_changes_nothing(options):
    result = adj.run(state="absent", **options)
    assert not result.get("failed") and result["changed"] is False
    assert not os.path.exists(adj.RECORD)


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


def test_one_wrong_entry_is_found_before_anything_is_set(program):
    with running(program, "600") as pid:
        result = adj.run(entries=[{"name": program, "value": 300}, {"name": "no-such-thing", "value": 5}])
        assert "name 'no-such-thing' matches no running user process" in result["msg"]
        assert adj.of(pid) == 0 and not os.path.exists(adj.RECORD)
        assert adj.run(
            entries=[{"name": program, "value": 1}, {"name": "no-such-thing", "value": 5, "missing": "ignore"}]
        )
        assert adj.of(pid) == 1


def test_entries_that_contradict_through_other_selectors_are_refused():
    with running(sys.executable, "-c", TREE) as pid:
        listing = f"/proc/{pid}/task/{pid}/children"
        child, other = wait_for(lambda: both(listing))
        for options in ({"pid": pid, "children": True}, {"pid": child, "value": 6}):
            second = {"pid": child, "value": 5} if "children" in options else {"pid": child, "value": 7}
            result = adj.run(entries=[dict({"value": 3}, **options), second])
            assert f"sets process {child} " in result["msg"] and "let one of them leave it out" in result["msg"]
        assert [adj.of(one) for one in (pid, child, other)] == [0, 0, 0]
        # The same value twice is no contradiction.
        adj.run(entries=[{"pid": pid, "children": True, "value": 3}, {"pid": child, "value": 3}])
        assert [adj.of(one) for one in (pid, child, other)] == [3, 3, 3]
        for one in (child, other):
            os.kill(one, 9)


def test_foreign_value_is_kept_and_named(program):
    with running(program, "600") as pid:
        adj.run(pid=pid, value=300)
        pathlib.Path(f"/proc/{pid}/oom_score_adj").write_text("310")
        result = adj.run(state="absent")
        assert [row["what"] for row in result["kept"]] == [f"process {pid} ({NAME})"]
        assert "it has 310, but this module had set 300" in result["kept"][0]["reason"]
        assert adj.of(pid) == 310 and not os.path.exists(adj.RECORD)


def test_the_entry_of_a_dead_process_goes(program):
    with running(program, "600") as pid:
        adj.run(pid=pid, value=300)
    assert os.path.exists(adj.RECORD)
    assert not adj.run(pid=pid, state="absent")["changed"]
    assert not os.path.exists(adj.RECORD)


DAMAGED = [
    "",
    "{",
    "[]",
    "null",
    '{"/p":{}}',
    "[" * 100000,
    "\udcff\0",
    '{"version": 2, "boot_id": "x", "processes": [], "files": [{"written": {"path": "/etc/passwd", "sha256": "'
    + "0" * 64
    + '", "before": "root::0:0::/:/bin/sh", "folders": [], "owner": null}, "value": 1}]}',
]


@pytest.mark.parametrize("text", DAMAGED, ids=range(len(DAMAGED)))
@pytest.mark.parametrize("options", [{"state": "absent"}, {"state": "listed"}, {"name": NAME, "value": 5}], ids=str)
def test_a_damaged_record_is_one_sentence_and_changes_nothing(program, text, options):
    os.makedirs(os.path.dirname(adj.RECORD), exist_ok=True)
    pathlib.Path(adj.RECORD).write_bytes(text.encode("utf-8", "surrogateescape"))
    passwd = pathlib.Path("/etc/passwd").read_bytes()
    with running(program, "600") as pid:
        result = adj.run(**options)
        assert adj.of(pid) == 0
    assert result["failed"] and "oom_score_adj.json" in result["msg"] and "is damaged" in result["msg"]
    assert "Traceback" not in result["msg"] and "\n" not in result["msg"]
    assert pathlib.Path("/etc/passwd").read_bytes() == passwd


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


def test_wait_for_the_lock_ends_after_lock_timeout(program):
    with running(program, "600") as pid, lock.held(5):
        result = adj.run(name=program, value=5, lock_timeout=0)
        assert f"process {os.getpid()}" in result["msg"] and "lock_timeout" in result["msg"]
        assert adj.of(pid) == 0
        # What changes nothing needs no turn, and nobody else can take the lock.
        assert adj.run(name=program, value=5, check=True)["changed"]
        assert adj.run(state="listed")["record"] == {"processes": [], "drop_ins": []}


def test_lock_of_an_ordinary_user_does_not_block_a_run(program):
    descriptor = os.open("/", os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        with running(program, "600"):
            assert adj.run(name=program, value=5, lock_timeout=0)["changed"]
    finally:
        os.close(descriptor)


def test_pattern_that_matches_only_the_run_is_refused(tmp_path):
    interpreter = tmp_path / (PREFIX + "python")
    shutil.copy(os.path.realpath(sys.executable), interpreter)
    result = adj.run(python=str(interpreter), pattern=PREFIX + "python", value=5)
    assert "matches only this run of Ansible itself, which the module never changes" in result["msg"]


def test_missing_can_be_ignored():
    result = adj.run(name="no-such-thing", value=5, missing="ignore")
    assert (result["changed"], result["processes"]) == (False, [])
    assert "matches no running user process" in result["summary"]


@pytest.mark.skipif(os.path.isdir("/run/systemd/system"), reason="this host runs systemd")
def test_without_systemd_units_are_refused_and_nothing_persists(program):
    assert "this host does not run systemd" in adj.run(unit="ssh.service", value=5)["msg"]
    with running(program, "600") as pid:
        result = adj.run(pid=pid, value=5)
        assert result["persistence"]["method"] == "none"
        assert "does not run systemd" in json.dumps(result["warnings"])
        refused = adj.run(pid=pid, value=6, persist="systemd")
        assert "persist is systemd, but this host does not run systemd" in refused["msg"]
        assert adj.of(pid) == 5


def test_only_root_may_use_it():
    code = (
        "import os\n"
        "from ansible_collections.memfacts.linux.plugins.module_utils.setters.adj import task\n"
        f"os.setuid({NOBODY.pw_uid})\n"
        "try:\n"
        "    task.run(None)\n"
        "except Exception as error:\n"
        "    print(error)\n"
    )
    environment = dict(os.environ, PYTHONPATH=os.pathsep.join(adj.PATHS))
    done = subprocess.run([sys.executable, "-c", code], env=environment, stdout=subprocess.PIPE, check=True)
    assert done.stdout.decode() == f"it needs root, but runs as uid {NOBODY.pw_uid}; add become: true.\n"


# What changes a file, a folder, a link or an attribute. open(2) and openat(2) are judged by their flags.
WRITES = (
    "mkdir,mkdirat,rmdir,unlink,unlinkat,rename,renameat,renameat2,link,linkat,symlink,symlinkat,chmod,fchmod,fchmodat,"
    "chown,fchown,lchown,fchownat,truncate,ftruncate,mknod,mknodat,setxattr,lsetxattr,fsetxattr,utimensat,kill,tkill,"
    "tgkill,mount,umount2,setpriority,prlimit64"
)
OPENED_TO_WRITE = re.compile(r"O_(?:WRONLY|RDWR|CREAT|TRUNC|APPEND)")


def written(trace):
    """The lines of a trace that change something, but for /dev/null and reading one's own limits."""
    lines = [line for line in trace.splitlines() if "(" in line and "+++" not in line and "---" not in line]
    opens = [line for line in lines if re.search(r"\bopen(?:at)?\(", line)]
    rest = [line for line in lines if line not in opens and not re.search(r"prlimit64\(.*, NULL, ", line)]
    return [line for line in opens if OPENED_TO_WRITE.search(line) and "/dev/null" not in line] + rest


@pytest.mark.parametrize("state", ["present", "absent"])
def test_check_mode_writes_nothing_at_all(program, tmp_path, state):
    debian.require("strace")
    trace = tmp_path / "trace"
    strace = ["strace", "-f", "-qq", "-o", str(trace), "-e", "trace=open,openat," + WRITES]
    with running(program, "600") as pid:
        if state == "absent":
            adj.run(name=program, value=300)
        before = adj.of(pid)
        predicted = adj.run(*strace, name=program, value=200, state=state, check=True)
        assert "openat(" in trace.read_text() and written(trace.read_text()) == []
        assert adj.of(pid) == before
        # The trace can tell: a real run is seen writing.
        real = adj.run(*strace, name=program, value=200, state=state)
        seen = written(trace.read_text())
        assert any("oom_score_adj" in line for line in seen) and any("memfacts" in line for line in seen)
        assert (predicted["changed"], predicted["diff"]) == (True, real["diff"])
        assert predicted["processes"] == real["processes"]


@pytest.mark.slow
def test_killed_run_is_completed_by_the_next(program):
    debian.require("strace")
    crowd = [subprocess.Popen([program, "600"]) for dummy in range(300)]
    try:
        pids = [child.pid for child in crowd]
        wait_for(lambda: all(os.readlink(f"/proc/{pid}/exe") == program for pid in pids))
        killed = kill_half_way(program, len(pids))
        some = [pid for pid in pids if adj.of(pid) == 600]
        assert killed and 0 < len(some) < len(pids)
        rest = adj.run(name=program, value=600)
        assert sorted(adj.changes(rest)) == sorted(set(pids) - set(some))
        assert {adj.of(pid) for pid in pids} == {600}
        assert len(adj.changes(adj.run(name=program, state="absent"))) == len(pids)
        assert {adj.of(pid) for pid in pids} == {0}
    finally:
        for child in crowd:
            child.kill()
        for child in crowd:
            child.wait()


def kill_half_way(program, count):
    """Let a run die at its write number `count` / 2, each process taking one; whether it had not ended by itself."""
    strace = ["strace", "-qq", "-o", "/dev/null", "-e", f"inject=write:signal=KILL:when={count // 2}"]
    return adj.finished(*strace, name=program, value=600).returncode == -9


def was_met(results):
    """Whether many processes were set, and some vanished while a run looked at them."""
    return sum(len(adj.changes(result)) for result in results) > 200 and any(one["vanished"] for one in results)


@pytest.mark.slow
def test_2000_processes_that_change_their_name_without_a_wrong_write(tmp_path):
    wanted, control = PREFIX + "yes", PREFIX + "no"
    shell = tmp_path / control
    shutil.copy(os.path.realpath(shutil.which("sh")), shell)
    command = [sys.executable, "-m", "tests.live.turncoats", "2000", wanted, control, str(shell)]
    crowd = subprocess.Popen(command, cwd=CHECKOUT, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        results = []
        while len(results) < 12 or (len(results) < 200 and not was_met(results)):
            results.append(adj.run(pattern=f"^{wanted}$", value=700, missing="ignore"))
        told = json.loads(crowd.communicate()[0].decode())
    finally:
        crowd.kill()
        crowd.wait()
    assert [result.get("msg") for result in results if result.get("failed")] == []
    assert sum(sum(pairs.values()) for pairs in told.values()) >= 2000
    for way in ("name", "exec"):
        # With which value it turned, and with which it ended: nobody is set afterwards.
        assert set(told[way]) <= {"0 0", "700 700"}, told
        assert told[way]["700 700"] > 10 and told[way]["0 0"] > 10


@pytest.mark.slow
def test_1000_recorded_processes_are_undone_in_5_seconds(program):
    crowd = [subprocess.Popen([program, "600"]) for dummy in range(1000)]
    try:
        pids = [child.pid for child in crowd]
        wait_for(lambda: all(os.readlink(f"/proc/{pid}/exe") == program for pid in pids))
        adj.run(name=program, value=300)
        begin = time.monotonic()
        result = adj.run(state="absent")
        seconds = time.monotonic() - begin
        assert "1000 of 1000 processes changed" in result["summary"]
        assert {adj.of(pid) for pid in pids} == {0}
        assert seconds <= 5
    finally:
        for child in crowd:
            child.kill()
        for child in crowd:
            child.wait()


@pytest.mark.slow
def test_2000_processes_that_start_and_exit_without_a_wrong_write():
    wanted, control = PREFIX + "yes", PREFIX + "no"
    command = [sys.executable, "-m", "tests.live.births", "2000", wanted, control]
    crowd = subprocess.Popen(command, cwd=CHECKOUT, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        results = []
        # Each run meets what is alive at its moment: more runs, until enough were met and some of them died meanwhile.
        while len(results) < 12 or (len(results) < 200 and not was_met(results)):
            results.append(adj.run(pattern=f"^{wanted}$", value=700, missing="ignore"))
        told = json.loads(crowd.communicate()[0].decode())
    finally:
        crowd.kill()
        crowd.wait()
    assert [result.get("msg") for result in results if result.get("failed")] == []
    assert set(told[control]) == {"0"}
    assert set(told[wanted]) == {"0", "700"}
    assert sum(sum(told[name].values()) for name in (wanted, control)) >= 2000
    # The situation was there: many were set, many vanished first, and pids went from one kind to the other.
    assert told[wanted]["700"] > 100
    assert told["reused_pids"] > 100
    assert sum(result["vanished"] for result in results) > 0
