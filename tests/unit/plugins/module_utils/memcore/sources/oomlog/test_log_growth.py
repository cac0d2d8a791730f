# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Logs that grow while they are read: lines out of bytes, pipes, rotated files, and the kernel's ring buffer."""

import errno
import os

import hypothesis
import pytest
from hypothesis import strategies as st

from ansible_collections.memfacts.linux.plugins.module_utils.memcore.sources.oomlog import log_source
from ansible_collections.memfacts.linux.plugins.module_utils.memcore.sources.oomlog.line_splitter import (
    LONGEST,
    LineSplitter,
)


@hypothesis.given(st.lists(st.binary(max_size=9) | st.sampled_from([b"\n", b"a\nb", b"\0"]), max_size=30))
def test_lines_are_those_of_all_bytes_however_they_come(pieces):
    splitter = LineSplitter()
    found = [line for piece in pieces for line in splitter.push(piece)] + splitter.end()
    whole = b"".join(pieces).split(b"\n")
    assert found == (whole if whole[-1] else whole[:-1])
    assert splitter.end() == []


@pytest.mark.parametrize("step", [1000, 65536, 1 << 20])
def test_line_without_an_end_comes_in_pieces(step):
    data = b"x" * (1 << 20) + b"\nnext\n"
    splitter = LineSplitter()
    found = []
    for start in range(0, len(data), step):
        found += splitter.push(data[start : start + step])
    assert b"".join(found) == data.replace(b"\n", b"") and found[-1] == b"next"
    assert max(map(len, found)) <= LONGEST and len(found) <= 20


@pytest.fixture
def pipe():
    ends = os.pipe()
    yield ends
    for end in ends:
        try:
            os.close(end)
        except OSError:
            pass  # a test has closed it


def test_pipe_gives_lines_as_they_come_and_its_last_one_at_the_end(pipe):
    source, writer = pipe
    stream = log_source.Stream(source)
    assert stream.read(0) == [] and not stream.is_caught_up  # what it has may be on its way
    os.write(writer, b"one\ntwo\nthr")
    assert stream.read(None) == [b"one", b"two"]
    assert stream.read(0) == [] and stream.is_caught_up
    os.write(writer, b"ee")
    os.close(writer)
    assert stream.read(None) == []
    assert stream.read(None) == [b"three"]
    assert stream.read(None) is None and stream.read(None) is None


def test_pipe_that_does_not_block_is_read_too(pipe):
    source, writer = pipe
    os.set_blocking(source, False)
    stream = log_source.Stream(source)
    assert stream.read(0) == []
    os.write(writer, b"one\n")
    assert stream.read(None) == [b"one"]


def test_reading_ends_when_it_shall_stop(pipe, tmp_path):
    source, dummy = pipe
    wake, told = os.pipe()
    os.write(told, b".")
    stop = log_source.Stop(wake)
    path = tmp_path / "log"
    path.write_bytes(b"one\n")
    with log_source.GrowingFile(str(path), stop) as log:
        assert log.read(None) is None
    assert (
        log_source.Stream(source, stop).read(None) == []
        and log_source.KernelLog(os.devnull, True, stop).read(None) is None
    )
    os.close(wake)
    os.close(told)


def test_reading_ends_when_nobody_reads_the_answer(pipe):
    source, dummy = pipe
    reader, output = os.pipe()
    stream = log_source.Stream(source, log_source.Stop(None, output))
    assert stream.read(0) == []
    os.close(reader)
    assert stream.read(None) == [] and stream.read(None) is None
    os.close(output)


def all_of(log):
    """The lines that there are now."""
    found = []
    while True:
        lines = log.read(0)
        found += lines
        if not lines and log.is_caught_up:
            return found


@pytest.fixture
def path(tmp_path):
    return tmp_path / "kern.log"


def test_file_is_followed_as_it_grows(path):
    path.write_bytes(b"one\ntw")
    with log_source.GrowingFile(str(path)) as log:
        assert all_of(log) == [b"one"]
        with open(path, "ab") as writer:
            writer.write(b"o\nthree\n")
        assert all_of(log) == [b"two", b"three"]
        assert all_of(log) == [] and log.trouble is None


def test_rotated_file_is_read_to_its_end_first(path):
    path.write_bytes(b"one\n")
    with open(path, "ab", buffering=0) as writer, log_source.GrowingFile(str(path)) as log:
        assert all_of(log) == [b"one"]
        path.rename(str(path) + ".1")
        assert all_of(log) == []
        path.write_bytes(b"")
        writer.write(b"two\nhal")
        assert all_of(log) == [b"two"]
        path.write_bytes(b"three\n")
        writer.write(b"f\nfour")
        assert all_of(log) == [b"half", b"four", b"three"]
        path.unlink()
        path.write_bytes(b"five\n")
        assert all_of(log) == [b"five"]


