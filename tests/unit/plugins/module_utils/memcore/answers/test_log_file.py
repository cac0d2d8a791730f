# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Packed logs and archives of logs: the events are those of the logs in them, each once; damage is told."""

import bz2
import gzip
import io
import lzma
import os
import tarfile

import pytest

from ansible_collections.memfacts.linux.plugins.module_utils.memcore.answers import events, log_file
from ansible_collections.memfacts.linux.plugins.module_utils.memcore.sources.oomlog import packed_log

LOGS = os.path.join(os.path.dirname(__file__), *[os.pardir] * 4, "fixtures", "oomlogs")
ASKED = events.checked(50, 20, None)


def content(name):
    with open(os.path.join(LOGS, name), "rb") as log:
        return log.read()


GROUP = content("6.12.117-memcg-v2.dmesg.txt")
HOST = content("6.1.176-global.dmesg.txt")


def read(data, asked=ASKED):
    return log_file.read(io.BytesIO(data), "given", asked)


def told(answer):
    return [(event["outcome"], event["victim"] and event["victim"]["pid"], event["time"]) for event in answer.events]


PLAIN = read(GROUP)


def archive(mode="w", **members):
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode=mode) as tar:
        for name, data in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    return made.getvalue()


def test_plain_log_has_its_events():
    assert len(PLAIN.events) == 3
    assert (PLAIN.complaint, PLAIN.incomplete) == (None, [])


@pytest.mark.parametrize(
    "pack", [gzip.compress, lzma.compress, bz2.compress, lambda data: gzip.compress(lzma.compress(data))]
)
def test_packed_log_has_the_same_events(pack):
    answer = read(pack(GROUP))
    assert answer.events == PLAIN.events
    assert (answer.total, answer.lines, answer.incomplete) == (3, PLAIN.lines, [])


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be"])
def test_log_in_utf_16_has_the_same_events(encoding):
    data = GROUP.decode().encode(encoding)
    assert read(data if encoding == "utf-16" else b"\xfe\xff" + data).events == PLAIN.events


@pytest.mark.parametrize("mode", ["w", "w:gz", "w:xz", "w:bz2"])
def test_same_oom_in_several_logs_of_an_archive_is_one(mode):
    data = archive(
        mode,
        **{
            "sosreport-web1/sos_commands/kernel/dmesg_-T": GROUP,
            "sosreport-web1/var/log/messages": GROUP,
            "sosreport-web1/sos_commands/memory/free": b"no log at all\n",
            "sosreport-web1/var/log/journal/0123/system.journal": b"\0" * 5000,
        },
    )
    answer = read(data)
    assert answer.total == 3
    assert told(answer) == told(PLAIN)
    assert answer.incomplete == []


def test_logs_of_an_archive_that_are_packed_again_are_read():
    data = archive(**{"var/log/syslog.2.gz": gzip.compress(HOST), "var/log/kern.log": GROUP})
    assert read(data).total == 3 + read(HOST).total


def test_events_of_an_archive_stand_in_the_order_of_their_dates():
    def dated(day, pid):
        kill = f"Out of memory: Killed process {pid} (a) total-vm:4kB, anon-rss:4kB, file-rss:0kB"
        return f"2026-11-{day}T06:53:58.250000+00:00 web1 kernel: {kill}\n".encode()

    data = archive(**{"messages": dated(28, 7), "messages-20261121": dated(20, 5), "messages-20261128": dated(27, 6)})
    assert [event["victim"]["pid"] for event in read(data).events] == [5, 6, 7]
    answer = read(data, events.checked(1, 20, None))
    assert [event["victim"]["pid"] for event in answer.events] == [7]
    assert answer.total == 3


@pytest.mark.parametrize("pack", [gzip.compress, lzma.compress, bz2.compress])
def test_packed_log_that_ends_too_early_gives_what_came_before(pack):
    whole = GROUP + bytes(range(256)) * 4000  # what follows is cut away, so that the reports are whole
    answer = read(pack(whole)[:-2000])
    [row] = answer.incomplete
    assert row["reason"].startswith("its packed data is damaged (")
    assert answer.complaint is None or answer.total == 0


def test_damaged_archive_gives_what_came_before():
    data = archive(**{"var/log/messages": GROUP, "var/log/syslog": HOST * 40})
    answer = read(data[: len(data) // 2])
    assert told(answer)[:3] == told(PLAIN)
    assert "damaged" in answer.incomplete[-1]["reason"]


def test_packed_garbage_is_a_complaint():
    for magic in (b"\x1f\x8b", b"\xfd7zXZ\x00", b"BZh9"):
        answer = read(magic + b"garbage" * 100)
        assert answer.total == 0
        assert "damaged" in answer.complaint


def test_archive_without_a_log_says_so():
    answer = read(archive(**{"etc/passwd": b"root:x:0:0::/root:/bin/sh\n"}))
    assert (
        answer.complaint == "the archive has no file that is named like a kernel log, such as dmesg, messages or syslog"
    )


def test_bomb_ends_with_a_sentence(monkeypatch):
    bomb = gzip.compress(GROUP + b"\n" * 5000000)
    packed = packed_log.Packed(io.BytesIO(bomb), None, 1000000)
    [log] = packed.logs()
    assert sum(map(len, log.lines)) <= 1000000
    assert packed.trouble.startswith("it unpacks to more than ")


def test_zstd_that_nothing_unpacks_says_what_to_install():
    answer = read(b"\x28\xb5\x2f\xfd" + b"x" * 100)
    assert answer.total == 0
    assert "install zstd" in answer.complaint


def test_zstd_is_unpacked_by_what_the_caller_gives():
    data = b"\x28\xb5\x2f\xfd" + b"x" * 100
    answer = log_file.read(io.BytesIO(data), "given", ASKED, lambda _stream: io.BytesIO(GROUP))
    assert answer.events == PLAIN.events


@pytest.mark.parametrize("data", [b"", b"\x1f", b"\x1f\x8b", b"\xff\xfe", b"\xfe\xff\0", b"BZh", b"x" * 257 + b"ustar"])
def test_short_input_ends_without_an_error(data):
    assert read(data).total == 0
