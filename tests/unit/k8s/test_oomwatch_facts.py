# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""oomwatch facts as a process, on captured hosts."""

import json
import os
import pathlib
import subprocess
import sys

import pytest

from tests.support import hosttree

CHECKOUT = pathlib.Path(__file__).resolve().parents[3]
HOSTS = CHECKOUT / "tests" / "unit" / "fixtures" / "hosts"
PLACES = [str(CHECKOUT / "k8s"), str(CHECKOUT / "plugins" / "module_utils")]


def oomwatch(*arguments):
    """Run it; (exit status, standard output, standard error)."""
    done = subprocess.run(
        [sys.executable, "-m", "oomwatch", *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=dict(os.environ, PYTHONPATH=os.pathsep.join(PLACES)),
        text=True,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    """The folder of a captured host without findings."""
    folder = tmp_path_factory.mktemp("host")
    hosttree.unpack((HOSTS / "captured-6.1-uml.tree").read_text(), str(folder))
    return folder


def test_page_begins_with_the_summary_and_closes_the_ledger(tree):
    status, output, complaints = oomwatch("facts", "--root", tree)
    assert complaints == ""
    assert " RAM is used (" in output.splitlines()[0]
    assert "\nWhere MemTotal (" in output and "\n  unaccounted " in output
    assert status == (0 if "\nFindings: none" in output else 1)


def test_json_is_one_line_with_the_subsets_that_were_asked_for(tree):
    dummy, output, complaints = oomwatch("facts", "--root", tree, "--json", "--subset", "memory,shmem")
    found = json.loads(output)
    assert (complaints, output.count("\n"), output.isascii()) == ("", 1, True)
    assert {"memory", "shmem"} <= set(found) and "oom" not in found and "tmpfs" not in found
    memory = found["memory"]
    told = [value for value in memory["ledger"].values() if value is not None]
    assert sum(told) + memory["unaccounted_bytes"] == memory["total_bytes"]


@pytest.mark.parametrize(
    "arguments, sentence",
    [
        pytest.param(["--subset", "disk"], "oomwatch: gather_subset 'disk' does not exist; ", id="subset"),
        pytest.param(["--top", "0"], "oomwatch: top is 0, but ", id="top"),
        pytest.param(["--root", "/nonexistent"], "oomwatch: root '/nonexistent' holds no host: ", id="root"),
    ],
)
def test_what_cannot_be_used_is_one_sentence(arguments, sentence):
    status, output, complaints = oomwatch("facts", *arguments)
    assert (status, output) == (2, "")
    assert complaints.startswith(sentence) and complaints.count("\n") == 1
