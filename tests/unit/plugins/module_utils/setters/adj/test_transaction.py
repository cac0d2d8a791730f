# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""All or nothing, whatever ends a block early."""

import pytest

from ansible_collections.memfacts.linux.plugins.module_utils.memcore.errors import MemfactsError
from ansible_collections.memfacts.linux.plugins.module_utils.setters.adj.transaction import Transaction


def failing(reason):
    raise MemfactsError(reason)


@pytest.mark.parametrize("error", [MemfactsError("the disk is full."), OSError("the disk is full."), SystemExit(1)])
def test_steps_are_taken_back_in_reverse_and_the_error_says_so(error):
    steps = []
    with pytest.raises((MemfactsError, SystemExit)) as caught:
        with Transaction() as transaction:
            transaction.add(steps.append, "first")
            transaction.add(steps.append, "second")
            raise error
    assert steps == ["second", "first"]
    if not isinstance(error, SystemExit):
        assert str(caught.value) == "the disk is full; all old values were restored."


def test_failed_undo_step_is_named_and_the_others_run():
    steps = []
    with pytest.raises(MemfactsError) as caught:
        with Transaction() as transaction:
            transaction.add(steps.append, "first")
            transaction.add(failing, "/x cannot be written.")
            raise MemfactsError("the disk is full")
    assert steps == ["first"]
    assert str(caught.value) == "the disk is full; these could not be restored: /x cannot be written."


def test_what_succeeds_stays():
    steps = []
    with Transaction() as transaction:
        transaction.add(steps.append, "first")
    assert steps == []
