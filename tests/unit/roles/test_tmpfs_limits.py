# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role tmpfs_limits: argument specification, defaults, README and module agree on names, defaults and choices."""

import pathlib

import pytest
import yaml

from ansible_collections.memfacts.linux.plugins.modules import tmpfs_size

ROLE = pathlib.Path(__file__).resolve().parents[3] / "roles" / "tmpfs_limits"


@pytest.fixture(scope="module")
def options():
    return yaml.safe_load((ROLE / "meta/argument_specs.yml").read_text())["argument_specs"]["main"]["options"]


@pytest.fixture(scope="module")
def defaults():
    return yaml.safe_load((ROLE / "defaults/main.yml").read_text())


def test_specified_defaults_are_the_real_ones(options, defaults):
    assert {name: option["default"] for name, option in options.items()} == defaults


def test_readme_names_every_variable_and_nothing_else(options):
    rows = [line for line in (ROLE / "README.md").read_text().splitlines() if line.startswith("| `")]
    assert sorted(row.split("`")[1] for row in rows) == sorted(options)


def test_a_cap_takes_what_the_module_takes(options):
    module = yaml.safe_load(tmpfs_size.DOCUMENTATION)["options"]
    cap = options["tmpfs_limits_mounts"]["options"]
    assert {"state": None, "missing": None, **cap}.keys() == module.keys()
    assert (cap["persist"]["choices"], cap["persist"]["default"]) == (
        module["persist"]["choices"],
        module["persist"]["default"],
    )
    assert options["tmpfs_limits_missing"]["choices"] == ["ignore", "fail"]


def test_nothing_is_changed_unless_asked(defaults):
    assert (defaults["tmpfs_limits_apply"], defaults["tmpfs_limits_state"]) == (False, "present")
    assert defaults["tmpfs_limits_mounts"] == defaults["tmpfs_limits_ages"] == []
