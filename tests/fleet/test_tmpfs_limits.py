# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role tmpfs_limits and its playbook on real hosts; what came of them is read from the hosts themselves."""

import json
import os

import interruption
import pytest

pytestmark = pytest.mark.lab

MIB = 1 << 20
# One mount for each place that declares one: API file systems and fstab, a mount unit, logind.
MOUNTS = [
    {"path": "/run", "size": "15%", "min_free": "8M"},
    {"path": "/dev/shm", "size": "64M", "inodes": "20k"},
    {"path": "/tmp", "size": "80M"},
    {"path": "/run/user/*", "size": "12M"},
]
WISHES = {
    "tmpfs_limits_mounts": MOUNTS,
    "tmpfs_limits_ages": [{"path": "/tmp", "age": "7d"}, {"path": "/var/tmp", "age": "20d"}],
    "tmpfs_limits_journal_max_use": "8M",
    "tmpfs_limits_journal_max_file_size": "1M",
    "ansible_become": False,  # the fleet is reached as root
}
# Every file and folder below /etc but mtab, which shows what is mounted, and what of tmpfs is mounted how.
LOOK = r"""
import hashlib, json, os
files = {}
for top, folders, names in os.walk("/etc"):
    for name in folders + names:
        path = os.path.join(top, name)
        status = os.lstat(path)
        content = None
        if os.path.islink(path):
            content = os.readlink(path)
        elif os.path.isfile(path):
            with open(path, "rb") as stream:
                content = hashlib.sha256(stream.read()).hexdigest()
        files[path] = [oct(status.st_mode), status.st_uid, status.st_gid, content]
files.pop("/etc/mtab", None)
mounts = {}
with open("/proc/self/mountinfo") as stream:
    for line in stream:
        fields = line.split()
        rest = fields[fields.index("-") + 1:]
        if rest[0] == "tmpfs":
            space = os.statvfs(fields[4])
            options = [o for o in rest[2].split(",") if not o.startswith(("size=", "nr_inodes="))]
            flags = [fields[5], options]
            mounts[fields[4]] = [space.f_blocks * space.f_frsize, space.f_files, flags]
with open("/proc/meminfo") as stream:
    total = int(stream.readline().split()[1]) * 1024
record = os.path.exists("/var/lib/memfacts")
print(json.dumps({"files": files, "mounts": mounts, "total": total, "record": record}))
"""


def seen(guest):
    """Files of /etc, tmpfs mounts, MemTotal and whether there is a record, as the host itself shows them."""
    return json.loads(guest.sh("exec python3 -", stdin=LOOK))


@pytest.fixture
def before(fleet, hosts, controller):
    """What was there on each host, with a /tmp that is a tmpfs by a mount unit; afterwards it must be there again."""

    def prepare(guest):
        guest.sh(
            "cp /usr/share/systemd/tmp.mount /etc/systemd/system/; systemctl daemon-reload;"
            "systemctl enable -q --now tmp.mount"
        )
        return seen(guest)

    found = fleet.each(prepare)
    yield found
    undo(controller)
    after = fleet.each(seen)
    fleet.each(
        lambda guest: guest.sh(
            "systemctl disable -q tmp.mount; systemctl stop tmp.mount; rm /etc/systemd/system/tmp.mount;"
            "systemctl daemon-reload"
        )
    )
    for name, state in after.items():
        assert state["files"] == found[name]["files"], name
        assert not state["record"], name


def undo(controller):
    """Take everything back by the role, without any of its other variables."""
    path = os.path.join(controller.fleet.scratch, "undo_tmpfs.json")
    role = {"role": "memfacts.linux.tmpfs_limits", "tmpfs_limits_state": "absent"}
    with open(path, "w", encoding="utf-8") as stream:
        json.dump([{"hosts": "all", "gather_facts": False, "roles": [role]}], stream)
    return controller.playbook(path)


