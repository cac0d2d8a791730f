# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The system calls that Python's standard library (3.6) does not offer, by ctypes."""

import ctypes
import os
import platform

LIBC = ctypes.CDLL(None, use_errno=True)
PAGE = os.sysconf("SC_PAGE_SIZE")

MS_NOSUID, MS_NODEV, MS_REC, MS_PRIVATE = 2, 4, 1 << 14, 1 << 18
MNT_DETACH = 2
CLONE_NEWNS, CLONE_NEWIPC = 0x20000, 0x08000000
IPC_PRIVATE, IPC_CREAT, IPC_RMID = 0, 0o1000, 0
MADV_NOHUGEPAGE = 15
MAP_NORESERVE = 0x4000
# CLONE_VM | FS | FILES | SIGHAND | THREAD | SYSVSEM: one more thread of this process.
CLONE_BARE_THREAD = 0x100 | 0x200 | 0x400 | 0x800 | 0x10000 | 0x40000

# The stat(2)-less numbers: (x86-64, and the generic table of arm64, riscv64 …).
_NUMBERS = {"bpf": (321, 280), "memfd_create": (319, 279)}

LIBC.shmat.restype = ctypes.c_void_p
LIBC.shmat.argtypes = [ctypes.c_int, ctypes.c_void_p, ctypes.c_int]
LIBC.shmdt.argtypes = [ctypes.c_void_p]
LIBC.shmget.argtypes = [ctypes.c_int, ctypes.c_size_t, ctypes.c_int]
LIBC.mincore.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_void_p]
LIBC.madvise.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
LIBC.clone.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p]
LIBC.mount.argtypes = [ctypes.c_char_p] * 3 + [ctypes.c_ulong, ctypes.c_char_p]
LIBC.umount2.argtypes = [ctypes.c_char_p, ctypes.c_int]


def _checked(result, what):
    if result == -1:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")
    return result


def mount(source, target, fstype, flags=0, options=""):
    """mount(2); names are str or bytes."""
    names = [None if name is None else os.fsencode(name) for name in (source, target, fstype)]
    _checked(LIBC.mount(*names, flags, os.fsencode(options) or None), f"mount {fstype} on {target!r}")


def umount(target, flags=MNT_DETACH):
    """umount2(2), lazily unless told otherwise: a test that failed half-way must not leave the mount."""
    _checked(LIBC.umount2(os.fsencode(target), flags), f"umount {target!r}")


def unshare(flags):
    """unshare(2); a new mount namespace is made private at once, so that nothing travels back."""
    _checked(LIBC.unshare(flags), "unshare")
    if flags & CLONE_NEWNS:
        mount("none", "/", None, MS_REC | MS_PRIVATE)


def enter_mounts_of(pid):
    """Make this process a member of another's mount namespace."""
    namespace = os.open(f"/proc/{pid}/ns/mnt", os.O_RDONLY)
    try:
        _checked(LIBC.setns(namespace, CLONE_NEWNS), f"setns to pid {pid}")
    finally:
        os.close(namespace)


def memfd_create(name):
    """A descriptor of an anonymous tmpfs file; os.memfd_create exists from Python 3.8 on."""
    return _checked(LIBC.syscall(_number("memfd_create"), os.fsencode(name), 1), "memfd_create")


def shmget(size):
    """The id of a new private SysV segment."""
    return _checked(LIBC.shmget(IPC_PRIVATE, size, IPC_CREAT | 0o600), "shmget")


def shmat(segment):
    """The address where the segment was attached."""
    address = LIBC.shmat(segment, None, 0)
    _checked(-1 if address == ctypes.c_void_p(-1).value else 0, "shmat")
    return address


def shmdt(address):
    """Detach a SysV segment."""
    _checked(LIBC.shmdt(address), "shmdt")


def shmrm(segment):
    """Remove a SysV segment."""
    _checked(LIBC.shmctl(segment, IPC_RMID, None), "shmctl IPC_RMID")


def fill(address, size):
    """Make each page of the range real."""
    ctypes.memset(address, 0x5A, size)


def resident_bytes(address, size):
    """How much of a mapping is in memory, says mincore(2): the measure that no file of /proc is part of."""
    pages = (ctypes.c_ubyte * ((size + PAGE - 1) // PAGE))()
    _checked(LIBC.mincore(address, size, pages), "mincore")
    return sum(flag & 1 for flag in pages) * PAGE


def address_of(mapping):
    """Where a writable mmap object lies; do not close it while the address is used."""
    return ctypes.addressof(ctypes.c_char.from_buffer(mapping))


def refuse_huge_pages(address, size):
    """MADV_NOHUGEPAGE; a kernel without transparent huge pages says EINVAL, which is as good."""
    LIBC.madvise(address, size, MADV_NOHUGEPAGE)


def bare_thread(stack_top):
    """A thread that sleeps in pause(2) on a stack of the caller's: no Python state, no C library's thread block."""
    entry = ctypes.cast(LIBC.pause, ctypes.c_void_p)
    return _checked(LIBC.clone(entry, ctypes.c_void_p(stack_top), CLONE_BARE_THREAD, None), "clone")


class _MapCreate(ctypes.Structure):
    _fields_ = [
        ("map_type", ctypes.c_uint32),
        ("key_size", ctypes.c_uint32),
        ("value_size", ctypes.c_uint32),
        ("max_entries", ctypes.c_uint32),
        ("flags", ctypes.c_uint32),
        ("rest", ctypes.c_uint8 * 100),
    ]


def bpf_map(map_type, value_size, entries):
    """The descriptor of a new BPF map with 4-byte keys; its memory is taken at once."""
    wanted = _MapCreate(map_type, 4, value_size, entries)
    # 72 bytes are what every kernel with array maps accepts: unknown trailing bytes must be zero.
    return _checked(LIBC.syscall(_number("bpf"), 0, ctypes.byref(wanted), 72), "bpf map_create")


def _number(name):
    return _NUMBERS[name][0 if platform.machine() == "x86_64" else 1]
