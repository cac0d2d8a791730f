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
    "tmpfs_limits_ages": [{"path": "/tmp", "age": "7d"}, {"path": "/var/tmp", "age": "20d", "not_tmpfs": True}],
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


def test_check_mode_changes_nothing_and_predicts_the_run(story):
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


def test_manual_drift_is_repaired(story):
    for name, found in story.drifted.items():
        assert sizes(found) == dict(capped(found["total"]), **{"/dev/shm": 7 * MIB, "/tmp": 99 * MIB}), name
    repairs = [result for result in story.repair.results if result.state == "changed"]
    assert sorted((result.host, result.task) for result in repairs) == [
        (name, "Limit the tmpfs mounts and the journal, and set the ages") for name in sorted(story.before)
    ]
    for result in repairs:
        rows = [row for entry in result.data["entries"] for row in entry["mounts"]]
        changed = {row["mount"] for row in rows if row["size_bytes"] != row["size_bytes_before"]}
        assert changed == {"/dev/shm", "/tmp"}
    for name, found in story.repaired.items():
        assert sizes(found) == capped(found["total"]), name


def test_full_tmpfs_is_not_shrunk_and_holder_is_named(story):
    messages = story.refused.messages()
    for name, found in story.still_full.items():
        assert found["mounts"]["/dev/shm"] == story.repaired[name]["mounts"]["/dev/shm"], name
        assert (
            "Cannot set the size of /dev/shm to 32.0 MiB: 59.0 MiB are in use, most by /dev/shm/kept (50.0 MiB)"
            in messages[name]
        )
        assert f"deleted /dev/shm/gone (9.0 MiB, held by sleep pid {story.holders[name]})" in messages[name]


def test_undo_restores_files_and_sizes(story):
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


def test_journal_that_fills_run_is_found_and_limited(fleet, hosts, controller):
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
    """Between a unit's drop-in and systemd's reading of it; then between the journal's limits and journald's."""
    these = [hosts[name] for name in ("bookworm-hybrid", "bullseye-v2")]
    names = [guest.name for guest in these]
    before = [seen(guest) for guest in these]
    for words in ("daemon-reload", "restart systemd-journald"):
        interruption.interrupt(prepared, these, words, "limit_tmpfs", tmpfs_limits_apply=True, **WISHES)
        for guest, state in zip(these, before):
            assert seen(guest)["files"] != state["files"], guest.name
    apply(prepared, names)
    for guest in these:
        found = seen(guest)
        assert sizes(found) == capped(found["total"]), guest.name
    assert apply(prepared, names).changed() == []
    undo(prepared, names)
    for guest, state in zip(these, before):
        assert seen(guest)["files"] == state["files"], guest.name


AGES = "/etc/tmpfiles.d/00-memfacts.conf"
JOURNAL = "/etc/systemd/journald.conf.d/zz-memfacts.conf"
# Paths and ages that once made a line of tmpfiles.d; with clean_now the first of them deleted all homes.
DANGEROUS = [
    {"path": "/home", "age": "1s"},
    {"path": "/home", "age": "30d", "not_tmpfs": True},
    {"path": "/", "age": "30d", "not_tmpfs": True},
    {"path": "/etc", "age": "30d", "not_tmpfs": True},
    {"path": "/*", "age": "30d", "not_tmpfs": True},
    {"path": "/tmp/../home", "age": "30d", "not_tmpfs": True},
    {"path": "/tmp/%h", "age": "30d"},
    {"path": "/tmp", "age": "0"},
    {"path": "/tmp", "age": "10"},
    {"path": "/var/tmp", "age": "30d"},
    {"path": "/tmp/homes", "age": "30d"},
]
OUTSIDE = {"tmpfs_limits_mounts": [], "tmpfs_limits_clean_now": True}


@pytest.fixture(scope="module")
def one(fleet, prepared):
    """One host with a file in a home, and a link to the homes in its tmpfs."""
    guest = fleet.guests["bookworm-v2"]
    guest.sh("mkdir -p /home/anna && touch -d 2000-01-01 /home/anna/thesis && ln -sfn /home /tmp/homes")
    yield guest
    guest.sh("rm -r /home/anna /tmp/homes")


