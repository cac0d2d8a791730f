# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules about tmpfs: what a person is told, and which tmpfs is left in peace."""

import pytest

from tests.support import healthy_host

MIB = 1 << 20
DAY = 86400


def _nearly_full(share, host):
    host.add_tmpfs(used_bytes=int(10 * share * MIB), used_percent=share)


def _dominates(share, host):
    host.add_tmpfs(size_bytes=100000 * MIB, used_bytes=healthy_host.ram(share), used_percent=share)


def _unbounded(share, host):
    for number in range(4):
        host.add_tmpfs(mount=f"/srv/{number}", size_bytes=healthy_host.ram(share / 4))


def _deleted_files(share, host):
    host.add_tmpfs(deleted_bytes=healthy_host.ram(share))


def _dead_pod(mib, host):
    host.add_tmpfs(used_bytes=int(mib * MIB), owner={"kind": "pod", "pod_uid": "u", "pod_alive": False})


def _journal_in_run(share, host):
    host.add_tmpfs(mount="/run", journal_bytes=int(round(share * 10 * MIB)))


MEASURES = {
    "tmpfs-dominates": _dominates,
    "tmpfs-nearly-full": _nearly_full,
    "tmpfs-unbounded": _unbounded,
    "tmpfs-deleted-files": _deleted_files,
    "tmpfs-dead-pod": _dead_pod,
    "journal-in-run": _journal_in_run,
}


def _full(add_tmpfs, **given):
    """A tmpfs of 40000 MiB, full: 40 % of RAM."""
    add_tmpfs(**dict({"size_bytes": 40000 * MIB, "used_bytes": 40000 * MIB, "used_percent": 100.0}, **given))


def test_what_dominates_is_told_with_its_mount_its_owner_and_its_biggest_file(add_tmpfs, raised):
    biggest = {"path": "/srv/big/a", "bytes": 20000 * MIB, "mtime": "2026-11-23T00:00:00Z", "uid": 7, "holders": [12]}
    add_tmpfs(
        mount="/srv/big",
        size_bytes=60000 * MIB,
        used_bytes=28000 * MIB,
        used_percent=46.67,
        owner={"kind": "unit", "unit": "a.service"},
        top_files=[biggest],
    )
    add_tmpfs(mount="/srv/small", size_bytes=60000 * MIB, used_bytes=2000 * MIB, used_percent=3.33)

    (finding,) = raised()

    owner = finding.evidence["owner"]
    assert finding._asdict() == {
        "id": "tmpfs-dominates",
        "severity": "warning",
        "summary": "tmpfs holds 29.3 GiB, 30.0 % of RAM; most of it in /srv/big (27.3 GiB)",
        "evidence": {
            "used_bytes": 30000 * MIB,
            "percent_of_ram": 30.0,
            "mount": "/srv/big",
            "mount_used_bytes": 28000 * MIB,
            "owner": owner,
            "top_file": biggest,
        },
        "remedy": "See what fills /srv/big and delete the files that nobody needs. Then limit its size, and set the "
        "same size in /etc/fstab or in its mount unit, so that the limit lasts.",
        "remedy_commands": ["du -xh /srv/big | sort -h | tail", "mount -o remount,size=SIZE /srv/big"],
        "remedy_effect": "reversible",
        "ref": "docs/findings.md#tmpfs-dominates",
    }
    assert (owner["kind"], owner["unit"]) == ("unit", "a.service")


def test_what_is_nearly_full_names_its_mount_in_the_remedy(add_tmpfs, raised):
    add_tmpfs(mount="/run/a b", used_bytes=950 * MIB, used_percent=95.0)

    (finding,) = raised()

    assert finding.summary == "/run/a b is 95.0 % full, 950.0 MiB of 1000.0 MiB"
    assert finding.remedy.startswith("Free space on /run/a b before")
    assert finding.remedy_commands == ["du -xah '/run/a b' | sort -h | tail", "mount -o remount,size=SIZE '/run/a b'"]
    assert finding.evidence == {
        "mount": "/run/a b",
        "used_bytes": 950 * MIB,
        "size_bytes": 1000 * MIB,
        "used_percent": 95.0,
        "owner": finding.evidence["owner"],
        "top_files": None,
        "deleted_bytes": 0,
    }


