# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""Which processes start what people run: a value on one of them is inherited by all that its session starts later."""

from typing import Dict, Iterable

from ...memcore.models import lifelines
from . import unkillable
from .selection import Candidate

# By the program, since a name (comm) is free to choose. Only there do distributions install them; a workload's own
# program may well be called login.
_FOLDERS = ("/usr/", "/bin/", "/sbin/", "/lib/", "/lib64/", "/nix/store/", "/gnu/store/")
_PROGRAMS = frozenset(
    # Over the network. From OpenSSH 9.8 on sessions have programs of their own; Dropbear gives none its old value back.
    "sshd-session sshd-auth dropbear mosh-server in.telnetd telnetd in.rlogind in.rshd cockpit-session cockpit-bridge"
    # On a console.
    " login agetty getty mingetty fgetty mgetty sulogin"
    # On a screen.
    " gdm gdm3 gdm-session-worker gdm-x-session gdm-wayland-session lightdm sddm sddm-helper lxdm lxdm-session xdm"
    " kdm slim greetd ly xrdp-sesman xrdp-sesexec".split()
)
# In a session they start what people run, and in a service of the system (game servers run in screen) its own program.
_IN_SESSIONS = frozenset("su runuser sudo doas tmux screen dtach abduco zellij".split())
_SSHD, _SSHD_SAYS, _LISTENS = "sshd", "sshd: ", "[listener]"
_STARTS_JOBS = frozenset(
    "cron crond anacron atd fcron xinetd inetd runsvdir runsv s6-svscan s6-supervise monit supervisord".split()
)


def is_daemon(process: Candidate, by_pid: Dict[int, Candidate]) -> bool:
    """Whether it is what runs a session: a user's manager, an sshd that is not the listening one, a login, …

    Process 1 is none: it is more than that.
    """
    if process.pid == 1:
        return False
    name = _name(process)
    if name == lifelines.MANAGER:
        # In a system container it is that system's process 1, which a value for the container is meant for.
        return "/user@" in process.cgroup or process.owner.kind in ("host", "unit")
    if name in _IN_SESSIONS:
        return not _is_of_service(process)
    return name in _PROGRAMS or (name == _SSHD and not _listens(process, by_pid))


def starts_jobs(process: Candidate) -> bool:
    """Whether its children are jobs that others ask it for, and inherit its value."""
    return _name(process) in _STARTS_JOBS


def unit_starts_them(unit: str, programs: Iterable[str]) -> bool:
    """Whether a unit that runs these programs hands the value it is started with on to what people run."""
    names = [_name_of(path) for path in programs]
    line = lifelines.of_unit(unit)
    return unkillable.starts_sessions(line) or any(
        name in _PROGRAMS or name in (_SSHD, lifelines.MANAGER) for name in names
    )


def _listens(process, by_pid):
    """Whether an sshd is the one that waits for connections, and gives each session its own old value back.

    Older ones do not say so in their title; sessions of all releases do. A session whose sshd was restarted has process
    1 as its parent. In an instance of a template, as ssh@1.service, systemd listens and sshd serves one connection.
    """
    parent = by_pid.get(process.ppid)
    if process.uid != 0 or process.cgroup.startswith("/user.slice/") or "@" in (process.owner.unit or ""):
        return False
    if process.title.startswith(_SSHD_SAYS) and _LISTENS not in process.title:
        return False
    return parent is None or _name(parent) != _SSHD


def _is_of_service(process):
    """Whether it is in a service of the system that is no session, as those of sshd are where there is no logind."""
    unit = process.owner.unit or ""
    if process.cgroup.startswith("/user.slice/") or not unit.endswith(".service"):
        return False
    return not unkillable.starts_sessions(lifelines.of_unit(unit))


def _name(process):
    name = _name_of(process.executable or "")
    return process.titles[0].lstrip("-") if name == "busybox" and process.titles else name


def _name_of(path):
    """The last part of a program's path, empty where nobody installs programs."""
    return path.rpartition("/")[2] if path.startswith(_FOLDERS) else ""
