# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Give a lab guest memory of every kind in known sizes, then capture it: tests/unit/fixtures/hosts/captured-*.tree.

Each process below is one line of the scene; its docstring goes into the head of the fixture.
"""

import ctypes
import mmap
import os
import sys
import time

from tests.lab.guest import capture

MIB = 1 << 20
LIBC = ctypes.CDLL(None, use_errno=True)
LIBC.shmat.restype = ctypes.c_void_p
CGROUP = "/sys/fs/cgroup/workload"
MEMORY_MAX = "memory.max"
if os.path.isdir("/sys/fs/cgroup/memory"):
    CGROUP, MEMORY_MAX = "/sys/fs/cgroup/memory/workload", "memory.limit_in_bytes"
KEPT = []


def plain_user():
    """16 MiB private, oom_score_adj 0"""
    _private(16)


def protected():
    """4 MiB private, oom_score_adj -900"""
    _adjust(-900)
    _private(4)


def foo_paren_Z_1():
    """named 'foo) Z 1', 1 MiB private, oom_score_adj 500"""
    _name("foo) Z 1")
    _adjust(500)
    _private(1)


def in_cgroup():
    """16 MiB private in cgroup workload, limited afterwards to 12 MiB (64 MiB where there is no swap)"""
    _write(f"{CGROUP}/cgroup.procs", os.getpid())
    _private(16)
    _write(f"{CGROUP}/{MEMORY_MAX}", (12 if _swap() else 64) * MIB)


def deleted_file():
    """holds a deleted file of 3 MiB on /dev/shm open"""
    KEPT.append(_file("/dev/shm/gone", 3))
    os.unlink("/dev/shm/gone")


def memfd():
    """holds a memfd 'frames' of 2 MiB open"""
    descriptor = os.memfd_create("frames")
    os.write(descriptor, b"x" * (2 * MIB))


def sysv():
    """is attached to a SysV segment of 5 MiB; one of 1 MiB is left behind without a user"""
    _fill(LIBC.shmat(_segment(5), None, 0), 5)
    orphan = ctypes.c_void_p(LIBC.shmat(_segment(1), None, 0))
    _fill(orphan.value, 1)
    LIBC.shmdt(orphan)


def shared_anonymous():
    """6 MiB shared anonymous (/dev/zero)"""
    area = mmap.mmap(-1, 6 * MIB)
    area.write(b"x" * (6 * MIB))
    KEPT.append(area)


def own_mounts():
    """a mount namespace of its own with 2 MiB in a tmpfs on /tmp"""
    new_namespace, private, recursive = 0x20000, 1 << 18, 1 << 14
    LIBC.unshare(new_namespace)
    LIBC.mount(b"none", b"/", None, private | recursive, None)
    LIBC.mount(b"tmpfs", b"/tmp", b"tmpfs", 0, b"size=16m")
    _file("/tmp/own", 2)


ROLES = (
    plain_user,
    protected,
    foo_paren_Z_1,
    in_cgroup,
    deleted_file,
    memfd,
    sysv,
    shared_anonymous,
    own_mounts,
)


def main(name):
    notes = [f"Kernel '{name}' of tests/lab, guest script tests/lab/guest/scene.py. The scene:"]
    notes += [f"  {line}" for line in _machine()]
    for role in ROLES:
        _start(role)
        notes.append(f"  process {role.__name__}: {role.__doc__}")
    time.sleep(1)  # let the kernel's own counters settle: vmstat is folded once a second
    options = [word for note in notes for word in ("--note", note)]
    options += ["--replace", r"/tmp/lab-\w+", "/lab"]  # where the stage of this boot lay on the real host
    capture.main([*options, os.path.join(os.environ["MEMFACTS_OUT"], "host.tree")])


def _machine():
    """What is there without a process; says what it did."""
    os.mkdir("/run/spool")
    LIBC.mount(b"spool", b"/run/spool", b"tmpfs", 0, b"size=64m,nr_inodes=1000,mode=700")
    _file("/run/spool/queue", 8)
    _file("/tmp/left-behind", 4)
    os.mkdir(CGROUP)
    yield "tmpfs /run/spool with size=64m and a file of 8 MiB; a file of 4 MiB in /tmp; cgroup workload"
    huge = "/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages"
    if os.path.exists(huge):
        _write(huge, 4)
        yield "4 huge pages of 2 MiB reserved"
    if os.path.exists("/sys/block/zram0/disksize"):
        _write("/sys/block/zram0/disksize", 64 * MIB)
        os.system("mkswap /dev/zram0 >/dev/null && swapon /dev/zram0")
    yield "swap: zram of 64 MiB" if _swap() else "swap: none, this kernel has no zram"


def _start(role):
    """Fork a process for the role; returns when it has taken its memory."""
    ready, taken = os.pipe()
    if os.fork() == 0:
        os.close(ready)
        _name(role.__name__)
        try:
            role()
        except OSError as error:
            print(f"{role.__name__}: {error}", file=sys.stderr, flush=True)
        os.close(taken)
        while True:
            time.sleep(3600)
    os.close(taken)
    os.read(ready, 1)
    os.close(ready)


def _name(comm):
    _write("/proc/self/comm", comm)


def _adjust(value):
    _write("/proc/self/oom_score_adj", value)


def _write(path, value):
    with open(path, "w") as stream:
        stream.write(str(value))


def _private(size):
    KEPT.append(bytearray(b"x" * (size * MIB)))


def _file(path, size):
    stream = open(path, "wb")  # noqa: SIM115 - the deleted one stays open
    stream.write(b"x" * (size * MIB))
    stream.flush()
    return stream


def _segment(size):
    ipc_private, create = 0, 0o1600
    return LIBC.shmget(ipc_private, ctypes.c_size_t(size * MIB), create)


def _fill(address, size):
    ctypes.memset(address, 120, size * MIB)


def _swap():
    with open("/proc/swaps") as stream:
        return len(stream.readlines()) > 1


if __name__ == "__main__":
    main(sys.argv[1])
