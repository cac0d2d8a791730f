# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role oom_policy: argument specification, defaults, README and module agree on names, defaults and choices."""

import ast
import pathlib
import sys

import pytest
import yaml

from ansible_collections.memfacts.linux.plugins.plugin_utils import policy_shape
from tests.support import module_docs

CHECKOUT = pathlib.Path(__file__).resolve().parents[3]
ROLE = CHECKOUT / "roles" / "oom_policy"


@pytest.fixture(scope="module")
def options():
    return yaml.safe_load((ROLE / "meta/argument_specs.yml").read_text())["argument_specs"]["main"]["options"]


@pytest.fixture(scope="module")
def defaults():
    return yaml.safe_load((ROLE / "defaults/main.yml").read_text())


def test_every_variable_has_its_specified_default(options, defaults):
    assert options.keys() == defaults.keys()
    specified = {name: option["default"] for name, option in options.items() if "default" in option}
    assert specified == {name: defaults[name] for name in specified}


def test_readme_names_every_variable_and_nothing_else(options):
    rows = [line for line in (ROLE / "README.md").read_text().splitlines() if line.startswith("| `")]
    assert sorted(row.split("`")[1] for row in rows) == sorted(options)


def test_the_parts_of_a_policy_are_those_of_the_rules(defaults):
    assert list(defaults["oom_policy"]) == list(policy_shape.PARTS)


def test_the_module_knows_what_the_role_hands_on(options):
    module = module_docs.block("oom_score_adj", "DOCUMENTATION")["options"]
    entries = module["entries"]["suboptions"]
    handed_on = set().union(*(part.known for part in policy_shape.PARTS.values())) - {"note"}
    assert handed_on | {"missing"} <= entries.keys()
    assert set(options["oom_policy_missing"]["choices"]) == set(entries["missing"]["choices"])
    assert set(options["oom_policy_state"]["choices"]) <= set(module["state"]["choices"])


def imported(path):
    """The first parts of the names of all modules that a file imports, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield node.module.partition(".")[0]


def test_filters_need_only_ansible_core():
    files = [path for folder in ("filter", "plugin_utils") for path in (CHECKOUT / "plugins" / folder).glob("*.py")]
    assert len(files) > 3
    foreign = {name for path in files for name in imported(path)} - sys.stdlib_module_names
    assert foreign <= {"ansible", "ansible_collections"}
