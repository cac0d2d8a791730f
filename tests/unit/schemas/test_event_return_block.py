# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The RETURN block of oom_events_info and the schema of events name the same keys, types and nulls."""

import pytest

from tests.support import module_docs

TYPES = {"int": "integer", "float": "number", "str": "string", "bool": "boolean", "list": "array", "dict": "object"}
JSON_TYPES = {str: "string", int: "integer", type(None): "null"}


def documented_leaves(contains, place):
    for name, entry in contains.items():
        yield f"{place}.{name}", entry
        yield from documented_leaves(entry.get("contains", {}), f"{place}.{name}")


def schema_leaves(schema, place, schemas):
    for name, entry in schema.get("properties", {}).items():
        yield f"{place}.{name}", entry
        yield from schema_leaves(resolved(entry.get("items", entry), schemas), f"{place}.{name}", schemas)


def resolved(schema, schemas):
    """What a reference refers to: another schema, or a definition of the event's."""
    place = schema.get("$ref")
    if place is None:
        return schema
    inside = "#/$defs/"
    return schemas["event.schema.json"]["$defs"][place[len(inside) :]] if inside in place else schemas[place]


@pytest.fixture(scope="module")
def documented():
    events = module_docs.block("oom_events_info", "RETURN")["events"]
    return dict(documented_leaves(events["contains"], ""))


@pytest.fixture(scope="module")
def described(schemas):
    return dict(schema_leaves(schemas["event.schema.json"], "", schemas))


def kinds_of(schema):
    kinds = schema.get("type")
    if kinds is None:
        return {JSON_TYPES[type(value)] for value in schema.get("enum", [schema.get("const")])}
    return {kinds} if isinstance(kinds, str) else set(kinds)


def test_keys_are_the_same(documented, described):
    assert sorted(documented) == sorted(described)


def test_types_and_nulls_are_the_same(documented, described):
    for path, entry in documented.items():
        kinds = kinds_of(described[path])
        assert TYPES[entry["type"]] in kinds, path
        text = entry["description"] if isinstance(entry["description"], str) else " ".join(entry["description"])
        assert ("null" in kinds) == ("V(null) where" in text or "V(null) with" in text), path
        assert text.endswith("."), path
        assert entry["returned"], path
        assert entry["type"] != "list" or entry["elements"], path
