# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ages as a caller gives them, and as the record keeps them."""

import pytest

from ansible_collections.memfacts.linux.plugins.module_utils.memcore.errors import OptionError, ParseError
from ansible_collections.memfacts.linux.plugins.module_utils.setters.tmpfs import ages, journal


def test_ages_are_checked_one_by_one():
    given = [
        {"path": "/tmp/", "age": "1d 12h"},
        {"path": "/var/tmp", "age": "20d", "not_tmpfs": True, "missing": "ignore"},
    ]
    assert ages.checked(given, clean_now=True) == ages.Wanted(
        (ages.Asked("/tmp", "1d12h"), ages.Asked("/var/tmp", "20d", True, "ignore")), True
    )
    assert ages.checked([]) == ages.checked(None) == ages.Wanted()


@pytest.mark.parametrize(
    "given, reason",
    [
        ([{"path": "/tmp", "age": "1d"}, {"path": "/tmp/", "age": "2d"}], "ages has /tmp twice"),
        ([{"path": "/home", "age": "1s"}], "contains home folders"),
        ([{"path": "/tmp", "age": "0"}], "give a number"),
        ([{"age": "1d"}], "has the path None"),
        ([{"path": "/tmp"}], "has the age None"),
    ],
)
def test_forbidden_age_is_refused(given, reason):
    with pytest.raises(OptionError, match=reason):
        ages.checked(given)


@pytest.mark.parametrize("entry", [{}, [], None, "x", {"file": None}, {"file": {}, "more": 1}])
def test_a_damaged_entry_of_the_record_is_refused(entry):
    with pytest.raises(ParseError):
        ages.checked_entry(entry)
    with pytest.raises(ParseError):
        journal.checked_entry(entry)
