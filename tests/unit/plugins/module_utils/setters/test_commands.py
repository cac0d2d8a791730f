# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a failed command said, for a message."""

import pytest

from ansible_collections.memfacts.linux.plugins.module_utils.setters import commands


@pytest.mark.parametrize(
    "output, errors, expected",
    [
        pytest.param("out", "mount: denied.\n", "mount: denied", id="errors-first"),
        pytest.param("no such\n  unit.", "", "no such unit", id="else-output"),
        pytest.param("", "", "exit status 32", id="silent"),
    ],
)
def test_words_of_a_failed_command(output, errors, expected):
    assert commands.said(32, output, errors) == expected
