# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever a log holds, its events satisfy the schema; and the names in code, schema and docs are the same."""

import json
import pathlib
import re

import hypothesis
import jsonschema
import pytest
import referencing
from hypothesis import strategies

from ansible_collections.memfacts.linux.plugins.module_utils.memcore.answers import events
from ansible_collections.memfacts.linux.plugins.module_utils.memcore.models import (
    oom_cause,
    pods,
    replay,
    tying,
    verdicts,
)
from ansible_collections.memfacts.linux.plugins.module_utils.memcore.render import event_cause
from tests.support import scenes

CHECKOUT = pathlib.Path(__file__).resolve().parents[3]
FIXTURES = CHECKOUT / "tests" / "unit" / "fixtures"
LOGS = sorted((FIXTURES / "oomlogs").glob("*.txt")) + [FIXTURES / "oom-commit-9066e5cfb73c.txt"]
# Short ones of each kind, since each example reads a whole log.
MUTATED = [path for path in LOGS if path.stat().st_size < 9000]


@pytest.fixture(scope="session")
def event_problems(schemas):
    """event_problems(event) -> what the schema says against it."""
    resources = [(name, referencing.Resource.from_contents(schema)) for name, schema in schemas.items()]
    registry = referencing.Registry().with_resources(resources)
    validator = jsonschema.Draft202012Validator(schemas["event.schema.json"], registry=registry)

    def find(event):
        errors = validator.iter_errors(json.loads(json.dumps(event)))
        return [f"{error.json_path}: {error.message}" for error in errors]

    return find


PUBLIC = sorted((FIXTURES / "public-ooms").glob("*.txt"))


@pytest.mark.parametrize("path", LOGS + PUBLIC, ids=lambda path: path.name)
def test_events_of_a_log_satisfy_the_schema(event_problems, path):
    origin = events.Origin("web3", "2720b512-ca14-4546-bef5-4ebce0aefcf7", 1795762438.0)
    with open(path, "rb") as log:
        found = list(events.read(log, origin))
    assert found
    for event in found:
        assert event_problems(event) == []
        assert event["victim"] == (event["victims"] or [None])[0]
        pids = [row["pid"] for row in event["victims"]]
        assert len(set(pids)) == len(pids)
        for name in ("by_rule", "by_cause", "useful"):
            assert event["verdict"][name]["sure"] is (event["verdict"][name]["settle"] is None)
    assert len({event["id"] for event in found}) == len(found)


@pytest.mark.parametrize("name", scenes.NAMES)
def test_events_with_the_names_of_pods_satisfy_the_schema(event_problems, name):
    scene = scenes.Scene(name)
    index = pods.PodIndex()
    for pod in scene.pods():
        index.put(pods.of_json(pod))
    with open(scene.log, "rb") as log:
        follower = events.Follower()
        for line in log:
            follower.feed(line)
    follower.flush()
    for record in follower.take():
        tying.tie(record, index.find, scene.populated)
        assert record["victim"]["pod"] is not None
        assert event_problems(events.told(record)) == []


EDITS = strategies.lists(
    strategies.tuples(
        strategies.sampled_from(["drop", "double", "swap", "cut", "bytes", "digits"]),
        strategies.integers(0, 10**6),
        strategies.binary(min_size=1, max_size=6),
    ),
    max_size=12,
)


def edited(lines, edits):
    """The log with lines dropped, doubled, swapped and cut, with foreign bytes and other numbers in it."""
    lines = list(lines)
    for what, where, data in edits:
        if not lines:
            break
        place = where % len(lines)
        line = lines[place]
        if what == "drop":
            del lines[place]
        elif what == "double":
            lines.insert(place, line)
        elif what == "swap":
            other = (place + 1) % len(lines)
            lines[place], lines[other] = lines[other], line
        elif what == "cut":
            lines = lines[place:] if where % 2 else lines[: place + 1]
        elif what == "bytes":
            middle = where % (len(line) + 1)
            lines[place] = line[:middle] + data + line[middle + len(data) :]
        else:
            digits = str(where % 10 ** (1 + data[0] % 12)).encode()
            lines[place] = re.sub(rb"(?<=[ :=])[0-9]+", lambda _match, new=digits: new, line, count=1 + data[0] % 9)
    return lines


