# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How many CPUs /proc/stat names."""

import pytest

from ansible_collections.memfacts.linux.plugins.module_utils.memcore.sources import cpus

TWO = "cpu  10 0 5 100 0 0 0 0 0 0\ncpu0 5 0 2 50 0 0 0 0 0 0\ncpu11 5 0 3 50 0 0 0 0 0 0\nintr 4 1 2\nctxt 9\n"


@pytest.mark.parametrize("text, expected", [(TWO, 2), (TWO[:28], None), ("", None), ("cpux 1\n cpu0 1\n", None)])
def test_cpus_that_are_online(text, expected):
    assert cpus.count(text) == expected
