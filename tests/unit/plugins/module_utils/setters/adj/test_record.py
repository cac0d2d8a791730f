# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What processes had before: remembered once, forgotten when they are gone, never guessed."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.memfacts.linux.plugins.module_utils.memcore.errors import ParseError
from ansible_collections.memfacts.linux.plugins.module_utils.setters.adj import drop_in_text
from ansible_collections.memfacts.linux.plugins.module_utils.setters.adj import record as adj_record
from ansible_collections.memfacts.linux.plugins.module_utils.setters.adj.record import (
    Entry,
    File,
    Found,
    Record,
    Started,
)
from ansible_collections.memfacts.linux.plugins.module_utils.setters.written import Written, digest

BOOT = "2720b512-ca14-4546-bef5-4ebce0aefcf7"
A, B = (10, 100), (11, 110)
SYSTEM = drop_in_text.path("/etc/systemd/system", "x.service")
HOME = drop_in_text.path("/home/bob/.config/systemd/user", "x.service")
NO_FILES = {"version": 2, "boot_id": BOOT, "processes": [], "files": []}

ADJ = st.integers(-1000, 1000)
FOLDERS = (SYSTEM.rpartition("/")[0],)
FILES = st.builds(
    File,
    st.text()
    .map(digest)
    .flatmap(
        lambda known: st.sampled_from(
            [Written(SYSTEM, known, None, FOLDERS), Written(HOME, known, None, (), "bob")],
        )
    ),
    st.one_of(st.none(), ADJ),
)
RECORDS = st.builds(
    Record,
    st.just(BOOT),
    st.dictionaries(
        st.tuples(st.integers(1, 2**22), st.integers(0, 2**62)),
        st.builds(Entry, ADJ, ADJ, st.one_of(st.none(), ADJ), st.text(max_size=15)),
        max_size=5,
    ),
    st.lists(FILES, max_size=3).map(tuple),
    st.just(()),
)


def as_read(record):
    """What is kept of a record, as JSON gives it back."""
    return json.loads(json.dumps(adj_record.render(record)))


def process(**changes):
    row = {"pid": 10, "starttime": 100, "before": 0, "set": 5, "earlier": None, "comm": "x"}
    return dict(NO_FILES, processes=[dict(row, **changes)])


def file(**changes):
    row = {"path": SYSTEM, "sha256": "0" * 64, "before": None, "folders": [], "owner": None}
    return dict(NO_FILES, files=[{"written": dict(row, **changes), "value": 5}])


@given(RECORDS)
def test_what_is_written_is_read_back(record):
    content = as_read(record)
    assert adj_record.parse(content, BOOT) == record
    assert (content is None) == (not record.processes and not record.files)


def test_after_a_reboot_no_process_is_known_but_the_files_are():
    drop_in = File(Written(SYSTEM, digest("")), 5)
    content = as_read(Record("before", {A: Entry(0, 5)}, (drop_in,)))
    assert adj_record.parse(content, BOOT) == Record(BOOT, {}, (drop_in,))


def test_a_record_of_release_0_1_0_is_still_read():
    # As its test of the unit's drop-in left it: text of that release, composed by its own rules.
    rows = [{"pid": 10, "starttime": 100, "before": 7, "set": 500}]
    folder = "/etc/systemd/system/cron.service.d"
    content = {"version": 1, "boot_id": BOOT, "folders": [folder], "processes": rows}
    assert adj_record.parse(content, BOOT) == Record(BOOT, {A: Entry(7, 500)}, (), (folder,))


