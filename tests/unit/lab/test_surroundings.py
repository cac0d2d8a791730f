# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run of the lab says at its start about the machine, and where user-mode kernels keep their memory."""

import os
import types

import pytest

from tests.lab import machines, surroundings

PLAIN = surroundings.Machine(
    has_amx=False,
    uml_watchdog=None,
    sysctls={"vm.overcommit_memory": "0", "kernel.yama.ptrace_scope": "not there"},
    folder=surroundings.Folder("/dev/shm", 64, "rw,noexec"),
    cores=2,
    load=3.25,
    available_mib=9000,
    limit_mib=None,
    guests=0,
    variables=(),
)
MOUNTS = """/dev/vda / ext4 rw,relatime 0 0
tmpfs /dev tmpfs rw 0 0
shm /dev/shm tmpfs rw,noexec,size=65536k 0 0
other /dev/shm tmpfs ro 0 0
"""


def test_a_plain_machine_in_plain_english():
    assert surroundings.lines(PLAIN) == [
        "What else of this machine can change what a guest does:",
        "  processor: does not have AMX",
        "  package uml-utilities: not installed",
        "  sysctls: vm.overcommit_memory 0, kernel.yama.ptrace_scope not there",
        "  memory of user-mode kernels: in /dev/shm, 64 MiB free, mounted rw,noexec",
        "  cores: 2, load 3.2",
        "  memory: 9000 MiB available, limit of this run's cgroup: none",
        "  guests already running: 0",
        "  variables that are set, and that guests do not get: none",
    ]


@pytest.mark.parametrize(
    "what, said",
    [
        pytest.param({"has_amx": True}, "processor: has AMX", id="amx"),
        pytest.param({"uml_watchdog": "/x/uml_watchdog"}, "installed, /x/uml_watchdog", id="uml-utilities"),
        pytest.param({"limit_mib": 512}, "limit of this run's cgroup: 512 MiB", id="cgroup"),
        pytest.param({"variables": ("TMPDIR", "LD_PRELOAD")}, "do not get: TMPDIR, LD_PRELOAD", id="variables"),
        pytest.param({"folder": surroundings.Folder("/x", None, "rw")}, "in /x, without a limit", id="tmpfs"),
    ],
)
def test_what_differs_is_said(what, said):
    assert said in "\n".join(surroundings.lines(PLAIN._replace(**what)))


def test_a_guest_is_counted_once_however_many_processes_it_has():
    user_mode = "/cache/linux\0mem=512M\0uml_dir=/tmp/{}\0quiet\0"
    command_lines = [
        user_mode.format("a"),
        user_mode.format("a"),
        user_mode.format("b"),
        "/usr/bin/qemu-system-x86_64\0-m\0512\0",
        "python3\0-m\0pytest\0",
        "",
    ]
    assert len(surroundings.guests(command_lines)) == 3


@pytest.mark.parametrize(
    "folder, options",
    [("/dev/shm", "ro"), ("/dev/shm/x", "ro"), ("/dev/shmoo", "rw"), ("/tmp", "rw,relatime")],
)
def test_options_are_those_of_the_mount_on_top(folder, options):
    assert surroundings.options_of(MOUNTS, folder) == options


def test_options_of_a_folder_on_no_mount_are_unknown():
    assert surroundings.options_of("", "/tmp") == "unknown"


def test_available_memory_comes_from_its_line():
    assert surroundings.available_mib("MemFree: 1 kB\nMemAvailable:  2048 kB\nBuffers: 3 kB\n") == 2


@pytest.mark.parametrize(
    "cgroups, files, limit",
    [
        pytest.param("0::/a/b\n", {"/a/memory.max": "4194304\n", "/a/b/memory.max": "max\n"}, 4, id="v2-above"),
        pytest.param("0::/\n", {}, None, id="root"),
        pytest.param("4:memory:/a\n", {"/memory/a/memory.limit_in_bytes": "3145728\n"}, 3, id="v1"),
        pytest.param("4:memory:/\n", {"/memory/memory.limit_in_bytes": f"{2**63 - 4096}\n"}, None, id="v1-no-limit"),
    ],
)
def test_limit_is_the_least_of_the_cgroups_on_the_way_up(cgroups, files, limit):
    assert surroundings.limit_mib(cgroups, lambda path: files.get(path[len("/sys/fs/cgroup") :], "")) == limit


def test_this_machine_can_be_observed():
    machine = surroundings.observed()
    assert machine.cores >= 1
    assert machine.available_mib > 0
    assert set(machine.sysctls) == set(surroundings.SYSCTLS)


@pytest.mark.parametrize(
    "free_mib, blocks, flags, is_in_shm",
    [
        pytest.param(1024, 1, 0, True, id="room-for-two"),
        pytest.param(1023, 1, 0, False, id="too-small"),
        pytest.param(0, 0, 0, True, id="no-limit"),
        pytest.param(1024, 1, os.ST_NOEXEC, False, id="noexec"),
    ],
)
def test_memory_of_a_guest_is_in_shm_where_two_like_it_fit(free_mib, blocks, flags, is_in_shm, monkeypatch):
    found = types.SimpleNamespace(f_bavail=free_mib, f_frsize=1 << 20, f_blocks=blocks, f_flag=flags)
    monkeypatch.setattr(machines.os, "statvfs", lambda path: found)
    monkeypatch.setattr(machines.os, "access", lambda path, mode: True)
    assert (machines.memory_folder(512) == machines.SHM) is is_in_shm
