# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module's RETURN block, the schema and the collector name the same keys, so that none drifts from the others."""

import re

import pytest

from ansible_collections.memfacts.linux.plugins.module_utils.memcore.findings import cgroups
from ansible_collections.memfacts.linux.plugins.module_utils.memcore.findings import rule as rules
from tests.support import module_docs

TYPES = {"int": "integer", "float": "number", "str": "string", "bool": "boolean", "list": "array", "dict": "object"}


@pytest.fixture(scope="module")
def documented():
    """The documentation of ansible_facts.memfacts by path."""
    block = module_docs.block("memfacts", "RETURN")
    return dict(documented_leaves(block["ansible_facts"]["contains"]["memfacts"]["contains"], ""))


def documented_leaves(contains, place):
    for name, entry in contains.items():
        path = f"{place}.{name}"
        yield path, entry
        yield from documented_leaves(entry.get("contains", {}), path)


@pytest.fixture(scope="module")
def described(schemas):
    """The schema of each property by path."""
    return dict(schema_leaves(schemas["facts.schema.json"], "", schemas))


def schema_leaves(schema, place, schemas):
    for name, entry in schema.get("properties", {}).items():
        path, found = f"{place}.{name}", resolved(entry, schemas)
        yield path, found
        yield from schema_leaves(resolved(found.get("items", found), schemas), path, schemas)


def resolved(schema, schemas):
    """The schema, with that of its reference below it."""
    if "oneOf" in schema:
        found = resolved(schema["oneOf"][0], schemas)
        return dict(found, type=[found["type"], "null"])
    if "$ref" not in schema:
        return schema
    file, dummy, place = schema["$ref"].partition("#/$defs/")
    target = schemas[file or "facts.schema.json"]
    return dict(target["$defs"][place] if place else target, **schema)


def paths(value, place=""):
    """The paths of a record's keys; what stands in evidence and unknown_fields is named by others."""
    if isinstance(value, list):
        return set().union(*(paths(item, place) for item in value))
    if not isinstance(value, dict) or place.endswith(("evidence", "unknown_fields")):
        return set()
    below = (paths(item, f"{place}.{name}") for name, item in value.items())
    return {f"{place}.{name}" for name in value}.union(*below)


def test_documentation_and_schema_have_the_same_keys(documented, described):
    assert sorted(documented) == sorted(described)


def test_documentation_and_schema_have_the_same_types(documented, described):
    for path, entry in documented.items():
        schema = described[path]
        kinds = schema.get("type") or [type_of(value) for value in schema.get("enum", [schema.get("const")])]
        assert TYPES[entry["type"]] in kinds, path
        says_when = re.search(r"V\(null\) (if|where) ", " ".join(lines(entry)))
        assert ("null" in kinds) == bool(says_when), f"{path}: when is it null?"


def type_of(value):
    return {str: "string", int: "integer", type(None): "null"}[type(value)]


def lines(entry):
    text = entry["description"]
    return text if isinstance(text, list) else [text]


def test_every_key_is_fully_documented(documented):
    for path, entry in documented.items():
        assert entry["returned"], path
        assert all(line.endswith((".", ")")) for line in lines(entry)), path
        assert entry["type"] != "list" or entry["elements"], path
        assert entry["type"] != "dict" or entry.get("contains") or path.endswith(("evidence", "unknown_fields")), path


def test_sizes_name_their_unit(documented):
    for path, entry in documented.items():
        if path.endswith(("_bytes", ".bytes")) or path.startswith(".memory.ledger."):
            assert "byte" in " ".join(lines(entry)).lower(), path


def test_facts_have_the_keys_that_are_documented(
    documented, planted_facts, seldom_facts, floored_facts, vfork_facts, cpuset_facts
):
    finding = rules.finding(cgroups.DYING, rules.Met("5000 cgroups are dying", {"dying": 5000}))._asdict()
    facts = (planted_facts, seldom_facts, floored_facts, vfork_facts, cpuset_facts, {"findings": [finding]})
    found = set().union(*map(paths, facts))
    assert sorted(found) == sorted(documented)


def test_facts_of_this_host_have_no_other_keys(documented, collect):
    assert paths(collect()) - set(documented) == set()
