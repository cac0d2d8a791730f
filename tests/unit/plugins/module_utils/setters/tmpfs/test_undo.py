# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The way back touches only what is still as it was set, names all else, and is stopped by none of it."""

import pytest

from ansible_collections.memfacts.linux.plugins.module_utils.setters.tmpfs import plan as tmpfs_plan
from ansible_collections.memfacts.linux.plugins.module_utils.setters.tmpfs import undo
from ansible_collections.memfacts.linux.plugins.module_utils.setters.tmpfs.parts import FileChange, Kept, Limits
from ansible_collections.memfacts.linux.plugins.module_utils.setters.tmpfs.place import Unit
from ansible_collections.memfacts.linux.plugins.module_utils.setters.tmpfs.record import Entry, LiveBefore, settled
from tests.support.tmpfs_parts import (
    GIB,
    HERE,
    LOGIND_DROP_IN,
    MIB,
    UNIT_DROP_IN,
    after,
    applied,
    limits_of,
    live,
    situation,
    size,
    users,
)

FSTAB = "tmpfs /tmp tmpfs rw,size=64m 0 0\n"
VENDOR = Unit("tmp.mount", "/usr/lib/systemd/system/tmp.mount", options="mode=1777,size=50%%")
ANOTHER = HERE._replace(fsid=8)
LATER = HERE._replace(boot_id="99999999-2222-3333-4444-555555555555", mount_id=40)


def done(wanted=None, place="fstab", **given):
    """(the situation after a run that set a GiB, what the record keeps of it)"""
    found = situation(FSTAB, **given)
    plan = tmpfs_plan.present(found, wanted or size(GIB), place, None)
    return applied(found, plan), settled(plan.entry)


def with_mount(found, identity=HERE, **space):
    only = found.mounts[0]
    return found._replace(mounts=[only._replace(identity=identity, space=only.space._replace(**space))])


def test_a_size_that_an_admin_has_set_since_stays():
    found, entry = done()
    plan = undo.absent(with_mount(found, size_bytes=80 * MIB), entry)
    assert plan.remounts == []
    assert plan.kept == (Kept("/tmp", "its size is 80.0 MiB and not the 1.0 GiB that was set"),)
    assert after(plan, "/etc/fstab") == FSTAB, "the line, which nobody has changed, goes back"
    assert plan.entry is None, "what is somebody else's now is no more in the record"


def test_inodes_that_an_admin_has_set_since_stay():
    found, entry = done(size(GIB)._replace(inodes=size(5000).size))
    plan = undo.absent(with_mount(found, inodes=6000), entry)
    assert plan.remounts == []
    assert plan.kept == (Kept("/tmp", "it may have 6000 inodes and not the 5000 that were set"),)


def test_other_tmpfs_of_equal_size_is_left_alone():
    found, entry = done()
    plan = undo.absent(with_mount(found, ANOTHER), entry)
    assert plan.remounts == []
    assert plan.kept == (Kept("/tmp", "another tmpfs has been mounted there since"),)


@pytest.mark.parametrize(
    "then, now, is_same",
    [
        pytest.param(HERE, HERE._replace(mount_id=99), True, id="in-another-mount-namespace"),
        pytest.param(HERE, HERE._replace(device="0:41"), False, id="another-device"),
        pytest.param(HERE._replace(fsid=0), HERE._replace(fsid=0), True, id="before-linux-5.17"),
        pytest.param(HERE._replace(fsid=0), HERE._replace(fsid=0, mount_id=99), False, id="before-that-another-mount"),
        pytest.param(HERE._replace(fsid=None), HERE, True, id="read-by-another-python"),
    ],
)
def test_which_mounts_are_one(then, now, is_same):
    assert then.is_same(now) == is_same
    found, entry = done(mounts=[live()._replace(identity=then)])
    assert bool(undo.absent(with_mount(found, now), entry).remounts) == is_same


def test_undo_after_reboot_restores_the_size():
    found, entry = done()
    plan = undo.absent(with_mount(found, LATER), entry)
    assert (limits_of(plan), plan.kept) == ([("/tmp", Limits(64 * MIB, None))], ())


def test_after_a_reboot_another_size_is_somebody_elses():
    found, entry = done()
    plan = undo.absent(with_mount(found, LATER, size_bytes=80 * MIB), entry)
    assert plan.remounts == [] and len(plan.kept) == 1


def test_a_reboot_takes_back_what_was_declared_nowhere():
    found, entry = done(place="none")
    plan = undo.absent(with_mount(found, LATER), entry)
    assert (plan.remounts, plan.kept, plan.entry) == ([], (), None)


def test_run_killed_before_the_remount_is_undone():
    found, entry = done()
    second = tmpfs_plan.present(found, size(2 * GIB), "fstab", entry)
    plan = undo.absent(found, second.entry)
    assert limits_of(plan) == [("/tmp", Limits(64 * MIB, None))]
    later = with_mount(applied(found, second), size_bytes=GIB)
    assert undo.absent(later, settled(second.entry)).remounts == [], "an admin's, once the run has ended"