@pytest.mark.parametrize(
    "given, found",
    [
        pytest.param({}, ["tmpfs-dominates", "tmpfs-nearly-full"], id="nobody-declared-it"),
        pytest.param({"declared": True}, [], id="declared-and-its-files-unknown"),
        pytest.param(
            {"declared": True, "newest_mtime": "2026-11-22T00:00:00Z", "newest_age_seconds": DAY + 1},
            [],
            id="declared-and-a-day-old",
        ),
        pytest.param(
            {"declared": True, "newest_mtime": "2026-11-22T00:00:00Z", "newest_age_seconds": DAY},
            ["tmpfs-dominates", "tmpfs-nearly-full"],
            id="declared-but-written-to-within-a-day",
        ),
        pytest.param({"options": ["ro"]}, ["tmpfs-dominates"], id="read-only-so-nobody-gets-ENOSPC"),
    ],
)
def test_a_full_tmpfs_is_left_in_peace_only_if_it_is_full_on_purpose(given, found, add_tmpfs, raised):
    _full(add_tmpfs, **given)

    assert [finding.id for finding in raised()] == found


def test_one_without_a_limit_is_told_whatever_the_sum(add_tmpfs, raised):
    add_tmpfs(mount="/srv/capped")
    add_tmpfs(mount="/srv/free", size_bytes=None, used_percent=None, unlimited=True)

    (finding,) = raised()

    assert finding.id == "tmpfs-unbounded"
    assert finding.summary == "/srv/free has no size limit, so files in tmpfs can take all RAM"
    assert finding.evidence == {
        "unlimited": ["/srv/free"],
        "limits_bytes": 1000 * MIB,
        "percent_of_ram": 1.0,
        "mount": "/srv/free",
    }
    # The kernel refuses a remount with a size here: "Cannot retroactively limit size" (mm/shmem.c).
    assert (finding.remedy_commands, finding.remedy_effect) == (["du -xsh /srv/free"], "none")


def test_limits_that_add_up_name_the_largest(add_tmpfs, raised):
    add_tmpfs(mount="/a", size_bytes=100000 * MIB)
    add_tmpfs(mount="/b", size_bytes=150000 * MIB)
    add_tmpfs(mount="/c", size_bytes=50000 * MIB)

    (finding,) = raised()

    assert finding.summary == "the size limits of 3 tmpfs mounts add up to 293.0 GiB, 300.0 % of RAM"
    assert finding.evidence["mount"] == "/b"
    assert finding.remedy_commands == ["du -xsh /b", "mount -o remount,size=SIZE /b"]


@pytest.mark.parametrize(
    "given",
    [
        pytest.param({"options": ["ro"]}, id="read-only"),
        pytest.param({"fstype": "devtmpfs"}, id="devtmpfs"),
        pytest.param({"owner": {"kind": "pod", "pod_uid": "u", "volume": "secret/token"}}, id="secret-volume"),
        pytest.param({"owner": {"kind": "pod", "pod_uid": "u", "volume": "projected/token"}}, id="projected-volume"),
        pytest.param({"owner": {"kind": "pod", "pod_uid": "u", "volume": "downward-api/info"}}, id="downward-api"),
    ],
)
def test_what_nobody_fills_does_not_count_among_the_limits(given, add_tmpfs, raised):
    add_tmpfs(**dict(given, size_bytes=None, unlimited=True))

    assert raised() == []


def test_an_empty_dir_in_memory_does_count_among_the_limits(add_tmpfs, raised):
    add_tmpfs(size_bytes=300000 * MIB, owner={"kind": "pod", "pod_uid": "u", "volume": "empty-dir/cache"})

    assert [finding.id for finding in raised()] == ["tmpfs-unbounded"]


