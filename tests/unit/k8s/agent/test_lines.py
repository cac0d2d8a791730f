# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The writer of standard output: in order, bounded, and never in the way of the agent."""

import errno
import os
import threading

import pytest

from oomwatch.agent import lines
from oomwatch.agent.lines import Lines
from oomwatch.agent.tallies import Tallies

LONG = "x" * 65535  # with its line feed as much as an empty pipe takes


@pytest.fixture
def pipe():
    reader, writer = os.pipe()
    yield reader, writer
    for descriptor in (reader, writer):
        try:
            os.close(descriptor)
        except OSError:
            pass


def everything(reader):
    """Read in a thread to the end; a function that waits for it and gives what was read."""
    found = []

    def read():
        while True:
            data = os.read(reader, 1 << 16)
            if not data:
                return
            found.append(data)

    thread = threading.Thread(target=read)
    thread.start()

    def wait():
        thread.join()
        return b"".join(found).decode()

    return wait


def test_lines_come_in_order(pipe):
    reader, writer = pipe
    wait = everything(reader)
    found = Lines(writer)
    for number in range(1000):
        found.put(f"line {number}")
    assert found.close(60) is True
    os.close(writer)
    assert wait() == "".join(f"line {number}\n" for number in range(1000))
    assert (found.dropped, found.is_closed, found.trouble) == (0, False, None)


def test_text_that_no_encoding_knows_is_escaped(pipe):
    reader, writer = pipe
    found = Lines(writer)
    found.put("größe \udcff")
    assert found.close(60) is True
    assert os.read(reader, 100).decode() == "größe \\udcff\n"


def test_blocked_reader_stalls_nobody_and_what_is_missing_is_said_in_its_place(pipe):
    reader, writer = pipe
    tallies = Tallies()
    found = Lines(writer, tallies)
    for _time in range(30):
        found.put(LONG)
    # The thread holds the text that the pipe does not take, so at most 16 wait, and one more is in the pipe.
    assert 13 <= found.dropped <= 14
    assert tallies.value("oomwatch_spool_dropped_total", kind="line") == found.dropped
    dropped = found.dropped
    wait = everything(reader)
    assert found.close(60) is True
    os.close(writer)
    told = wait().splitlines()
    assert told == [LONG] * (30 - dropped) + [
        f"oomwatch: {dropped} messages are missing here, because standard output was blocked or full."
    ]


def test_what_comes_after_a_gap_stands_after_its_note(pipe):
    reader, writer = pipe
    found = Lines(writer)
    while not found.dropped:
        found.put(LONG)
    os.read(reader, 1 << 16)
    os.read(reader, 1 << 16)
    attempts = 1
    while found.dropped == attempts:  # until the thread has written one, which makes room
        attempts += 1
        found.put(LONG[:30000])
    wait = everything(reader)
    found.put("last")
    assert found.close(60) is True
    os.close(writer)
    told = wait().splitlines()
    note = told.index(lines.dropped_note(found.dropped))
    assert set(told[:note]) == {LONG} and told[note + 1 :] == [LONG[:30000], "last"]


def test_machine_reads_no_note(pipe):
    reader, writer = pipe
    found = Lines(writer, note=lambda _count: None)
    while not found.dropped:
        found.put(LONG)
    wait = everything(reader)
    assert found.close(60) is True
    os.close(writer)
    assert set(wait().splitlines()) == {LONG}


def test_text_beyond_the_bound_is_dropped(pipe):
    reader, writer = pipe
    found = Lines(writer)
    found.put("x" * lines.MOST_BYTES)
    found.put("short")
    assert found.close(60) is True
    assert os.read(reader, 1000).decode().splitlines() == [lines.dropped_note(1), "short"]


def test_reader_that_has_gone_is_no_error(pipe):
    reader, writer = pipe
    os.close(reader)
    found = Lines(writer)
    found.put("nobody reads this")
    assert found.close(60) is True
    assert (found.is_closed, found.dropped) == (True, 0)
    found.put("nor this")
    assert found.trouble == "Cannot write to standard output: broken pipe"


def test_closing_does_not_wait_for_a_blocked_reader(pipe):
    reader, writer = pipe
    found = Lines(writer)
    found.put(LONG)
    found.put(LONG)
    assert found.close(0.05) is False
    os.close(reader)  # which ends the thread


def test_line_torn_by_a_full_disk_does_not_spoil_the_next(monkeypatch):
    written = []
    script = [4, errno.ENOSPC, 100, 100]

    def write(_descriptor, data):
        step = script.pop(0)
        if step == errno.ENOSPC:
            raise OSError(step, os.strerror(step))
        written.append(bytes(data[:step]))
        return len(written[-1])

    monkeypatch.setattr(lines.os, "write", write)
    monkeypatch.setattr(lines, "_PAUSE", 0.0)
    tallies = Tallies()
    found = Lines(1, tallies, note=lambda _count: None)
    found.put('{"a": 1}')
    found.put('{"b": 2}')
    while found.dropped == 0 or len(written) < 2:
        threading.Event().wait(0.001)
    assert found.close(60) is True
    assert b"".join(written) == b'{"a"\n{"b": 2}\n'
    assert (found.is_closed, found.dropped, found.trouble) == (False, 1, None)
    assert tallies.value("oomwatch_spool_dropped_total", kind="line") == 1


def test_descriptor_that_does_not_block_is_written_whole(pipe):
    reader, writer = pipe
    os.set_blocking(writer, False)
    found = Lines(writer)
    wait = everything(reader)
    for _time in range(8):
        found.put(LONG)
    assert found.close(60) is True
    os.close(writer)
    assert wait() == (LONG + "\n") * 8
