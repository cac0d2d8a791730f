# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""/proc/PID/status of each era, and of tasks without memory."""

import pytest

from ansible_collections.memfacts.linux.plugins.module_utils.memcore.errors import ParseError
from ansible_collections.memfacts.linux.plugins.module_utils.memcore.sources import status
from ansible_collections.memfacts.linux.plugins.module_utils.memcore.sources.status import Status

KIB = 1024

# From a live 6.18 host.
LINUX_6_18 = b"""\
Name:\tcat
Umask:\t0022
State:\tR (running)
Tgid:\t20969
Ngid:\t0
Pid:\t20969
PPid:\t20965
TracerPid:\t0
Uid:\t1000\t0\t0\t0
Gid:\t0\t0\t0\t0
FDSize:\t256
Groups:\t
NStgid:\t20969
Kthread:\t0
VmPeak:\t    3060 kB
VmSize:\t    3060 kB
VmHWM:\t    1768 kB
VmRSS:\t    1768 kB
RssAnon:\t     112 kB
RssFile:\t    1650 kB
RssShmem:\t       6 kB
VmData:\t     360 kB
VmLib:\t    1528 kB
VmPTE:\t      44 kB
VmSwap:\t       3 kB
HugetlbPages:\t       0 kB
CoreDumping:\t0
Threads:\t1
Cpus_allowed_list:\t0-1
"""

# fs/proc/array.c and task_mmu.c of 4.4: VmPMD came, RssAnon was not there yet.
LINUX_4_4 = b"""\
Name:\tbash
State:\tS (sleeping)
Tgid:\t812
Ngid:\t0
Pid:\t812
PPid:\t811
TracerPid:\t0
Uid:\t0\t0\t0\t0
Gid:\t0\t0\t0\t0
VmPeak:\t   21348 kB
VmRSS:\t    5012 kB
VmData:\t    1780 kB
VmLib:\t    2112 kB
VmPTE:\t      64 kB
VmPMD:\t      12 kB
VmSwap:\t       0 kB
Threads:\t1
"""

LINUX_3_10 = b"""\
Name:\tcrond
State:\tS (sleeping)
Tgid:\t640
Pid:\t640
PPid:\t1
TracerPid:\t0
Uid:\t0\t0\t0\t0
Gid:\t0\t0\t0\t0
VmRSS:\t    1568 kB
VmData:\t     676 kB
VmPTE:\t     104 kB
VmSwap:\t     128 kB
Threads:\t1
"""

# Kernel threads and zombies have no Vm lines at all.
KERNEL_THREAD = b"""\
Name:\tkworker/0:1H-kblockd
Umask:\t0000
State:\tI (idle)
Tgid:\t57
Ngid:\t0
Pid:\t57
PPid:\t2
TracerPid:\t0
Uid:\t0\t0\t0\t0
Gid:\t0\t0\t0\t0
Threads:\t1
"""

ZOMBIE = b"""\
Name:\tdefunct
State:\tZ (zombie)
Tgid:\t5
Ngid:\t0
Pid:\t5
PPid:\t4
TracerPid:\t0
Uid:\t65534\t65534\t65534\t65534
Threads:\t1
"""


def named(comm):
    return (
        b"Name:\t"
        + comm
        + b"\nState:\tS (sleeping)\nTgid:\t7\nPid:\t7\nPPid:\t6\nTracerPid:\t0\nUid:\t5\t5\t5\t5\nThreads:\t1\n"
    )


NO_MEMORY = (None,) * 6


