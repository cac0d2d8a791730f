# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Unit files: settings as systemd reads them; OOMScoreAdjust= as systemd 252 read the same text in its test mode."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.memfacts.linux.plugins.module_utils.memcore.sources import unit_file


def service(value):
    return f"[Service]\nOOMScoreAdjust={value}\n"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        pytest.param(service("-500"), -500, id="plain"),
        pytest.param(service("010"), 8, id="octal"),
        pytest.param(service("0o17"), 15, id="octal-too"),
        pytest.param(service("0b11"), 3, id="binary"),
        pytest.param(service("-0x10"), -16, id="hex"),
        pytest.param(service("+9"), 9, id="plus"),
        pytest.param(service("0"), 0, id="zero"),
        pytest.param(service("6") + service("08"), 6, id="no-number-is-ignored"),
        pytest.param(service("6") + service("1001"), 6, id="out-of-range-is-ignored"),
        pytest.param(service("6") + service(""), None, id="empty-takes-it-back"),
        pytest.param(service("6") + service("7"), 7, id="the-last-counts"),
        pytest.param("  [Service]  \n  OOMScoreAdjust  =  31  \n", 31, id="blanks"),
        pytest.param("[Service]\nOOMScoreAdjust=\\\n# c\n 12\n[Unit]\nOOMScoreAdjust=13\n", 12, id="continued"),
        pytest.param("[Service]\nOOMScoreAdjust=\\\n\n33\n", None, id="continued-by-nothing"),
        pytest.param("[Service]\nOOMScoreAdjust=32 \\\n", 32, id="continued-by-the-end"),
        pytest.param("[Service]\nDescription=a \\\nOOMScoreAdjust=37\n", None, id="part-of-another"),
        pytest.param("[Service]\n;x \\\nOOMScoreAdjust=34\n", 34, id="a-comment-is-not-continued"),
        pytest.param("[Service]\r\nOOMScoreAdjust=35\r\n", 35, id="carriage-returns"),
        pytest.param("\ufeff[Service]\nOOMScoreAdjust=36\n", 36, id="byte-order-mark"),
        pytest.param("OOMScoreAdjust=1\n[Unit]\nOOMScoreAdjust=2\n", None, id="not-the-services"),
        pytest.param("", None, id="nothing"),
    ],
)
def test_one_text(text, value):
    assert unit_file.oom_score_adjust([text]) == value


def test_texts_are_read_in_their_order():
    assert unit_file.oom_score_adjust([service("-1"), "[Service]\n", service("-2"), service("x")]) == -2


@given(st.lists(st.text(), max_size=3))
def test_any_text_is_read_without_an_error(texts):
    value = unit_file.oom_score_adjust(texts)
    assert value is None or -1000 <= value <= 1000


@given(st.text(alphabet="0123456789xXoObB+-ae ", max_size=12))
def test_any_number_is_read_without_an_error(value):
    assert -1000 <= (unit_file.oom_score_adjust([service(value)]) or 0) <= 1000


@pytest.mark.parametrize(
    ("unit", "folders"),
    [
        ("ssh.service", ["ssh.service.d", "service.d"]),
        ("foo-bar-baz.service", ["foo-bar-baz.service.d", "foo-bar-.service.d", "foo-.service.d", "service.d"]),
        ("foo-bar@a-b.service", ["foo-bar@a-b.service.d", "foo-bar@.service.d", "foo-.service.d", "service.d"]),
        ("foo-.service", ["foo-.service.d", "service.d"]),
    ],
)
def test_folders_of_drop_ins(unit, folders):
    assert unit_file.drop_in_folders(unit) == folders


def test_templates():
    assert unit_file.template_of("user@1000.service") == "user@.service"
    assert unit_file.template_of("user@.service") is None
    assert unit_file.template_of("ssh.service") is None


@pytest.mark.parametrize(
    "path, expected",
    [
        # From systemd.unit(5), "string escaping for inclusion in unit names".
        pytest.param("/", "-.mount", id="root"),
        pytest.param("/tmp", "tmp.mount", id="one-folder"),
        pytest.param("/var/tmp", "var-tmp.mount", id="two-folders"),
        pytest.param("/foo-bar", "foo\\x2dbar.mount", id="dash"),
        pytest.param("/.cache/a.b", "\\x2ecache-a.b.mount", id="leading-dot"),
        pytest.param("/my tmp", "my\\x20tmp.mount", id="blank"),
        pytest.param("/\u00e4", "\\xc3\\xa4.mount", id="utf-8"),
        pytest.param("/\udce4", "\\xe4.mount", id="no-utf-8"),
    ],
)
def test_name_of_a_mount_unit(path, expected):
    assert unit_file.mount_unit(path) == expected


def test_folders_of_a_mounts_drop_ins_go_from_the_unit_to_all_mounts():
    assert unit_file.drop_in_folders("a-b-c.mount") == ["a-b-c.mount.d", "a-b-.mount.d", "a-.mount.d", "mount.d"]
    assert unit_file.drop_in_folders("-.mount") == ["-.mount.d", "mount.d"]


UNIT = """\
# comment
[Unit]
Description=Options=not these
[Mount]
What=tmpfs
Options = mode=1777,strictatime, \\
# a comment between
   nosuid
; another
[Install]
Options=not these either
"""


@pytest.mark.parametrize(
    "texts, expected",
    [
        pytest.param([UNIT], "mode=1777,strictatime,  nosuid", id="continued-line"),
        pytest.param([UNIT, "[Mount]\nOptions=size=1%%\n"], "size=1%%", id="drop-in-wins"),
        pytest.param([UNIT, "[Mount]\nOptions=\n"], "", id="emptied"),
        pytest.param(["[Mount]\nOptions=a\n[Unit]\nOptions=b\n"], "a", id="other-section"),
        pytest.param(["Options=a"], None, id="no-section"),
        pytest.param(["[Mount]\nWhat=tmpfs\n"], None, id="not-set"),
        pytest.param([], None, id="no-text"),
    ],
)
def test_the_last_value_counts(texts, expected):
    assert unit_file.last_value(texts, "Mount", "Options") == expected
