# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A file of the module's own: written, taken back, and left to whoever has changed it."""

import contextlib
import os
import shutil

import pytest

from ansible_collections.memfacts.linux.plugins.module_utils.memcore.errors import MemfactsError, ParseError
from ansible_collections.memfacts.linux.plugins.module_utils.setters.tmpfs import own_file

OLD = "# of an earlier release\n"


class Module:
    """What text_file.write needs of Ansible's."""

    params = {}

    def __init__(self, folder):
        self.tmpdir = str(folder)

    def add_cleanup_file(self, path):
        pass

    @staticmethod
    def atomic_move(source, target, unsafe_writes=False):
        shutil.move(source, target)


@pytest.fixture
def module(tmp_path):
    return Module(tmp_path)


@pytest.fixture
def path(tmp_path):
    (tmp_path / "etc").mkdir()
    return str(tmp_path / "etc" / "new" / "sub" / "own.conf")


def read(path):
    with open(path) as stream:
        return stream.read()


def write(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as stream:
        stream.write(text)


def present(path, text, row=None):
    return own_file.present(path, text, row, lambda found: found == OLD)


def absent(path, row):
    return own_file.absent(path, row, lambda found: found == OLD)


def put(module, change):
    with contextlib.ExitStack() as undo:
        own_file.put(module, change, undo)
        undo.pop_all()


def test_it_is_written_with_its_folders_and_taken_back_with_them(module, path, tmp_path):
    change = present(path, "a\n")
    put(module, change)
    assert read(path) == "a\n"
    assert not present(path, "a\n", change.row).changes
    back = absent(path, own_file.checked_row(change.row, path))
    assert (back.changes, back.left) == (True, None)
    put(module, back)
    assert os.listdir(str(tmp_path / "etc")) == []


def test_folders_that_were_there_or_hold_other_files_stay(module, path, tmp_path):
    os.makedirs(str(tmp_path / "etc" / "new"))
    change = present(path, "a\n")
    put(module, change)
    put(module, absent(path, change.row))
    assert os.listdir(str(tmp_path / "etc")) == ["new"]
    put(module, change)
    write(path + ".mine", "x")
    put(module, absent(path, change.row))
    assert os.listdir(os.path.dirname(path)) == ["own.conf.mine"]


def test_a_file_of_somebody_else_is_neither_replaced_nor_removed(module, path):
    write(path, "theirs\n")
    with pytest.raises(MemfactsError, match="contains lines that memfacts.linux has not written"):
        present(path, "a\n")
    assert not absent(path, None).changes
    assert read(path) == "theirs\n"


def test_lines_that_somebody_has_added_are_neither_replaced_nor_removed(module, path):
    change = present(path, "a\n")
    put(module, change)
    write(path, "a\n# mine\n")
    with pytest.raises(MemfactsError, match="contains lines"):
        present(path, "b\n", change.row)
    back = absent(path, change.row)
    put(module, back)
    assert back.left == "somebody has changed it since it was written"
    assert read(path) == "a\n# mine\n"


def test_a_link_is_left_alone(module, path, tmp_path):
    write(str(tmp_path / "target"), "a\n")
    os.makedirs(os.path.dirname(path))
    os.symlink(str(tmp_path / "target"), path)
    with pytest.raises(MemfactsError, match="is a link"):
        present(path, "a\n")
    os.unlink(path)
    change = present(path, "a\n")
    os.symlink("/dev/null", path)  # how an administrator switches a file off
    back = absent(path, change.row)
    assert "is a link" in back.left
    put(module, back)
    assert os.path.islink(path)


def test_what_an_earlier_release_wrote_is_ours(module, path):
    write(path, OLD)
    change = present(path, "a\n")
    put(module, change)
    assert read(path) == "a\n"
    write(path, OLD)
    put(module, absent(path, None))
    assert not os.path.exists(path)


def test_run_killed_before_its_write_leaves_our_file(module, path):
    first = present(path, "a\n")
    put(module, first)
    second = present(path, "b\n", first.row)  # its row is in the record, its text is not in the file
    assert absent(path, second.row).changes
    put(module, present(path, "c\n", second.row))
    assert read(path) == "c\n"
    put(module, absent(path, present(path, "c\n", second.row).row))


def test_folders_go_too_where_somebody_has_removed_the_file(module, path, tmp_path):
    change = present(path, "a\n")
    put(module, change)
    os.unlink(path)
    put(module, absent(path, change.row))
    assert os.listdir(str(tmp_path / "etc")) == []


@pytest.mark.parametrize("before", [None, OLD])
def test_what_fails_later_is_taken_back(module, path, tmp_path, before):
    if before:
        write(path, before)
    with pytest.raises(KeyError):
        with contextlib.ExitStack() as undo:
            own_file.put(module, present(path, "a\n"), undo)
            raise KeyError
    assert (read(path) if before else os.listdir(str(tmp_path / "etc"))) == (before or [])


@pytest.mark.parametrize(
    "spoil",
    [
        lambda row: [],
        lambda row: None,
        lambda row: {"file": row["file"]},
        lambda row: dict(row, earlier=7),
        lambda row: dict(row, earlier="abc"),
        lambda row: dict(row, file=dict(row["file"], path="/etc/passwd")),
        lambda row: dict(row, file=dict(row["file"], folders=["/etc"])),
        lambda row: dict(row, file=dict(row["file"], sha256=None)),
    ],
)
def test_a_damaged_row_of_the_record_is_refused(path, spoil):
    row = present(path, "a\n").row
    assert own_file.checked_row(row, path) == row
    with pytest.raises(ParseError):
        own_file.checked_row(spoil(row), path)
