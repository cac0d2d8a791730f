# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What processes had before: remembered once, forgotten when they are gone, never guessed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.memfacts.linux.plugins.module_utils.memcore.errors import ParseError
from ansible_collections.memfacts.linux.plugins.module_utils.setters.adj import record as adj_record
from ansible_collections.memfacts.linux.plugins.module_utils.setters.adj.record import Entry, Found, Record, Started

BOOT = "2720b512-ca14-4546-bef5-4ebce0aefcf7"
A, B = (10, 100), (11, 110)

ADJ = st.integers(-1000, 1000)
RECORDS = st.builds(
    Record,
    st.just(BOOT),
    st.dictionaries(st.tuples(st.integers(1, 2**22), st.integers(0, 2**63)), st.builds(Entry, ADJ, ADJ), max_size=5),
    st.lists(st.text(max_size=9), max_size=3),
)


@given(RECORDS)
def test_what_is_written_is_read_back(record):
    text = adj_record.render(record)
    assert adj_record.parse(text, BOOT) == record
    assert (text is None) == (not record.processes and not record.folders)


def test_after_a_reboot_no_process_is_known_but_the_folders_are():
    text = adj_record.render(Record("before", {A: Entry(0, 5)}, ["/etc/x.d"]))
    assert adj_record.parse(text, BOOT) == Record(BOOT, {}, ["/etc/x.d"])


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"folders": [], "processes": [{"pid": 1}]}', "null"])
def test_a_file_that_is_no_record_is_refused(text):
    with pytest.raises(ParseError, match="no record"):
        adj_record.parse(text, BOOT)


def test_the_first_value_stays_however_often_a_process_is_set():
    once = adj_record.with_set(Record(BOOT, {}, []), [Found(A, 7)], 500, [A])
    twice = adj_record.with_set(once, [Found(A, 500)], -300, [A])
    assert twice.processes == {A: Entry(7, -300)}


OURS = Started(-800, 100)


@pytest.mark.parametrize(
    "found, started, entry",
    [
        pytest.param(Found(B, -800), OURS, Entry(100, -500), id="restarted-with-our-drop-in"),
        pytest.param(Found(B, 0), OURS, Entry(0, -500), id="restarted-with-its-own"),
        pytest.param(Found(B, -800), None, Entry(-800, -500), id="without-a-drop-in-it-is-its-own"),
        pytest.param(Found(B, -800), Started(-800, None), None, id="nobody-can-tell"),
        pytest.param(Found(B, -500), OURS, None, id="has-the-value-already"),
        pytest.param(Found(B, 300, [(1, 1), A]), OURS, Entry(7, -500), id="inherited-an-earlier-value-of-ours"),
    ],
)
def test_a_value_that_came_from_us_is_not_what_a_process_had_before(found, started, entry):
    record = Record(BOOT, {A: Entry(7, 300)}, [])
    assert adj_record.with_set(record, [found], -500, [A, B], started).processes.get(B) == entry


def test_a_child_born_while_its_parent_was_set_is_remembered_with_what_the_parent_had():
    before = Record(BOOT, {A: Entry(7, 300)}, [])
    during = adj_record.with_set(before, [Found(A, 300)], -500, [A])
    # Born after the writing, and between the look and the writing.
    assert adj_record.with_set(during, [Found(B, -500, [A])], -500, [A, B], None, before).processes[B] == Entry(7, -500)
    assert adj_record.with_set(during, [Found(B, 300, [A])], -500, [A, B], None, before).processes[B] == Entry(7, -500)


def test_dead_processes_are_forgotten_when_others_are_remembered():
    record = Record(BOOT, {A: Entry(0, 5)}, [])
    assert adj_record.with_set(record, [Found(B, 0)], 5, [B]).processes == {B: Entry(0, 5)}
    assert adj_record.without(record, [B], [A, B]).processes == {A: Entry(0, 5)}
    assert adj_record.without(record, [A], [A, B]).processes == {}


@pytest.mark.parametrize(
    "key, ancestors, current, before",
    [
        pytest.param(A, [], 500, 7, id="as-it-was-set"),
        pytest.param(A, [], 0, None, id="somebody-set-it-since"),
        pytest.param(B, [A], 500, 7, id="inherited-from-its-parent"),
        pytest.param(B, [(1, 1), A], 500, 7, id="inherited-from-its-grandparent"),
        pytest.param(B, [A], 0, None, id="a-child-with-its-own"),
        pytest.param(B, [], 500, None, id="never-seen"),
        pytest.param((10, 999), [], 500, None, id="the-pid-came-around-again"),
    ],
)
def test_the_value_before(key, ancestors, current, before):
    record = Record(BOOT, {A: Entry(7, 500)}, [])
    assert adj_record.value_before(record, key, ancestors, current) == before