def apply(controller, limit=None):
    return controller.playbook("limit_tmpfs", limit, tmpfs_limits_apply=True, **WISHES)


def capped(total, page=4096):
    """{mount: bytes} that MOUNTS ask for on a host with so much RAM."""
    return {
        "/run": -(-(total * 15 // 100) // page) * page,
        "/dev/shm": 64 * MIB,
        "/tmp": 80 * MIB,
        "/run/user/0": 12 * MIB,
    }


def sizes(state):
    return {path: state["mounts"][path][0] for path in capped(0)}


def flags(state):
    return {path: row[2] for path, row in state["mounts"].items()}


def test_without_apply_and_in_check_mode_nothing_is_touched(fleet, before, controller):
    report = controller.playbook("limit_tmpfs", **WISHES)
    assert report.changed() == []
    assert fleet.each(seen) == before
    lines = [line for result in report.results if result.task == "Report" for line in result.data["msg"]]
    assert sum("/dev/shm: " in line and " to 64.0 MiB" in line for line in lines) == len(fleet.guests)
    checked = controller.playbook("limit_tmpfs", check=True, tmpfs_limits_apply=True, **WISHES)
    assert fleet.each(seen) == before
    done = apply(controller)
    for name in fleet.guests:
        assert written(checked, name) == written(done, name)


def written(run, host):
    """The lines that the diffs of a run add, of files and mounts; in check mode no diff builds on the one before."""
    texts = [diff for diff in run.diffs(host) if isinstance(diff.get("after"), str)]
    return sorted(
        (diff.get("after_header", ""), line)
        for diff in texts
        for line in diff["after"].splitlines()
        if line not in (diff.get("before") or "").splitlines()
    )


def test_caps_hold_after_a_reboot_and_a_second_run_changes_nothing(fleet, before, controller):
    apply(controller)
    state = fleet.each(seen)
    for name, found in state.items():
        assert sizes(found) == capped(found["total"]), name
        assert found["mounts"]["/dev/shm"][1] == 20 * 1024, name
        assert flags(found) == flags(before[name]), name
    assert apply(controller).changed() == []
    fleet.each(lambda guest: guest.reboot())
    later = fleet.each(seen)
    for name, found in later.items():
        assert sizes(found) == capped(found["total"]), name
        assert flags(found) == flags(before[name]), name
    assert apply(controller).changed() == []
    assert [guest.sh("loginctl show-session -p RuntimeDirectorySize") for guest in fleet.guests.values()] == [
        f"RuntimeDirectorySize={12 * MIB}\n"
    ] * len(fleet.guests)
    undo(controller)
    for name, found in fleet.each(seen).items():
        assert found["files"] == before[name]["files"], name
        assert flags(found) == flags(before[name]), name
        for path in ("/dev/shm", "/tmp"):  # half of RAM by default, and RAM of these hosts is another at each boot
            assert abs(found["mounts"][path][0] - found["total"] // 2) <= 4096, (name, path)
    assert undo(controller).changed() == []


def test_a_mount_that_drifted_by_hand_is_repaired(fleet, before, controller):
    apply(controller)
    by_hand = "mount -o remount,rw,nosuid,nodev,strictatime,size=7m tmpfs /dev/shm; mount -o remount,size=99m /tmp"
    fleet.each(lambda guest: guest.sh(by_hand))
    run = apply(controller)
    assert {task for dummy, task in run.changed()} == {"Cap each mount"}
    for name, found in fleet.each(seen).items():
        assert sizes(found) == capped(found["total"]), name


def test_a_full_one_is_not_shrunk_and_its_holder_is_named(fleet, before, controller):
    def fill(guest):
        guest.sh("head -c 90M /dev/zero >/dev/shm/kept")
        guest.sh(
            "systemd-run -q --unit=hog sh -c 'exec 9>/dev/shm/gone; head -c 9M /dev/zero >&9; rm /dev/shm/gone;"
            "exec sleep 999'"
        )
        guest.sh("for i in $(seq 100); do [ -e /dev/shm/gone ] || break; sleep 0.1; done; sleep 1")
        return int(guest.sh("systemctl show -p MainPID hog").split("=")[1])

    pids = fleet.each(fill)
    run = controller.playbook("limit_tmpfs", expect=2, tmpfs_limits_apply=True, **WISHES)
    messages = run.messages()
    for name, found in fleet.each(seen).items():
        assert found["mounts"]["/dev/shm"][:2] == before[name]["mounts"]["/dev/shm"][:2]
        said = messages[name]
        assert (
            "Cannot set the size of /dev/shm to 64.0 MiB: 99.0 MiB are in use, most by /dev/shm/kept (90.0 MiB)" in said
        )
        assert f"deleted /dev/shm/gone (9.0 MiB, held by sleep pid {pids[name]})" in said
    fleet.each(lambda guest: guest.sh("systemctl stop hog; rm /dev/shm/kept"))


VOLATILE = """\
[Journal]
Storage=volatile
Compress=no
RuntimeMaxUse=1G
RuntimeKeepFree=1M
RateLimitIntervalSec=0
"""
CONFIGURED = "/etc/systemd/journald.conf.d/10-volatile.conf"


def journal_bytes(guest):
    return int(guest.sh("du -s --block-size=1 /run/log/journal").split()[0])


def flood(guest):
    """As a service that logs without end; returns when journald has read all of it."""
    guest.sh("head -c 50M /dev/urandom | base64 -w 3000 | systemd-cat -t flood; journalctl --sync")


def test_a_runtime_journal_that_fills_run_is_found_and_fixed_and_stays_fixed(fleet, before, controller):
    def spoil(guest):
        guest.sh("mkdir -p /etc/systemd/journald.conf.d")
        guest.write(CONFIGURED, VOLATILE)
        guest.sh("systemctl restart systemd-journald")
        flood(guest)
        return journal_bytes(guest)

    spoiled = fleet.each(spoil)
    assert all(size > 45 * MIB for size in spoiled.values()), spoiled
    facts = controller.task("memfacts", gather_subset=["memory", "tmpfs"])
    for result in facts.results:
        assert "journal-in-run" in [found["id"] for found in result.data["ansible_facts"]["memfacts"]["findings"]]
    apply(controller)
    assert all(size <= 9 * MIB for size in fleet.each(journal_bytes).values())
    fleet.each(flood)
    assert all(size <= 9 * MIB for size in fleet.each(journal_bytes).values())
    assert apply(controller).changed() == []
    facts = controller.task("memfacts", gather_subset=["memory", "tmpfs"])
    for result in facts.results:
        assert "journal-in-run" not in [found["id"] for found in result.data["ansible_facts"]["memfacts"]["findings"]]
    undo(controller)
    tidy = f"rm {CONFIGURED}; rmdir /etc/systemd/journald.conf.d; systemctl restart systemd-journald"
    fleet.each(lambda guest: guest.sh(tidy))


@pytest.mark.parametrize("words", ["restart systemd-journald", "daemon-reload"])
def test_what_a_lost_connection_interrupts_the_next_run_completes(fleet, before, controller, words):
    """Between the journal's limits and journald's reading of them; between a mount unit's drop-in and systemd's."""
    these = [fleet.guests[name] for name in ("bookworm-hybrid", "bullseye-v2")]
    interruption.interrupt(controller, these, words, "limit_tmpfs", tmpfs_limits_apply=True, **WISHES)
    for guest in these:
        found = seen(guest)
        assert found["files"] != before[guest.name]["files"]
        assert sizes(found) != capped(found["total"])
    names = [guest.name for guest in these]
    apply(controller, names)
    for guest in these:
        found = seen(guest)
        assert sizes(found) == capped(found["total"]), guest.name
    assert apply(controller, names).changed() == []
