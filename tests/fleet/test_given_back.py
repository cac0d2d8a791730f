# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""protect, limit_tmpfs and undo in a row: /etc, /home, /run and /var/lib are then what they were, byte by byte."""

import functools

import pytest

from tests.fleet import observed

pytestmark = pytest.mark.lab

HOST = "bookworm-v2"
USER = "ada"
UNITS = {
    "/etc/systemd/system/tower.service": "[Service]\nExecStart=/bin/sleep infinity\n",
    "/etc/systemd/user/lamp.service": "[Service]\nExecStart=/bin/sleep infinity\n",
}
POLICY = {"oom_policy_services": [{"unit": "tower.service", "value": -600}]}
OF_USER = {"unit": "lamp.service", "scope": "user", "user": USER, "value": 300}
LIMITS = {
    "tmpfs_limits_apply": True,
    "tmpfs_limits_mounts": [{"path": "/run", "size": "15%", "min_free": "8M"}, {"path": "/dev/shm", "size": "64M"}],
    "tmpfs_limits_ages": [{"path": "/var/tmp", "age": "20d", "not_tmpfs": True}],
    "tmpfs_limits_journal_max_use": "8M",
    "tmpfs_limits_journal_max_file_size": "1M",
    "ansible_become": False,  # the fleet is reached as root
}
TOPS = ("/etc", "/home", "/run", "/var/lib")
# What systemd, its journal and logins write by themselves, all the time.
OF_SYSTEMD = ("/run/log/journal", "/run/systemd", "/run/udev", "/run/user", "/run/utmp", "/var/lib/systemd")
# Below these systemd reads settings, which nobody but an administrator (or a module) writes.
SETTINGS = ("/run/systemd/system", "/run/systemd/system.control", "/run/systemd/user", "/run/systemd/journald.conf.d")
# The lock is kept: who removes a lock file lets a third run in beside the second.
LOCK = "/run/memfacts.lock"


def prepare(guest):
    for path, text in UNITS.items():
        guest.write(path, text)
    guest.sh(f"systemctl daemon-reload; systemctl start tower; useradd -m {USER}; loginctl enable-linger {USER}")
    started = functools.partial(guest.sh, as_user("systemctl --user start lamp"), check=False)
    observed.until(guest, lambda: started().status == 0, f"{USER}'s own systemd")


def remove(guest):
    guest.sh(
        f"systemctl stop tower; loginctl disable-linger {USER}; loginctl terminate-user {USER}; pkill -9 -u {USER};"
        f"sleep 2; userdel -r {USER}; rm -rf {' '.join(UNITS)}; systemctl daemon-reload",
        check=False,
    )


def as_user(command):
    return f"runuser -u {USER} -- env XDG_RUNTIME_DIR=/run/user/$(id -u {USER}) {command}"


def seen(guest):
    """{path: [mode, owner, group, content]} of all that is not systemd's own."""
    return {path: row for path, row in observed.tree(guest, *TOPS).items() if not is_of_systemd(path)}


def is_of_systemd(path):
    return is_below(path, OF_SYSTEMD) and not is_below(path, SETTINGS)


def is_below(path, tops):
    return any(path == top or path.startswith(top + "/") for top in tops)


def values(guest):
    """The oom_score_adj of both services, and the sizes of the mounts in KiB."""
    of_units = " ".join(
        (
            "cat /proc/$(systemctl show -p MainPID --value tower)/oom_score_adj;",
            f"cat /proc/$({as_user('systemctl --user show -p MainPID --value lamp')})/oom_score_adj;",
            "df --output=size /run /dev/shm",
        )
    )
    return guest.sh(of_units).split()


@pytest.fixture(scope="module")
def guest(fleet):
    """The host with its services and its user, until the last test of this file."""
    only = fleet.guests[HOST]
    prepare(only)
    starts = only.starts
    yield only
    if only.starts == starts:
        remove(only)


def test_everything_is_given_back_byte_by_byte(guest, controller):
    files, figures = seen(guest), values(guest)
    controller.playbook("protect", HOST, **POLICY)
    controller.task("oom_score_adj", HOST, **OF_USER)
    controller.playbook("limit_tmpfs", HOST, **LIMITS)
    changed = {path for path in observed.difference(files, seen(guest)) if path != LOCK}
    # Something was written in each place that is written to at all.
    assert {top for top in TOPS if any(is_below(path, [top]) for path in changed)} >= {"/etc", "/home", "/var/lib"}
    protected = values(guest)
    assert protected[:2] == ["-600", "300"] and protected[2:] != figures[2:]
    controller.playbook("undo", HOST)
    assert set(observed.difference(files, seen(guest))) <= {LOCK}
    assert values(guest) == figures
