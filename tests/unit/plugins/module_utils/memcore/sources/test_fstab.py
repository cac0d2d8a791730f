# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""/etc/fstab: three to six fields, comments, escapes."""

import pytest

from ansible_collections.memfacts.linux.plugins.module_utils.memcore.sources import fstab
from ansible_collections.memfacts.linux.plugins.module_utils.memcore.sources.fstab import Declared


@pytest.mark.parametrize(
    "line, expected",
    [
        pytest.param("tmpfs /tmp tmpfs", Declared("tmpfs", "/tmp", "tmpfs", ["defaults"]), id="three-fields"),
        pytest.param(
            "tmpfs /tmp tmpfs size=1G,mode=1777",
            Declared("tmpfs", "/tmp", "tmpfs", ["size=1G", "mode=1777"]),
            id="four-fields",
        ),
        pytest.param("tmpfs /tmp tmpfs rw 0", Declared("tmpfs", "/tmp", "tmpfs", ["rw"]), id="five-fields"),
        pytest.param(
            "tmpfs\t/tmp   tmpfs \t rw 0 0", Declared("tmpfs", "/tmp", "tmpfs", ["rw"]), id="six-fields-blanks-and-tabs"
        ),
        pytest.param("  tmpfs /tmp tmpfs rw 0 0  ", Declared("tmpfs", "/tmp", "tmpfs", ["rw"]), id="indented"),
        pytest.param(
            "tmpfs /tmp tmpfs rw 0 0 # for builds", Declared("tmpfs", "/tmp", "tmpfs", ["rw"]), id="comment-behind"
        ),
        pytest.param(
            "tmpfs /tmp tmpfs rw,x-a=#1",
            Declared("tmpfs", "/tmp", "tmpfs", ["rw", "x-a=#1"]),
            id="number-sign-in-an-option",
        ),
        pytest.param(r"tmpfs /my\040tmp\134 tmpfs rw", Declared("tmpfs", "/my tmp\\", "tmpfs", ["rw"]), id="escapes"),
        pytest.param("tmpfs /a\u00a0b tmpfs rw", Declared("tmpfs", "/a\u00a0b", "tmpfs", ["rw"]), id="no-break-space"),
        pytest.param(
            "tmpfs /a\u2028b tmpfs rw", Declared("tmpfs", "/a\u2028b", "tmpfs", ["rw"]), id="unicode-line-end"
        ),
        pytest.param("UUID=0a3407de none swap sw 0 0", Declared("UUID=0a3407de", "none", "swap", ["sw"]), id="swap"),
        pytest.param("# tmpfs /tmp tmpfs rw 0 0", None, id="comment"),
        pytest.param("   #tmpfs /tmp tmpfs rw 0 0", None, id="indented-comment"),
        pytest.param("tmpfs /tmp", None, id="two-fields"),
        pytest.param("   ", None, id="blank"),
        pytest.param("", None, id="empty"),
    ],
)
def test_one_line(line, expected):
    assert fstab.parse(line + "\n") == ([] if expected is None else [expected])


def test_entries_keep_their_order():
    text = "# made by hand\n/dev/vda / ext4 rw 0 1\n\ntmpfs /tmp tmpfs size=10% 0 0\n"
    assert [entry.mount_point for entry in fstab.parse(text)] == ["/", "/tmp"]
