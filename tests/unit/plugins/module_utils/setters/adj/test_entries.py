# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a task may ask for, and the one sentence for what it may not."""

import pytest

from ansible_collections.memfacts.linux.plugins.module_utils.memcore.errors import OptionError
from ansible_collections.memfacts.linux.plugins.module_utils.setters.adj import entries

ENTRY = dict.fromkeys(entries.KEYS)
ENTRY.update(scope="system", children=False, allow_unkillable=False, persist="auto", missing="fail")


def task(listed=None, state="present", lock_timeout=60, **single):
    return dict(ENTRY, entries=listed, state=state, lock_timeout=lock_timeout, **single)


def entry(**options):
    return dict(ENTRY, **options)


def test_the_options_of_a_task_are_one_entry():
    (asked,) = entries.of_task(task(name="x", value=5))
    assert (asked.title, asked.kind) == ("name x", "name")
    assert asked.params == dict(ENTRY, name="x", value=5, state="present")


def test_a_list_is_that_many_entries_with_the_state_of_the_task():
    listed = [entry(pid=7), entry(unit="x", scope="user", user="bob"), entry(unit="x", scope="user")]
    asked = entries.of_task(task(listed, "absent"))
    assert [one.title for one in asked] == ["pid 7", "unit x of user bob", "unit x of all users"]
    assert {one.params["state"] for one in asked} == {"absent"}


def test_only_a_task_that_names_nothing_means_the_whole_record():
    assert entries.of_task(task(state="absent")) is None
    assert entries.of_task(task(state="listed")) is None
    assert entries.of_task(task([], "absent")) == []


@pytest.mark.parametrize(
    "params, said",
    [
        pytest.param(task(name="x", value=True), "value is true, but it must be a whole number", id="value-true"),
        pytest.param(task(pid=True, value=1), "pid is true, but it must be a whole number", id="pid-true"),
        pytest.param(task(name="x", value=1, lock_timeout=False), "lock_timeout is false", id="lock-false"),
        pytest.param(task(name="x", value=1, lock_timeout=-1), "lock_timeout is -1, but the lowest is 0", id="lock"),
        pytest.param(
            task([entry(pid=1, value=1), entry(pid=2, value=False)]),
            "entry 2 of entries is wrong: value is f",
            id="number",
        ),
        pytest.param(
            task([entry(value=1)]), "entry 1 of entries is wrong: processes are selected by one of", id="none"
        ),
        pytest.param(task([entry(name="x")]), "entry 1 of entries is wrong: value is missing", id="no-value"),
        pytest.param(task(user="a\0b", value=1), "contains a NUL byte", id="nul"),
        pytest.param(task(container="\ud800", value=1), "cannot be a name on any host", id="lone-surrogate"),
        pytest.param(task(name="x", state="listed"), "state is listed", id="listed-with-a-selector"),
        pytest.param(task([], "listed"), "state is listed", id="listed-with-entries"),
        pytest.param(task([entry(pattern="(", value=1)]), "is not a regular expression", id="pattern"),
    ],
)
def test_what_cannot_be_meant_is_refused(params, said):
    with pytest.raises(OptionError) as caught:
        entries.of_task(params)
    assert said in str(caught.value)
