# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""tmpfs_size on real hosts: many entries in one run, what systemd says of them, and a way back that leaves the rest."""

import json

import pytest

from tests.fleet.test_tmpfs_limits import LOOK, MIB

pytestmark = pytest.mark.lab

ENTRIES = [
    {"path": "/run", "size": "15%"},
    {"path": "/dev/shm", "size": "64M"},
    {"path": "/srv/hand", "size": "6M", "persist": "fstab"},
    {"path": "/run/user/*", "size": "12M"},
    {"path": "/srv/unit", "size": "7M"},
]
UNIT = "[Mount]\nWhat=tmpfs\nWhere=/srv/unit\nType=tmpfs\nOptions=mode=755,size=3M\n"
UNIT_FILE = "/usr/local/lib/systemd/system/srv-unit.mount"
HAND = "mkdir -p /srv/hand && mount -t tmpfs -o size=4m '#hand' /srv/hand"


def seen(guest):
    found = json.loads(guest.sh("python3 -", stdin=LOOK))
    return found["files"], found["mounts"], found["record"]


@pytest.fixture(scope="module")
def guests(fleet):
    """All hosts, with a tmpfs that somebody has mounted by hand, and one with a unit."""

    def prepare(guest):
        guest.sh(HAND + "; mkdir -p /usr/local/lib/systemd/system")
        guest.write(UNIT_FILE, UNIT)
        guest.sh("systemctl daemon-reload; systemctl start srv-unit.mount")

    def clean(guest):
        guest.sh(
            f"umount /srv/hand; rmdir /srv/hand; systemctl stop srv-unit.mount; rm {UNIT_FILE}; rmdir /srv/unit; "
            "systemctl daemon-reload",
            check=False,
        )

    fleet.each(prepare)
    yield fleet.guests
    fleet.each(clean)


def test_all_entries_in_one_run_and_all_undone_in_one(guests, controller):
    before = {name: seen(guest) for name, guest in guests.items()}
    run = controller.task("tmpfs_size", entries=ENTRIES)
    for result in run.results:
        places = [entry["place"] for entry in result.data["entries"]]
        assert places == ["fstab", "fstab", "fstab", "logind", "systemd"], result.host
    for name, guest in guests.items():
        # What systemd makes of the line, whose source begins with what begins a comment.
        assert "size=6M" in guest.sh("systemctl cat srv-hand.mount | grep ^Options="), name
        drop_in = "/etc/systemd/system/srv-unit.mount.d/zz-memfacts.conf"
        assert drop_in in guest.sh("systemctl show -p DropInPaths srv-unit.mount"), name
    assert controller.task("tmpfs_size", entries=ENTRIES).changed() == []
    back = controller.task("tmpfs_size", state="absent")
    assert [result.data["kept"] for result in back.results] == [[]] * len(guests)
    assert {name: seen(guest) for name, guest in guests.items()} == before
    assert controller.task("tmpfs_size", state="absent").changed() == []


def test_what_an_administrator_has_set_since_stays(guests, controller):
    before = {name: seen(guest)[0] for name, guest in guests.items()}
    controller.task("tmpfs_size", entries=ENTRIES[2:3])
    for guest in guests.values():
        guest.sh("mount -o remount,size=80m '#hand' /srv/hand")
    back = controller.task("tmpfs_size", state="absent")
    for result in back.results:
        assert [row["what"] for row in result.data["kept"]] == ["/srv/hand"], result.host
    for name, guest in guests.items():
        assert (seen(guest)[0], seen(guest)[1]["/srv/hand"][0]) == (before[name], 80 * MIB), name
        guest.sh("umount /srv/hand; " + HAND)


def test_shadowing_drop_in_is_named_before_any_change(guests, controller):
    stronger = "/run/systemd/system.control/srv-unit.mount.d/zz-memfacts.conf"
    for guest in guests.values():
        guest.sh(f"mkdir -p {stronger.rpartition('/')[0]}")
        guest.write(stronger, "[Mount]\nOptions=mode=755,size=33%%\n")
    before = {name: seen(guest) for name, guest in guests.items()}
    try:
        run = controller.task("tmpfs_size", expect=2, path="/srv/unit", size="8M")
        for name in guests:
            assert stronger + " sets Options= and overrides" in run.messages()[name]
        assert {name: seen(guest) for name, guest in guests.items()} == before
    finally:
        for guest in guests.values():
            guest.sh(f"rm {stronger}; rmdir {stronger.rpartition('/')[0]}; systemctl daemon-reload")
