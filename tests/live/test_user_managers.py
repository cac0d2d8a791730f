# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A user's manager is asked as that user, and whatever it does, the answer takes seconds and nothing of it stays."""

import contextlib
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import time
import types

import pytest

from ansible_collections.memfacts.linux.plugins.module_utils.memcore.errors import MemfactsError
from ansible_collections.memfacts.linux.plugins.module_utils.memcore.sources.host import Host
from ansible_collections.memfacts.linux.plugins.module_utils.setters import as_user, bounded, systemd
from ansible_collections.memfacts.linux.plugins.module_utils.setters.adj import (
    candidates,
    drop_in_text,
    selection,
    target,
)
from tests import CHECKOUT
from tests.live import adj
from tests.live.users import NOBODY

pytestmark = [
    pytest.mark.root,
    pytest.mark.setter,
    pytest.mark.skipif(os.geteuid() != 0, reason="taking another user's identity takes root"),
]


@pytest.fixture
def manager(monkeypatch):
    """Give a manager whose systemctl is this text for a shell; it writes into the folder `where`.

    groups: the process groups of what was started.
    """
    start = bounded.subprocess.Popen

    def remembered(*arguments, **options):
        child = start(*arguments, **options)
        made.groups.append(child.pid)
        return child

    monkeypatch.setattr(bounded.subprocess, "Popen", remembered)
    monkeypatch.setattr(systemd, "_USER_SECONDS", 300)
    with tempfile.TemporaryDirectory(dir="/tmp") as where:
        os.chown(where, NOBODY.pw_uid, NOBODY.pw_gid)

        def made(text):
            program = os.path.join(where, "systemctl")
            pathlib.Path(program).write_text(f"#!/bin/sh\ncd {where}\n{text}\n")
            os.chmod(program, 0o755)
            module = types.SimpleNamespace(get_bin_path=lambda name, **dummy: program)
            return systemd.UserManager(module, NOBODY, 100)

        made.where, made.groups = pathlib.Path(where), []
        yield made


def test_user_manager_is_called_with_the_rights_of_the_user(manager, monkeypatch):
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/run/root")
    shown = manager('id -u >who; id -G >>who; env >env; echo "$@" >said; echo "Id=x.service"; echo LoadState=loaded')
    unit = shown.show("x.service")
    assert (unit.name, unit.load_state) == ("x.service", "loaded")
    uid, groups = (manager.where / "who").read_text().splitlines()
    assert uid == str(NOBODY.pw_uid) and "0" not in groups.split()
    environment = dict(line.split("=", 1) for line in (manager.where / "env").read_text().splitlines())
    assert environment["XDG_RUNTIME_DIR"] == f"/run/user/{NOBODY.pw_uid}"
    assert not {"DBUS_SESSION_BUS_ADDRESS", "HOME", "SSH_CONNECTION"} & set(environment)
    assert (manager.where / "said").read_text().startswith("--user --no-pager show --property=Id,")


@pytest.mark.parametrize(
    "text, said",
    [
        pytest.param("sleep 600", "no answer within 1 seconds", id="stopped"),
        pytest.param("sleep 600 & sleep 600", "no answer within 1 seconds", id="with-a-child"),
        pytest.param("trap '' TERM HUP; while :; do :; done", "no answer within", id="deaf-to-signals"),
        pytest.param("exec cat /dev/zero", "more than 1048576 bytes", id="endless"),
        pytest.param("exec >/dev/null 2>&1; sleep 600", "no answer within", id="closes-its-output"),
        pytest.param("echo no >&2; exit 4", r"failed \(no\)", id="fails"),
    ],
)
def test_what_does_not_answer_is_ended_within_seconds(manager, monkeypatch, text, said):
    monkeypatch.setattr(systemd, "_USER_SECONDS", 60 if "failed" in said or "bytes" in said else 1)
    with pytest.raises(MemfactsError, match=f"systemctl --user show failed.*{said}|{said}"):
        manager(text).show("x.service")
    adj.wait_for(lambda: not members(manager.groups[0]))


def test_left_over_child_is_ended(manager):
    assert manager("echo Id=x.service; sleep 600 >/dev/null 2>&1 &").show("x.service").name == "x.service"
    adj.wait_for(lambda: not members(manager.groups[0]))