@hypothesis.given(strategies.sampled_from(MUTATED), EDITS)
@hypothesis.settings(max_examples=300)
def test_events_of_any_mutated_log_satisfy_the_schema(event_problems, path, edits):
    for event in events.read(edited(path.read_bytes().splitlines(), edits)):
        assert event_problems(event) == []
        assert event["explanation"]


@hypothesis.given(strategies.lists(strategies.binary(max_size=80), max_size=30))
def test_any_bytes_are_read(event_problems, lines):
    for event in events.read(lines):
        assert event_problems(event) == []


def enums(schema):
    """Every list of allowed values by the name of its property."""
    found = {}
    if isinstance(schema, dict):
        for name, entry in schema.get("properties", {}).items():
            for inner in (entry, entry.get("items", {})):
                if "enum" in inner:
                    found.setdefault(name, set()).update(inner["enum"])
        for entry in schema.values():
            for name, values in enums(entry).items():
                found.setdefault(name, set()).update(values)
    return found


def test_schema_knows_the_causes_and_reasons_of_the_code(schemas):
    named = enums(schemas["event.schema.json"])
    assert named["class"] == set(oom_cause.CAUSES) == set(event_cause.WORDS)
    assert named["contributing"] == set(oom_cause.CAUSES)
    assert named["why"] == set(replay.WHY)
    assert named["result"] == {verdicts.RIGHT, verdicts.WRONG, verdicts.UNKNOWN}


def test_page_of_events_explains_every_kind_of_a_limit(schemas):
    limit = schemas["event.schema.json"]["properties"]["limit_owner"]["properties"]["kind"]["enum"]
    text = (CHECKOUT / "docs" / "events.md").read_text()
    for kind in filter(None, limit):
        assert f"| `{kind}` |" in text, kind


def test_page_of_events_explains_every_cause_reason_and_threshold():
    text = (CHECKOUT / "docs" / "events.md").read_text()
    sections = set(re.findall(r"^### (\S+)$", text, re.MULTILINE))
    assert set(oom_cause.CAUSES) <= sections
    for name in replay.WHY:
        assert f"| `{name}` |" in text
    for name, threshold in oom_cause.THRESHOLDS.items():
        assert re.search(rf"^\| `{name}` \|.*\| {threshold:.0f} % ", text, re.MULTILINE), name


def change(event, path, value):
    *way, last = path
    record = event
    for step in way:
        record = record[step]
    record[last] = value
    return event


@pytest.mark.parametrize(
    "path, value",
    [
        pytest.param(("freed_bytes",), "36 KiB", id="size-as-text"),
        pytest.param(("scope",), "host", id="unknown-scope"),
        pytest.param(("cause", "class"), "leak", id="unknown-cause"),
        pytest.param(("verdict", "model"), "new", id="unknown-model"),
        pytest.param(("verdict", "why"), ["because"], id="unknown-reason"),
        pytest.param(("time",), "2026-11-27 06:53:58", id="time-not-rfc-3339"),
        pytest.param(("victim", "cmdline"), "--password=x", id="command-line"),
        pytest.param(("explanation",), "two\nlines", id="two-lines"),
        pytest.param(("id",), "224", id="id-without-boot"),
        pytest.param(("id",), "unknown:7451565", id="id-without-pid"),
        pytest.param(
            ("id",), "2720b512-ca14-4546-bef5-4ebce0aefcf7:2026-11-27T06:54:05Z:9", id="id-with-boot-but-no-kernel-time"
        ),
        pytest.param(("schema_version",), 1, id="schema-1"),
        pytest.param(("source",), "operator", id="unknown-source"),
        pytest.param(("repeats",), None, id="no-repeats"),
        pytest.param(("victims", 0, "cmdline"), "--password=x", id="command-line-of-a-victim"),
        pytest.param(("victims",), [None], id="victim-null"),
        pytest.param(("limit_owner", "kind"), "node", id="unknown-kind"),
        pytest.param(("verdict", "by_rule", "result"), True, id="verdict-no-word"),
        pytest.param(("verdict", "by_cause", "who"), "hog", id="who-as-text"),
        pytest.param(("verdict", "useful", "needed_bytes"), "4 KiB", id="needed-as-text"),
        pytest.param(("summary",), "two\nlines", id="summary-of-two-lines"),
        pytest.param(("extra",), 1, id="extra-key"),
    ],
)
def test_broken_event_is_refused(event_problems, path, value):
    with open(LOGS[0], "rb") as log:
        [event] = events.read(log)
    assert event_problems(event) == []
    assert event_problems(change(event, path, value))
