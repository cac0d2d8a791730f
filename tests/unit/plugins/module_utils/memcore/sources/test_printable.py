# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names that anybody may choose, as text that is safe to show."""

import json

import hypothesis
import pytest
from hypothesis import strategies as st

from ansible_collections.memfacts.linux.plugins.module_utils.memcore.sources.printable import (
    printable,
    printable_bytes,
    with_pid,
)


@pytest.mark.parametrize(
    "data, expected",
    [
        pytest.param("größe 1".encode(), "größe 1", id="words"),
        pytest.param(b"\x1b[31mred\n", "\\x1b[31mred\\n", id="moves-the-cursor"),
        pytest.param(b"a\xffb", "a\\xffb", id="no-utf-8"),
        pytest.param("a\u202eb".encode(), "a\\u202eb", id="turns-the-direction"),
        pytest.param(b"a\\x2db", "a\\x2db", id="a-backslash-stays"),
    ],
)
def test_what_is_shown(data, expected):
    assert printable_bytes(data) == printable(data.decode("utf-8", "surrogateescape")) == expected


@hypothesis.given(st.binary(max_size=40))
def test_any_bytes_are_safe_and_stay_as_they_are_then(data):
    text = printable_bytes(data)
    assert text.isprintable() and json.loads(json.dumps(text)) == text
    assert printable(text) == text


def test_process_is_called_by_name_and_pid_on_one_line():
    assert with_pid("java", 900) == "java (pid 900)"
    assert with_pid("java", 900, "400.0 MiB") == "java (pid 900, 400.0 MiB)"
    assert with_pid("a\nb", 7) == "a\\nb (pid 7)"
    assert with_pid("", 7) == "- (pid 7)"
