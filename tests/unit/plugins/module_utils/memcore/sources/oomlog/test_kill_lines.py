# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lines about the chosen process, of kernels since 2.6.9 and cut anywhere. They are composed to mm/oom_kill.c."""

import pytest

from ansible_collections.memfacts.linux.plugins.module_utils.memcore.sources.oomlog import kill_lines

KB = 1024
WHOLE = (
    "Memory cgroup out of memory: Killed process 4242 (Web (1) x) total-vm:8000kB, anon-rss:6000kB, file-rss:40kB, "
    "shmem-rss:8kB, UID:1000 pgtables:72kB oom_score_adj:-998"
)


@pytest.mark.parametrize(
    ("line", "scope", "pid", "comm", "uid", "anon", "is_cut"),
    [
        ("Out of Memory: Killed process 2705 (mysqld).", "global", 2705, "mysqld", None, None, False),
        ("Out of memory: Killed process 2587, UID 48, (httpd).", "global", 2587, "httpd", 48, None, False),
        ("Killed process 911 (my sqld) vsz:90kB, anon-rss:80kB, file-rss:1kB", None, 911, "my sqld", None, 80, False),
        ("Killed process 9, UID 48, (a) total-vm:9kB, anon-rss:8kB, file-rss:1kB", None, 9, "a", 48, 8, False),
        (
            "Killed process 9 (a), UID 7, total-vm:9kB, anon-rss:8kB, file-rss:1kB, shmem-rss:0kB",
            *(None, 9, "a", 7, 8, False),
        ),
        ("No available memory (MPOL_BIND): Killed process 9 (a).", "mempolicy", 9, "a", None, None, False),
        ("No available memory in cpuset: Killed process 9 (a)", "cpuset", 9, "a", None, None, True),
        ("Killed process 3838301 (Runner.Listener)", None, 3838301, "Runner.Listener", None, None, True),
        ("Killed process 12 (Web Cont", None, 12, "Web Cont", None, None, True),
        ("Killed process 12 (a) b) total-vm:", None, 12, "a) b", None, None, True),
        ("Killed process 12 (tail), UID 0, total-vm:75", None, 12, "tail", 0, None, True),
        ("Killed process 12 (java) total-vm:99kB, anon-rss:12", None, 12, "java", None, None, True),
        ("Killed process 12 (java) total-vm:99kB, anon-rss:12kB, fil", None, 12, "java", None, 12, True),
        (
            "Killed process 12 (x) total-vm:1) total-vm:9kB, anon-rss:8kB, file-rss:1kB",
            *(None, 12, "x) total-vm:1"),
            None,
            8,
            False,
        ),
    ],
)
def test_kill_of_any_kernel(line, scope, pid, comm, uid, anon, is_cut):
    found = kill_lines.killed(line)
    assert (found.scope, found.kill.pid, found.kill.comm, found.kill.uid) == (scope, pid, comm, uid)
    assert (found.kill.anon_bytes, found.is_cut) == (None if anon is None else anon * KB, is_cut)


def test_line_that_is_cut_anywhere_has_a_part_of_the_name_and_no_half_size():
    begin = WHOLE.index("(Web") + 1
    kill = kill_lines.killed(WHOLE).kill
    for end in range(begin, len(WHOLE)):
        cut = kill_lines.killed(WHOLE[:end])
        # Inside the name `Web (1) x` nothing shows that it goes on behind `(1)`.
        assert cut.kill.comm in {WHOLE[begin:end][:9].rstrip(), "Web (1"}, WHOLE[:end]
        assert (cut.kill.pid, cut.scope) == (4242, "memcg")
        for field in ("total_vm_bytes", "anon_bytes", "file_bytes", "shmem_bytes", "page_tables_bytes"):
            assert getattr(cut.kill, field) in (None, getattr(kill, field)), (field, WHOLE[:end])


@pytest.mark.parametrize(
    ("line", "scope", "is_old"),
    [
        ("Out of Memory: Kill process 12 (a (b) c) score 90123 and children.", "global", True),
        ("Out of memory: kill process 12 (a (b) c) score 42111 or a child", "global", True),
        ("Memory cgroup out of memory: kill process 12 (a (b) c) score 7 or a child", "memcg", True),
        ("No available memory (MPOL_BIND): kill process 12 (a (b) c) score 0 or a child", "mempolicy", True),
        ("Out of memory: Kill process 12 (a (b) c) score 651 or sacrifice child", "global", False),
    ],
)
def test_choice_of_any_kernel(line, scope, is_old):
    found = kill_lines.selected(line)
    assert (found.scope, found.pid, found.comm, found.is_old) == (scope, 12, "a (b) c", is_old)
