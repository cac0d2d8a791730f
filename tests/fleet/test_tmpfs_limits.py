# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role tmpfs_limits and its playbook on real hosts; what came of them is read from the hosts themselves."""

import json

import pytest

from tests.fleet import interruption, observed

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


TMP_MOUNT = "/etc/systemd/system/tmp.mount"


@pytest.fixture(scope="module")
def prepared(fleet, controller):
    """A controller, with a /tmp on each host that is a tmpfs by a mount unit, until the last test of this file."""
    start = f"cp /usr/share/systemd/tmp.mount {TMP_MOUNT}; systemctl daemon-reload; systemctl enable -q --now tmp.mount"
    end = f"systemctl disable -q tmp.mount; systemctl stop tmp.mount; rm {TMP_MOUNT}; systemctl daemon-reload"
    with fleet.planted(lambda guest: guest.sh(start), lambda guest: guest.sh(end)):
        yield controller


def undo(controller, limit=None):
    """Take everything back by the role, without any of its other variables."""
    role = {"role": "memfacts.linux.tmpfs_limits", "tmpfs_limits_state": "absent"}
    return controller.play({"roles": [role]}, limit)


def apply(controller, limit=None, **others):
    return controller.playbook("limit_tmpfs", limit, tmpfs_limits_apply=True, **dict(WISHES, **others))


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


BY_HAND = "mount -o remount,rw,nosuid,nodev,strictatime,size=7m tmpfs /dev/shm; mount -o remount,size=99m /tmp"
TIGHTER = {"tmpfs_limits_mounts": [{"path": "/dev/shm", "size": "32M"}], "tmpfs_limits_ages": []}


def fill(guest):
    """50 MiB in a file of /dev/shm and 9 MiB in one that is deleted; gives the pid of its holder."""
    guest.sh("head -c 50M /dev/zero >/dev/shm/kept")
    guest.sh(
        "systemd-run -q --unit=hog sh -c 'exec 9>/dev/shm/gone; head -c 9M /dev/zero >&9; rm /dev/shm/gone;"
        "exec sleep infinity'"
    )
    # It is the program at the end when all before that is done.
    script = "test $(cat /proc/$(systemctl show -p MainPID --value hog)/comm) = sleep"
    observed.until(guest, lambda: guest.sh(script, check=False).status == 0, "a holder of a deleted file")
    return int(guest.sh("systemctl show -p MainPID --value hog"))


class Story:
    """All that was seen while limit_tmpfs was run over the fleet and taken back."""

    def __init__(self, fleet, controller):
        each = fleet.each
        self.before = each(seen)
        self.report = controller.playbook("limit_tmpfs", **WISHES)
        self.after_report = each(seen)
        self.checked = controller.playbook("limit_tmpfs", check=True, tmpfs_limits_apply=True, **WISHES)
        self.after_check = each(seen)
        self.run = apply(controller)
        self.capped = each(seen)
        self.again = apply(controller)
        each(lambda guest: guest.reboot())
        self.rebooted = each(seen)
        self.logind = each(lambda guest: guest.sh("loginctl show-session -p RuntimeDirectorySize"))
        each(lambda guest: guest.sh(BY_HAND))
        self.drifted = each(seen)
        self.repair = apply(controller)
        self.repaired = each(seen)
        self.holders = each(fill)
        self.refused = controller.playbook("limit_tmpfs", expect=2, tmpfs_limits_apply=True, **dict(WISHES, **TIGHTER))
        self.still_full = each(seen)
        each(lambda guest: guest.sh("systemctl stop hog; rm /dev/shm/kept"))
        undo(controller)
        self.after = each(seen)
        self.undone_again = undo(controller)


@pytest.fixture(scope="module")
def story(fleet, prepared):
    return Story(fleet, prepared)


def test_without_apply_nothing_is_touched_and_all_is_told(story):
    assert story.report.changed() == []
    assert story.after_report == story.before
    lines = [line for result in story.report.results if result.task == "Report" for line in result.data["msg"]]
    assert sum("/dev/shm: " in line and " to 64.0 MiB" in line for line in lines) == len(story.before)


def test_check_mode_touches_nothing_and_shows_what_the_run_then_did(story):
    assert story.after_check == story.before
    for name in story.before:
        assert written(story.checked, name) == written(story.run, name)


def written(run, host):
    """The lines that the diffs of a run add, of files and mounts; in check mode no diff builds on the one before."""
    texts = [diff for diff in run.diffs(host) if isinstance(diff.get("after"), str)]
    return sorted(
        (diff.get("after_header", ""), line)
        for diff in texts
        for line in diff["after"].splitlines()
        if line not in (diff.get("before") or "").splitlines()
    )


def test_caps_are_live_and_no_other_option_is_lost(story):
    for name, found in story.capped.items():
        assert sizes(found) == capped(found["total"]), name
        assert found["mounts"]["/dev/shm"][1] == 20 * 1024, name
        assert flags(found) == flags(story.before[name]), name


def test_a_second_run_changes_nothing(story):
    assert story.again.changed() == []
    assert story.again.output.count(" changed=0 ") == len(story.before)


def test_caps_hold_after_a_reboot(story):
    for name, found in story.rebooted.items():
        assert sizes(found) == capped(found["total"]), name
        assert flags(found) == flags(story.before[name]), name
    assert set(story.logind.values()) == {f"RuntimeDirectorySize={12 * MIB}\n"}


