# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""OOM logs of bug trackers, forums and mailing lists, made small and anonymous, and of scenes on real kernels.

public-ooms.tsv says what is right for each: file, field of the event, sign, value. A person wrote it from the logs.
"""

import os

import pytest

from ansible_collections.memfacts.linux.plugins.module_utils.memcore.answers import events
from tests.support import event_expectations

FIXTURES = os.path.join(os.path.dirname(__file__), *[os.pardir] * 4, "fixtures")
LOGS = os.path.join(FIXTURES, "public-ooms")
EXPECTED = event_expectations.read(os.path.join(FIXTURES, "public-ooms.tsv"))


def test_every_log_but_that_of_other_killers_has_an_expectation():
    files = {name[: -len(".txt")] for name in os.listdir(LOGS)}
    assert files - {"not-kernel-killers"} == {row[0] for row in EXPECTED}
    assert len(EXPECTED) == 74


@pytest.mark.parametrize("name", sorted({row[0] for row in EXPECTED}))
def test_public_log_is_read_as_a_person_read_it(name):
    with open(os.path.join(LOGS, name + ".txt"), "rb") as log:
        found = list(events.read(log))
    assert found, "no event in the log"
    wrong = event_expectations.wrong(found, EXPECTED, name)
    assert not wrong, "\n".join(wrong)
