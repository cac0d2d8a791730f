# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The search through a tmpfs, on a folder of real files: what it counts, what it leaves out and that it says so."""

import os

from ansible_collections.memfacts.linux.plugins.module_utils.memcore.gather import tmpfs_files
from ansible_collections.memfacts.linux.plugins.module_utils.memcore.sources.host import Deadline, Host

KIB = 1024


def write(folder, path, kib):
    target = folder / path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(b"x" * kib * KIB)


def search(folder, skip=(), seconds=60, top=10):
    root = str(folder).lstrip("/")
    return tmpfs_files.search(Host("/"), root, {f"{root}/{name}" for name in skip}, Deadline(seconds), top)


def test_the_biggest_files_come_first_and_all_are_counted(tmp_path):
    for name, kib in (("small", 4), ("deep/er/big", 64), ("middle", 16)):
        write(tmp_path, name, kib)

    scan = search(tmp_path, top=2)

    assert [os.path.basename(entry.path) for entry in scan.biggest] == ["big", "middle"]
    assert (scan.files, scan.bytes, scan.gap) == (3, 84 * KIB, None)


def test_a_file_with_two_names_is_counted_once(tmp_path):
    write(tmp_path, "one", 8)
    os.link(str(tmp_path / "one"), str(tmp_path / "two"))

    scan = search(tmp_path)

    assert (scan.files, scan.bytes) == (1, 8 * KIB)


def test_empty_files_are_counted_but_not_listed(tmp_path):
    write(tmp_path, "empty", 0)

    scan = search(tmp_path)

    assert (scan.files, scan.biggest) == (1, [])


def test_the_journal_is_summed_up_wherever_its_tmpfs_is_mounted(tmp_path):
    write(tmp_path, "run/log/journal/0123/system.journal", 32)
    write(tmp_path, "run/log/journal/0123/user-1000.journal", 8)
    write(tmp_path, "run/log/wtmp", 4)

    assert search(tmp_path).journal_bytes == 40 * KIB


def test_a_mount_point_is_not_entered(tmp_path):
    write(tmp_path, "here", 4)
    write(tmp_path, "nfs/there", 64)

    scan = search(tmp_path, skip=["nfs"])

    assert [os.path.basename(entry.path) for entry in scan.biggest] == ["here"]


def test_no_time_at_all_is_said(tmp_path):
    write(tmp_path, "file", 4)

    scan = search(tmp_path, seconds=0)

    assert (scan.files, scan.gap) == (0, tmpfs_files.OUT_OF_TIME)


def test_a_folder_that_cannot_be_listed_is_said(tmp_path):
    scan = search(tmp_path / "gone")

    assert (scan.files, scan.gap) == (0, tmpfs_files.REFUSED)