def members(group):
    """The processes of a process group that still run."""
    found = []
    for name in os.listdir("/proc"):
        try:
            fields = pathlib.Path(f"/proc/{name}/stat").read_text().rpartition(")")[2].split() if name.isdigit() else []
        except OSError:
            continue
        if fields and int(fields[2]) == group and fields[0] not in "ZX":
            found.append(int(name))
    return found


def test_a_program_that_is_missing_is_said(manager):
    module = types.SimpleNamespace(get_bin_path=lambda name, **dummy: "/no/systemctl")
    with pytest.raises(MemfactsError, match="/no/systemctl cannot be run as user"):
        systemd.UserManager(module, NOBODY, 100).reload()


def test_its_default_is_its_own_value_as_the_kernel_shows_it(manager):
    assert manager("echo DefaultOOMScoreAdjust=-1000").default_adj() == 100


def test_files_of_a_user_that_never_answer_are_given_up(monkeypatch):
    monkeypatch.setattr(as_user, "_SECONDS", 1)
    with pytest.raises(
        MemfactsError, match=f"files of user {NOBODY.pw_name} cannot be read or written within 1 seconds"
    ):
        as_user.call(NOBODY, time.sleep, 600)
    assert not [pid for pid in members(os.getpgrp()) if pid != os.getpid() and parent(pid) == os.getpid()]


def parent(pid):
    return int(pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def test_an_answer_has_any_bytes_and_its_status():
    answer = bounded.run(["/bin/sh", "-c", r"printf '\377'; exit 3"], {}, 60, NOBODY)
    assert (answer.status, answer.output, answer.errors) == (3, "\udcff", "")


RUNTIME = f"/run/user/{NOBODY.pw_uid}"
OPTIONS = dict.fromkeys([*selection.KINDS, "value"])
OPTIONS.update(unit="x.service", scope="user", state="present", value=900, children=False, persist="auto")


@pytest.fixture
def fake(monkeypatch):
    """Start a manager of the user's that answers with these properties; its cgroup is that of a user's manager."""
    if shutil.which("systemctl") is None or os.path.exists(RUNTIME):
        pytest.skip("it takes a systemctl, and that nobody has no runtime folder")
    monkeypatch.setattr(systemd, "is_running", lambda: True)
    program = tempfile.NamedTemporaryFile(dir="/tmp", suffix=".py")
    shutil.copy(os.path.join(CHECKOUT, "tests", "live", "fake_manager.py"), program.name)
    os.chmod(program.name, 0o644)
    os.makedirs(RUNTIME)
    os.chown(RUNTIME, NOBODY.pw_uid, NOBODY.pw_gid)

    @contextlib.contextmanager
    def started(**properties):
        path = RUNTIME + "/systemd/private"
        # The interpreter of this environment may be below a folder of root's.
        command = ["/usr/bin/python3", program.name, path, json.dumps(dict(properties, LoadState="loaded"))]
        child = subprocess.Popen(command, preexec_fn=lambda: os.setuid(NOBODY.pw_uid))
        try:
            with adj.cgroup(f"user@{NOBODY.pw_uid}.service/init.scope", child.pid):
                adj.wait_for(lambda: os.path.exists(path))
                yield
        finally:
            child.kill()
            child.wait()

    yield started
    shutil.rmtree(RUNTIME)
    program.close()


@pytest.mark.parametrize("user", [None, NOBODY.pw_name])
def test_fake_manager_affects_only_its_own_user(fake, user):
    with adj.running("sleep", "600") as victim, adj.cgroup("adj-victims.slice/victim.service", victim):
        answer = {"Id": "../system/ssh.service", "ControlGroup": "/adj-victims.slice", "MainPID": victim}
        with fake(OOMScoreAdjust=-1000, FragmentPath="/etc/shadow", **answer):
            processes = candidates.scan(Host("/"))
            module = types.SimpleNamespace(get_bin_path=lambda name, **dummy: shutil.which(name))
            found = target.resolve(module, dict(OPTIONS, user=user), processes)
    assert (found.users, [manager.user for manager in found.managers]) == ([], [NOBODY])  # it was asked and answered
    assert victim in [one.pid for one in processes]
    assert [one for one in processes if selection.matches(found.selector, one)] == []
    assert found.drop_in.endswith("/systemd/user/x.service.d/" + drop_in_text.NAME)
    assert found.unit.fragment is None if user is None else found.told_by == NOBODY
