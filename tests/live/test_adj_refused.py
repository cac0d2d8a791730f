# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What oom_score_adj refuses on this kernel, and that a refusal leaves everything as it was."""

import fcntl
import json
import os
import pathlib
import shutil
import subprocess
import sys

import pytest

from ansible_collections.memfacts.linux.plugins.module_utils.setters import lock
from tests.live import adj
from tests.live.adj import running
from tests.live.users import NOBODY

pytestmark = adj.MARKS


@pytest.mark.skipif(adj.may_lower(), reason="this run has CAP_SYS_RESOURCE, so nothing is refused")
def test_refusal_is_explained_and_earlier_changes_are_undone(program):
    with running(program, "600") as first, running(program, "601") as second:
        for pid in (first, second):
            pathlib.Path(f"/proc/{pid}/oom_score_adj").write_text("500")
        # Raising first: the minimum of both is what they were born with.
        result = adj.run(name=program, value=-10)
        assert result["failed"]
        assert f"process {min(first, second)} ({adj.NAME}) stays at 500, -10 was refused" in result["msg"]
        assert "CAP_SYS_RESOURCE" in result["msg"] and "oom_score_adj_min" in result["msg"]
        assert [adj.of(first), adj.of(second)] == [500, 500]
        assert not os.path.exists(adj.RECORD)


@pytest.mark.parametrize(
    "options, said",
    [
        pytest.param({"value": 5}, "processes are selected by one of", id="no-selector"),
        pytest.param({"pid": 1, "name": "x", "value": 5}, "given are pid and name", id="two-selectors"),
        pytest.param({"name": adj.NAME, "value": 1001}, "value is 1001, but the kernel takes", id="too-high"),
        pytest.param({"name": adj.NAME, "value": -1001}, "value is -1001, but the kernel takes", id="too-low"),
        pytest.param({"name": adj.NAME, "value": "lots"}, "value", id="no-number"),
        pytest.param({"pattern": "(", "value": 5}, "is not a regular expression", id="no-pattern"),
        pytest.param({"pattern": ".*", "value": 5}, "matches an empty name", id="every-process"),
        pytest.param({"pattern": "no-such-thing", "value": 5}, "matches no running user process", id="nothing"),
        pytest.param({"pid": 4194305, "value": 5}, "pid '4194305' matches no running user process", id="no-pid"),
        pytest.param({"user": "no-such-user", "value": 5}, "user 'no-such-user' does not exist", id="no-user"),
        pytest.param({"cgroup": "/", "value": 5}, "means the whole host", id="root-cgroup"),
        pytest.param({"cgroup": "/no/such", "value": 5}, "matches no running user process", id="no-cgroup"),
        pytest.param({"container": "no-such-one", "value": 5}, "is not running here", id="no-container"),
        pytest.param({"unit": "a b", "value": 5}, "is not the name of a unit", id="no-unit-name"),
        pytest.param({"name": adj.NAME, "value": -1000}, "may not be set to -1000, since", id="unkillable"),
        pytest.param(
            {"name": adj.NAME}, "state is present but any of the following are missing: value, entries", id="none"
        ),
        pytest.param({"name": adj.NAME, "value": True}, "value is true, but it must be a whole number", id="true"),
        pytest.param({"pid": True, "value": 5}, "pid is true, but it must be a whole number", id="pid-true"),
        pytest.param({"user": "a\0b", "value": 5}, "contains a NUL byte", id="nul"),
        pytest.param({"entries": [{"name": adj.NAME}]}, "entry 1 of entries is wrong: value is missing", id="entry"),
        pytest.param({"entries": [], "name": adj.NAME}, "mutually exclusive", id="both"),
        pytest.param({"name": adj.NAME, "state": "listed"}, "give neither entries nor a selector", id="listed"),
        pytest.param({"name": adj.NAME, "value": 5, "persist": "systemd"}, "persist is systemd, but", id="persist"),
    ],
)
def test_bad_input_is_one_sentence_and_changes_nothing(program, options, said):
    with running(program, "600") as pid:
        result = adj.run(**options)
        assert adj.of(pid) == 0
    assert result["failed"] and said in result["msg"]
    assert "\n" not in result["msg"] and "Traceback" not in result["msg"]
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
    with running(sys.executable, "-c", adj.TREE) as pid:
        child, other = adj.two_children(pid)
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
    interpreter = tmp_path / (adj.PREFIX + "python")
    shutil.copy(os.path.realpath(sys.executable), interpreter)
    result = adj.run(python=str(interpreter), pattern=adj.PREFIX + "python", value=5)
    assert "matches only this run of Ansible itself, which the module never changes" in result["msg"]


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
