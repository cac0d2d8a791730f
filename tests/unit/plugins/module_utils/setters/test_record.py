# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A record that is damaged, or that others may write, is refused in one sentence."""

import os
import stat

import pytest

from ansible_collections.memfacts.linux.plugins.module_utils.memcore.errors import MemfactsError
from ansible_collections.memfacts.linux.plugins.module_utils.setters import record
from tests.support import stand_in

NAME = "some.json"


@pytest.fixture
def module(tmp_path, monkeypatch):
    monkeypatch.setattr(record, "FOLDER", str(tmp_path / "memfacts"))
    return stand_in.Module(tmp_path)


def test_what_is_saved_is_loaded_and_only_root_reads_it(module):
    record.save(module, NAME, {"version": 2, "comm": "grün"})
    assert record.load(NAME) == {"version": 2, "comm": "grün"}
    assert stat.S_IMODE(os.stat(record.path_of(NAME)).st_mode) == 0o600


def test_no_record_is_none_and_removing_it_twice_is_no_error(module):
    assert record.load(NAME) is None
    record.save(module, NAME, None)
    assert not os.path.exists(record.FOLDER)


def test_last_record_takes_its_folder_along_and_a_foreign_file_keeps_it(module):
    record.save(module, NAME, {})
    record.save(module, "other.json", {})
    record.save(module, NAME, None)
    assert os.listdir(record.FOLDER) == ["other.json"]
    record.save(module, "other.json", None)
    assert not os.path.exists(record.FOLDER)


@pytest.mark.parametrize("text", ["{", "[]", "null", "5", "", "\0", "[" * 100000, '{"a": "\udcff"'])
def test_damaged_record_is_one_sentence_that_names_it(module, text):
    os.mkdir(record.FOLDER)
    with open(record.path_of(NAME), "w", encoding="utf-8", errors="surrogateescape") as stream:
        stream.write(text)
    with pytest.raises(MemfactsError) as error:
        record.load(NAME)
    assert str(error.value).startswith(record.path_of(NAME) + ", which records what was there before")
    assert "\n" not in str(error.value)


def test_record_that_others_may_write_is_not_trusted(module):
    record.save(module, NAME, {})
    os.chmod(record.path_of(NAME), 0o666)
    with pytest.raises(MemfactsError) as error:
        record.load(NAME)
    assert "can be written by users other than root" in str(error.value)


def test_damaged_record_stays_as_it_is(module):
    os.mkdir(record.FOLDER)
    with open(record.path_of(NAME), "w") as stream:
        stream.write("{")
    with pytest.raises(MemfactsError):
        record.load(NAME)
    with open(record.path_of(NAME)) as stream:
        assert stream.read() == "{"
