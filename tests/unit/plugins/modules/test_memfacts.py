# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module memfacts: what it refuses, and that its options say which facts there are."""

import functools
import os

import pytest

from tests import CHECKOUT
from tests.support import hosttree

HOSTS = os.path.join(CHECKOUT, "tests", "unit", "fixtures", "hosts")


@pytest.fixture
def run(run_module):
    """Run the module with the arguments; give its result and whether it is a success."""
    return functools.partial(run_module, "memfacts")


@pytest.fixture
def captured(tmp_path):
    with open(
        os.path.join(HOSTS, "captured-6.12.tree"), encoding="utf-8", errors="surrogateescape", newline=""
    ) as stream:
        hosttree.unpack(stream.read(), str(tmp_path / "host"))
    return str(tmp_path / "host")


@pytest.mark.parametrize(
    "arguments, expected",
    [
        pytest.param(
            {"gather_subset": ["memory", "hardware"]},
            "gather_subset 'hardware' does not exist; valid are all, memory,",
            id="subset",
        ),
        pytest.param(
            {"thresholds": {"tmpfs-full": 5}},
            "thresholds has 'tmpfs-full', which is no finding with a threshold; valid are",
            id="threshold",
        ),
        pytest.param(
            {"root": "/nonexistent"},
            "root '/nonexistent' holds no host: /nonexistent/proc/meminfo is missing;",
            id="root",
        ),
        pytest.param({"top": 0}, "top is 0, but a list needs room for at least 1 entry;", id="top"),
    ],
)
def test_a_wrong_option_fails_with_one_sentence(run, assert_one_sentence, arguments, expected):
    result, succeeded = run(**arguments)
    assert not succeeded
    assert result["msg"].startswith("Cannot gather memory facts: " + expected)
    assert_one_sentence(result["msg"])
    assert "exception" not in result


def test_an_unknown_option_is_named_with_the_valid_ones(run):
    result, succeeded = run(subset=["memory"])
    assert not succeeded
    assert "subset" in result["msg"] and "gather_subset" in result["msg"]


# Of two runs these differ even where the host does not.
MOMENT = ("collected_at", "duration_ms")


def without_moment(result):
    facts = result["ansible_facts"]["memfacts"]
    return {name: value for name, value in facts.items() if name not in MOMENT}


def test_check_mode_is_the_same_run(run, captured):
    normal, succeeded = run(root=captured)
    checked, checked_too = run(check=True, root=captured)
    assert succeeded and checked_too
    assert (normal["changed"], checked["changed"]) == (False, False)
    assert without_moment(checked) == without_moment(normal)
    assert normal["summary"] == normal["ansible_facts"]["memfacts"]["summary"]
    assert normal["report"] and all(line.__class__ is str for line in normal["report"])


def test_only_the_subsets_that_were_asked_for_are_there(run, captured):
    result, dummy = run(root=captured, gather_subset=["memory", "oom"], top=1)
    facts = result["ansible_facts"]["memfacts"]
    assert {"memory", "oom"} <= set(facts)
    assert not {"tmpfs", "shmem", "kernel", "processes", "cgroups"} & set(facts)
    assert (
        sum(part or 0 for part in facts["memory"]["ledger"].values()) + facts["memory"]["unaccounted_bytes"]
        == (facts["memory"]["total_bytes"])
    )
