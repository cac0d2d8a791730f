# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The same module file gives the same answer, whichever ansible-core sends it and whichever Python runs it."""

import os
import pathlib
import subprocess

import pytest

from scripts import caches, interpreters, sanity, show_facts
from tests.support import hosttree

FIXTURES = caches.CHECKOUT / "tests" / "unit" / "fixtures" / "hosts"
OLDEST_TARGET = {"ansible-2.16": (3, 6), "ansible-newest": (3, 9), "facts": (3, 8)}
CHANGING = ("collected_at", "duration_ms")
FOUND = interpreters.find()


def ansible_cores():
    """The oldest and the newest ansible-core that this machine can run, as (core, controller's interpreter)."""
    newest = next(filter(None, (sanity.choose(core, FOUND) for core in sanity.NEWEST_CORES)), None)
    return [choice for choice in (sanity.choose(sanity.OLDEST_CORE, FOUND), newest) if choice]


def pairs():
    """Each core with the oldest and the newest target Python it reaches."""
    for core, controller in ansible_cores():
        reached = [version for version in FOUND if OLDEST_TARGET[core.requirements] <= version <= core.newest]
        for version in sorted({reached[0], reached[-1]}):
            name = f"{core.requirements}-on-python-{interpreters.text(version)}"
            yield pytest.param(core, controller, FOUND[version], id=name)


def answer(core, controller, target, root):
    """The facts about the tree in `root`, less what differs from run to run."""
    venv = caches.venv("sanity-" + core.requirements, controller, core.requirements)
    done = subprocess.run(
        [venv / "bin" / "ansible", "localhost", "-m", "memfacts.linux.memfacts", "-a", f"root={root}"]
        + ["-e", f"ansible_python_interpreter={target}"],
        env=dict(os.environ, ANSIBLE_CONFIG=str(caches.CHECKOUT / "ansible.cfg")),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    [(_host, _state, result)] = show_facts.results(done.stdout)
    facts = result["ansible_facts"]["memfacts"]
    return {name: value for name, value in facts.items() if name not in CHANGING}


@pytest.fixture(scope="module")
def captured(tmp_path_factory):
    """A captured host and what the newest core on its newest target says about it."""
    root = tmp_path_factory.mktemp("host")
    hosttree.unpack((FIXTURES / "captured-6.1-uml.tree").read_text(), str(root))
    core, controller = ansible_cores()[-1]
    newest = FOUND[max(version for version in FOUND if version <= core.newest)]
    return pathlib.Path(root), answer(core, controller, newest, root)


@pytest.mark.parametrize("core, controller, target", list(pairs()))
def test_every_core_and_python_gives_the_same_facts(core, controller, target, captured):
    root, expected = captured
    assert answer(core, controller, target, root) == expected
