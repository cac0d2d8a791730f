# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""When a run of ansible-test counts as passed."""

import pytest

from scripts import sanity

RAN = 'Running sanity test "compile" on Python 3.6\n'


@pytest.mark.parametrize(
    "status, output, expected",
    [
        pytest.param(0, RAN, None, id="passed"),
        pytest.param(1, RAN, "failed", id="failed"),
        pytest.param(0, "WARNING: All targets skipped.\n", "tested nothing", id="inside-a-git-ignored-folder"),
        pytest.param(0, "", "tested nothing", id="silence"),
        pytest.param(
            0,
            RAN + 'WARNING: Skipping sanity test "import" on Python 3.14 because it could not be found.\n',
            None,
            id="interpreter-not-installed",
        ),
        pytest.param(
            0,
            RAN + 'WARNING: Skipping sanity test "import" on Python 3.6 due to missing virtual environment support.\n',
            'Skipping sanity test "import" on Python 3.6 due to missing virtual environment support.',
            id="a-test-left-out",
        ),
    ],
)
def test_complaint(status, output, expected):
    assert sanity.complaint(status, output) == expected


def test_interpreters_that_are_not_there_are_told_once():
    gone = 'WARNING: Skipping sanity test "{}" on Python {} because it could not be found.\n'
    other = 'Skipping sanity test "mypy" on Python 3.6 because it is unsupported.'
    output = RAN + gone.format("compile", "3.7") + gone.format("import", "3.7") + gone.format("import", "3.8") + other
    assert list(sanity.left_out("core", output)) == [
        "core for targets with Python 3.7, 3.8: not installed on this machine",
        "core: " + other,
    ]
