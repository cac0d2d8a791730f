# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The same module file gives the same answer, whichever ansible-core sends it and whichever Python runs it.

$MEMFACTS_ANSIBLE is the command of another ansible-core than that of the checkout's environment, and $MEMFACTS_TARGETS
names the oldest and the newest Python of targets that it reaches: `make sanity` sets both for each core.
"""

import json
import os
import pathlib
import subprocess
import sys

import pytest

from scripts import caches
from tests.support import hosttree

FIXTURES = caches.CHECKOUT / "tests" / "unit" / "fixtures" / "hosts"
CHANGING = ("collected_at", "duration_ms")
OWN_CORE = os.path.join(os.path.dirname(sys.executable), "ansible")
OTHER_CORE = os.environ.get("MEMFACTS_ANSIBLE")
TARGETS = list(filter(None, os.environ.get("MEMFACTS_TARGETS", "").split(os.pathsep)))


def answer(ansible, target, root):
    """The facts about the tree in `root`, less what differs from run to run."""
    done = subprocess.run(
        [ansible, "localhost", "-m", "memfacts.linux.memfacts", "-a", f"root={root}"]
        + ["-e", f"ansible_python_interpreter={target}"],
        env=dict(os.environ, ANSIBLE_CONFIG=str(caches.CHECKOUT / "ansible.cfg")),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    # "localhost | SUCCESS => {…}", in the default output of both cores.
    result = json.JSONDecoder().raw_decode(done.stdout, done.stdout.index("=> {") + len("=> "))[0]
    facts = result["ansible_facts"]["memfacts"]
    return {name: value for name, value in facts.items() if name not in CHANGING}


@pytest.fixture(scope="module")
def captured(tmp_path_factory):
    """A captured host and what the checkout's own core and Python say about it."""
    root = tmp_path_factory.mktemp("host")
    hosttree.unpack((FIXTURES / "captured-6.1-uml.tree").read_text(), str(root))
    return pathlib.Path(root), answer(OWN_CORE, sys.executable, root)


@pytest.mark.skipif(not OTHER_CORE, reason="MEMFACTS_ANSIBLE names no other ansible-core; `make sanity` does")
@pytest.mark.parametrize("target", TARGETS, ids=os.path.basename)
def test_every_core_and_python_gives_the_same_facts(target, captured):
    root, expected = captured
    assert expected["memory"]["total_bytes"] > 0
    assert answer(OTHER_CORE, target, root) == expected
