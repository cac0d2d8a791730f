# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Changes to fstab leave every other byte as it was."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.memfacts.linux.plugins.module_utils.memcore.sources import fstab
from ansible_collections.memfacts.linux.plugins.module_utils.setters.tmpfs import fstab_text, mount_options

ANY_TEXT = st.text(st.sampled_from(list("# \t\n\\tmpfs/run,=rw01\u2028\r\udce9")), max_size=80)


def sized(options):
    return mount_options.with_limits(options, {"size": "2M"})


@pytest.mark.parametrize(
    "line, expected",
    [
        pytest.param("tmpfs /run tmpfs rw,size=1m 0 0", "tmpfs /run tmpfs rw,size=2M 0 0", id="six-fields"),
        pytest.param("tmpfs /run tmpfs rw", "tmpfs /run tmpfs rw,size=2M", id="four-fields"),
        pytest.param("tmpfs /run tmpfs", "tmpfs /run tmpfs size=2M", id="three-fields"),
        pytest.param("tmpfs /run tmpfs  ", "tmpfs /run tmpfs size=2M  ", id="three-fields-and-blanks"),
        pytest.param("tmpfs /run tmpfs defaults 0 0", "tmpfs /run tmpfs defaults,size=2M 0 0", id="defaults"),
        pytest.param(
            "\ttmpfs \t/run  tmpfs\tsize=1m  0\t0  # mine", "\ttmpfs \t/run  tmpfs\tsize=2M  0\t0  # mine", id="blanks"
        ),
    ],
)
def test_only_the_options_change(line, expected):
    assert fstab_text.rewritten(line, sized) == expected


@given(ANY_TEXT)
def test_a_line_that_was_added_and_removed_leaves_no_trace(text):
    line = fstab_text.composed("tmpfs", "/a b", ["rw"])
    changed = fstab_text.added(text, line)
    found = [row for row in fstab_text.lines_for(changed, "/a b") if row.text == line]
    assert fstab.parse(changed)[: len(fstab.parse(text))] == fstab.parse(text)
    assert fstab_text.replaced(changed, found[-1].number, None) == text


@given(ANY_TEXT, ANY_TEXT)
def test_lines_are_those_that_the_reader_sees(first, last):
    text = f"{first}\ntmpfs /run tmpfs size=1m 0 0\n{last}"
    seen = [entry for entry in fstab.parse(text) if (entry.mount_point.rstrip("/") or "/") == "/run"]
    found = fstab_text.lines_for(text, "/run")
    assert [(line.fstype, line.options) for line in found] == [(entry.fstype, entry.options) for entry in seen]
    assert all(text.split("\n")[line.number] == line.text for line in found)


@pytest.mark.parametrize(
    "line, is_found",
    [
        pytest.param("tmpfs /run tmpfs rw", True, id="plain"),
        pytest.param("tmpfs /run/ tmpfs rw", True, id="slash-behind"),
        pytest.param("tmpfs /run2 tmpfs rw", False, id="longer"),
        pytest.param("#tmpfs /run tmpfs rw", False, id="comment"),
        pytest.param("tmpfs /run", False, id="two-fields"),
    ],
)
def test_lines_for_a_mount_point(line, is_found):
    assert bool(fstab_text.lines_for(line, "/run")) is is_found


def test_a_name_with_blanks_is_escaped_so_that_it_is_read_back():
    line = fstab_text.composed("my fs", "/a b\tc\\d", ["rw", "size=1M"])
    assert fstab.parse(line) == [fstab.Declared("my fs", "/a b\tc\\d", "tmpfs", ["rw", "size=1M"])]


def test_a_source_that_begins_with_a_number_sign_makes_no_comment():
    line = fstab_text.composed("#odd", "/mnt", ["rw"])
    assert line == "\\043odd /mnt tmpfs rw 0 0"
    assert fstab.parse(line) == [fstab.Declared("#odd", "/mnt", "tmpfs", ["rw"])]
    assert [found.text for found in fstab_text.lines_for(line, "/mnt")] == [line]
