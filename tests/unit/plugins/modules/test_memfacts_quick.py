# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which module a task of memfacts sends: the action plugin alone, and seen from outside."""

import importlib.util
import itertools
import json
import os
import pathlib
import re
import subprocess
import sys

import pytest

CHECKOUT = pathlib.Path(__file__).resolve().parents[4]
ANSIBLE = os.path.join(os.path.dirname(sys.executable), "ansible")
QUICK = "memory,tmpfs,shmem,kernel"

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("ansible") is None or not os.path.exists(ANSIBLE), reason="no Ansible in this environment"
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


@pytest.fixture
def run(tmp_path):
    """run(module, arguments, *flags) -> (the file of the module that was sent, the result)."""
    settings = {
        "ANSIBLE_CONFIG": str(CHECKOUT / "ansible.cfg"),
        "ANSIBLE_LOCAL_TEMP": str(tmp_path / "local"),
        "ANSIBLE_REMOTE_TEMP": str(tmp_path / "remote"),
        "ANSIBLE_ASYNC_DIR": str(tmp_path / "async"),
        "ANSIBLE_NOCOLOR": "1",
    }

    def ansible(module, arguments, *flags):
        command = [ANSIBLE, "localhost", "-vvv", "-m", module, "-a", json.dumps(arguments), *flags]
        command += ["-e", "ansible_python_interpreter=" + sys.executable]
        done = subprocess.run(
            command, cwd=str(CHECKOUT), env=dict(os.environ, **settings), check=False, stdout=subprocess.PIPE
        )
        output = done.stdout.decode()
        sent = re.findall(r"Using module file .*/(\w+\.py)", output)
        return sent[0], json.loads(output[output.rindex("=> ") + 3 :])

    return ansible


@pytest.mark.parametrize(
    "module, subsets, flags, expected",
    [
        pytest.param("memfacts.linux.memfacts", QUICK, ["--check"], "memfacts_quick.py", id="full-name-check-mode"),
        pytest.param("memfacts", QUICK, [], "memfacts_quick.py", id="short-name"),
        pytest.param("memfacts.linux.memfacts", "memory,processes", [], "memfacts.py", id="another-subset"),
    ],
)
def test_the_module_that_is_sent(run, module, subsets, flags, expected):
    sent, result = run(module, {"gather_subset": subsets, "top": 2}, *flags)
    assert sent == expected
    facts = result["ansible_facts"]["memfacts"]
    assert set(subsets.split(",")) <= set(facts)
    first = itertools.takewhile(bool, result["report"])
    assert facts["summary"] == result["summary"] == " ".join(line.strip() for line in first)


def test_an_asynchronous_task_gets_the_quick_facts_too(run):
    sent, result = run("memfacts.linux.memfacts", {"gather_subset": "memory"}, "-B", "60", "-P", "1")
    assert sent == "memfacts_quick.py"
    assert result["finished"] and result["ansible_facts"]["memfacts"]["memory"]["total_bytes"] > 0


def test_a_wrong_option_fails_with_the_same_sentence_as_in_memfacts(run):
    sent, result = run("memfacts.linux.memfacts", {"gather_subset": "memory", "top": 0})
    assert sent == "memfacts_quick.py"
    expected = "Cannot gather memory facts: top is 0, but a list needs room for at least 1 entry; give 1 or more."
    assert result["msg"] == expected


def test_the_quick_module_refuses_what_it_does_not_gather(run):
    sent, result = run("memfacts.linux.memfacts_quick", {"gather_subset": "oom"})
    assert sent == "memfacts_quick.py"
    assert result["msg"].endswith("gather_subset has oom, which only memfacts gathers; use that module.")
