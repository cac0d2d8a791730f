# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""The only list of the system services that a host needs to be reached and repaired when memory runs out.

What stands here should be protected, and it alone may be unkillable: a process at oom_score_adj -1000 that leaks makes
the kernel kill everything else. All that is not listed is a workload.
"""

from typing import NamedTuple, Optional, Tuple

from . import owner

_COMM_LENGTH = 15  # TASK_COMM_LEN - 1: the kernel cuts systemd-journald to systemd-journal
_FIRST_ORDINARY_USER = 1000  # UID_MIN of login.defs(5)
MANAGER = "systemd"  # the name of the lifeline that process 1 is
_SYSTEM_CONTAINERS = ("lxc", "machine")  # they run a whole system with its own lifelines


class Lifeline(NamedTuple):
    """comms: names of its main process; units: what systemd calls it; role: what is lost with it.

    adj: the oom_score_adj that its own project or its unit as shipped sets; None where it is one of those that set
    -1000 by themselves in the cases that need it, so that no protection is no fault.
    programs: the last parts of the paths of its programs; none given means that its name is the program's.
    starts_sessions: its children are what people run, and not parts of the service.
    protects_itself: it sets itself to -1000 at each start, and gives its sessions what it was started with.
    """

    name: str
    comms: Tuple[str, ...]
    units: Tuple[str, ...]
    role: str
    adj: Optional[int]
    programs: Tuple[str, ...] = ()
    starts_sessions: bool = False
    protects_itself: bool = False


LIFELINES = (
    # platform.c of OpenSSH: oom_adjust_setup() before it listens, oom_adjust_restore() in each session.
    Lifeline(
        "sshd",
        ("sshd",),
        ("ssh.service", "sshd.service"),
        "the way in",
        -1000,
        starts_sessions=True,
        protects_itself=True,
    ),
    Lifeline(MANAGER, ("systemd", "init"), ("init.scope",), "the service manager", None, starts_sessions=True),
    Lifeline(
        "systemd-journald",
        ("systemd-journal",),
        ("systemd-journald.service",),
        "the log that tells what happened",
        -250,
    ),
    # From systemd 249 on udevd is a link to udevadm.
    Lifeline(
        "systemd-udevd",
        ("systemd-udevd", "udevd"),
        ("systemd-udevd.service",),
        "device handling",
        -1000,
        ("systemd-udevd", "udevadm", "udevd"),
    ),
    Lifeline("systemd-logind", ("systemd-logind",), ("systemd-logind.service",), "logins", None),
    Lifeline(
        "dbus",
        ("dbus-daemon", "dbus-broker-lau", "dbus-broker"),
        ("dbus.service", "dbus-broker.service"),
        "the message bus, without which systemctl and logins fail",
        -900,
        ("dbus-daemon", "dbus-broker", "dbus-broker-launch"),
    ),
    Lifeline("auditd", ("auditd",), ("auditd.service",), "the audit trail", -1000),
    Lifeline("containerd", ("containerd",), ("containerd.service",), "the container runtime", -999),
    Lifeline("dockerd", ("dockerd",), ("docker.service",), "the container runtime", -500),
    Lifeline("cri-o", ("crio",), ("crio.service",), "the container runtime", -999, ("crio",)),
    Lifeline("conmon", ("conmon",), (), "the monitor beside a container", None),
    Lifeline("kubelet", ("kubelet",), ("kubelet.service",), "the node's agent", -999),
    Lifeline("multipathd", ("multipathd",), ("multipathd.service",), "the paths to disks", None),
    Lifeline("iscsid", ("iscsid",), ("iscsid.service",), "disks over the network", None),
    Lifeline("dmeventd", ("dmeventd",), ("dm-event.service",), "volumes that grow", None),
    Lifeline(
        "watchdog",
        ("watchdog", "wd_keepalive"),
        ("watchdog.service", "wd_keepalive.service"),
        "the watchdog",
        None,
        ("watchdog", "wd_keepalive"),
    ),
    Lifeline("sbd", ("sbd",), ("sbd.service",), "fencing", None),
    Lifeline("corosync", ("corosync",), ("corosync.service",), "the cluster's membership", None),
)
_BY_COMM = {comm: lifeline for lifeline in LIFELINES for comm in lifeline.comms}
_BY_UNIT = {unit: lifeline for lifeline in LIFELINES for unit in lifeline.units}


def of_process(comm: str, cgroup: Optional[str] = None) -> Optional[Lifeline]:
    """The lifeline a process of that name is, None for a workload; `cgroup` (any hierarchy's path) where it is known.

    The same name inside a container or pod is a workload of this host, except a container's monitor.
    """
    found = _BY_COMM.get(comm[:_COMM_LENGTH])
    if found is None or not cgroup:
        return found
    whose = owner.of_cgroup(cgroup)
    if whose.kind in ("host", "unit") or whose.runtime in _SYSTEM_CONTAINERS:
        return found
    return found if found.name == "conmon" and whose.container is None else None


def of_unit(unit: str) -> Optional[Lifeline]:
    """The lifeline that a system unit runs, None for any other."""
    return _BY_UNIT.get(unit)


def to_protect(comm: str, cgroup: Optional[str] = None, uid: Optional[int] = None) -> Optional[Lifeline]:
    """As `of_process`, but only what must not be killed for want of protection.

    Nothing of a login session or an ordinary user, whose bus is as killable as the rest of it, and no instance that
    systemd starts for one connection (sshd@…).
    """
    found, path = of_process(comm, cgroup), cgroup or "/"
    if found is None or found.adj is None or (uid or 0) >= _FIRST_ORDINARY_USER:
        return None
    if path.startswith("/user.slice/") or "@" in (owner.of_cgroup(path).unit or ""):
        return None
    return found
