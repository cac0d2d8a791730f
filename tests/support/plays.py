# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs playbooks of the collection on several names of this host, with stand_in_module.py in the place of its modules.

So it is seen what a playbook asks of each host, as any user and without changing this one. jsonschema cannot be
imported meanwhile, as on a control node that has ansible-core alone.
"""

import json
import os
import pathlib
import subprocess
import sys
from typing import Dict, List, NamedTuple

from tests import CHECKOUT

PROGRAM = os.path.join(os.path.dirname(sys.executable), "ansible-playbook")
MODULES = ("oom_score_adj", "tmpfs_size", "memfacts")
NOWHERE = "/proc/nowhere"  # no folder can be made there, which Ansible takes for a host that it cannot reach
SECONDS = 300  # only what hangs lasts so long


class Asked(NamedTuple):
    """One run of a module on a host, with all options that have a value."""

    host: str
    module: str
    options: dict


class Ended(NamedTuple):
    """A run of ansible-playbook: its status, what it printed and what it asked of the hosts."""

    status: int
    output: str
    asked: List[Asked]

    def of(self, host: str, module: str) -> List[dict]:
        """The options of each run of the module on the host."""
        return [one.options for one in self.asked if (one.host, one.module) == (host, module)]

    def changers(self) -> Dict[str, int]:
        """{host: how often a module that changes hosts ran there}."""
        hosts = [one.host for one in self.asked if one.module != "memfacts"]
        return {host: hosts.count(host) for host in sorted(set(hosts))}


class Plays:
    """A copy of the collection with stand-ins, and hosts that are names of this one."""

    def __init__(self, folder: pathlib.Path):
        self.folder = folder
        self.collections = folder / "collections"
        collection = self.collections / "ansible_collections" / "memfacts" / "linux"
        (collection / "plugins" / "modules").mkdir(parents=True)
        for name in ("roles", "playbooks", "meta"):
            (collection / name).symlink_to(os.path.join(CHECKOUT, name))
        for name in ("filter", "plugin_utils", "module_utils"):
            (collection / "plugins" / name).symlink_to(os.path.join(CHECKOUT, "plugins", name))
        for name in MODULES:
            (collection / "plugins" / "modules" / f"{name}.py").symlink_to(
                os.path.join(CHECKOUT, "tests", "support", "stand_in_module.py")
            )

    def answers(self, host: str, module: str, **answer):
        """What the module says on the host instead; with a `msg` it fails."""
        (self.folder / f"{host}.{module}.json").write_text(json.dumps(answer))

    def run(self, playbook, hosts=("one", "two", "three"), unreachable=(), settings=(), **variables) -> Ended:
        """`playbook` is a name of the collection's or a path; `settings` are words of the environment."""
        asked = self.folder / "asked"
        asked.write_text("")
        environment = environment_for(self.folder, self.collections, STAND_IN=str(self.folder), **dict(settings))
        inventory = inventory_of(self.folder, hosts, unreachable)
        name = str(playbook) if os.path.sep in str(playbook) else f"memfacts.linux.{playbook}"
        done = subprocess.run(
            [PROGRAM, "-i", inventory, name, "-e", json.dumps(variables)],
            cwd=self.folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        lines = asked.read_text().splitlines()
        return Ended(done.returncode, done.stdout, [Asked(*json.loads(line)) for line in lines])


def environment_for(folder, collections, **words):
    """Of the caller's environment nothing that is for Ansible or Python, and no jsonschema."""
    hidden = folder / "hidden"
    hidden.mkdir(exist_ok=True)
    (hidden / "jsonschema.py").write_text("raise ImportError('not on this control node')\n")
    settings = folder / "ansible.cfg"
    settings.write_text("")
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("ANSIBLE_", "PYTHON"))}
    return dict(
        kept,
        ANSIBLE_CONFIG=str(settings),
        ANSIBLE_COLLECTIONS_PATH=str(collections),
        ANSIBLE_HOME=str(folder / "ansible"),
        ANSIBLE_NOCOLOR="1",
        PYTHONPATH=str(hidden),
        **words,
    )


def inventory_of(folder, hosts, unreachable=()):
    """An inventory in which each host is this one under another name."""
    lines = []
    for host in hosts:
        temporary = NOWHERE if host in unreachable else folder / "remote"
        lines.append(
            f"{host} ansible_connection=local ansible_become=false ansible_python_interpreter={sys.executable}"
            f" ansible_remote_tmp={temporary}/{host}"
        )
    path = folder / "inventory"
    path.write_text("\n".join(lines) + "\n")
    return str(path)