@pytest.mark.parametrize(
    "content, why",
    [
        pytest.param({}, "version", id="empty"),
        pytest.param({"/p": {}}, "version", id="of-another-module"),
        pytest.param(dict(NO_FILES, version=3), "version is 3", id="newer"),
        pytest.param(dict(NO_FILES, version=True), "version is True", id="version-true"),
        pytest.param(dict(NO_FILES, more=1), "keys of a record", id="one-key-more"),
        pytest.param(dict(NO_FILES, boot_id=1), "boot_id is not a string", id="boot-id"),
        pytest.param(dict(NO_FILES, processes={}), "processes is not a list", id="processes"),
        pytest.param(dict(NO_FILES, processes=[1]), "keys of a process", id="process-is-a-number"),
        pytest.param(process(more=1), "keys of a process", id="process-with-more"),
        pytest.param(process(pid=True), "pid of one of its processes is True", id="pid-true"),
        pytest.param(process(pid=0), "pid of one of its processes is 0", id="pid-zero"),
        pytest.param(process(starttime="1"), "starttime of one of its processes is '1'", id="starttime"),
        pytest.param(process(before=-1001), "before of one of its processes is -1001", id="before-too-low"),
        pytest.param(process(set=None), "set of one of its processes is None", id="set"),
        pytest.param(process(earlier=1.5), "earlier of one of its processes is 1.5", id="earlier"),
        pytest.param(process(comm=1), "name of one of its processes", id="comm"),
        pytest.param(dict(NO_FILES, files=[{}]), "keys of a file", id="file"),
        pytest.param(
            file(path="/etc/passwd"), "'/etc/passwd', which is not a file that this collection writes", id="passwd"
        ),
        pytest.param(file(path=SYSTEM + "/../../passwd"), "which is not a file", id="dots"),
        pytest.param(file(path="/etc/cron.d/x.service.d/" + drop_in_text.NAME), "which is not a file", id="elsewhere"),
        pytest.param(file(owner="bob"), "as the file of bob", id="a-user-s-in-etc"),
        pytest.param(file(path=HOME), "as the file of root", id="root-s-in-a-home"),
        pytest.param(file(before="x"), "an earlier text", id="earlier-text"),
        pytest.param(file(sha256="0"), "not a file that this collection writes", id="digest"),
        pytest.param(file(folders=["/home"]), "folders of", id="folder"),
        pytest.param(
            {"version": 1, "boot_id": BOOT, "folders": ["/etc/passwd"], "processes": []},
            "not a folder",
            id="old-folder",
        ),
        pytest.param(
            {"version": 1, "boot_id": BOOT, "folders": [], "processes": [{"pid": 1}]}, "keys", id="old-process"
        ),
    ],
)
def test_a_record_that_is_none_is_refused(content, why):
    with pytest.raises(ParseError, match=re.escape(why)):
        adj_record.parse(content, BOOT)


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists), st.data())
def test_random_record_is_read_or_refused(junk, data):
    content = dict(process(), **data.draw(st.sampled_from([file(), {}, {"version": 1}])))
    place = data.draw(st.sampled_from(sorted(content)))
    content[place] = data.draw(st.sampled_from([junk, [junk], [{"written": junk, "value": junk}], {"path": junk}]))
    try:
        assert isinstance(adj_record.parse(content, BOOT), Record)
    except ParseError:
        pass


def values(record):
    """{key: (before, set)}."""
    return {key: (entry.before, entry.set) for key, entry in record.processes.items()}


def test_the_first_value_stays_however_often_a_process_is_set():
    once = adj_record.ended(adj_record.with_set(Record(BOOT, {}), [Found(A, 7)], 500), [A])
    twice = adj_record.ended(adj_record.with_set(once, [Found(A, 500)], -300), [A])
    assert twice.processes == {A: Entry(7, -300)}


def test_foreign_value_in_between_is_restored():
    once = adj_record.ended(adj_record.with_set(Record(BOOT, {}), [Found(A, 7)], 500), [A])
    assert values(adj_record.with_set(once, [Found(A, 310)], 600)) == {A: (310, 600)}


def test_killed_run_is_undone_before_and_after_its_write():
    once = adj_record.ended(adj_record.with_set(Record(BOOT, {}), [Found(A, 7)], 300), [A])
    killed = adj_record.with_set(once, [Found(A, 300)], 500)
    assert [adj_record.value_before(killed, A, [], current) for current in (300, 500, 310)] == [7, 7, None]
    ended = adj_record.ended(killed, [A])
    assert [adj_record.value_before(ended, A, [], current) for current in (300, 500)] == [None, 7]


OURS = Started(-800, 100)


@pytest.mark.parametrize(
    "found, started, expected",
    [
        pytest.param(Found(B, -800), OURS, (100, -500), id="restarted-with-our-drop-in"),
        pytest.param(Found(B, 0), OURS, (0, -500), id="restarted-with-its-own"),
        pytest.param(Found(B, -800), None, (-800, -500), id="without-a-drop-in-it-is-its-own"),
        pytest.param(Found(B, -800), Started(-800, None), None, id="nobody-can-tell"),
        pytest.param(Found(B, -500), OURS, None, id="has-the-value-already"),
        pytest.param(Found(B, 300, [(1, 1), A]), OURS, (7, -500), id="inherited-an-earlier-value-of-ours"),
    ],
)
def test_a_value_that_came_from_us_is_not_what_a_process_had_before(found, started, expected):
    record = Record(BOOT, {A: Entry(7, 300)})
    assert values(adj_record.with_set(record, [found], -500, started)).get(B) == expected


def test_child_born_during_the_run_is_recorded_with_the_parents_value():
    before = Record(BOOT, {A: Entry(7, 300)})
    during = adj_record.with_set(before, [Found(A, 300)], -500)
    # Born after the writing, and between the look and the writing.
    assert values(adj_record.with_set(during, [Found(B, -500, [A])], -500, None, before))[B] == (7, -500)
    assert values(adj_record.with_set(during, [Found(B, 300, [A])], -500, None, before))[B] == (7, -500)


def test_dead_and_restored_processes_leave_the_record():
    record = Record(BOOT, {A: Entry(0, 5), B: Entry(0, 5)})
    assert set(adj_record.of_living(record, [B]).processes) == {B}
    assert set(adj_record.without(record, [B]).processes) == {A}


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
    record = Record(BOOT, {A: Entry(7, 500)})
    assert adj_record.value_before(record, key, ancestors, current) == before