def test_file_that_is_copied_and_truncated_is_read_from_its_start(path):
    path.write_bytes(b"one\ntwo\nhal")
    with open(path, "ab", buffering=0) as writer, log_source.GrowingFile(str(path)) as log:
        assert all_of(log) == [b"one", b"two"]
        os.truncate(path, 0)
        writer.write(b"new\n")
        assert all_of(log) == [b"hal", b"new"]
        os.truncate(path, 0)
        assert all_of(log) == []
        writer.write(b"newer\n")
        assert all_of(log) == [b"newer"]


def test_file_that_is_renamed_away_and_back_is_not_read_twice(path):
    path.write_bytes(b"one\n")
    with log_source.GrowingFile(str(path)) as log:
        assert all_of(log) == [b"one"]
        path.rename(str(path) + ".1")
        assert all_of(log) == []
        os.rename(str(path) + ".1", path)
        assert all_of(log) == []


def test_link_to_another_file_is_followed(path, tmp_path):
    (tmp_path / "a").write_bytes(b"one\n")
    (tmp_path / "b").write_bytes(b"two\n")
    path.symlink_to("a")
    with log_source.GrowingFile(str(path)) as log:
        assert all_of(log) == [b"one"]
        path.unlink()
        path.symlink_to("b")
        assert all_of(log) == [b"two"]


def test_missing_file_is_trouble_until_it_comes(path, monkeypatch):
    with log_source.GrowingFile(str(path)) as log:
        assert log.trouble == "No such file or directory"
        assert all_of(log) == []
        path.write_bytes(b"one\n")
        assert all_of(log) == [b"one"] and log.trouble is None
        path.unlink()
        path.mkdir()
        assert all_of(log) == [] and log.trouble is None  # it may be rotated now
        later = log_source.time.monotonic() + 5
        monkeypatch.setattr(log_source.time, "monotonic", lambda: later)
        assert log.trouble == "Is a directory"


def test_file_is_read_on_from_where_an_earlier_reader_was(path):
    path.write_bytes(b"one\ntwo\nhal")
    with log_source.GrowingFile(str(path)) as log:
        assert log.place.offset == 0
        assert all_of(log) == [b"one", b"two"]
        place = log.place
    assert place == (path.stat().st_dev, path.stat().st_ino, len(b"one\ntwo\n"))
    with open(path, "ab") as writer:
        writer.write(b"f\nthree\n")
    with log_source.GrowingFile(str(path), place=place) as log:
        assert all_of(log) == [b"half", b"three"]
    with log_source.GrowingFile(str(path), place=place._replace(inode=place.inode + 1)) as log:
        assert all_of(log) == [b"one", b"two", b"half", b"three"]
    path.write_bytes(b"new\n")
    with log_source.GrowingFile(str(path), place=place) as log:
        assert all_of(log) == [b"new"]
    with log_source.GrowingFile(os.devnull) as log:
        assert log.place is None


def test_folder_and_impossible_names_are_errors(tmp_path):
    for name in (str(tmp_path), "a\0b", "\ud800"):
        with pytest.raises(OSError):
            log_source.GrowingFile(name)


def kernel_answers(monkeypatch, *given):
    """Let read(2) give records and errors, then EAGAIN."""
    waiting = list(given)

    def read(_descriptor, _size):
        answer = waiting.pop(0) if waiting else errno.EAGAIN
        if isinstance(answer, int):
            raise OSError(answer, os.strerror(answer))
        return answer

    monkeypatch.setattr(log_source.os, "read", read)


def test_ring_buffer_is_followed_and_overruns_are_counted(monkeypatch):
    kernel_answers(
        monkeypatch, b"6,1,1,-;one\n SUBSYSTEM=cpu\n", errno.EPIPE, b"6,5,5,-;two\n", errno.EAGAIN, b"6,6,6,-;three\n"
    )
    with log_source.KernelLog(os.devnull, follow=True) as log:
        assert log.read(0) == [b"6,1,1,-;one", b" SUBSYSTEM=cpu", b"6,5,5,-;two"]
        assert log.is_caught_up and log.overruns == 1
        assert log.read(0) == [b"6,6,6,-;three"]
        assert log.read(0) == []


def test_ring_buffer_that_is_not_followed_ends(monkeypatch):
    kernel_answers(monkeypatch, *[b"6,1,1,-;one\n"] * 600)
    with log_source.KernelLog(os.devnull) as log:
        assert [len(log.read(None)), len(log.read(None)), log.read(None)] == [512, 88, None]
