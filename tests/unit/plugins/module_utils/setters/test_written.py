# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A file of a setter's goes back to what it was, and nobody else's lines go with it."""

import json
import os

import pytest

from ansible_collections.memfacts.linux.plugins.module_utils.memcore.errors import ParseError
from ansible_collections.memfacts.linux.plugins.module_utils.setters import written
from ansible_collections.memfacts.linux.plugins.module_utils.setters.written import Written
from tests.support import stand_in

OURS = "[Service]\nOOMScoreAdjust=5\n"


@pytest.fixture
def path(tmp_path):
    file = tmp_path / "new" / "x.conf"
    file.parent.mkdir()
    file.write_text(OURS)
    return file


def file_at(path, before=None, folders=()):
    return Written(str(path), written.digest(OURS), before, tuple(map(str, folders)))


def take_back(tmp_path, file):
    return written.take_back(stand_in.Module(tmp_path), file)


def test_file_goes_with_the_folder_that_was_made_for_it(tmp_path, path):
    assert take_back(tmp_path, file_at(path, folders=[path.parent])) == ([str(path.parent)], None)
    assert not path.parent.exists()


def test_folder_that_was_there_before_stays(tmp_path, path):
    assert take_back(tmp_path, file_at(path)) == ([], None)
    assert path.parent.is_dir() and not path.exists()


def test_folder_with_somebody_elses_file_stays(tmp_path, path):
    (path.parent / "admin.conf").write_text("")
    assert take_back(tmp_path, file_at(path, folders=[path.parent])) == ([], None)
    assert os.listdir(str(path.parent)) == ["admin.conf"]


def test_what_stood_there_before_comes_back(tmp_path, path):
    assert take_back(tmp_path, file_at(path, before="# of the admin\n")) == ([], None)
    assert path.read_text() == "# of the admin\n"


@pytest.mark.parametrize("before", [None, "# of the admin\n"])
def test_file_that_somebody_changed_is_left_and_named(tmp_path, path, before):
    path.write_text(OURS + "Nice=5\n")
    removed, reason = take_back(tmp_path, file_at(path, before, [path.parent]))
    assert (removed, path.read_text()) == ([], OURS + "Nice=5\n")
    assert reason == "somebody has changed it since it was written"


def test_file_that_is_gone_already_is_no_reason(tmp_path, path):
    path.unlink()
    assert take_back(tmp_path, file_at(path, folders=[path.parent])) == ([str(path.parent)], None)


def test_folder_in_its_place_is_left_and_named(tmp_path, path):
    path.unlink()
    path.mkdir()
    removed, reason = take_back(tmp_path, file_at(path))
    assert removed == [] and str(path) in reason and path.is_dir()


def test_row_comes_back_as_the_same_file():
    file = Written("/etc/a/b.conf", written.digest("x"), "grün\udcff", ("/etc/a",), "alice")
    row = json.loads(json.dumps(written.to_row(file)))
    assert written.from_row(row, lambda path: path == "/etc/a/b.conf") == file


GOOD = {"path": "/etc/a/b.conf", "sha256": "0" * 64, "before": None, "folders": ["/etc/a"], "owner": None}


@pytest.mark.parametrize(
    "change",
    [
        {"path": "/etc/passwd"},
        {"path": "/etc/a/../passwd"},
        {"path": "/etc/a/b.conf\0"},
        {"path": "/etc/a//b.conf"},
        {"path": None},
        {"path": 5},
        {"sha256": "0" * 63},
        {"sha256": None},
        {"before": 5},
        {"folders": None},
        {"folders": ["/home"]},
        {"folders": ["/etc/a/b.conf"]},
        {"folders": [5]},
        {"owner": 0},
        {"more": 1},
    ],
    ids=str,
)
def test_row_that_names_anything_else_is_refused(change):
    assert written.from_row(GOOD, lambda path: path.startswith("/etc/a/")).path == "/etc/a/b.conf"
    with pytest.raises(ParseError):
        written.from_row(dict(GOOD, **change), lambda path: path.startswith("/etc/a/"))


@pytest.mark.parametrize("row", [None, [], "x", {}, 5])
def test_row_that_is_no_file_is_refused(row):
    with pytest.raises(ParseError):
        written.from_row(row, lambda path: True)
