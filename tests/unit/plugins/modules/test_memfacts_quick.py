# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which tasks of memfacts the smaller module is sent for, and what that module refuses."""

import importlib.util

import pytest

QUICK = "memory,tmpfs,shmem,kernel"

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("ansible") is None, reason="no Ansible in this environment, which only sends modules"
)


@pytest.mark.parametrize(
    "arguments, expected",
    [
        pytest.param({"gather_subset": ["memory", "kernel"], "top": 3}, True, id="some-of-the-four"),
        pytest.param({"gather_subset": QUICK}, True, id="as-text"),
        pytest.param({"gather_subset": "memory, tmpfs", "scan_files": False}, True, id="blanks"),
        pytest.param({}, False, id="nothing-asked-means-all"),
        pytest.param({"gather_subset": []}, False, id="an-empty-list-means-all"),
        pytest.param({"gather_subset": ""}, False, id="empty-text"),
        pytest.param({"gather_subset": ["memory", "oom"]}, False, id="another-subset"),
        pytest.param({"gather_subset": ["!oom"]}, False, id="an-exclusion"),
        pytest.param({"gather_subset": ["memory", "!tmpfs"]}, False, id="a-name-and-an-exclusion"),
        pytest.param({"gather_subset": "['memory']"}, False, id="a-list-in-text"),
        pytest.param({"gather_subset": {"memory": True}}, False, id="no-list"),
        pytest.param({"gather_subset": [["memory"]]}, False, id="a-list-in-a-list"),
        pytest.param({"gather_subset": ["memory"], "root": "/"}, False, id="a-root"),
        pytest.param({"gather_subset": ["memory"], "thresholds": {"oom-kills": 1}}, False, id="thresholds"),
        pytest.param({"gather_subset": ["memory"], "tops": 1}, False, id="an-unknown-option"),
    ],
)
def test_which_arguments_the_quick_module_is_enough_for(arguments, expected):
    from ansible_collections.memfacts.linux.plugins.action import memfacts

    assert memfacts.is_quick(arguments) is expected


def test_the_quick_module_refuses_what_it_does_not_gather(run_module):
    result, succeeded = run_module("memfacts_quick", gather_subset="oom")
    assert not succeeded
    assert result["msg"].endswith("gather_subset has oom, which only memfacts gathers; use that module.")


def test_a_wrong_option_fails_with_the_same_sentence_as_in_memfacts(run_module):
    refused = [run_module(name, gather_subset="memory", top=0)[0] for name in ("memfacts_quick", "memfacts")]
    expected = "Cannot gather memory facts: top is 0, but a list needs room for at least 1 entry; give 1 or more."
    assert [result["msg"] for result in refused] == [expected, expected]
