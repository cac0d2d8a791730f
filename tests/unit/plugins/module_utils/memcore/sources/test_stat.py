# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""/proc/PID/stat."""

import pytest

from ansible_collections.memfacts.linux.plugins.module_utils.memcore.errors import ParseError
from ansible_collections.memfacts.linux.plugins.module_utils.memcore.sources import stat

TAIL = b" 100 0 -1 %d 5 0 0 0 0 1 0 0 20 0 1 0 4711 8192 1 2 3\n"
USER, THREAD = TAIL % 0x400140, TAIL % 0x208040


@pytest.mark.parametrize(
    "comm",
    [
        pytest.param(b"cat", id="plain"),
        pytest.param(b"a b", id="blank"),
        pytest.param(b") S 1 (", id="looks-like-the-end"),
        pytest.param(b"x) R 7 7", id="a-whole-forged-field"),
        pytest.param(b"two\nlines", id="newline"),
        pytest.param(b"", id="empty"),
        pytest.param(b"\xff", id="not-utf-8"),
    ],
)
def test_the_name_is_whatever_stands_between_the_outermost_parentheses(comm):
    assert stat.parse(b"42 (" + comm + b") S 7 42" + USER) == stat.Stat(42, comm, 7, 4711, False, False)


def test_a_kernel_thread_and_a_zombie_are_told():
    assert stat.parse(b"2 (kthreadd) S 0 0" + THREAD).kernel_thread
    assert stat.parse(b"9 (gone) Z 1 9" + USER).dead
    assert not stat.parse(b"9 (stopped) T 1 9" + USER).dead


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"42 (cat) S 7 42 42", id="cut-off"),
        pytest.param(b"42 (cat", id="no-end-of-name"),
        pytest.param(b"42 (cat) S 7 x" + USER.replace(b"4711", b"soon"), id="no-number"),
    ],
)
def test_a_line_without_a_start_time_is_refused(data):
    with pytest.raises(ParseError, match="no start time"):
        stat.parse(data)
