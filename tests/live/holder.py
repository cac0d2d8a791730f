# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Processes that hold planted memory: a fresh Python with a comm of its own, told by its stdin when to take the memory.

A role is a generator: what it does before its first `yield` is preparation (a baseline is read then), what it yields
second is the record of what it took. At the end of stdin, so also when the test dies, the process exits.
"""

import contextlib
import errno
import json
import mmap
import os
import socket
import struct
import subprocess
import sys
import tempfile

from tests import CHECKOUT
from tests.live import fuse, procfs, syscalls

CHUNK = b"\x5a" * (1 << 20)
SO_SNDBUFFORCE, SO_RCVBUFFORCE, SO_MEMINFO = 32, 33, 55
BPF_ARRAY, BPF_PERCPU_ARRAY = 2, 6
# What a kernel answers that was built without something, or that forbids it.
LACKING = (errno.EPERM, errno.EACCES, errno.ENOSYS, errno.EINVAL, errno.ENODEV, errno.EOPNOTSUPP, errno.ENOPROTOOPT)


class Refused(Exception):
    """This kernel or this user does not let the memory be taken; the message is the reason to skip."""


class Holder:
    """A child in a role; `pid`, `comm`, and after `take()` the role's record."""

    def __init__(self, role, *args):
        self.comm = f"hold-{role}"[:15]
        self._child = subprocess.Popen(
            [sys.executable, "-m", "tests.live.holder", role] + [str(arg) for arg in args],
            cwd=CHECKOUT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            universal_newlines=True,
        )
        self.pid = self._child.pid
        self.prepared = self._answer()

    def take(self):
        """Let the child take its memory; the record tells how much that was by the child's own measure."""
        self._child.stdin.write("take\n")
        self._child.stdin.flush()
        return self._answer()

    def close(self):
        """End the child and wait until it is gone."""
        self._child.stdin.close()
        try:
            self._child.wait(120)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()
        self._child.stdout.close()

    def _answer(self):
        line = self._child.stdout.readline()
        if not line:
            raise RuntimeError(f"{self.comm} (pid {self.pid}) died")
        answer = json.loads(line)
        if "refused" in answer:
            raise Refused(answer["refused"])
        return answer


@contextlib.contextmanager
def holding(role, *args):
    """A Holder for the time of the block."""
    holder = Holder(role, *args)
    try:
        yield holder
    finally:
        holder.close()


