# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What only Ansible itself can show: which module file a task sends, and what a play gets back from it.

ansible-playbook takes seconds to start, so it runs once with the tasks of all tests.
"""

import importlib.util
import itertools
import json
import os
import re
import subprocess
import sys

import pytest

from tests import CHECKOUT
from tests.support import hosttree

PROGRAM = os.path.join(os.path.dirname(sys.executable), "ansible-playbook")
FIXTURES = os.path.join(CHECKOUT, "tests", "unit", "fixtures")
COMMIT = os.path.join(FIXTURES, "oom-commit-9066e5cfb73c.txt")
QUICK = "memory,tmpfs,shmem,kernel"
# Of two runs these differ even where the host does not.
MOMENT = ("collected_at", "duration_ms")
FACTS = "memfacts.linux.memfacts"

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("ansible") is None or not os.path.exists(PROGRAM), reason="no Ansible in this environment"
)


def tasks(root):
    """{name of a task: its module, options and keywords}; `root` is a captured host."""
    events = {"memfacts.linux.oom_events_info": {"source": "file", "path": COMMIT}}
    victims = {"memfacts.linux.oom_victims_info": {"root": root, "what_if": [{"change": "gone", "name": "in_cgroup"}]}}
    return {
        "facts": {FACTS: {"root": root}},
        "facts, check mode": {FACTS: {"root": root}, "check_mode": True},
        "facts, refused": {FACTS: {"gather_subset": ["memory", "hardware"]}},
        "quick, full name, check mode": {FACTS: {"gather_subset": QUICK, "top": 2}, "check_mode": True},
        "quick, short name": {"memfacts": {"gather_subset": QUICK, "top": 2}},
        "not quick": {FACTS: {"gather_subset": "memory,processes", "top": 2}},
        "quick, asynchronous": {FACTS: {"gather_subset": "memory"}, "async": 60, "poll": 1},
        "quick, refused": {FACTS: {"gather_subset": "memory", "top": 0}},
        "quick itself": {"memfacts.linux.memfacts_quick": {"gather_subset": "memory"}},
        "events": events,
        "events, check mode": dict(events, check_mode=True),
        "events, refused": {"memfacts.linux.oom_events_info": {"source": "file", "path": "/nonexistent"}},
        "victims": victims,
        "victims, check mode": dict(victims, check_mode=True),
        "victims, refused": {"memfacts.linux.oom_victims_info": {"root": root, "what_if": [{"change": "reboot"}]}},
    }


class Ended:
    """How a task ended: the files of modules that were sent, the word that Ansible has for it, the result."""

    def __init__(self, printed):
        self.sent = re.findall(r"Using module file .*/(\w+\.py)", printed)
        # A task that waits for another prints results on the way, so the last one is it.
        last = list(re.finditer(r"^(\w+): \[localhost\](?:: FAILED!)? => ", printed, re.MULTILINE))[-1]
        self.word = last[1]
        self.result = json.JSONDecoder().raw_decode(printed, last.end())[0]

    def refusal(self):
        """What a task says that failed as it should."""
        assert (self.word, "exception" in self.result) == ("fatal", False)
        return self.result["msg"]

    def answer(self):
        """The result of a task that succeeded, less what differs from run to run."""
        assert (self.word, self.result["changed"]) == ("ok", False)
        result = {name: value for name, value in self.result.items() if name != "invocation"}
        if "ansible_facts" in result:
            facts = result.pop("ansible_facts")["memfacts"]
            result["facts"] = {name: value for name, value in facts.items() if name not in MOMENT}
        return result


@pytest.fixture(scope="module")
def ended(tmp_path_factory):
    """{name of a task: how it ended}."""
    folder = tmp_path_factory.mktemp("play")
    with open(
        os.path.join(FIXTURES, "hosts", "captured-6.12.tree"), encoding="utf-8", errors="surrogateescape", newline=""
    ) as stream:
        hosttree.unpack(stream.read(), str(folder / "host"))
    settings = {
        "ANSIBLE_CONFIG": os.path.join(CHECKOUT, "ansible.cfg"),
        "ANSIBLE_LOCAL_TEMP": str(folder / "local"),
        "ANSIBLE_REMOTE_TEMP": str(folder / "remote"),
        "ANSIBLE_ASYNC_DIR": str(folder / "async"),
        "ANSIBLE_NOCOLOR": "1",
    }
    named = tasks(str(folder / "host"))
    play = {
        "hosts": "localhost",
        "gather_facts": False,
        "ignore_errors": True,
        "vars": {"ansible_python_interpreter": sys.executable},
        "tasks": [dict(task, name=name) for name, task in named.items()],
    }
    (folder / "play.yml").write_text(json.dumps([play]))
    done = subprocess.run(
        [PROGRAM, "-vvv", str(folder / "play.yml")],
        cwd=CHECKOUT,
        env=dict(os.environ, **settings),
        check=False,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    parts = re.split(r"^TASK \[(.*)\] \*+$", done.stdout.decode(), flags=re.MULTILINE)
    assert parts[1::2] == list(named), done.stdout.decode()
    return {name: Ended(printed) for name, printed in zip(parts[1::2], parts[2::2])}


@pytest.mark.parametrize(
    "name, expected",
    [
        ("facts", "memfacts.py"),
        ("quick, full name, check mode", "memfacts_quick.py"),
        ("quick, short name", "memfacts_quick.py"),
        ("not quick", "memfacts.py"),
        ("quick, asynchronous", "memfacts_quick.py"),
        ("quick, refused", "memfacts_quick.py"),
        ("quick itself", "memfacts_quick.py"),
    ],
)
def test_module_that_is_sent(ended, name, expected):
    assert ended[name].sent[0] == expected


@pytest.mark.parametrize("name", ["facts", "events", "victims"])
def test_check_mode_is_the_same_run(ended, name):
    answer = ended[name].answer()
    assert answer["summary"] and answer == ended[name + ", check mode"].answer()


@pytest.mark.parametrize(
    "name, subsets",
    [
        ("quick, full name, check mode", QUICK),
        ("quick, short name", QUICK),
        ("not quick", "memory,processes"),
        ("quick itself", "memory"),
    ],
)
def test_facts_have_the_subsets_and_the_summary_of_the_report(ended, name, subsets):
    answer = ended[name].answer()
    assert set(subsets.split(",")) <= set(answer["facts"])
    first = itertools.takewhile(bool, answer["report"])
    assert answer["facts"]["summary"] == answer["summary"] == " ".join(line.strip() for line in first)


def test_asynchronous_task_gets_the_quick_facts_too(ended):
    result = ended["quick, asynchronous"].result
    assert result["finished"] and result["ansible_facts"]["memfacts"]["memory"]["total_bytes"] > 0


@pytest.mark.parametrize(
    "name, expected",
    [
        (
            "facts, refused",
            "Cannot gather memory facts: gather_subset 'hardware' does not exist; valid are all,",
        ),
        ("quick, refused", "Cannot gather memory facts: top is 0, but a list needs room for at least 1 entry;"),
        ("events, refused", "Cannot explain OOM events: the file /nonexistent cannot be read"),
        ("victims, refused", "value of change must be one of: "),
    ],
)
def test_refusal_fails_the_task_with_one_sentence(ended, name, expected):
    assert ended[name].refusal().startswith(expected)
