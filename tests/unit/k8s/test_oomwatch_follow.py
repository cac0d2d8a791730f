# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""oomwatch explain on a log that grows, as a process: a pipe that stays open, and --follow.

Each test waits for lines of output, however long a busy machine takes for them, and never for a time to pass.
"""

import json
import os
import pathlib
import select
import signal
import subprocess
import sys
import time

import pytest

CHECKOUT = pathlib.Path(__file__).resolve().parents[3]
LOGS = CHECKOUT / "tests" / "unit" / "fixtures" / "oomlogs"
PLACES = [str(CHECKOUT / "k8s"), str(CHECKOUT / "plugins" / "module_utils")]
SECONDS = 60  # after which a test gives up
# Each has one event, with another process as its victim.
FIRST, SECOND, THIRD = (
    (LOGS / name).read_bytes()
    for name in ("6.18.15-sysrq-f.kmsg.txt", "5.4.59-global.kmsg.txt", "6.1.176-allocating-task.kmsg.txt")
)
STORM = (LOGS / "6.18.15-global-storm-ratelimited.kmsg.txt").read_bytes()
PIDS = {FIRST: 160, SECOND: 60, THIRD: 113}


class Running:
    """oomwatch explain while it runs; ended when the block is left."""

    def __init__(self, *arguments, stdin=subprocess.DEVNULL, **settings):
        environment = dict(os.environ, PYTHONPATH=os.pathsep.join(PLACES), COLUMNS="100")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "oomwatch", "explain", *map(str, arguments)],
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment,
            **settings,
        )
        self._read = {self.process.stdout: b"", self.process.stderr: b""}

    def __enter__(self):
        return self

    def __exit__(self, *_error):
        self.process.kill()
        self.process.wait()
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            if stream is not None and not stream.closed:
                stream.close()

    def line(self, stream=None):
        """The next line of its output."""
        stream = stream or self.process.stdout
        until = time.monotonic() + SECONDS
        while b"\n" not in self._read[stream]:
            ready, dummy, dummy = select.select([stream], [], [], max(0, until - time.monotonic()))
            data = os.read(stream.fileno(), 1 << 16) if ready else b""
            assert data, "no line, but " + repr(self._read[stream])
            self._read[stream] += data
        line, dummy, self._read[stream] = self._read[stream].partition(b"\n")
        return line.decode()

    def complaint(self):
        return self.line(self.process.stderr)

    def event(self):
        return json.loads(self.line())

    def line_with(self, text):
        """The next line that has the text."""
        while True:
            line = self.line()
            if text in line:
                return line

    def write(self, data):
        self.process.stdin.write(data)
        self.process.stdin.flush()

    def wait_for_handlers(self):
        """Until the process takes SIGTERM itself."""
        until = time.monotonic() + SECONDS
        caught = 0
        while not caught & (1 << (signal.SIGTERM - 1)) and time.monotonic() < until:
            text = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
            caught = int(next(line.split()[1] for line in text.splitlines() if line.startswith("SigCgt")), 16)
            time.sleep(0.02)

    def told_to_stop(self, number=signal.SIGTERM):
        """(exit status, the rest of its output, its complaints)."""
        self.process.send_signal(number)
        return self.ended()

    def ended(self):
        if self.process.stdin is not None and not self.process.stdin.closed:
            self.process.stdin.close()
        self.process.stdin = None
        output, complaints = self.process.communicate(timeout=SECONDS)
        return self.process.returncode, self._read[self.process.stdout] + output, complaints


def pid_of(event):
    return event["victim"]["pid"]


@pytest.mark.parametrize("arguments", [("--json",), ("--json", "--follow"), ("--json", "--follow", "-")])
def test_event_comes_through_a_pipe_that_stays_open(arguments):
    with Running(*arguments, stdin=subprocess.PIPE) as running:
        for data in (FIRST, SECOND):
            running.write(data)
            assert pid_of(running.event()) == PIDS[data]
        assert running.ended() == (1, b"", b"")


def test_page_and_then_each_event_come_through_a_pipe_that_stays_open():
    with Running("--follow", stdin=subprocess.PIPE) as running:
        running.write(FIRST)
        assert running.line().startswith("Killed: victim1 (pid 160)")
        running.write(SECOND)
        assert "(pid 60)" in running.line_with("right one killed")
        assert running.ended()[0] == 1


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signal_ends_it_with_what_is_known(tmp_path, number):
    log = tmp_path / "kern.log"
    log.write_bytes(FIRST + SECOND[: SECOND.index(b"Killed process")])
    with Running("--json", "--follow", log) as running:
        assert pid_of(running.event()) == PIDS[FIRST]
        status, output, complaints = running.told_to_stop(number)
    assert (status, complaints) == (1, b"")
    [cut] = output.splitlines()
    assert json.loads(cut)["outcome"] == "unknown"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signal_ends_it_where_nothing_was_found(tmp_path, number):
    log = tmp_path / "kern.log"
    log.write_bytes(b"[    1.000000] hello\n")
    with Running("--follow", log) as running:
        assert running.line().startswith("No OOM report in ")
        assert running.told_to_stop(number)[0] == 0


def test_signal_ends_a_pipe_that_has_nothing_and_that_is_no_error():
    with Running("--follow", "-", stdin=subprocess.PIPE) as running:
        running.wait_for_handlers()
        running.process.send_signal(signal.SIGTERM)
        assert running.process.wait(SECONDS) == 0
        assert running.process.stderr.read() == b""


def test_signal_ends_a_pipe_that_stays_open():
    with Running("--json", stdin=subprocess.PIPE) as running:
        running.write(FIRST)
        running.event()
        running.process.send_signal(signal.SIGTERM)
        assert running.process.wait(SECONDS) == 1


def test_second_signal_ends_it_although_nobody_takes_its_output(tmp_path):
    log = tmp_path / "kern.log"
    # The events of all these are more than a pipe holds.
    log.write_bytes(b"".join(path.read_bytes() for path in sorted(LOGS.glob("*-storm-*"))))
    with Running("--json", "--follow", log) as running:
        running.line()
        until = time.monotonic() + SECONDS
        while running.process.poll() is None and time.monotonic() < until:
            running.process.send_signal(signal.SIGTERM)
            time.sleep(0.05)
        assert running.process.returncode == -signal.SIGTERM


def test_growing_file_is_followed(tmp_path):
    log = tmp_path / "kern.log"
    log.write_bytes(FIRST)
    with Running("--json", "--follow", log) as running:
        assert pid_of(running.event()) == PIDS[FIRST]
        with open(log, "ab", buffering=0) as stream:
            for start in range(0, len(SECOND), 777):
                stream.write(SECOND[start : start + 777])
        assert pid_of(running.event()) == PIDS[SECOND]
        assert running.told_to_stop() == (1, b"", b"")


def test_renamed_file_is_read_to_its_end_and_then_the_new_one(tmp_path):
    log, old = tmp_path / "kern.log", tmp_path / "kern.log.1"
    half = len(SECOND) // 2
    log.write_bytes(FIRST)
    with Running("--json", "--follow", log) as running:
        assert pid_of(running.event()) == PIDS[FIRST]
        with open(log, "ab", buffering=0) as writer:
            writer.write(SECOND[:half])
            log.rename(old)
            log.write_bytes(b"")
            writer.write(SECOND[half:])  # who writes has not opened the new file yet
        assert pid_of(running.event()) == PIDS[SECOND]
        log.write_bytes(THIRD)
        assert pid_of(running.event()) == PIDS[THIRD]
        assert running.told_to_stop() == (1, b"", b"")


def test_file_that_is_rotated_within_a_line_loses_only_that_line(tmp_path):
    log = tmp_path / "kern.log"
    number, usec = FIRST.splitlines()[-1].split(b",")[1:3]
    log.write_bytes(FIRST + b"6,%d,%s,-;half a li" % (int(number) + 1, usec))
    with Running("--json", "--follow", log) as running:
        assert pid_of(running.event()) == PIDS[FIRST]
        log.rename(tmp_path / "kern.log.1")
        log.write_bytes(SECOND)
        event = running.event()
    assert pid_of(event) == PIDS[SECOND] and event["incomplete"] == []


def test_truncated_file_is_read_from_its_start(tmp_path):
    log = tmp_path / "kern.log"
    log.write_bytes(FIRST + STORM)
    with Running("--json", "--follow", log) as running:
        found = [running.event() for dummy in range(20)]  # the storm has 18 kills and a failed allocation
        assert pid_of(found[0]) == PIDS[FIRST]
        with open(log, "r+b") as stream:
            stream.truncate(0)
            stream.write(SECOND)
        assert pid_of(running.event()) == PIDS[SECOND]


def test_file_that_comes_later_is_waited_for(tmp_path):
    log = tmp_path / "kern.log"
    with Running("--json", "--follow", log) as running:
        assert running.complaint() == (
            f"oomwatch: Cannot read {log}: no such file or directory; waiting for it to appear."
        )
        log.write_bytes(FIRST)
        assert pid_of(running.event()) == PIDS[FIRST]
        log.unlink()
        log.write_bytes(SECOND)
        assert pid_of(running.event()) == PIDS[SECOND]
        assert running.told_to_stop() == (1, b"", b"")


def test_file_that_becomes_a_folder_is_waited_for(tmp_path):
    log = tmp_path / "kern.log"
    log.write_bytes(FIRST)
    with Running("--json", "--follow", log) as running:
        running.event()
        log.unlink()
        log.mkdir()
        assert running.complaint() == f"oomwatch: Cannot read {log}: is a directory; waiting for it to appear."
        log.rmdir()
        log.write_bytes(SECOND)
        assert pid_of(running.event()) == PIDS[SECOND]


def test_fifo_is_followed_from_writer_to_writer(tmp_path):
    path = tmp_path / "fifo"
    os.mkfifo(path)
    with Running("--json", "--follow", path) as running:
        for data in (FIRST, SECOND):
            path.write_bytes(data)
            assert pid_of(running.event()) == PIDS[data]
        assert running.told_to_stop() == (1, b"", b"")


@pytest.mark.parametrize(
    "arguments, shown, kills_shown", [([], 19, 18), (["--limit", "2"], 2, 2)], ids=["all", "newest"]
)
def test_events_that_the_log_has_already_come_first(tmp_path, arguments, shown, kills_shown):
    log = tmp_path / "kern.log"
    log.write_bytes(STORM)
    kills = [line for line in STORM.splitlines() if b"Killed process" in line]
    pids = [int(line.partition(b"Killed process ")[2].split()[0]) for line in kills]
    with Running("--json", "--follow", log, *arguments) as running:
        found = [running.event() for dummy in range(shown)]
        # One event is of an allocation that failed without a kill.
        assert [pid_of(event) for event in found if event["victim"] is not None] == pids[18 - kills_shown :]
        with open(log, "ab") as stream:
            stream.write(FIRST)
        assert pid_of(running.event()) == PIDS[FIRST]


def test_only_new_events_where_the_limit_is_0(tmp_path):
    log = tmp_path / "kern.log"
    log.write_bytes(STORM)
    with Running("--json", "--follow", log, "--limit", "0") as running:
        number = 0
        # What is appended before the log was read to its end is not new, so one after the other until one is.
        while not select.select([running.process.stdout], [], [], 0.5)[0] and number < 2 * SECONDS:
            number += 1
            with open(log, "ab") as stream:
                kill = b"Out of memory: Killed process %d (x) total-vm:9kB, anon-rss:8kB, file-rss:0kB, shmem-rss:0kB"
                stream.write(b"3,%d,%d,-;" % (90000 + number, 90000000 + number) + kill % (5000 + number) + b"\n")
        assert pid_of(running.event()) > 5000


def test_reader_that_goes_away_ends_it(tmp_path):
    log = tmp_path / "kern.log"
    log.write_bytes(FIRST)
    with Running("--json", "--follow", log) as running:
        running.event()
        running.process.stdout.close()
        assert running.process.wait(SECONDS) == 1
        assert running.process.stderr.read() == b""


@pytest.mark.parametrize(
    "data, sentence",
    [
        pytest.param(b"\x1f\x8b\x08\n" * 9, "it is packed: unpack it with zcat", id="packed"),
        pytest.param(b"\0" * 3000000, "it is binary and no kernel log", id="zeros"),
    ],
)
def test_what_is_no_log_is_not_followed(tmp_path, data, sentence):
    log = tmp_path / "kern.log"
    log.write_bytes(data)
    with Running("--follow", log) as running:
        assert running.ended() == (2, b"", f"oomwatch: No log in {log}: {sentence}.\n".encode())


@pytest.mark.parametrize("given", [b"x" * (1 << 20) + b"\n", b"\0" * 5000 + b"\n"], ids=["long", "zeros"])
def test_odd_lines_before_a_report_do_no_harm(given):
    with Running("--json", stdin=subprocess.PIPE) as running:
        running.write(b"[    0.500000] hello\n" * 3000 + given)
        running.write(FIRST)
        assert pid_of(running.event()) == PIDS[FIRST]
        assert running.ended() == (1, b"", b"")


def test_empty_pipe_is_no_log():
    with Running("--follow", stdin=subprocess.PIPE) as running:
        status, output, complaints = running.ended()
    assert (status, output) == (2, b"") and complaints.startswith(b"oomwatch: No log in standard input: it is empty")


@pytest.mark.parametrize("arguments", [["--follow", "/"], ["--follow", ""], ["--follow", "a", "--limit", "-1"]])
def test_what_cannot_be_followed_is_one_sentence(arguments):
    with Running(*arguments) as running:
        status, output, complaints = running.ended()
    assert (status, output, complaints.count(b"\n")) == (2, b"", 1)


@pytest.mark.skipif(not os.access("/dev/kmsg", os.R_OK), reason="this kernel's log may not be read here")
@pytest.mark.parametrize("arguments", [[], ["/dev/kmsg"]])
def test_running_kernels_log_is_followed_until_a_signal(arguments):
    with Running("--follow", *arguments) as running:
        assert "the kernel's log" in running.line()
        status, dummy, complaints = running.told_to_stop()
    assert status in (0, 1) and complaints == b""
