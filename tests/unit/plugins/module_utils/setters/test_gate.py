# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever bytes a name has, a setter's reply can be read."""

import json

import pytest

from ansible_collections.memfacts.linux.plugins.module_utils.setters import gate

SURROGATE = b"\xff".decode("utf-8", "surrogateescape")


class Module:
    """What Ansible's module does with a reply."""

    def __init__(self):
        self.reply = None

    def exit_json(self, **reply):
        self.reply = json.dumps(reply, ensure_ascii=False).encode("utf-8")

    def fail_json(self, **reply):
        self.exit_json(failed=True, **reply)


@pytest.mark.parametrize(
    "text, shown",
    [
        (SURROGATE + "x", "\\xffx"),
        ("\x1b[2J", "\\x1b[2J"),
        ("tab\there", "tab\\there"),
        ("grün", "grün"),
        ("a\x85b", "a\\x85b"),
        ("line\u2028line", "line\\u2028line"),
        ("", ""),
    ],
)
def test_name_is_shown_as_text_that_any_reader_takes(text, shown):
    module = Module()
    gate.leave(module, {"processes": [{"comm": text, "pid": 1}], "unit": None})
    assert json.loads(module.reply.decode("utf-8")) == {"processes": [{"comm": shown, "pid": 1}], "unit": None}


def test_lines_of_a_diff_stay_lines():
    assert gate.shown("a\nb\r\n" + SURROGATE + "\n\nend") == "a\nb\\r\n\\xff\n\nend"


def test_failure_names_what_was_wrong_in_one_readable_line():
    module = Module()
    gate.fail(module, "process " + SURROGATE + "\n is gone", used_bytes=5)
    assert json.loads(module.reply.decode("utf-8")) == {
        "failed": True,
        "msg": "process \\xff\\n is gone",
        "used_bytes": 5,
    }
