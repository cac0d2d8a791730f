# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The schemas are valid and strict; whatever the collector returns satisfies them, and broken facts do not."""

import copy
import ctypes
import json
import os

import jsonschema
import pytest

from ansible_collections.memfacts.linux.plugins.module_utils.memcore.answers.asked import subsets
from ansible_collections.memfacts.linux.plugins.module_utils.memcore.findings import cgroups
from ansible_collections.memfacts.linux.plugins.module_utils.memcore.findings import rule as rules
from ansible_collections.memfacts.linux.plugins.module_utils.memcore.gather import options

NOBODY = 65534
PR_SET_DUMPABLE = 4

# Open on purpose: what stands in them is named by the kernel or by the finding.
OPEN = {"unknown_fields", "evidence"}


@pytest.mark.parametrize(
    "name", ["event.schema.json", "facts.schema.json", "finding.schema.json", "policy.schema.json"]
)
def test_schema_is_valid(schemas, name):
    schema = schemas[name]
    jsonschema.Draft202012Validator.check_schema(schema)
    assert schema["$id"] == name
    assert schema["$schema"] == jsonschema.Draft202012Validator.META_SCHEMA["$id"]


def objects(schema, name):
    """Every (name, schema) that describes an object, at any depth."""
    if isinstance(schema, dict):
        if schema.get("type") == "object" or "properties" in schema:
            yield name, schema
        for key, value in schema.items():
            if key in ("properties", "$defs"):
                for inner, described in value.items():
                    yield from objects(described, inner)
            elif key == "items":
                yield from objects(value, name + "[]")


def test_every_object_is_closed_and_every_property_described(schemas):
    for file, schema in schemas.items():
        for name, described in objects(schema, file):
            more = described.get("additionalProperties", True)
            # A map of values of one type has names that nobody can list.
            assert name in OPEN or more is False or isinstance(more, dict), f"{name} is open"
            for key, value in described.get("properties", {}).items():
                assert "description" in value or "$ref" in value, f"{name}.{key} has no description"


def test_names_tell_the_unit(schemas):
    for _name, described in objects(schemas["facts.schema.json"], "facts"):
        for key, value in described.get("properties", {}).items():
            kinds = value.get("type", [])
            assert not key.endswith("_bytes") or "integer" in kinds, key
            assert not key.endswith("_percent") or "number" in kinds, key


OPTIONS = [
    pytest.param({}, id="defaults"),
    *(pytest.param({"subsets": subsets([name])}, id=name) for name in options.SUBSETS),
    *(pytest.param({"subsets": subsets(["!" + name])}, id="not-" + name) for name in options.SUBSETS),
    pytest.param({"subsets": ()}, id="no-subset"),
    pytest.param({"top": 1}, id="top-1"),
    pytest.param({"scan_files": False}, id="no-scan"),
    pytest.param({"scan_seconds": 0.0}, id="no-time-to-scan"),
    pytest.param({"namespaces": False}, id="own-namespace"),
]


@pytest.mark.parametrize("asked", OPTIONS)
def test_facts_of_this_host_satisfy_the_schema_and_have_what_was_asked_for(problems, collect, asked):
    found = collect(**asked)
    assert problems(found) == []
    assert {name for name in options.SUBSETS if name in found} == set(asked.get("subsets", options.SUBSETS))


def test_facts_with_every_kind_of_shared_memory_satisfy_the_schema(problems, planted_facts):
    assert problems(planted_facts) == []
    shmem = planted_facts["shmem"]
    assert all(shmem[kind] for kind in ("sysv", "memfd", "deleted", "anonymous_shared"))


def test_facts_of_a_kernel_with_every_field_satisfy_the_schema(problems, seldom_facts):
    assert problems(seldom_facts) == []
    assert seldom_facts["memory"]["unknown_fields"] == {"Future": 4096}


def test_facts_of_a_captured_tree_satisfy_the_schema(problems, collect, unpack, tree_file, tmp_path):
    found = collect(unpack(tree_file, tmp_path))
    assert problems(found) == []
    memory = found["memory"]
    claimed = sum(value for value in memory["ledger"].values() if value is not None)
    assert claimed + memory["unaccounted_bytes"] == memory["total_bytes"]


