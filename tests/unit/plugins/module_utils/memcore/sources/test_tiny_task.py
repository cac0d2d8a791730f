# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The child really is made, answers for itself and leaves nothing behind."""

import os
import threading

import pytest

from ansible_collections.memfacts.linux.plugins.module_utils.memcore.sources import tiny_task


def own(name):
    with open("/proc/self/" + name, "rb") as stream:
        return stream.read()


def no_child_is_left():
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)
    return True


def test_the_child_has_the_asked_adj_and_the_parent_keeps_its_own():
    before, open_before = own("oom_score_adj"), sorted(os.listdir("/proc/self/fd"))

    adj, score, status = tiny_task.ask("/proc/self", 700)

    assert int(adj) == max(700, int(before))
    assert 0 <= int(score) <= 2000
    assert b"PPid:\t%d\n" % os.getpid() in status
    assert own("oom_score_adj") == before
    assert sorted(os.listdir("/proc/self/fd")) == open_before
    assert no_child_is_left()


def test_an_adj_that_is_higher_already_is_left():
    assert int(tiny_task.ask("/proc/self", -1000)[0]) == int(own("oom_score_adj"))


def test_a_child_that_may_not_write_answers_all_the_same(tmp_path):
    for name, text in (("oom_score_adj", "-17\n"), ("oom_score", "12\n"), ("status", "Name:\tx\n")):
        (tmp_path / name).write_text(text)
    (tmp_path / "oom_score_adj").chmod(0o444)

    adj = tiny_task.ask(str(tmp_path), 500)[0]

    # root may write all the same
    assert int(adj) == (500 if os.access(str(tmp_path / "oom_score_adj"), os.W_OK) else -17)


def test_a_proc_without_scores_is_an_error_of_the_parent_and_no_traceback_of_the_child(tmp_path, capfd):
    with pytest.raises(OSError, match="could not read its own oom_score"):
        tiny_task.ask(str(tmp_path), 500)

    assert capfd.readouterr() == ("", "")
    assert no_child_is_left()


def test_no_process_can_be_made(monkeypatch):
    def refuse():
        raise BlockingIOError(11, "Resource temporarily unavailable")

    monkeypatch.setattr(os, "fork", refuse)
    open_before = sorted(os.listdir("/proc/self/fd"))
    with pytest.raises(BlockingIOError):
        tiny_task.ask("/proc/self", 500)
    assert sorted(os.listdir("/proc/self/fd")) == open_before


@pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning")
def test_other_threads_do_not_stop_the_child():
    stop = threading.Event()
    threads = [threading.Thread(target=lambda: stop.wait(60)) for _thread in range(4)]
    for thread in threads:
        thread.start()
    try:
        answers = [tiny_task.ask("/proc/self", 500) for _question in range(20)]
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert all(len(answer) == 3 for answer in answers)
