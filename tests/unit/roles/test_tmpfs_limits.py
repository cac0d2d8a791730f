# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role tmpfs_limits: argument specification, defaults, README and module agree on names, defaults and choices."""

import pathlib

import pytest
import yaml

from ansible_collections.memfacts.linux.plugins.module_utils.setters.tmpfs import ages, journal
from tests.support import module_docs

ROLE = pathlib.Path(__file__).resolve().parents[3] / "roles" / "tmpfs_limits"


@pytest.fixture(scope="module")
def options():
    return yaml.safe_load((ROLE / "meta/argument_specs.yml").read_text())["argument_specs"]["main"]["options"]


@pytest.fixture(scope="module")
def defaults():
    return yaml.safe_load((ROLE / "defaults/main.yml").read_text())


@pytest.fixture(scope="module")
def variables():
    return yaml.safe_load((ROLE / "vars/main.yml").read_text())


def test_specified_defaults_are_the_real_ones(options, defaults):
    assert {name: option["default"] for name, option in options.items()} == defaults


def test_readme_names_every_variable_and_nothing_else(options):
    rows = [line for line in (ROLE / "README.md").read_text().splitlines() if line.startswith("| `")]
    assert sorted(row.split("`")[1] for row in rows) == sorted(options)


def test_a_cap_takes_what_the_module_takes(options):
    module = module_docs.block("tmpfs_size", "DOCUMENTATION")["options"]
    cap = options["tmpfs_limits_mounts"]["options"]
    assert set(cap) == {"path", "size", "inodes", "min_free", "persist"} <= set(module)
    assert (cap["persist"]["choices"], cap["persist"]["default"]) == (
        module["persist"]["choices"],
        module["persist"]["default"],
    )
    assert options["tmpfs_limits_missing"]["choices"] == ["ignore", "fail"]


def test_an_age_and_the_journal_take_what_the_module_takes(options, variables):
    age = options["tmpfs_limits_ages"]["options"]
    specified = {
        name: {key: value for key, value in option.items() if key != "description"} for name, option in age.items()
    }
    assert dict(specified, missing=ages.OPTIONS["missing"]) == ages.OPTIONS
    assert variables["tmpfs_limits_journal"].keys() == journal.OPTIONS.keys()


def test_the_defaults_of_the_journal_are_such_as_journald_uses(defaults):
    journal.checked({name: defaults["tmpfs_limits_journal_" + name] for name in journal.OPTIONS})


def test_role_runs_the_module_once_and_changes_nothing_else():
    tasks = {path.name: yaml.safe_load(path.read_text()) for path in (ROLE / "tasks").iterdir()}
    used = {file: [name for task in listed for name in task if "." in name] for file, listed in tasks.items()}
    assert used.keys() == {"check.yml", "main.yml"}
    assert used["check.yml"] == ["ansible.builtin.debug"]
    modules = used["main.yml"]
    assert modules.count("memfacts.linux.tmpfs_size") == 1
    assert set(modules) == {"memfacts.linux.tmpfs_size", "memfacts.linux.memfacts", "ansible.builtin.debug"}


def test_nothing_is_changed_unless_asked(defaults):
    assert (defaults["tmpfs_limits_apply"], defaults["tmpfs_limits_state"]) == (False, "present")
    assert defaults["tmpfs_limits_mounts"] == defaults["tmpfs_limits_ages"] == []
