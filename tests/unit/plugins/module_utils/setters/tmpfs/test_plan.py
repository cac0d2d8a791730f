# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plans: what changes, what is left alone, what is refused, and that the way back leads to the same bytes."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.memfacts.linux.plugins.module_utils.memcore.errors import OptionError
from ansible_collections.memfacts.linux.plugins.module_utils.setters import unit_text
from ansible_collections.memfacts.linux.plugins.module_utils.setters.tmpfs import fstab_text, undo
from ansible_collections.memfacts.linux.plugins.module_utils.setters.tmpfs import plan as tmpfs_plan
from ansible_collections.memfacts.linux.plugins.module_utils.setters.tmpfs.amount import Amount
from ansible_collections.memfacts.linux.plugins.module_utils.setters.tmpfs.parts import (
    FileChange,
    Limits,
    Logind,
    Plan,
    TooSmall,
    Wanted,
)
from ansible_collections.memfacts.linux.plugins.module_utils.setters.tmpfs.place import Unit
from ansible_collections.memfacts.linux.plugins.module_utils.setters.tmpfs.record import Entry, FstabLine, settled
from tests.support.tmpfs_parts import (
    GIB,
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

FSTAB = "# mine\ntmpfs\t/tmp tmpfs rw,size=64m 0 0\n/dev/vda / ext4 rw 0 1\n"


def test_nothing_changes_where_all_is_as_wanted():
    plan = tmpfs_plan.present(situation(FSTAB), size(64 * MIB), "fstab", None)
    assert plan == Plan("fstab", [], [], None)


def test_a_new_size_goes_into_the_line_and_the_mount():
    plan = tmpfs_plan.present(situation(FSTAB), size(128 * MIB), "fstab", None)
    assert plan.files == [FileChange("/etc/fstab", FSTAB, FSTAB.replace("64m", "128M"))]
    assert limits_of(plan) == [("/tmp", Limits(128 * MIB, None))]


def test_a_mount_that_drifted_is_repaired_and_the_file_left_alone():
    plan = tmpfs_plan.present(situation(FSTAB, [live(size=100 * MIB)]), size(64 * MIB), "fstab", None)
    assert plan.files == []
    assert limits_of(plan) == [("/tmp", Limits(64 * MIB, None))]


def test_a_file_that_drifted_is_repaired_and_the_mount_left_alone():
    plan = tmpfs_plan.present(situation(FSTAB.replace("64m", "2g")), size(64 * MIB), "fstab", None)
    assert plan.files == [FileChange("/etc/fstab", FSTAB.replace("64m", "2g"), FSTAB.replace("64m", "64M"))]
    assert plan.remounts == []


def test_a_percentage_is_written_as_one():
    plan = tmpfs_plan.present(situation(FSTAB), Wanted(size=Amount(None, 10)), "fstab", None)
    assert after(plan, "/etc/fstab") == FSTAB.replace("64m", "10%")
    # A tenth of 2097152 pages, rounded up.
    assert limits_of(plan) == [("/tmp", Limits(209716 * 4096, None))]


def test_a_mount_that_nobody_declared_gets_a_line_with_all_its_options():
    plan = tmpfs_plan.present(situation("# mine", [live("/run")], path="/run"), size(32 * MIB), "fstab", None)
    line = "tmpfs /run tmpfs rw,nosuid,nodev,relatime,mode=1777,size=32M 0 0"
    assert after(plan, "/etc/fstab") == "# mine\n" + line


@pytest.mark.parametrize(
    "size_bytes, shown, expected",
    [
        pytest.param(GIB + 4096, "size=1048580k,", ",size=1048580K", id="fixed"),
        # Ten percent of 2097152 pages, rounded up.
        pytest.param(209716 * 4096, "size=838864k,", ",size=10%", id="share-of-ram"),
        pytest.param(4 * GIB, "", "", id="kernels-default"),
        pytest.param(None, "size=0k,", ",size=0", id="no-limit"),
    ],
)
def test_a_new_line_for_inodes_alone_keeps_the_size(size_bytes, shown, expected):
    row = live(size=size_bytes, used=size_bytes and 4096)
    mount = row.mount._replace(super_options=f"rw,{shown}mode=1777,nr_inodes=1000")
    found = situation("", [row._replace(mount=mount, via=mount)])
    plan = tmpfs_plan.present(found, Wanted(inodes=Amount(5000)), "fstab", None)
    assert after(plan, "/etc/fstab") == (
        f"tmpfs /tmp tmpfs rw,nosuid,nodev,relatime,mode=1777,nr_inodes=5000,nofail{expected} 0 0\n"
    )
    assert limits_of(plan) == [("/tmp", Limits(None, 5000))]


def test_a_line_that_names_the_mount_through_a_link_is_the_mounts():
    text = "none /run/shm tmpfs defaults,noexec 0 0\n"
    found = situation(text, path="/dev/shm")._replace(spellings=("/run/shm",))
    plan = tmpfs_plan.present(found, size(GIB), "fstab", None)
    assert after(plan, "/etc/fstab") == "none /run/shm tmpfs defaults,noexec,size=1G 0 0\n"
    assert applied(applied(found, plan), undo.absent(applied(found, plan), plan.entry)) == found


VENDOR = Unit("tmp.mount", "/usr/lib/systemd/system/tmp.mount", options="mode=1777,%m,size=50%%,nr_inodes=1m")


def test_a_drop_in_has_all_options_of_the_unit():
    wanted = Wanted(size=Amount(None, 20), inodes=Amount(5000))
    plan = tmpfs_plan.present(situation(unit=VENDOR), wanted, "systemd", None)
    text = after(plan, UNIT_DROP_IN)
    assert text.endswith("[Mount]\nOptions=mode=1777,%m,size=20%%,nr_inodes=5000\n")
    again = situation(unit=VENDOR._replace(own=text), mounts=[live(size=419431 * 4096, inodes=5000)])
    assert tmpfs_plan.present(again, wanted, "systemd", plan.entry) == Plan("systemd", [], [], plan.entry)


def test_no_drop_in_where_the_unit_says_so_already():
    plan = tmpfs_plan.present(situation(unit=VENDOR), Wanted(size=Amount(None, 50)), "systemd", None)
    assert plan.files == []
    assert limits_of(plan) == [("/tmp", Limits(4 * GIB, None))]


def test_a_size_keeps_the_inodes_that_an_earlier_run_declared():
    own = unit_text.mount_drop_in(["mode=1777", "%m", "size=20%%", "nr_inodes=5000"])
    plan = tmpfs_plan.present(situation(unit=VENDOR._replace(own=own)), size(GIB), "systemd", None)
    assert after(plan, UNIT_DROP_IN).endswith("Options=mode=1777,%m,size=1G,nr_inodes=5000\n")


def test_a_drop_in_that_is_read_later_is_named():
    unit = VENDOR._replace(drop_in="/etc/systemd/system/tmp.mount.d/zzz.conf")
    with pytest.raises(OptionError) as caught:
        tmpfs_plan.present(situation(unit=unit), size(GIB), "systemd", None)
    assert "/etc/systemd/system/tmp.mount.d/zzz.conf sets Options= and overrides" in str(caught.value)


def test_all_users_get_the_size():
    found = situation(mounts=users(64 * MIB, 32 * MIB, 16 * MIB), path="/run/user/*")
    plan = tmpfs_plan.present(found, size(32 * MIB), "logind", None)
    assert after(plan, LOGIND_DROP_IN).endswith("[Login]\nRuntimeDirectorySize=32M\n")
    assert limits_of(plan) == [
        ("/run/user/0", Limits(32 * MIB, None)),
        ("/run/user/2", Limits(32 * MIB, None)),
    ]


def test_a_share_that_systemd_rounded_in_its_own_way_is_no_drift():
    logind = Logind({"RuntimeDirectorySize": "10%"}, None, {})
    # What systemd 252 gave: a tenth of RAM cut to whole pages, one page less than the kernel's own rounding.
    found = situation(mounts=users(209715 * 4096), logind=logind, path="/run/user/*")
    assert tmpfs_plan.present(found, Wanted(size=Amount(None, 10)), "logind", None).remounts == []


@pytest.mark.parametrize(
    "logind, wanted, reason",
    [
        pytest.param(
            Logind({}, None, {"RuntimeDirectorySize": "/run/systemd/logind.conf.d/zzz.conf"}),
            size(GIB),
            "/run/systemd/logind.conf.d/zzz.conf sets RuntimeDirectorySize= and is read after",
            id="later",
        ),
        pytest.param(None, Wanted(size=Amount(None, 101)), "accepts at most 100%", id="more-than-all"),
    ],
)
def test_what_logind_would_not_take_is_refused(logind, wanted, reason):
    with pytest.raises(OptionError) as caught:
        tmpfs_plan.present(situation(mounts=users(MIB), logind=logind, path="/run/user/*"), wanted, "logind", None)
    assert reason in str(caught.value)


@pytest.mark.parametrize(
    "wanted, least",
    [
        pytest.param(size(9 * MIB), 10 * MIB, id="less-than-used"),
        pytest.param(size(14 * MIB, min_free=Amount(5 * MIB)), 15 * MIB, id="headroom"),
        pytest.param(size(12 * MIB, min_free=Amount(None, 20)), 12 * MIB + MIB // 2, id="headroom-in-percent"),
    ],
)
def test_a_size_that_would_not_hold_what_is_used_is_refused(wanted, least):
    with pytest.raises(TooSmall) as caught:
        tmpfs_plan.present(situation(FSTAB), wanted, "fstab", None)
    assert (caught.value.size_bytes, caught.value.least) == (wanted.size.bytes, least)


def test_exactly_what_is_used_is_enough():
    # One byte less is rounded up to a whole page again.
    plan = tmpfs_plan.present(situation(FSTAB), size(10 * MIB - 1), "none", None)
    assert limits_of(plan) == [("/tmp", Limits(10 * MIB, None))]


@pytest.mark.parametrize("percent", [1, 20, 50, 99])
@pytest.mark.parametrize("used", [4096, 3 * 4096, 10 * MIB])
def test_the_least_size_is_accepted_and_a_page_less_is_not(used, percent):
    found = situation(mounts=[live(size=2 * GIB, used=used)])
    with pytest.raises(TooSmall) as caught:
        tmpfs_plan.present(found, size(1, min_free=Amount(None, percent)), "none", None)
    least = caught.value.least
    assert limits_of(tmpfs_plan.present(found, size(least, min_free=Amount(None, percent)), "none", None))
    with pytest.raises(TooSmall):
        tmpfs_plan.present(found, size(least - 4096, min_free=Amount(None, percent)), "none", None)


def test_growing_is_not_refused_for_want_of_headroom():
    wanted = size(65 * MIB, min_free=Amount(GIB))
    assert limits_of(tmpfs_plan.present(situation(FSTAB), wanted, "fstab", None)) == [("/tmp", Limits(65 * MIB, None))]


@pytest.mark.parametrize(
    "mount, wanted, reason",
    [
        pytest.param(live(size=None, used=None), size(GIB), "without a limit of its size", id="no-size"),
        pytest.param(
            live(inodes=None, inodes_used=None), Wanted(inodes=Amount(9)), "without a limit of its inodes", id="inodes"
        ),
        pytest.param(live(), Wanted(inodes=Amount(9)), "10 inodes of /tmp are in use, which is more than 9", id="few"),
    ],
)
def test_what_the_kernel_would_refuse_is_refused_before(mount, wanted, reason):
    with pytest.raises(OptionError) as caught:
        tmpfs_plan.present(situation(mounts=[mount]), wanted, "none", None)
    assert reason in str(caught.value)


WISHES = st.builds(
    Wanted,
    size=st.sampled_from([Amount(16 * MIB), Amount(GIB), Amount(None, 10)]),
    inodes=st.sampled_from([None, Amount(5000)]),
    min_free=st.none(),
)
PLACES = st.sampled_from(["fstab", "systemd", "none"])
LINES = st.sampled_from(
    [
        "tmpfs /tmp tmpfs",
        "tmpfs /tmp/ tmpfs size=1g,rw,nr_blocks=5",
        "\ttmpfs /tmp  tmpfs\tdefaults 0",
        "# /tmp",
        "",
        "/dev/vda / ext4 rw 0 1",
    ]
)


@st.composite
def fstabs(draw):
    """None, or a text with at most one line for /tmp and any ending."""
    if draw(st.integers(min_value=0, max_value=9)) == 0:
        return None
    lines, used = [], False
    for line in draw(st.lists(LINES, max_size=4)):
        mine = bool(fstab_text.lines_for(line, "/tmp"))
        if not (mine and used):
            lines.append(line)
        used = used or mine
    return "\n".join(lines)


@given(fstabs(), st.lists(st.tuples(PLACES, WISHES), min_size=1, max_size=4))
def test_undo_restores_the_same_bytes_after_any_run(fstab, steps):
    first = found = situation(fstab, unit=VENDOR)
    entry = None
    for place, wanted in steps:
        plan = tmpfs_plan.present(found, wanted, place, entry)
        found, entry = applied(found, plan), settled(plan.entry)
        again = tmpfs_plan.present(found, wanted, place, entry)
        assert (again.files, again.remounts) == ([], []), "a second run changes nothing"
        assert found.unit.own is None or [file.path for file in entry.files] == [UNIT_DROP_IN], "one place"
    found = applied(found, undo.absent(found, entry))
    assert found == first
    assert undo.absent(found, None) == Plan("none", [], [], None)


@given(fstabs(), st.permutations(["/tmp", "/a b", "/run"]))
def test_several_mounts_can_be_taken_back_in_any_order(fstab, order):
    entries, text = {}, fstab
    for path in ("/tmp", "/a b", "/run"):
        plan = tmpfs_plan.present(situation(text, path=path), size(GIB), "fstab", None)
        text, entries[path] = after(plan, "/etc/fstab"), plan.entry
    for path in order:
        plan = undo.absent(situation(text, path=path), entries[path])
        text = after(plan, "/etc/fstab")
    # Who made the file removes it only if nothing of others is left in it, so an empty one may stay.
    assert (text or "") == (fstab or "")


@pytest.mark.parametrize("stop", range(3))
def test_a_run_that_was_interrupted_is_completed_and_can_be_taken_back(stop):
    first = situation(FSTAB)
    whole = tmpfs_plan.present(first, size(GIB), "fstab", None)
    done = [whole._replace(files=[], remounts=[]), whole._replace(files=[]), whole][stop]
    found = applied(first, done)
    again = tmpfs_plan.present(found, size(GIB), "fstab", whole.entry)
    assert applied(found, again) == applied(first, whole)
    finished = applied(found, again)
    assert applied(finished, undo.absent(finished, again.entry)) == first
    assert applied(found, undo.absent(found, whole.entry)) == first


def test_undo_keeps_foreign_changes_of_the_line():
    found = situation(FSTAB)
    plan = tmpfs_plan.present(found, size(GIB), "fstab", None)
    edited = applied(found, plan)._replace(fstab=FSTAB.replace("rw,size=64m", "rw,noexec,size=1G"))
    assert after(undo.absent(edited, plan.entry), "/etc/fstab") == FSTAB.replace("rw,", "rw,noexec,")
    later = tmpfs_plan.present(edited, size(2 * GIB), "fstab", plan.entry)
    back = undo.absent(applied(edited, later), later.entry)
    assert after(back, "/etc/fstab") == FSTAB.replace("rw,", "rw,noexec,")


def test_a_line_that_somebody_removed_is_not_put_back():
    found = situation(FSTAB)
    plan = tmpfs_plan.present(found, size(GIB), "fstab", None)
    gone = applied(found, plan)._replace(fstab="# nothing\n")
    assert undo.absent(gone, plan.entry).files == []


ADDED = "tmpfs /tmp tmpfs rw,size=1G 0 0\n"
EXT4 = "/dev/sdb1 /tmp ext4 defaults 0 2\n"
BEFORE = "tmpfs /tmp tmpfs rw,size=50% 0 0"
THEIRS = "tmpfs /tmp tmpfs noexec 0 0\n"


def entry_of(original, written=ADDED, replaced=None):
    return Entry((FstabLine("/etc/fstab", original, written.strip(), replaced, True),), {})


@pytest.mark.parametrize(
    "fstab, entry, expected",
    [
        pytest.param(EXT4, entry_of(None), EXT4, id="another-type-and-added"),
        pytest.param(EXT4, entry_of(BEFORE), EXT4, id="another-type-and-changed"),
        pytest.param(
            "tmpfs /tmp tmpfs noexec 0 0\n", entry_of(None), "tmpfs /tmp tmpfs noexec 0 0\n", id="only-theirs"
        ),
        pytest.param(THEIRS + ADDED, entry_of(None), THEIRS, id="theirs-first"),
        pytest.param(ADDED + EXT4, entry_of(BEFORE), BEFORE + "\n" + EXT4, id="theirs-last"),
        pytest.param(
            "tmpfs /tmp tmpfs a 0 0\ntmpfs /tmp tmpfs b 0 0\n",
            entry_of(BEFORE),
            "tmpfs /tmp tmpfs a 0 0\ntmpfs /tmp tmpfs b 0 0\n",
            id="two-and-none-is-ours",
        ),
        pytest.param(
            ADDED.replace("rw", "rw,noexec"),
            entry_of(BEFORE),
            BEFORE.replace("rw", "rw,noexec") + "\n",
            id="ours-edited",
        ),
        pytest.param(
            ADDED, entry_of(None, ADDED.replace("1G", "2G"), replaced=ADDED.strip()), "", id="interrupted-while-added"
        ),
    ],
)
def test_only_our_own_line_is_taken_back(fstab, entry, expected):
    back = undo.absent(situation(fstab), entry)
    assert ({change.path: change.after for change in back.files}.get("/etc/fstab", fstab), back.entry) == (
        expected,
        None,
    )
    moved = tmpfs_plan.present(situation(fstab), size(GIB), "none", entry)
    assert {change.path: change.after for change in moved.files}.get("/etc/fstab", fstab) == expected


def test_a_line_that_replaced_ours_is_put_back_and_not_removed():
    found = situation("# mine\n")
    plan = tmpfs_plan.present(found, size(GIB), "fstab", None)
    theirs = applied(found, plan)._replace(fstab="tmpfs /tmp tmpfs noexec,size=5m 0 0\n")
    later = tmpfs_plan.present(theirs, size(2 * GIB), "fstab", plan.entry)
    assert after(later, "/etc/fstab") == "tmpfs /tmp tmpfs noexec,size=2G 0 0\n"
    assert after(undo.absent(applied(theirs, later), later.entry), "/etc/fstab") == theirs.fstab


@pytest.mark.parametrize("fstab", ["# mine\n", FSTAB], ids=["added", "changed"])
def test_a_second_run_that_was_interrupted_can_be_taken_back(fstab):
    first = situation(fstab)
    plan = tmpfs_plan.present(first, size(GIB), "fstab", None)
    found = applied(first, plan)
    entry = tmpfs_plan.present(found, size(2 * GIB), "fstab", plan.entry).entry
    assert applied(found, undo.absent(found, entry)) == first


def test_a_drop_in_of_a_unit_that_was_masked_since_is_taken_back():
    found = situation(unit=VENDOR)
    plan = tmpfs_plan.present(found, size(GIB), "systemd", None)
    own = applied(found, plan).unit.own
    masked = found._replace(mounts=[], unit=Unit("tmp.mount", masked=True, own=own))
    assert undo.absent(masked, plan.entry).files == [FileChange(UNIT_DROP_IN, own, None)]


def test_a_user_who_logged_in_since_gets_what_logind_gives_new_ones():
    found = situation(mounts=users(64 * MIB), path="/run/user/*")
    plan = tmpfs_plan.present(found, size(32 * MIB), "logind", None)
    later = applied(found, plan)._replace(mounts=users(32 * MIB, 32 * MIB))
    back = undo.absent(later, plan.entry)
    assert back.files == [FileChange(LOGIND_DROP_IN, later.logind.own, None)]
    # logind.conf(5): RuntimeDirectorySize= defaults to 10 % of RAM.
    assert limits_of(back) == [("/run/user/0", Limits(64 * MIB, None)), ("/run/user/1", Limits(209716 * 4096, None))]


def test_every_pair_of_places_leaves_only_the_last_one():
    for old, new in itertools.permutations(["fstab", "systemd", "none"], 2):
        found = situation("# mine\n", unit=VENDOR)
        plan = tmpfs_plan.present(found, size(GIB), old, None)
        found = applied(found, plan)
        found = applied(found, tmpfs_plan.present(found, size(GIB), new, plan.entry))
        assert (found.fstab != "# mine\n", found.unit.own is not None) == (new == "fstab", new == "systemd")


FOREIGN = "[Mount]\nOptions=mode=700\n"


@pytest.mark.parametrize("stronger", ["/run/systemd/system.control", "/etc/systemd/system.control"])
def test_a_drop_in_of_the_same_name_in_a_stronger_folder_is_named(stronger):
    unit = VENDOR._replace(drop_in=f"{stronger}/tmp.mount.d/zz-memfacts.conf")
    with pytest.raises(OptionError) as caught:
        tmpfs_plan.present(situation(unit=unit), size(GIB), "systemd", None)
    assert str(caught.value) == (
        f"{stronger}/tmp.mount.d/zz-memfacts.conf sets Options= and overrides {UNIT_DROP_IN}; rename it so that the "
        "latter takes effect."
    )


@pytest.mark.parametrize(
    "found, place",
    [
        pytest.param(situation(unit=VENDOR._replace(own=FOREIGN)), "systemd", id="unit"),
        pytest.param(
            situation(path="/run/user/*", logind=Logind({}, "[Login]\nKillUserProcesses=yes\n", {})),
            "logind",
            id="logind",
        ),
    ],
)
def test_what_somebody_else_wrote_into_our_file_is_not_replaced(found, place):
    with pytest.raises(OptionError) as caught:
        tmpfs_plan.present(found, size(GIB), place, None)
    assert "has settings that tmpfs_size did not write; move them to another file." in str(caught.value)


def test_a_foreign_drop_in_stays_where_fstab_declares_the_mount():
    found = situation(FSTAB, unit=Unit("tmp.mount", own=FOREIGN))
    plan = tmpfs_plan.present(found, size(GIB), "fstab", None)
    assert [change.path for change in plan.files] == ["/etc/fstab"]


def test_line_for_a_manual_mount_has_nofail():
    plan = tmpfs_plan.present(situation("", [live("/mnt")], path="/mnt"), size(GIB), "fstab", None)
    assert after(plan, "/etc/fstab").split()[3].split(",")[-2:] == ["nofail", "size=1G"]


def test_record_names_the_folders_of_a_drop_in():
    folders = ("/etc/systemd/system/tmp.mount.d",)
    plan = tmpfs_plan.present(situation(unit=VENDOR._replace(folders=folders)), size(GIB), "systemd", None)
    assert plan.entry.files[0].file.folders == folders
    found = situation(unit=VENDOR._replace(own=after(plan, UNIT_DROP_IN)))
    later = tmpfs_plan.present(found, size(2 * GIB), "systemd", settled(plan.entry))
    assert later.entry.files[0].file.folders == folders
