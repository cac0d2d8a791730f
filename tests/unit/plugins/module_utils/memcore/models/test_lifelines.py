# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who is a lifeline of the host, by name and place."""

import pytest

from ansible_collections.memfacts.linux.plugins.module_utils.memcore.models import lifelines

ID = "0123456789abcdef" * 4
POD = "/kubepods.slice/kubepods-pod01234567_89ab_cdef_0123_456789abcdef.slice"


@pytest.mark.parametrize(
    ("comm", "cgroup", "name"),
    [
        ("sshd", None, "sshd"),
        ("sshd", "/system.slice/ssh.service", "sshd"),
        ("sshd", "/", "sshd"),
        ("sshd", f"/system.slice/docker-{ID}.scope", None),
        ("sshd", f"{POD}/cri-containerd-{ID}.scope", None),
        ("sshd", "/lxc.payload.web/system.slice/ssh.service", "sshd"),
        ("conmon", f"{POD}/crio-conmon-{ID}.scope", "conmon"),
        ("conmon", f"{POD}/crio-{ID}.scope", None),
        ("systemd-journald", None, "systemd-journald"),
        ("systemd-journal", "/system.slice/systemd-journald.service", "systemd-journald"),
        ("sshd-session", None, None),
        ("java", "/system.slice/ssh.service", None),
        ("postgres", "/system.slice/postgresql.service", None),
        ("", None, None),
    ],
)
def test_a_process_is_known_by_name_and_place(comm, cgroup, name):
    found = lifelines.of_process(comm, cgroup)

    assert (found.name if found else None) == name


@pytest.mark.parametrize(
    ("comm", "cgroup", "adj"),
    [
        pytest.param("dbus-daemon", "/system.slice/dbus.service", -900, id="the-system-bus"),
        pytest.param(
            "dbus-daemon", "/user.slice/user-1000.slice/user@1000.service/app.slice/dbus.service", None, id="a-bus"
        ),
        pytest.param("sshd", "/user.slice/user-0.slice/session-3.scope", None, id="a-session"),
        pytest.param("systemd-logind", "/system.slice/systemd-logind.service", None, id="shipped-without-protection"),
        pytest.param("containerd", "/system.slice/containerd.service", -999, id="the-runtime"),
        pytest.param("nginx", "/system.slice/nginx.service", None, id="a-workload"),
    ],
)
def test_only_the_hosts_own_is_to_be_protected(comm, cgroup, adj):
    found = lifelines.to_protect(comm, cgroup)

    assert (found.adj if found else None) == adj


def test_an_ordinary_users_bus_and_the_sshd_of_one_connection_are_not_the_hosts():
    assert lifelines.to_protect("dbus-daemon", "/", 100).adj == -900
    assert lifelines.to_protect("dbus-daemon", "/", 1000) is None
    assert (
        lifelines.to_protect("sshd", "/system.slice/system-ssh.slice/ssh@3-192.0.2.1:22-192.0.2.9:5022.service") is None
    )


def test_units_are_known_by_either_name():
    assert lifelines.of_unit("ssh.service") is lifelines.of_unit("sshd.service") is lifelines.of_process("sshd")
    assert lifelines.of_unit("nginx.service") is None


def test_names_fit_what_the_kernel_keeps_of_them():
    assert all(len(comm) <= 15 for lifeline in lifelines.LIFELINES for comm in lifeline.comms)


def test_no_program_is_of_two_lifelines():
    programs = [program for line in lifelines.LIFELINES for program in line.programs or (line.name,)]
    assert len(programs) == len(set(programs))