def test_deleted_files_name_the_process_that_holds_most(facts, add_tmpfs, raised):
    add_tmpfs(mount="/tmp", deleted_bytes=2500 * MIB)
    add_tmpfs(mount="/run", deleted_bytes=500 * MIB)
    files = [{"name": "/tmp/x", "bytes": 2500 * MIB, "holders": [41, 42], "comm": "java", "owner": None}]
    facts["shmem"]["deleted"] = files

    (finding,) = raised()

    assert finding._asdict() == {
        "id": "tmpfs-deleted-files",
        "severity": "warning",
        "summary": "deleted files still hold 2.9 GiB of tmpfs, most of it through java (pid 41); `du` cannot see them",
        "evidence": {
            "deleted_bytes": 3000 * MIB,
            "percent_of_ram": 3.0,
            "mounts": ["/tmp", "/run"],
            "files": files,
            "pid": 41,
        },
        "remedy": "Restart the process that holds the deleted files, or let it reopen them. Emptying one through "
        "/proc/PID/fd/N frees its memory at once, but its content is lost, and the process must be able to bear that.",
        "remedy_commands": ["ls -l /proc/41/fd | grep deleted", ": > /proc/41/fd/N"],
        "remedy_effect": "data-loss",
        "ref": "docs/findings.md#tmpfs-deleted-files",
    }


def test_deleted_files_are_told_without_the_subset_that_knows_their_holders(facts, add_tmpfs, raised):
    add_tmpfs(deleted_bytes=2500 * MIB)
    del facts["shmem"]

    (finding,) = raised()

    assert finding.summary == "deleted files still hold 2.4 GiB of tmpfs; `du` cannot see them"
    assert finding.remedy_commands == ["ls -l /proc/PID/fd | grep deleted", ": > /proc/PID/fd/N"]


@pytest.mark.parametrize(
    "alive, found",
    [
        pytest.param(False, ["tmpfs-dead-pod"], id="gone"),
        pytest.param(True, [], id="alive"),
        pytest.param(None, [], id="not-known"),
    ],
)
def test_a_pods_volume_is_told_only_if_the_pod_is_gone(alive, found, add_tmpfs, raised):
    mount = "/var/lib/kubelet/pods/u-1/volumes/kubernetes.io~empty-dir/x"
    owner = {"kind": "pod", "pod_uid": "u-1", "pod_alive": alive}
    add_tmpfs(mount=mount, used_bytes=64 * MIB, used_percent=6.4, owner=owner)

    findings = raised()

    assert [finding.id for finding in findings] == found
    for finding in findings:
        assert finding.evidence == {"mount": mount, "used_bytes": 64 * MIB, "pod": "u-1"}
        assert finding.remedy_commands == ["crictl pods -o json | grep -F u-1", f"umount '{mount}'"]
        assert finding.remedy_effect == "data-loss"


def test_every_dead_pod_is_told(add_tmpfs, raised):
    for uid in ("u-1", "u-2"):
        add_tmpfs(mount="/m/" + uid, used_bytes=MIB, owner={"kind": "pod", "pod_uid": uid, "pod_alive": False})

    assert [finding.evidence["pod"] for finding in raised()] == ["u-1", "u-2"]


def test_the_journal_is_told_with_the_share_it_has_of_run(add_tmpfs, raised):
    add_tmpfs(mount="/run", used_bytes=410 * MIB, used_percent=41.0, journal_bytes=400 * MIB)

    (finding,) = raised()

    assert finding.summary == "the journal holds 400.0 MiB of /run, 40.0 % of its size"
    assert "RuntimeMaxUse" in finding.remedy
    assert finding.remedy_commands == ["journalctl --disk-usage", "journalctl --vacuum-size=64M"]


@pytest.mark.parametrize("given", [{"used_bytes": 950 * MIB, "used_percent": 95.0}, {"size_bytes": 300000 * MIB}])
def test_a_mount_in_another_namespace_is_not_taken_for_the_hosts_own_of_that_path(given, add_tmpfs, raised):
    add_tmpfs(mount="/dev/shm", pid=4711, **given)

    (finding,) = raised()

    assert [command.split("/dev/shm")[0] for command in finding.remedy_commands] == [
        "nsenter -t 4711 -m -- du -xah " if "used_bytes" in given else "nsenter -t 4711 -m -- du -xsh ",
        "nsenter -t 4711 -m -- mount -o remount,size=SIZE ",
    ]
