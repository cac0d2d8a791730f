# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""All entries are judged together, on a folder that is laid out as a host's root: one file of fstab for all of them."""

import os

import pytest

from ansible_collections.memfacts.linux.plugins.module_utils.memcore.errors import OptionError
from ansible_collections.memfacts.linux.plugins.module_utils.memcore.sources.host import Host, device_name
from ansible_collections.memfacts.linux.plugins.module_utils.setters.tmpfs import judge
from ansible_collections.memfacts.linux.plugins.module_utils.setters.tmpfs.amount import Amount
from ansible_collections.memfacts.linux.plugins.module_utils.setters.tmpfs.asked import Asked
from ansible_collections.memfacts.linux.plugins.module_utils.setters.tmpfs.parts import Wanted
from ansible_collections.memfacts.linux.plugins.module_utils.setters.tmpfs.record import Record

FSTAB = "/etc/fstab"
TEXT = "tmpfs /a tmpfs rw 0 0\ntmpfs /b tmpfs rw 0 0\n"
ROOT = "21 1 254:1 / / rw,relatime - ext4 /dev/vda rw\n"
LARGE = 1 << 50  # more than the file system of the test's folder, so that nothing would be shrunk


@pytest.fixture
def host(tmp_path):
    """A host with two mounts of one tmpfs, as a bind mount makes them."""
    own = device_name(os.stat(str(tmp_path)).st_dev)
    mounts = [f"{30 + number} 21 {own} / {path} rw - tmpfs tmpfs rw\n" for number, path in enumerate(("/a", "/b"))]
    texts = {
        "proc/self/mountinfo": ROOT + "".join(mounts),
        "proc/meminfo": "MemTotal: 8388608 kB\n",
        "etc/fstab": TEXT,
    }
    for name in ("a", "b", "proc/self", "etc"):
        os.makedirs(str(tmp_path / name), exist_ok=True)
    for name, text in texts.items():
        (tmp_path / name).write_text(text)
    return Host(str(tmp_path))


def asked(path, size=LARGE, persist="auto"):
    return Asked(path, path, Wanted(Amount(size)), persist)


def test_two_lines_of_one_file_are_one_change(host):
    work = judge.present(host, [asked("/a"), asked("/b")], Record({}), FSTAB)
    assert [(change.path, change.before) for change in work.files] == [(FSTAB, TEXT)]
    assert work.files[0].after == TEXT.replace("rw", "rw,size=1024T")
    assert sorted(work.mounts) == ["/a", "/b"]


def test_one_tmpfs_is_remounted_once(host):
    work = judge.present(host, [asked("/a"), asked("/b")], Record({}), FSTAB)
    assert [remount.live.mount.mount_point for remount in work.remounts] == ["/a"]


def test_what_both_set_is_undone_as_one_change(host, tmp_path):
    work = judge.present(host, [asked("/a"), asked("/b")], Record({}), FSTAB)
    (tmp_path / "etc/fstab").write_text(work.files[0].after)
    back = judge.absent(host, None, Record(work.mounts), FSTAB)
    assert [(change.path, change.after) for change in back.files] == [(FSTAB, TEXT)]
    assert back.mounts == {}


@pytest.mark.parametrize(
    "first, second, differs",
    [
        pytest.param(asked("/a"), asked("/a", LARGE * 2), "size", id="one-path"),
        pytest.param(asked("/a"), asked("/b", LARGE * 2), "size", id="two-mounts"),
        pytest.param(asked("/a"), asked("/a", persist="none"), "persist", id="two-places"),
        pytest.param(
            asked("/a")._replace(wanted=Wanted(inodes=Amount(5))),
            asked("/b")._replace(wanted=Wanted(inodes=Amount(6))),
            "inodes",
            id="inodes",
        ),
        pytest.param(
            asked("/a", 8 << 30),
            asked("/a")._replace(wanted=Wanted(Amount(None, 100))),
            "size",
            id="as-large-but-declared-in-two-ways",
        ),
    ],
)
def test_two_entries_that_would_take_turns_are_refused(host, first, second, differs):
    with pytest.raises(OptionError) as caught:
        judge.present(host, [first, second], Record({}), FSTAB)
    assert str(caught.value) == (
        f"two entries, {first.given} and {second.given}, mean the same tmpfs but differ in {differs}; remove one "
        "of them."
    )


def test_the_same_twice_is_no_contradiction(host):
    work = judge.present(host, [asked("/a"), asked("/a")], Record({}), FSTAB)
    assert [bool(one.plan.files) for one in work.judged] == [True, False]


def test_a_refused_entry_names_its_path(host):
    with pytest.raises(judge.Refused) as caught:
        judge.present(host, [asked("/a"), asked("/proc")], Record({}), FSTAB)
    assert (caught.value.path, str(caught.value).partition(";")[0]) == ("/proc", "nothing is mounted at /proc")


def test_a_size_above_the_memory_is_warned_of(host):
    work = judge.present(host, [asked("/a")], Record({}), FSTAB)
    assert work.judged[0].warning == (
        "/a may grow to 1.0 PiB, which is more than the 8.0 GiB of RAM; its files can use up all memory and swap."
    )
