# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A finding on a page: commands whole, and a warning before those that harm."""

import pytest

from ansible_collections.memfacts.linux.plugins.module_utils.memcore.render import finding

LONG = "du -xah " + "/a-long-name" * 20 + " | sort -h | tail"


def page(effect="none", commands=(), width=60):
    given = {
        "severity": "warning",
        "id": "tmpfs-dead-pod",
        "summary": "/m still holds 64.0 MiB",
        "remedy": "Check that nobody uses it. " * 4,
        "remedy_commands": list(commands),
        "remedy_effect": effect,
        "ref": "docs/findings.md#tmpfs-dead-pod",
    }
    return finding.lines(given, width)


def test_sentences_are_wrapped_and_commands_are_not():
    lines = page(commands=["ls", LONG])
    assert [line.strip() for line in lines if len(line) > 60] == [LONG]
    assert "          ls" in lines


@pytest.mark.parametrize(
    "effect, warning",
    [
        ("none", None),
        ("reversible", None),
        ("restart", "Note: a command below restarts a service."),
        ("data-loss", "Caution: a command below deletes data for good."),
    ],
)
def test_a_command_that_harms_is_announced_before_it(effect, warning):
    lines = [line.strip() for line in page(effect, ["umount /m"])]
    if warning is None:
        assert not any(line.startswith(("Note", "Caution")) for line in lines)
    else:
        assert lines.index(warning) < lines.index("umount /m")


def test_a_finding_without_commands_has_none():
    assert [line.split(":")[0].strip() for line in page(width=200)] == ["[warning] tmpfs-dead-pod", "do", "see"]
