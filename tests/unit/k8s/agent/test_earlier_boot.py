# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The end of the boot before, from pstore: composed files, named as efi-pstore and ramoops name theirs."""

import os

import pytest

from oomwatch.agent import earlier_boot

BOOT = "2b1d2f7c-1111-2222-3333-444455556666"


def write(root, path, text, mtime=2000.0):
    path = root / path
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text)
    os.utime(path, (mtime, mtime))


def lines(root, since=1000.0):
    return earlier_boot.lines(str(root), BOOT, since, False)


@pytest.mark.parametrize("folder", ["sys/fs/pstore", "var/lib/systemd/pstore/1643256000"])
def test_parts_of_a_crash_are_put_in_the_order_of_the_log(tmp_path, folder):
    # The newest lines are in part 1.
    write(tmp_path, f"{folder}/dmesg-efi-164325600001001", b"Panic#1 Part1\n<0>[  12.000003] third\n")
    write(tmp_path, f"{folder}/dmesg-efi-164325600003001", b"Panic#1 Part3\n<6>[  12.000001] first\n")
    write(tmp_path, f"{folder}/dmesg-efi-164325600002001", b"Panic#1 Part2\n<6>[  12.000002] second\n")
    found = lines(tmp_path)
    assert found.source == "pstore"
    assert found.lines == [b"<6>[  12.000001] first\n", b"<6>[  12.000002] second\n", b"<0>[  12.000003] third\n"]


def test_only_the_newest_crash_is_read(tmp_path):
    write(tmp_path, "sys/fs/pstore/dmesg-efi-164300000001001", b"old\n", 1500.0)
    write(tmp_path, "sys/fs/pstore/dmesg-efi-164325600001001", b"new\n", 2000.0)
    assert lines(tmp_path).lines == [b"new\n"]


def test_crash_before_the_last_sight_of_that_boot_is_told_already(tmp_path):
    write(tmp_path, "sys/fs/pstore/dmesg-ramoops-0", b"Oops#1 Part1\nline\n", 900.0)
    assert lines(tmp_path) == earlier_boot.Earlier(None, [])
    assert lines(tmp_path, 800.0).lines == [b"line\n"]


def test_other_files_of_pstore_are_no_kernel_log(tmp_path):
    write(tmp_path, "sys/fs/pstore/console-ramoops-0", b"x\n")
    write(tmp_path, "sys/fs/pstore/pmsg-ramoops-0", b"x\n")
    assert lines(tmp_path).source is None


def test_host_without_pstore(tmp_path):
    assert lines(tmp_path) == earlier_boot.Earlier(None, [])
