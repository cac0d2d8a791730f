# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which processes may be made unkillable: by program and unit, never by name."""

import pytest

from ansible_collections.memfacts.linux.plugins.module_utils.memcore.models import lifelines
from ansible_collections.memfacts.linux.plugins.module_utils.setters.adj import unkillable

ID = "c" * 64
USER = "/user.slice/user-1000.slice"


def unit(name):
    return "/system.slice/" + name


@pytest.mark.parametrize(
    "executable, cgroup",
    [
        pytest.param("/usr/sbin/sshd", unit("ssh.service"), id="sshd-of-debian"),
        pytest.param("/usr/sbin/sshd", unit("sshd.service"), id="sshd-of-rhel"),
        pytest.param("/usr/sbin/sshd", "/", id="sshd-without-systemd"),
        pytest.param("/lib/systemd/systemd-journald", unit("systemd-journald.service"), id="journald-of-bullseye"),
        pytest.param("/usr/bin/udevadm", unit("systemd-udevd.service"), id="udevd-is-udevadm"),
        pytest.param("/usr/lib/systemd/systemd", "/init.scope", id="process-1"),
        pytest.param("/usr/bin/dockerd", unit("docker.service"), id="dockerd"),
        pytest.param("/usr/bin/crio", unit("crio.service"), id="cri-o"),
        pytest.param("/usr/bin/conmon", unit("libpod-conmon-1.scope"), id="conmon-has-no-unit-of-its-own"),
    ],
)
def test_a_lifeline_is_known_by_its_program_and_unit(executable, cgroup):
    assert unkillable.line_of(executable, cgroup) is not None


@pytest.mark.parametrize(
    "executable, cgroup",
    [
        pytest.param("/home/eve/sshd", unit("ssh.service"), id="another-file-of-that-name"),
        pytest.param("/usr/sbin/sshd", unit("backdoor.service"), id="in-another-unit"),
        pytest.param("/usr/sbin/sshd", USER + "/session-4.scope", id="a-session"),
        pytest.param("/usr/lib/systemd/systemd", USER + "/user@1000.service/init.scope", id="a-users-manager"),
        pytest.param("/usr/bin/bash", unit("ssh.service"), id="a-shell-in-the-unit"),
        pytest.param("/usr/sbin/sshd", f"/system.slice/docker-{ID}.scope", id="in-a-container"),
        pytest.param("/usr/sbin/sshd", f"/kubepods/pod2fc932ce-fdcc-454b-97bd-aadfdeb4c340/{ID}", id="in-a-pod"),
        pytest.param("/usr/sbin/sshd", USER + "/user@1000.service/app.slice/ssh.service", id="a-users-own-sshd"),
        pytest.param("sshd", unit("ssh.service"), id="no-path"),
        pytest.param(None, unit("ssh.service"), id="unreadable"),
    ],
)
def test_what_only_looks_like_a_lifeline_is_none(executable, cgroup):
    assert unkillable.line_of(executable, cgroup) is None


def test_only_sshd_and_process_1_start_sessions_and_only_sshd_protects_itself():
    lines = lifelines.LIFELINES
    assert [line.name for line in lines if unkillable.starts_sessions(line)] == ["sshd", "systemd"]
    assert [line.name for line in lines if unkillable.protects_itself(line)] == ["sshd"]
    assert not unkillable.starts_sessions(None) and not unkillable.protects_itself(None)


def test_every_lifeline_can_be_made_unkillable():
    for line in lifelines.LIFELINES:
        assert any(known is line for known in map(unkillable.of_program, ("/usr/bin/" + p for p in programs(line))))


def test_process_1_is_none_of_those_that_may_be_set_to_it_as_they_are():
    assert unkillable.names().split(", ") == [line.name for line in lifelines.LIFELINES if line.name != "systemd"]


def programs(line):
    return (line.name, *line.comms)
