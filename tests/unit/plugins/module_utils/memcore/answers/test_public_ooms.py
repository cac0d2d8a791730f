# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""OOM logs of bug trackers, forums and mailing lists, made small and anonymous, and of scenes on real kernels.

public-ooms.tsv says what is right for each: file, field of the event, sign, value. A person wrote it from the logs. A
field of an event that is not there holds nothing but "differs" and "does not match".
"""

import json
import os
import re

import pytest

from ansible_collections.memfacts.linux.plugins.module_utils.memcore.answers import events

FIXTURES = os.path.join(os.path.dirname(__file__), *[os.pardir] * 4, "fixtures")
LOGS = os.path.join(FIXTURES, "public-ooms")


def expectations():
    with open(os.path.join(FIXTURES, "public-ooms.tsv"), encoding="utf-8") as table:
        return [tuple(line.rstrip("\n").split("\t")) for line in table if not line.startswith("#")]


EXPECTED = expectations()


def events_of(name):
    with open(os.path.join(LOGS, name + ".txt"), "rb") as log:
        return list(events.read(log))


def field(found, path):
    """The value at a path such as `candidates.1.comm` of the first event, or how many events there are."""
    if path == "events":
        return len(found)
    value = found[0] if found else None
    for step in path.split("."):
        if isinstance(value, list) and step.isdigit():
            value = value[int(step)] if int(step) < len(value) else None
        else:
            value = value.get(step) if isinstance(value, dict) else None
    return value


def as_text(value):
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True)


def holds(value, sign, wanted):
    return {
        "=": lambda: as_text(value) == wanted,
        "!=": lambda: as_text(value) != wanted,
        ">": lambda: value is not None and value > int(wanted),
        "~": lambda: value is not None and re.search(wanted, as_text(value)) is not None,
        "!~": lambda: value is None or re.search(wanted, as_text(value)) is None,
    }[sign]()


def test_every_log_but_that_of_other_killers_has_an_expectation():
    files = {name[: -len(".txt")] for name in os.listdir(LOGS)}
    assert files - {"not-kernel-killers"} == {row[0] for row in EXPECTED}
    assert len(EXPECTED) == 74


@pytest.mark.parametrize("name", sorted({row[0] for row in EXPECTED}))
def test_public_log_is_read_as_a_person_read_it(name):
    found = events_of(name)
    assert found, "no event in the log"
    wrong = [
        f"{path} is {field(found, path)!r}, but {sign} {wanted} is right"
        for log, path, sign, wanted in EXPECTED
        if log == name and not holds(field(found, path), sign, wanted)
    ]
    assert not wrong, "\n".join(wrong)
