# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The model is told by scores, on this kernel, on captured trees and on a /proc that lies."""

import pytest

from ansible_collections.memfacts.linux.plugins.module_utils.memcore.gather.badness_probe import probe
from ansible_collections.memfacts.linux.plugins.module_utils.memcore.sources import host

GIB_4 = b"MemTotal:        4194304 kB\nSwapTotal:             0 kB\n"
TINY = b"Name:\tx\nPPid:\t1\nUid:\t0\t0\t0\t0\nVmRSS:\t    8192 kB\nVmPTE:\t      64 kB\nVmSwap:\t       0 kB\n"
KERNEL_THREAD = b"Name:\tkthreadd\nPPid:\t0\nUid:\t0\t0\t0\t0\n"


class Kernel(host.Host):
    """A live kernel in a dict: {pid: (adj, score, status)}; `child` is what a child shows, None where none is made."""

    def __init__(self, processes, own=None, child=None):
        super().__init__("/nowhere")
        self.processes, self.own, self.child, self.asked = processes, own, child, []

    def whole(self, path):
        assert path == "proc/meminfo"
        return GIB_4

    def link(self, path):
        if self.own is None:
            raise FileNotFoundError(2, "No such file or directory")
        return str(self.own)

    def brief(self, path):
        pid, name = path.split("/")[1:]
        adj, score, status = self.processes[int(pid)]
        return {"oom_score_adj": b"%d\n" % adj, "oom_score": b"%d\n" % score, "status": status}[name]

    def tiny_task(self, adj):
        self.asked.append(adj)
        if self.child is None:
            raise PermissionError(1, "Operation not permitted")
        return [b"%d\n" % self.child[0], b"%d\n" % self.child[1], TINY]

    def pids(self):
        return sorted(self.processes)


def test_the_own_score_proves_a_signed_kernel_without_a_child():
    kernel = Kernel({77: (0, 667, TINY)}, own=77)

    assert probe(kernel) == (
        "signed",
        "this process (oom_score_adj 0, 1/1000 of RAM and swap) shows oom_score 667, "
        "where a signed kernel shows 667 and a floored one 1",
    )
    assert kernel.asked == []


def test_a_zero_makes_it_ask_a_child_with_a_raised_adj():
    kernel = Kernel({77: (-500, 0, TINY)}, own=77, child=(500, 498))

    assert probe(kernel) == (
        "floored",
        "a child process (oom_score_adj 500, 1/1000 of RAM and swap) shows oom_score 498, "
        "where a signed kernel shows 1000 and a floored one 501",
    )
    assert kernel.asked == [500]


@pytest.mark.parametrize("own", [1, None], ids=["first-task", "not-in-this-proc"])
def test_a_process_that_tells_nothing_makes_it_ask_a_child(own):
    kernel = Kernel({1: (0, 0, TINY)}, own=own, child=(500, 1000))

    assert probe(kernel).model == "signed"


def test_a_proc_that_always_shows_0_is_undecided():
    everyone = dict.fromkeys(range(70, 80), (0, 0, TINY))

    model, evidence = probe(Kernel(everyone, own=77, child=(500, 0)))

    assert model == "unknown"
    assert evidence == (
        "undecided; "
        "this process (oom_score_adj 0, 1/1000 of RAM and swap) shows oom_score 0, "
        "where a signed kernel shows 667 and a floored one 1; "
        "a child process (oom_score_adj 500, 1/1000 of RAM and swap) shows oom_score 0, "
        "where a signed kernel shows 1000 and a floored one 501; "
        "of 10 processes 0 look signed and 10 floored"
    )


def test_without_a_child_other_processes_are_asked():
    # 2 is a kernel thread, 77 this process at 0, 78 and 79 are floored, 80 changed its adj between two reads.
    processes = {
        2: (0, 0, KERNEL_THREAD),
        77: (-900, 0, TINY),
        78: (300, 301, TINY),
        79: (0, 1, TINY),
        80: (800, 0, TINY),
    }
    kernel = Kernel(processes, own=77, child=(500, 501))

    model, evidence = probe(kernel, may_fork=False)

    assert (model, kernel.asked) == ("floored", [])
    assert evidence.startswith(
        "3 of 4 processes show the oom_score of a floored kernel and 0 that of a signed one; pid 78"
    )


def test_processes_that_contradict_each_other_decide_nothing():
    kernel = Kernel({78: (300, 301, TINY), 79: (300, 302, TINY), 80: (300, 867, TINY), 81: (300, 867, TINY)})

    assert probe(kernel).model == "unknown"


@pytest.mark.parametrize(
    ("name", "model"),
    [
        ("captured-5.10-uml", "signed"),
        ("captured-6.1-uml", "signed"),
        ("captured-6.12", "signed"),
        ("captured-6.18-host", "signed"),
        ("captured-6.18", "signed"),
        ("captured-7.3", "signed"),
        ("composed-3.10.0-1160.el7", "floored"),
        ("composed-4.18.0-240.el8", "floored"),
        ("composed-4.19.78", "floored"),
        ("composed-5.4.59", "floored"),
    ],
)
def test_a_tree_tells_the_model_of_the_kernel_it_was_taken_from(name, model, laid):
    assert probe(host.at(laid(name))).model == model


def test_a_tree_without_memory_figures_or_processes_tells_nothing(tmp_path):
    (tmp_path / "proc").mkdir()
    (tmp_path / "proc" / "meminfo").write_text("MemTotal:  4194304 kB\nSwapTotal: 0 kB\n")
    tree = host.at(str(tmp_path))

    assert probe(tree) == ("unknown", "undecided; of 0 processes 0 look signed and 0 floored")

    (tmp_path / "proc" / "meminfo").write_text("nonsense\n")
    assert probe(tree).evidence == "not tested: /proc/meminfo does not show how much memory there is"