@pytest.mark.parametrize(
    "data, expected",
    [
        pytest.param(
            LINUX_6_18,
            Status(
                b"cat",
                20965,
                1000,
                1768 * KIB,
                112 * KIB,
                1650 * KIB,
                6 * KIB,
                44 * KIB,
                3 * KIB,
                total_vm_bytes=3060 * KIB,
            ),
            id="6.18",
        ),
        pytest.param(
            LINUX_4_4, Status(b"bash", 811, 0, 5012 * KIB, None, None, None, 76 * KIB, 0), id="4.4-with-VmPMD"
        ),
        pytest.param(
            LINUX_3_10,
            Status(b"crond", 1, 0, 1568 * KIB, None, None, None, 104 * KIB, 128 * KIB),
            id="3.10-without-RssAnon",
        ),
        pytest.param(KERNEL_THREAD, Status(b"kworker/0:1H-kblockd", 2, 0, *NO_MEMORY), id="kernel-thread"),
        pytest.param(ZOMBIE, Status(b"defunct", 4, 65534, *NO_MEMORY), id="zombie"),
        pytest.param(named(b"foo) Z 1"), Status(b"foo) Z 1", 6, 5, *NO_MEMORY), id="comm-with-paren"),
        pytest.param(
            named(b"a\\nPPid:\\t9"), Status(b"a\\nPPid:\\t9", 6, 5, *NO_MEMORY), id="comm-with-escaped-newline"
        ),
        pytest.param(named(b"\xff\xfe \x1b["), Status(b"\xff\xfe \x1b[", 6, 5, *NO_MEMORY), id="comm-not-utf8"),
        pytest.param(named(b""), Status(b"", 6, 5, *NO_MEMORY), id="comm-empty"),
        pytest.param(
            LINUX_6_18[: LINUX_6_18.index(b"VmPTE")],
            Status(
                b"cat", 20965, 1000, 1768 * KIB, 112 * KIB, 1650 * KIB, 6 * KIB, None, None, total_vm_bytes=3060 * KIB
            ),
            id="cut-after-the-resident-set",
        ),
        pytest.param(
            named(b"big") + b"VmRSS:\t" + b"9" * 5000 + b" kB\n",
            Status(b"big", 6, 5, *NO_MEMORY),
            id="huge-resident-set",
        ),
    ],
)
def test_what_a_process_shows(data, expected):
    assert status.parse(data) == expected


@pytest.mark.parametrize(
    "tail, threads, administrator",
    [
        pytest.param(b"Threads:\t12\nCapInh:\t0\nCapEff:\t000001ffffffffff\n", 12, True, id="root"),
        pytest.param(b"Threads:\t1\nCapEff:\t0000000000200000\nCapBnd:\tff\n", 1, True, id="only-sys-admin"),
        pytest.param(b"Threads:\t3\nCapEff:\t000001ffffdfffff\n", 3, False, id="all-but-sys-admin"),
        pytest.param(b"Threads:\t2\n", 2, False, id="cut-before-the-capabilities"),
        pytest.param(b"", 1, False, id="cut-before-the-threads"),
        pytest.param(b"CapEff:\t000001ffffffffff\nThreads:\t2\n", 2, False, id="in-no-kernels-order"),
    ],
)
def test_threads_and_whether_it_may_administer(tail, threads, administrator):
    found = status.parse(LINUX_6_18[: LINUX_6_18.index(b"Threads")] + tail)
    assert (found.threads, found.administrator) == (threads, administrator)


def test_a_process_whose_first_thread_has_ended_has_others():
    assert status.parse(ZOMBIE.replace(b"Threads:\t1", b"Threads:\t3")).threads == 3


@pytest.mark.parametrize(
    "data, shown",
    [
        pytest.param(b"", "b''", id="empty"),
        pytest.param(b"Name:\tcat\nState:\tR\n", r"b'Name:\tcat\nState:\tR\n'", id="before-the-parent"),
        pytest.param(b"Name:\tcat\nPPid:\t1\nUid:\t", r"b'Name:\tcat\nPPid:\t1\nUid:\t'", id="before-the-user"),
        pytest.param(b"PPid:\t1\nUid:\t0\t0\t0\t0\n", r"b'PPid:\t1\nUid:\t0\t0\t0\t0\n'", id="no-name"),
    ],
)
def test_a_text_cut_before_the_user_id_is_an_error_that_quotes_its_end(data, shown):
    with pytest.raises(ParseError) as error:
        status.parse(data)
    assert str(error.value) == "/proc/PID/status is cut off after " + shown


def test_memory_nodes_that_a_process_may_use():
    # The end of a status of Linux 6.12 with two nodes; kernels without cpusets end at Threads and what follows it.
    end = b"Cpus_allowed:\t3\nCpus_allowed_list:\t0-1\nMems_allowed:\t00000000,00000002\nMems_allowed_list:\t1\n"
    text = named(b"on-one") + b"VmRSS:\t4 kB\nThreads:\t1\nCapEff:\t0000000000000000\n"
    assert status.parse(text + end).nodes == "1"
    assert status.parse(text + end.replace(b"list:\t1\n", b"list:\t0,2-3\n")).nodes == "0,2-3"
    assert status.parse(text).nodes is None
