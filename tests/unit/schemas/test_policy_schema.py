# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules by which the role checks a policy accept what schemas/policy.schema.json accepts, and nothing else."""

import json
import pathlib

import jsonschema
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.memfacts.linux.plugins.plugin_utils import policy, policy_shape

CHECKOUT = pathlib.Path(__file__).resolve().parents[3]
SCHEMA = json.loads((CHECKOUT / "schemas" / "policy.schema.json").read_text())
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)
KEYS = sorted(set().union(*(part.known for part in policy_shape.PARTS.values())))

# What stands in policies, at and beyond each limit, and what a template or a slip of the pen makes of it.
WORDS = ("ssh.service batch user system auto systemd none yes 7 7.0 -1000").split() + [" ", "", "\u2003"]
NUMBERS = [-1001, -1000, -999, -1, 0, 1, 1000, 1001, 5.0, 5.5, -0.0, float("nan"), float("inf")]
ODD = [None, True, False, [], {}, [1], {"unit": "a"}]
VALUES = st.sampled_from([*WORDS, *NUMBERS, *ODD])
HOW_MANY = st.sampled_from([0, 0, 0, 1, 2])


@st.composite
def nearly_entries(draw):
    """An entry with a selector and a value, changed in some places."""
    entry = {draw(st.sampled_from(policy_shape.SELECTORS)): "app", "value": draw(st.sampled_from([0, 0, *NUMBERS]))}
    for _dummy in range(draw(HOW_MANY)):
        entry[draw(st.sampled_from([*KEYS, "prio"]))] = draw(VALUES)
    for _dummy in range(draw(HOW_MANY) // 2):
        del entry[draw(st.sampled_from(sorted(entry)))]
    return entry


@st.composite
def nearly_policies(draw):
    """A policy with one such entry, with something else in some places."""
    found = {draw(st.sampled_from([*policy_shape.PARTS])): [draw(nearly_entries())]}
    for _dummy in range(draw(HOW_MANY) // 2):
        found[draw(st.sampled_from([*policy_shape.PARTS, "lifeline"]))] = draw(VALUES | st.lists(VALUES, max_size=2))
    return found


def is_right(drawn):
    """Whether the schema accepts the policy; the rules are to say the same."""
    plain = policy.plain(drawn)
    valid = VALIDATOR.is_valid(plain)
    said = list(policy_shape.errors(plain, "p"))
    assert (said == []) == valid, said
    return valid


def test_rules_and_schema_accept_the_same():
    seen = []

    @settings(max_examples=600)
    @given(nearly_policies())
    def look(drawn):
        seen.append(is_right(drawn))

    look()
    assert seen.count(True) >= 50 and seen.count(False) >= 50


@pytest.mark.parametrize("drawn", [*ODD, *WORDS, *NUMBERS, {1: []}], ids=repr)
def test_rules_and_schema_accept_the_same_where_no_policy_is(drawn):
    assert is_right(drawn) is (drawn == {})


def test_entries_have_the_same_keys_and_limits():
    for name, part in policy_shape.PARTS.items():
        described = SCHEMA["$defs"][name.rstrip("s")]
        assert set(described["properties"]) == part.known
        value = described["properties"]["value"]
        assert (value["minimum"], value["maximum"]) == (part.lowest, part.highest)
    assert set(SCHEMA["properties"]) == set(policy_shape.PARTS)


def test_the_defaults_of_the_role_are_right():
    defaults = yaml.safe_load((CHECKOUT / "roles" / "oom_policy" / "defaults" / "main.yml").read_text())
    parts = {part: defaults["oom_policy_" + part] for part in policy_shape.PARTS}
    assert VALIDATOR.is_valid(parts) and policy.errors(parts, "p") == []
