# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module from outside, as `ansible localhost -m` runs it."""

import importlib.util
import json
import os
import subprocess
import sys

import pytest

from tests.support import hosttree

CHECKOUT = os.path.abspath(os.path.join(os.path.dirname(__file__), *[os.pardir] * 4))
HOSTS = os.path.join(CHECKOUT, "tests", "unit", "fixtures", "hosts")
ANSIBLE = os.path.join(os.path.dirname(sys.executable), "ansible")

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("ansible") is None or not os.path.exists(ANSIBLE),
    reason="no Ansible in this environment; test_options.py tests what the module refuses",
)


@pytest.fixture
def run(tmp_path):
    """Run the module with the arguments; give its result and whether Ansible called it a success."""
    environment = dict(
        os.environ,
        ANSIBLE_CONFIG=os.path.join(CHECKOUT, "ansible.cfg"),
        ANSIBLE_LOCAL_TEMP=str(tmp_path / "local"),
        ANSIBLE_REMOTE_TEMP=str(tmp_path / "remote"),
        ANSIBLE_NOCOLOR="1",
    )

    def ansible(*flags, **arguments):
        given = json.dumps(arguments)
        command = [
            ANSIBLE,
            "localhost",
            "-m",
            "memfacts.linux.memfacts",
            "-e",
            "ansible_python_interpreter=" + sys.executable,
        ]
        done = subprocess.run(
            command + ["-a", given, *flags],
            cwd=CHECKOUT,
            check=False,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        output = done.stdout.decode()
        assert "=> " in output, (output, done.stderr.decode())
        return json.loads(output[output.index("=> ") + 3 :]), done.returncode == 0

    return ansible


@pytest.fixture
def captured(tmp_path):
    with open(
        os.path.join(HOSTS, "captured-6.12.tree"), encoding="utf-8", errors="surrogateescape", newline=""
    ) as stream:
        hosttree.unpack(stream.read(), str(tmp_path / "host"))
    return str(tmp_path / "host")


def is_one_sentence(message):
    """Ends with its only full stop (those inside names and numbers are followed by no blank), and is no traceback."""
    return message.endswith(".") and ". " not in message and "\n" not in message and "Traceback" not in message


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
def test_a_wrong_option_fails_with_one_sentence(run, arguments, expected):
    result, succeeded = run(**arguments)
    assert not succeeded
    assert result["msg"].startswith("Cannot gather memory facts: " + expected)
    assert is_one_sentence(result["msg"])
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
    checked, checked_too = run("--check", root=captured)
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
