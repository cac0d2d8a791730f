# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lines of a kernel log, composed to the templates of mm/oom_kill.c, and what the reader makes of them."""

from ansible_collections.memfacts.linux.plugins.module_utils.memcore.sources.oomlog import oom_report

KB = 1024
HEADER = "[  pid  ]   uid  tgid total_vm      rss pgtables_bytes swapents oom_score_adj name"
RSS = "total-vm:4000kB, anon-rss:3000kB, file-rss:4kB, shmem-rss:8kB"
END = RSS + ", UID:0 pgtables:40kB oom_score_adj:0"


def row(pid, comm, adj=0):
    return "[{0:7d}]     0 {0:5d}     1000      753    40960        0         {1:5d} {2}".format(pid, adj, comm)


def choice(pid, comm, limit="/a", task="/a/b"):
    whose = "global_oom" if limit is None else "oom_memcg=" + limit
    return (
        "oom-kill:constraint=CONSTRAINT_{0},nodemask=(null),cpuset=/,mems_allowed=0,{1},"
        "task_memcg={2},task={3},pid={4},uid=0"
    ).format("NONE" if limit is None else "MEMCG", whose, task, comm, pid)


def invoked(comm):
    return comm + " invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=0"


def machine(comm, pid=7):
    return "CPU: 1 PID: {0} Comm: {1} Not tainted 6.1.0-50-amd64 #1  Debian 6.1.176-1".format(pid, comm)


def killed(pid, comm, prefix="Memory cgroup out of memory: "):
    return "{0}Killed process {1} ({2}) {3}".format(prefix, pid, comm, END)


def report(comm="hog", pid=8, trigger="hog"):
    """A report of 6.1 with two tasks."""
    return [
        invoked(trigger),
        machine(trigger),
        "Call Trace:",
        " dump_header+0x4c/0x22b",
        "memory: usage 40960kB, limit 40960kB, failcnt 73",
        "swap: usage 0kB, limit 9007199254740988kB, failcnt 0",
        "Memory cgroup stats for /a:",
        "anon 41545728\nfile 0",
        "Tasks state (memory values in pages):",
        HEADER,
        row(5, "pause", -998),
        row(pid, comm),
        choice(pid, comm),
        killed(pid, comm),
    ]


def escaped(text):
    data = text.encode("utf-8", "surrogateescape")
    return b"".join(b"\\x%02x" % byte if byte < 32 or byte >= 127 or byte == 92 else bytes([byte]) for byte in data)


def kmsg(texts, sequence=100, usec=5000000, priority=4):
    """As records one after the other, a microsecond apart."""
    return [
        b"%d,%d,%d,-;%s\n" % (priority, sequence + number, usec + number, escaped(text))
        for number, text in enumerate(texts)
    ]


def dmesg(texts, usec=5000000):
    """As the kernel prints records: each line of one with the same time."""
    found = []
    for number, text in enumerate(texts):
        stamp = "[{0:5d}.{1:06d}] ".format(*divmod(usec + number, 1000000)).encode()
        found += [stamp + line.encode("utf-8", "surrogateescape") + b"\n" for line in text.split("\n")]
    return found


def read(lines):
    return list(oom_report.read(lines))


def one(lines):
    found = read(lines)
    assert len(found) == 1, found
    return found[0]


def why(found):
    return dict(found.missing)


def printable(comm):
    """As reports show a name: what is no UTF-8 or would move the cursor as an escape."""
    text = comm.decode("utf-8", "backslashreplace")
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode("ascii") for char in text)


def reaped(pid, comm="hog"):
    return "oom_reaper: reaped process {0} ({1}), now anon-rss:0kB, file-rss:16kB, shmem-rss:8kB".format(pid, comm)
