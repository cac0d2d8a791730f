# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What stops a file from being replaced is one sentence and no traceback."""

import errno
import os

import pytest

from ansible_collections.memfacts.linux.plugins.module_utils.memcore.errors import MemfactsError
from ansible_collections.memfacts.linux.plugins.module_utils.setters import text_file
from tests.support import stand_in


class Refusing(stand_in.Module):
    """One whose move fails as Ansible's does: with a plain Exception for an immutable file or one that is a mount."""

    def __init__(self, folder, error):
        super().__init__(folder)
        self.error = error

    def atomic_move(self, source, target, unsafe_writes=False):
        raise self.error


@pytest.mark.parametrize(
    "error",
    [
        Exception("Could not replace '/etc/fstab' with '/tmp/x'."),
        OSError(errno.ENOSPC, "No space left on device"),
        PermissionError(errno.EPERM, "Operation not permitted"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_file_that_cannot_be_replaced_is_named(tmp_path, error):
    with pytest.raises(MemfactsError) as raised:
        text_file.write(Refusing(tmp_path, error), str(tmp_path / "fstab"), "new\n")
    said = str(raised.value)
    assert said.startswith(str(tmp_path / "fstab")) and said.endswith(".") and "\n" not in said


def test_end_of_the_module_is_passed_on(tmp_path):
    """Ansible-core 2.16 ends the module itself; who undoes what was done before waits for that."""
    with pytest.raises(SystemExit):
        text_file.write(Refusing(tmp_path, SystemExit(1)), str(tmp_path / "fstab"), "new\n")


def test_new_file_gets_its_mode_and_its_folders_are_told_innermost_first(tmp_path):
    path = str(tmp_path / "a" / "b" / "c.conf")
    assert text_file.write(stand_in.Module(tmp_path), path, "x\n", 0o600) == [
        str(tmp_path / "a" / "b"),
        str(tmp_path / "a"),
    ]
    assert os.stat(path).st_mode & 0o777 == 0o600
    with open(path) as stream:
        assert stream.read() == "x\n"


def test_bytes_that_are_no_text_survive(tmp_path):
    path = str(tmp_path / "odd")
    with open(path, "wb") as stream:
        stream.write(b"a\xff\r\nb")
    text_file.write(stand_in.Module(tmp_path), path, text_file.read(path))
    with open(path, "rb") as stream:
        assert stream.read() == b"a\xff\r\nb"