def limited(controller, guest, expect=0, check=False, **others):
    wishes = dict(WISHES, **dict(OUTSIDE, **others))
    return controller.playbook("limit_tmpfs", guest.name, check, expect, tmpfs_limits_apply=True, **wishes)


@pytest.mark.parametrize("age", DANGEROUS, ids=lambda age: f"{age['path']}-{age['age']}")
def test_forbidden_age_changes_nothing_on_the_host(one, prepared, age):
    before = seen(one)
    run = limited(prepared, one, expect=2, tmpfs_limits_ages=[{"path": "/tmp", "age": "30d"}, age])
    assert "ages has" in run.messages()[one.name]
    assert seen(one) == before
    assert one.sh("ls /home/anna") == "thesis\n"


def test_overriding_file_is_named_and_nothing_is_written(one, prepared):
    before = seen(one)
    for path, text, words in (
        (
            JOURNAL.replace("zz-memfacts", "zzz-admin"),
            "[Journal]\nRuntimeMaxUse=1G\n",
            "zzz-admin.conf sets RuntimeMaxUse=1G",
        ),
        (AGES.replace("00-memfacts", "00-admin"), "d /tmp 1777 root root 30d\n", "00-admin.conf has the line"),
    ):
        folder = path.rpartition("/")[0]
        made = one.sh(f"test -d {folder} || {{ mkdir {folder} && echo made; }}")
        one.write(path, text)
        assert words in limited(prepared, one, expect=2, tmpfs_limits_clean_now=False).messages()[one.name]
        one.sh(f"rm {path}" + (f"; rmdir {folder}" if made else ""))
        assert seen(one) == before


def test_check_mode_predicts_what_systemd_tmpfiles_deletes(one, prepared):
    """With a clock that is two days ahead: ctime cannot be set back."""
    one.sh(
        "mkdir -p /tmp/case/full /tmp/case/empty; touch /tmp/case/full/old /tmp/case/sticky; chmod +t /tmp/case/sticky"
    )
    ages = {"tmpfs_limits_ages": [{"path": "/tmp/case", "age": "1d"}]}
    look = "find /tmp/case -mindepth 1"
    one.sh("timedatectl set-ntp false || true; date -s '+2 days'; touch /tmp/case/full/fresh")
    try:
        before = set(one.sh(look).split())
        checked = limited(prepared, one, check=True, **ages)
        assert set(one.sh(look).split()) == before
        done = limited(prepared, one, **ages)
        gone = before - set(one.sh(look).split())
        assert {"/tmp/case/full/old"} <= gone <= {"/tmp/case/full/old", "/tmp/case/empty"}
        for run in (checked, done):
            (answer,) = [result.data for result in run.results if "removed" in result.data]
            assert set(answer["ages"]["due"]) == set(answer["removed"]) == gone
    finally:
        one.sh("date -s '-2 days'; rm -r /tmp/case")
        undo(prepared, one.name)


def test_added_lines_in_our_files_are_kept_and_named(one, prepared):
    limited(prepared, one, tmpfs_limits_clean_now=False)
    for path in (AGES, JOURNAL):
        one.sh(f"echo '# mine' >>{path}")
    texts = [one.sh(f"cat {path}") for path in (AGES, JOURNAL)]
    run = undo(prepared, one.name)
    kept = [row["what"] for result in run.results for row in result.data.get("kept", [])]
    assert sorted(kept) == sorted((AGES, JOURNAL))
    assert [one.sh(f"cat {path}") for path in (AGES, JOURNAL)] == texts
    one.sh(f"rm {AGES} {JOURNAL}; systemctl restart systemd-journald")


def test_journald_says_the_limit_that_it_was_given(one, prepared):
    one.sh("mkdir -p /run/systemd/journald.conf.d")
    one.write("/run/systemd/journald.conf.d/10-volatile.conf", "[Journal]\nStorage=volatile\n")
    try:
        run = limited(prepared, one, tmpfs_limits_ages=[], tmpfs_limits_clean_now=False)
        assert not any(result.data.get("warnings") for result in run.results)
        said = one.sh("journalctl -b -o json MESSAGE_ID=ec387f577b844b8fa948f33cad9a75e6 | tail -n 1")
        assert int(json.loads(said)["MAX_USE"]) == 8 * MIB
    finally:
        one.sh("rm -r /run/systemd/journald.conf.d; systemctl restart systemd-journald")
        undo(prepared, one.name)