def as_user(uid, function):
    """What `function()` returns when an ordinary user calls it, in a child process."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.setgroups([])
            os.setgid(uid)
            os.setuid(uid)
            # A process that changed its user hides its own /proc files from itself; one that logged in does not.
            ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 1, 0, 0, 0)
            with open(writing, "w") as stream:
                json.dump(function(), stream)
            os._exit(0)
        finally:
            os._exit(1)
    os.close(writing)
    with open(reading) as stream:
        text = stream.read()
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    return json.loads(text)


@pytest.mark.root
@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to become an ordinary user")
def test_facts_for_an_ordinary_user_satisfy_the_schema(problems, collect):
    found = as_user(NOBODY, collect)
    assert problems(found) == []
    assert found["kernel"]["slab"]["top"] is None
    assert "/proc/slabinfo" in {item["source"] for item in found["incomplete"]}


@pytest.fixture(scope="module")
def valid(collect):
    """Facts of this host, with a finding and a cgroup whatever it is like."""
    found = collect()
    found["findings"] = [
        rules.finding(cgroups.DYING, rules.Met("5000 cgroups are dying", {"dying": 5000, "alive": 3}))._asdict()
    ]
    found["cgroups"]["top"] = [
        {
            "path": "/a",
            "current_bytes": 1,
            "limit_bytes": None,
            "anon_bytes": 1,
            "file_bytes": 0,
            "shmem_bytes": 0,
            "kernel_bytes": 0,
            "slab_reclaimable_bytes": None,
            "slab_unreclaimable_bytes": None,
            "oom_kills": 0,
        }
    ]
    return found


def test_what_is_broken_below_was_whole(problems, valid):
    assert problems(valid) == []


def change(path, value):
    """A function that sets what is at `path` (keys and indexes)."""

    def apply(record):
        *way, last = path
        for step in way:
            record = record[step]
        record[last] = value

    return apply


def drop(path):
    """A function that removes what is at `path`."""

    def apply(record):
        *way, last = path
        for step in way:
            record = record[step]
        del record[last]

    return apply


ROW = ("cgroups", "top", 0)
FINDING = ("findings", 0)


@pytest.mark.parametrize(
    "break_it",
    [
        pytest.param(change(("memory", "total_bytes"), "24684092 kB"), id="size-as-text"),
        pytest.param(change((*ROW, "current_bytes"), 1.5), id="half-a-byte"),
        pytest.param(change((*ROW, "current_bytes"), True), id="size-as-truth"),
        pytest.param(change((*ROW, "current_bytes"), None), id="null-where-there-is-always-a-value"),
        pytest.param(change(("memory", "ledger", "slab_unreclaimable"), -4096), id="negative-part"),
        pytest.param(change(("memory", "ledger", "next_years_part"), "much"), id="further-part-as-text"),
        pytest.param(change(("memory", "ledger", "Next"), 4096), id="further-part-with-a-foreign-name"),
        pytest.param(drop(("memory", "ledger", "pcp_free")), id="missing-part"),
        pytest.param(change(("memory", "unknown_fields", "Future"), "4 kB"), id="unknown-field-as-text"),
        pytest.param(drop(("memory", "unaccounted_bytes")), id="no-rest"),
        pytest.param(drop(("host",)), id="no-host"),
        pytest.param(drop(("findings",)), id="no-findings"),
        pytest.param(drop(("incomplete",)), id="no-incomplete"),
        pytest.param(change(("schema_version",), 1), id="other-version"),
        pytest.param(change(("collected_at",), "2026-11-23T15:32:21+01:00"), id="time-not-utc"),
        pytest.param(change(("collected_at",), "385-07-25T07:06:40Z"), id="year-of-three-digits"),
        pytest.param(change(("summary",), "two\nlines"), id="summary-of-two-lines"),
        pytest.param(change(("incomplete",), [{"source": "tmpfs /a\nb", "reason": "x"}]), id="source-of-two-lines"),
        pytest.param(change(("host", "cgroup_version"), "v3"), id="unknown-hierarchy"),
        pytest.param(change(("memory", "unaccounted_percent"), "0.05 %"), id="percent-as-text"),
        pytest.param(change(("extra",), 1), id="extra-key"),
        pytest.param(change(("memory", "free_kib"), 1), id="extra-key-in-memory"),
        pytest.param(change((*ROW, "cmdline"), "--password=x"), id="extra-key-in-a-row"),
        pytest.param(change((*FINDING, "severity"), "fatal"), id="unknown-severity"),
        pytest.param(change((*FINDING, "ref"), "https://example.org/"), id="link-to-elsewhere"),
        pytest.param(change((*FINDING, "evidence", "held_bytes"), "12 MiB"), id="evidence-with-size-as-text"),
        pytest.param(drop((*FINDING, "remedy")), id="finding-without-remedy"),
        pytest.param(drop((*FINDING, "remedy_commands")), id="finding-without-commands"),
        pytest.param(change((*FINDING, "remedy_commands"), ["ls\nrm"]), id="command-of-two-lines"),
        pytest.param(change((*FINDING, "remedy_effect"), "harmless"), id="unknown-effect"),
        pytest.param(change(("incomplete",), [{"source": "/proc/slabinfo"}]), id="incomplete-without-reason"),
    ],
)
def test_broken_facts_are_refused(problems, valid, break_it):
    broken = copy.deepcopy(valid)
    break_it(broken)
    assert problems(broken)