def write_file(descriptor, size):
    """Write `size` bytes; return how much the file occupies then."""
    for _dummy in range(size // len(CHUNK)):
        os.write(descriptor, CHUNK)
    return os.fstat(descriptor).st_blocks * 512


def deleted_file(size, folder):
    """A tmpfs file that is unlinked and stays open."""
    descriptor = os.open(os.path.join(folder, "deleted"), os.O_RDWR | os.O_CREAT)
    yield {}
    occupied = write_file(descriptor, int(size))
    os.unlink(os.path.join(folder, "deleted"))
    yield {"bytes": occupied, "ino": os.fstat(descriptor).st_ino}


def private_tmpfs(size, folder):
    """A tmpfs in a mount namespace of its own: nobody else has it in mountinfo."""
    syscalls.unshare(syscalls.CLONE_NEWNS)
    syscalls.mount("planted", folder, "tmpfs")
    descriptor = os.open(os.path.join(folder, "private"), os.O_RDWR | os.O_CREAT)
    yield {}
    yield {"bytes": write_file(descriptor, int(size))}


def memfd(size):
    """A memfd that is only open."""
    descriptor = syscalls.memfd_create("planted-memfd")
    yield {}
    yield {"bytes": write_file(descriptor, int(size)), "ino": os.fstat(descriptor).st_ino}


def mapped_memfd(size):
    """A memfd that is only mapped: no descriptor of it is left."""
    size = int(size)
    descriptor = syscalls.memfd_create("planted-mapped")
    os.ftruncate(descriptor, size)
    mapping = mmap.mmap(descriptor, size)
    ino = os.fstat(descriptor).st_ino
    # Python's mmap keeps a duplicate of the descriptor; only the mapping itself shall hold the file.
    os.closerange(3, 64)
    yield {}
    syscalls.fill(syscalls.address_of(mapping), size)
    yield {"bytes": syscalls.resident_bytes(syscalls.address_of(mapping), size), "ino": ino}


def _filled_segment(segment, size):
    address = syscalls.shmat(segment)
    syscalls.fill(address, size)
    occupied = syscalls.resident_bytes(address, size)
    syscalls.shmdt(address)
    return occupied


def orphan_segment(size):
    """A SysV segment whose creator, a child of this process, is dead and which nobody has attached."""
    segment = None
    try:
        yield {}
        reader, writer = os.pipe()
        creator = os.fork()
        if creator == 0:
            segment = syscalls.shmget(int(size))
            os.write(writer, struct.pack("qq", segment, _filled_segment(segment, int(size))))
            os._exit(0)
        segment, occupied = struct.unpack("qq", os.read(reader, 16))
        os.waitpid(creator, 0)
        yield {"bytes": occupied, "shmid": segment, "creator": creator}
    finally:
        if segment is not None:
            syscalls.shmrm(segment)


def foreign_segment(size):
    """A SysV segment in an IPC namespace of its own, which dies with this process."""
    syscalls.unshare(syscalls.CLONE_NEWIPC)
    yield {}
    segment = syscalls.shmget(int(size))
    yield {"bytes": _filled_segment(segment, int(size)), "shmid": segment, "creator": os.getpid()}


def anonymous_shared(size):
    """A shared anonymous mapping that this process filled."""
    mapping = mmap.mmap(-1, int(size))
    yield {}
    syscalls.fill(syscalls.address_of(mapping), int(size))
    yield {"bytes": syscalls.resident_bytes(syscalls.address_of(mapping), int(size))}


def untouched_shared(size):
    """A shared anonymous mapping that a child filled before it exited: this process' RssShmem says nothing of it."""
    mapping = mmap.mmap(-1, int(size))
    yield {}
    writer = os.fork()
    if writer == 0:
        syscalls.fill(syscalls.address_of(mapping), int(size))
        os._exit(0)
    os.waitpid(writer, 0)
    yield {"bytes": syscalls.resident_bytes(syscalls.address_of(mapping), int(size))}


def threads(count):
    """Threads that sleep: kernel stacks and nothing else of this size."""
    count, stack = int(count), 512
    stacks = mmap.mmap(-1, (count + 1) * stack, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    base = syscalls.address_of(stacks)
    syscalls.fill(base, (count + 1) * stack)
    before = procfs.thread_count(os.getpid())
    yield {}
    try:
        for number in range(1, count + 1):
            syscalls.bare_thread((base + number * stack) & ~15)
    except OSError as error:
        raise Refused(f"{count} threads: {error}") from error
    yield {"threads": procfs.thread_count(os.getpid()) - before}


def page_tables(size):
    """Reads of the zero page, one per page table: the tables are all that is allocated."""
    # A table of PAGE bytes holds PAGE / 8 entries and so maps that many pages.
    span = syscalls.PAGE // 8 * syscalls.PAGE
    tables = int(size) // syscalls.PAGE
    flags = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | syscalls.MAP_NORESERVE
    try:
        mapping = mmap.mmap(-1, (tables + 1) * span, flags)
    except OSError as error:
        raise Refused(f"address space: {error}") from error
    syscalls.refuse_huge_pages(syscalls.address_of(mapping), (tables + 1) * span)
    before = procfs.status_bytes(os.getpid(), "VmPTE")
    yield {}
    for table in range(tables):
        mapping[table * span]
    yield {"bytes": procfs.status_bytes(os.getpid(), "VmPTE") - before}


def dead_fuse(folder):
    """In an own mount namespace: a FUSE file system that fell silent, below it a tmpfs, beside it another."""
    syscalls.unshare(syscalls.CLONE_NEWNS)
    syscalls.mount("planted", folder, "tmpfs")
    for name in ("dead", "alive"):
        os.mkdir(f"{folder}/{name}")
    with fuse.answering(f"{folder}/dead"):
        syscalls.mount("planted", f"{folder}/dead/{fuse.DIRECTORY}", "tmpfs")
    syscalls.mount("planted", f"{folder}/alive", "tmpfs")
    yield {}
    with open(f"{folder}/alive/file", "wb") as stream:
        stream.write(CHUNK)
    yield {}


def strange_comm(size, *code_points):
    """Anonymous memory of a process with any bytes for a name."""
    mapping = mmap.mmap(-1, int(size), mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    with open("/proc/self/comm", "wb", buffering=0) as stream:
        stream.write(bytes(int(point) for point in code_points))
    yield {}
    syscalls.fill(syscalls.address_of(mapping), int(size))
    yield {}


def fork_storm():
    """Processes that exit as soon as they exist, from two parents, until stdin says stop."""
    yield {}
    for _dummy in range(2):
        if os.fork() == 0:
            _fork_while_parent_lives(os.getppid())
    yield {}


def _fork_while_parent_lives(parent):
    while os.getppid() == parent:
        child = os.fork()
        if child == 0:
            os._exit(0)
        os.waitpid(child, 0)
    os._exit(0)


def bpf_map(kind, value_size, entries):
    """A BPF array map, whose values the kernel allocates at once."""
    yield {}
    try:
        descriptor = syscalls.bpf_map(int(kind), int(value_size), int(entries))
    except OSError as error:
        raise Refused(str(error)) from error
    yield {"descriptor": descriptor}


def _roomy(sock, size):
    """The socket, now with room for `size` bytes each way."""
    for option in (SO_RCVBUFFORCE, SO_SNDBUFFORCE):
        sock.setsockopt(socket.SOL_SOCKET, option, size)
    return sock


def _socket_bytes(sockets):
    """What the sockets are charged: receive queue, send queue and forward allocation, from SO_MEMINFO."""
    total = 0
    for sock in sockets:
        figures = struct.unpack("9I", sock.getsockopt(socket.SOL_SOCKET, SO_MEMINFO, 36))
        total += figures[0] + figures[4] + figures[5]
    return total


def _send_all_that_fits(sock, limit, chunk):
    sock.setblocking(False)
    sent = 0
    while sent < limit:
        try:
            sent += sock.send(chunk)
        except BlockingIOError:
            break


def tcp(size, pairs):
    """Connections over loopback whose receiver never reads."""
    size, pairs = int(size), int(pairs)
    listener = socket.socket()
    _roomy(listener, 2 * size // pairs)
    listener.bind(("127.0.0.1", 0))
    listener.listen(pairs)
    sockets = [listener]
    for _dummy in range(pairs):
        client = _roomy(socket.socket(), 2 * size // pairs)
        client.connect(listener.getsockname())
        sockets += [client, _roomy(listener.accept()[0], 2 * size // pairs)]
    chunk = CHUNK[: 1 << 16]
    yield {}
    for client in sockets[1::2]:
        _send_all_that_fits(client, size // pairs, chunk)
    yield {"bytes": _stable(lambda: _socket_bytes(sockets))}


def udp(size, datagram):
    """Datagrams over loopback that nobody reads."""
    size, datagram = int(size), int(datagram)
    receiver = _roomy(socket.socket(socket.AF_INET, socket.SOCK_DGRAM), 2 * size)
    receiver.bind(("127.0.0.1", 0))
    sender = _roomy(socket.socket(socket.AF_INET, socket.SOCK_DGRAM), 4 << 20)
    sender.connect(receiver.getsockname())
    payload = CHUNK[:datagram]
    yield {}
    charged, growing = 0, True
    while growing and charged < size:
        for _dummy in range(64):
            sender.send(payload)
        # ksoftirqd may deliver them later; a queue that stays as it is is full.
        growing = procfs.wait_until(lambda before=charged: _socket_bytes([receiver]) > before, 10)
        charged = _socket_bytes([receiver])
    yield {"bytes": _stable(lambda: _socket_bytes([receiver, sender]))}


def _stable(measure):
    """The measure when it stands still: acknowledgements are still on their way."""
    seen = []

    def same_again():
        seen.append(measure())
        return len(seen) > 5 and len(set(seen[-5:])) == 1

    procfs.wait_until(same_again, 5)
    return seen[-1]


ROLES = {
    role.__name__: role
    for role in (
        deleted_file,
        private_tmpfs,
        memfd,
        mapped_memfd,
        orphan_segment,
        foreign_segment,
        anonymous_shared,
        untouched_shared,
        threads,
        page_tables,
        bpf_map,
        tcp,
        udp,
        dead_fuse,
        strange_comm,
        fork_storm,
    )
}


def play(name, args):
    """Play a role on stdin and stdout."""
    procfs.write("/proc/self/comm", f"hold-{name}"[:15])
    role = ROLES[name](*args)
    try:
        for _dummy in range(2):
            print(json.dumps(next(role)), flush=True)
            sys.stdin.readline()
    except Refused as reason:
        print(json.dumps({"refused": str(reason)}), flush=True)
    except OSError as error:
        if error.errno not in LACKING:
            raise
        print(json.dumps({"refused": f"{name}: {error}"}), flush=True)
    finally:
        role.close()


@contextlib.contextmanager
def own_folder():
    """A temporary folder; what is mounted on it goes first."""
    folder = tempfile.mkdtemp(prefix="planted-")
    try:
        yield folder
    finally:
        os.rmdir(folder)


@contextlib.contextmanager
def own_tmpfs(options=""):
    """A tmpfs that nobody else writes to."""
    with own_folder() as folder:
        syscalls.mount("planted", folder, "tmpfs", syscalls.MS_NOSUID | syscalls.MS_NODEV, options)
        try:
            yield folder
        finally:
            syscalls.umount(folder)


if __name__ == "__main__":
    play(sys.argv[1], sys.argv[2:])
