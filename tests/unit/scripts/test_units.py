# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which pinned list an interpreter gets."""

import pytest

from scripts import units


@pytest.mark.parametrize(
    "version, expected",
    [((3, 6), "units-3.6"), ((3, 9), "units-3.9"), ((3, 10), "units-3.10"), ((3, 14), "units-3.10")],
)
def test_the_newest_list_not_newer_than_the_interpreter(version, expected):
    assert units.requirements_for(version) == expected