def test_what_drifted_by_hand_is_repaired_and_nothing_else_is_changed(story):
    for name, found in story.drifted.items():
        assert sizes(found) == dict(capped(found["total"]), **{"/dev/shm": 7 * MIB, "/tmp": 99 * MIB}), name
    repairs = [result for result in story.repair.results if result.state == "changed"]
    assert sorted((result.host, result.task) for result in repairs) == [
        (name, "Cap each mount") for name in sorted(story.before)
    ]
    for result in repairs:
        assert {row["item"]["path"] for row in result.data["results"] if row["changed"]} == {"/dev/shm", "/tmp"}
    for name, found in story.repaired.items():
        assert sizes(found) == capped(found["total"]), name


def test_a_full_one_is_not_shrunk_and_its_holder_is_named(story):
    messages = story.refused.messages()
    for name, found in story.still_full.items():
        assert found["mounts"]["/dev/shm"] == story.repaired[name]["mounts"]["/dev/shm"], name
        assert (
            "Cannot set the size of /dev/shm to 32.0 MiB: 59.0 MiB are in use, most by /dev/shm/kept (50.0 MiB)"
            in messages[name]
        )
        assert f"deleted /dev/shm/gone (9.0 MiB, held by sleep pid {story.holders[name]})" in messages[name]


def test_undo_gives_back_the_files_byte_for_byte_and_the_sizes(story):
    for name, found in story.after.items():
        assert found["files"] == story.before[name]["files"], name
        assert not found["record"], name
        assert flags(found) == flags(story.before[name]), name
        for path in ("/dev/shm", "/tmp"):  # half of RAM by default, and RAM of these hosts is another at each boot
            assert abs(found["mounts"][path][0] - found["total"] // 2) <= 4096, (name, path)
    assert story.undone_again.changed() == []


VOLATILE = """\
[Journal]
Storage=volatile
Compress=no
RuntimeMaxUse=1G
RuntimeKeepFree=1M
RateLimitIntervalSec=0
"""
CONFIGURED = "/etc/systemd/journald.conf.d/10-volatile.conf"
NOISY = ("bookworm-v2", "bullseye-v1")


def journal_bytes(guest):
    return int(guest.sh("du -s --block-size=1 /run/log/journal").split()[0])


def flood(guest):
    """As a service that logs without end; returns when journald has read all of it."""
    guest.sh("head -c 50M /dev/urandom | base64 -w 3000 | systemd-cat -t flood; journalctl --sync")


def findings(controller):
    """{host: ids of what memfacts finds wrong}."""
    run = controller.task("memfacts", NOISY, gather_subset=["memory", "tmpfs"])
    facts = {result.host: result.data["ansible_facts"]["memfacts"] for result in run.results}
    return {host: {found["id"] for found in fact["findings"]} for host, fact in facts.items()}


def test_a_runtime_journal_that_fills_run_is_found_and_fixed_and_stays_fixed(fleet, hosts, controller):
    these = [hosts[name] for name in NOISY]
    before = [seen(guest) for guest in these]
    only_journal = {"tmpfs_limits_mounts": [], "tmpfs_limits_ages": []}
    for guest in these:
        guest.sh("mkdir -p /etc/systemd/journald.conf.d")
        guest.write(CONFIGURED, VOLATILE)
        guest.sh("systemctl restart systemd-journald")

    fleet.each(flood, NOISY)
    assert all(journal_bytes(guest) > 45 * MIB for guest in these)
    assert all("journal-in-run" in ids for ids in findings(controller).values())
    apply(controller, NOISY, **only_journal)
    assert all(journal_bytes(guest) <= 9 * MIB for guest in these)
    fleet.each(flood, NOISY)
    assert all(journal_bytes(guest) <= 9 * MIB for guest in these)
    assert apply(controller, NOISY, **only_journal).changed() == []
    assert not any("journal-in-run" in ids for ids in findings(controller).values())

    undo(controller, NOISY)
    for guest, state in zip(these, before):
        guest.sh(f"rm {CONFIGURED}; rmdir /etc/systemd/journald.conf.d; systemctl restart systemd-journald")
        assert seen(guest)["files"] == state["files"], guest.name


def test_what_lost_connections_interrupt_the_next_run_completes(hosts, prepared):
    """Between the journal's limits and journald's reading of them; then between a unit's drop-in and systemd's."""
    these = [hosts[name] for name in ("bookworm-hybrid", "bullseye-v2")]
    names = [guest.name for guest in these]
    before = [seen(guest) for guest in these]
    for words in ("restart systemd-journald", "daemon-reload"):
        interruption.interrupt(prepared, these, words, "limit_tmpfs", tmpfs_limits_apply=True, **WISHES)
        for guest, state in zip(these, before):
            found = seen(guest)
            assert found["files"] != state["files"], guest.name
            assert sizes(found) != capped(found["total"]), guest.name
    apply(prepared, names)
    for guest in these:
        found = seen(guest)
        assert sizes(found) == capped(found["total"]), guest.name
    assert apply(prepared, names).changed() == []
    undo(prepared, names)
    for guest, state in zip(these, before):
        assert seen(guest)["files"] == state["files"], guest.name
