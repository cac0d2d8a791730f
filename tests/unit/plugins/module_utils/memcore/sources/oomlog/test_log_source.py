# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a log is read from: a device that answers record by record, and streams that may hold anything."""

import errno
import gzip
import io
import os
import stat

import pytest

from ansible_collections.memfacts.linux.plugins.module_utils.memcore.sources.oomlog import log_source

RECORD = b"6,1,100,-;first line\n SUBSYSTEM=cpu\n"


def answers(monkeypatch, *given):
    """Let read(2) of the log give what /dev/kmsg gives: records and errors, then EAGAIN."""
    waiting = list(given)

    def read(_descriptor, _size):
        answer = waiting.pop(0) if waiting else errno.EAGAIN
        if isinstance(answer, int):
            raise OSError(answer, os.strerror(answer))
        return answer

    monkeypatch.setattr(log_source.os, "read", read)


def test_records_come_as_lines_until_there_are_no_more(monkeypatch):
    answers(monkeypatch, RECORD, b"6,2,101,-;second\n")
    with log_source.KernelLog(os.devnull) as log:
        assert list(log) == [b"6,1,100,-;first line", b" SUBSYSTEM=cpu", b"6,2,101,-;second"]
    assert log.overruns == 0


def test_overrun_is_counted_and_the_rest_is_read(monkeypatch):
    answers(monkeypatch, RECORD, errno.EPIPE, b"6,9,109,-;later\n", errno.EINVAL, b"6,11,110,-;last\n")
    with log_source.KernelLog(os.devnull) as log:
        assert [line for line in log if b";" in line][1:] == [b"6,9,109,-;later", b"6,11,110,-;last"]
    assert log.overruns == 2


def test_other_errors_are_not_swallowed(monkeypatch):
    answers(monkeypatch, errno.EIO)
    with log_source.KernelLog(os.devnull) as log, pytest.raises(OSError):
        list(log)


def test_log_without_the_right_to_read_it(tmp_path):
    with pytest.raises(OSError):
        log_source.KernelLog(str(tmp_path / "missing"))


@pytest.mark.parametrize(
    "data, complaint",
    [
        pytest.param(b"", "it is empty", id="empty"),
        pytest.param(b"Nov 27 06:53:58 host kernel: hello\n", None, id="log"),
        pytest.param(b"\x1b[33m[    1.0] coloured\x1b[0m\n\x0c\t\r\n", None, id="coloured"),
        pytest.param("[    1.0] näme\n".encode("latin-1"), None, id="latin-1"),
        pytest.param(gzip.compress(b"[    1.0] hello\n" * 50), "it is packed: unpack it with zcat", id="gzip"),
        pytest.param(b"\xfd7zXZ\x00\x00", "it is packed: unpack it with xzcat", id="xz"),
        pytest.param(bytes(range(256)) * 10, "it is binary and no kernel log", id="binary"),
        pytest.param(b"\x00" * 5000, "it is binary and no kernel log", id="zeros"),
        pytest.param(b"a line\n" * 200 + b"\x00" * 50 + b"\nafter a crash\n", None, id="zeros-left-by-a-crash"),
    ],
)
def test_what_is_no_log_is_told(data, complaint):
    tally = log_source.Tally(log_source.lines_of(io.BytesIO(data)))
    assert b"".join(tally) == data
    assert tally.complaint() == complaint


def test_line_without_an_end_comes_in_pieces():
    pieces = list(log_source.lines_of(io.BytesIO(b"x" * (5 << 16))))
    assert len(pieces) == 5 and {len(piece) for piece in pieces} == {1 << 16}


def test_only_the_device_of_the_kernels_log_is_taken_for_it(monkeypatch):
    for path in ("/dev/null", "/", "/nonexistent", "a\0b", "\ud800"):
        assert not log_source.is_kernel_log(path)
    device = os.stat_result((stat.S_IFCHR | 0o600, 1, 1, 1, 0, 0, 0, 0, 0, 0), {"st_rdev": os.makedev(1, 11)})
    monkeypatch.setattr(log_source.os, "stat", lambda path: device)
    assert log_source.is_kernel_log("/anything")


@pytest.mark.parametrize("path", ["a\0b", "\ud800"], ids=["nul", "half-a-character"])
def test_a_path_that_no_system_takes_is_an_error_of_the_system(path):
    with pytest.raises(OSError, match="nvalid argument"):
        log_source.open_log(path)