@pytest.mark.parametrize(
    "line, reason",
    [
        ("tmpfs /tmp tmpfs rw,size=80M 0 0\n", "the limits in its line in /etc/fstab have been changed since"),
        ("tmpfs /tmp tmpfs rw 0 0\n", "the limits in its line in /etc/fstab have been changed since"),
        ("/dev/vdb /tmp ext4 rw 0 0\n", "its line in /etc/fstab is not the one that was written"),
    ],
)
def test_a_line_with_other_limits_is_somebody_elses(line, reason):
    found, entry = done()
    plan = undo.absent(found._replace(fstab=line), entry)
    assert (plan.files, plan.kept) == ([], (Kept("/tmp", reason),))


def test_a_drop_in_that_was_changed_stays_and_is_named():
    found, entry = done(place="systemd", unit=VENDOR)
    edited = found._replace(unit=found.unit._replace(own=found.unit.own + "# mine\n"))
    plan = undo.absent(edited, entry)
    assert plan.files == []
    assert plan.kept == (Kept("/tmp", UNIT_DROP_IN + " was changed since it was written"),)


def test_folders_that_a_killed_run_has_made_go_too():
    folders = ("/etc/systemd/system/tmp.mount.d",)
    missing = situation(unit=VENDOR._replace(folders=folders))
    entry = tmpfs_plan.present(missing, size(GIB), "systemd", None).entry
    assert undo.absent(situation(unit=VENDOR), entry).files == [FileChange(UNIT_DROP_IN, None, None, folders)]
    assert undo.absent(missing, entry).files == []


def test_a_mount_that_is_too_full_is_named_and_stays_in_the_record():
    found, entry = done()
    full = with_mount(found, used_bytes=100 * MIB)
    plan = undo.absent(full, entry)
    assert after(plan, "/etc/fstab") == FSTAB
    assert plan.remounts == []
    assert plan.kept == (
        Kept(
            "/tmp",
            "its limits stay: 100.0 MiB of /tmp are in use, so a size of 64.0 MiB is too small; free space there "
            "and run this again.",
        ),
    )
    assert plan.entry == Entry((), entry.live)
    again = undo.absent(with_mount(applied(full, plan), used_bytes=MIB), plan.entry)
    assert (limits_of(again), again.entry) == ([("/tmp", Limits(64 * MIB, None))], None)


def test_one_user_whose_tmpfs_is_too_full_does_not_stop_the_others():
    found = situation(mounts=users(64 * MIB, 64 * MIB), path="/run/user/*")
    plan = tmpfs_plan.present(found, size(128 * MIB), "logind", None)
    found = applied(found, plan)
    first = found.mounts[0]._replace(space=found.mounts[0].space._replace(used_bytes=100 * MIB))
    back = undo.absent(found._replace(mounts=[first, found.mounts[1]]), settled(plan.entry))
    assert limits_of(back) == [("/run/user/1", Limits(64 * MIB, None))]
    assert [row.what for row in back.kept] == ["/run/user/0"]
    assert after(back, LOGIND_DROP_IN) is None


def test_a_user_who_was_resized_by_hand_is_left_alone():
    found = situation(mounts=users(64 * MIB), path="/run/user/*")
    plan = tmpfs_plan.present(found, size(32 * MIB), "logind", None)
    found = applied(found, plan)
    resized = found._replace(mounts=users(32 * MIB, 99 * MIB))
    back = undo.absent(resized, settled(plan.entry))
    assert limits_of(back) == [("/run/user/0", Limits(64 * MIB, None))]
    assert back.kept == (Kept("/run/user/1", "its size is 99.0 MiB and not the 32M that was set for logind"),)


def test_a_record_of_0_1_0_gives_back_what_it_says():
    entry = Entry((), {"/tmp": LiveBefore(8 * GIB, None, 64 * MIB)})
    assert limits_of(undo.absent(situation(mounts=[live(size=GIB)]), entry)) == [("/tmp", Limits(64 * MIB, None))]


@pytest.mark.parametrize(
    "identity, drifted, back",
    [
        pytest.param(HERE, 7 * MIB, 64 * MIB, id="same-mount"),
        pytest.param(LATER, 7 * MIB, 64 * MIB, id="after-a-reboot"),
        pytest.param(ANOTHER, GIB, 64 * MIB, id="mounted-again-by-our-line"),
        pytest.param(ANOTHER, 7 * MIB, 7 * MIB, id="another-tmpfs"),
    ],
)
def test_what_was_there_before_stays_known_when_drift_is_repaired(identity, drifted, back):
    found, entry = done()
    found = with_mount(found, identity, size_bytes=drifted, used_bytes=MIB)
    repair = tmpfs_plan.present(found, size(2 * GIB), "fstab", entry)
    assert limits_of(repair) == [("/tmp", Limits(2 * GIB, None))]
    assert limits_of(undo.absent(applied(found, repair), settled(repair.entry))) == [("/tmp", Limits(back, None))]
