# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What else of this machine can change what a guest does, in a few lines at the start of a run of tests.

`observed` reads, `lines` words it. A conftest.py that has `pytest_sessionstart` and `pytest_collection_finish` from
here prints the lines, once in a run even if several do.
"""

import glob
import os
from typing import Callable, Dict, NamedTuple, Optional, Set, Tuple

import pytest

from tests.lab import debian, machines

SYSCTLS = ("vm.overcommit_memory", "vm.max_map_count", "kernel.pid_max", "kernel.yama.ptrace_scope")
# Whoever starts a guest has these from the caller; the guest itself is started without them.
VARIABLES = ("TMPDIR", "TMP", "TEMP", "LD_PRELOAD", "LD_LIBRARY_PATH", "XDG_CACHE_HOME", "APT_CONFIG")
MIB = 1 << 20


class Folder(NamedTuple):
    """The folder that user-mode kernels keep their memory in; free_mib is None where it has no limit."""

    path: str
    free_mib: Optional[int]
    options: str


class Machine(NamedTuple):
    """uml_watchdog: its path, None without uml-utilities. limit_mib: of this run's cgroup, None without one."""

    has_amx: bool
    uml_watchdog: Optional[str]
    sysctls: Dict[str, str]
    folder: Folder
    cores: int
    load: float
    available_mib: int
    limit_mib: Optional[int]
    guests: int
    variables: Tuple[str, ...]


def lines(machine):
    """Plain English, a line for each sort of thing."""
    folder = machine.folder
    free = "without a limit" if folder.free_mib is None else f"{folder.free_mib} MiB free"
    limit = "none" if machine.limit_mib is None else f"{machine.limit_mib} MiB"
    watchdog = f"installed, {machine.uml_watchdog}" if machine.uml_watchdog else "not installed"
    return [
        "What else of this machine can change what a guest does:",
        f"  processor: {'has' if machine.has_amx else 'does not have'} AMX",
        f"  package uml-utilities: {watchdog}",
        f"  sysctls: {', '.join(f'{name} {value}' for name, value in machine.sysctls.items())}",
        f"  memory of user-mode kernels: in {folder.path}, {free}, mounted {folder.options}",
        f"  cores: {machine.cores}, load {machine.load:.1f}",
        f"  memory: {machine.available_mib} MiB available, limit of this run's cgroup: {limit}",
        f"  guests already running: {machine.guests}",
        f"  variables that are set, and that guests do not get: {', '.join(machine.variables) or 'none'}",
    ]


def observed():
    """This machine now."""
    return Machine(
        has_amx="amx_tile" in _text("/proc/cpuinfo"),
        uml_watchdog=debian.command("uml_watchdog"),
        sysctls={name: _text(f"/proc/sys/{name.replace('.', '/')}").strip() or "not there" for name in SYSCTLS},
        folder=_folder(machines.memory_folder()),
        cores=len(os.sched_getaffinity(0)),
        load=os.getloadavg()[0],
        available_mib=available_mib(_text("/proc/meminfo")),
        limit_mib=limit_mib(_text("/proc/self/cgroup"), _text),
        guests=len(guests(_text(path) for path in glob.glob("/proc/[0-9]*/cmdline"))),
        variables=tuple(name for name in VARIABLES if os.environ.get(name)),
    )


def guests(command_lines) -> Set[str]:
    """What tells one guest from another, of command lines with null bytes between their words.

    Each process in a user-mode guest is one of the host too, with the command line of its kernel.
    """
    found = set()
    for command_line in command_lines:
        program, *words = command_line.split("\0")
        if program.rpartition("/")[2].startswith("qemu-system-"):
            found.add(command_line)
        found.update(word for word in words if word.startswith("uml_dir="))
    return found


def available_mib(meminfo: str) -> int:
    """MemAvailable of the text of /proc/meminfo."""
    return int(meminfo.partition("MemAvailable:")[2].split()[0]) // 1024


def options_of(mounts: str, folder: str) -> str:
    """The options of the last mount that `folder` is on, of the text of /proc/mounts."""
    best = ("", "unknown")
    for line in mounts.splitlines():
        _source, target, _kind, options = line.split()[:4]
        if f"{folder}/".startswith(f"{target.rstrip('/')}/") and len(target) >= len(best[0]):
            best = (target, options)
    return best[1]


def _folder(path):
    free = machines.free_bytes(path)
    options = options_of(_text("/proc/mounts"), os.path.realpath(path))
    return Folder(path, None if free is None else free // MIB, options)


def limit_mib(cgroups: str, read: Callable[[str], str]) -> Optional[int]:
    """The least limit of the memory cgroup in the text of /proc/self/cgroup and of those that it is in."""
    limits = []
    for line in cgroups.splitlines():
        _number, controllers, own = line.split(":", 2)
        if "memory" in controllers.split(","):
            pattern = "/sys/fs/cgroup/memory{}/memory.limit_in_bytes"
        elif not controllers:
            pattern = "/sys/fs/cgroup{}/memory.max"
        else:
            continue
        parts = own.strip("/").split("/")
        limits += [read(pattern.format("".join(f"/{part}" for part in parts[:end]))) for end in range(len(parts) + 1)]
    # Version 1 says "none" with a number past all memory.
    return min(
        (int(limit) // MIB for limit in limits if limit.strip().isdecimal() and int(limit) < 1 << 60), default=None
    )


def _text(path):
    """All of a file, "" where there is none or it is gone already."""
    try:
        with open(path, encoding="utf-8", errors="replace") as stream:
            return stream.read()
    except OSError:
        return ""


# The hooks. With xdist only the controller has a terminal, and it collects nothing; the conftest.py of a folder that
# is not named on the command line is loaded after the session has started.

_SAID = pytest.StashKey[bool]()


def pytest_sessionstart(session):
    """Before the tests are collected."""
    _say(session.config)


def pytest_collection_finish(session):
    """After it."""
    _say(session.config)


def _say(config):
    if hasattr(config, "workerinput") or config.option.collectonly or config.stash.get(_SAID, False):
        return
    config.stash[_SAID] = True
    for line in lines(observed()):
        config.pluginmanager.get_plugin("terminalreporter").write_line(line)
