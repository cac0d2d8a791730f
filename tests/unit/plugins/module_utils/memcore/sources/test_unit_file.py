# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""OOMScoreAdjust= as systemd 252 read the same text in its test mode."""

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
