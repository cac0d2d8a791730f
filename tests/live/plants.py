# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One plant per kind: memory of a known amount on the real kernel, where the facts must show it, and who holds it.

A plant is a generator function `plant(baseline)`: it prepares, calls `baseline()` (the moment to read the facts as
they are without it), takes the memory, waits until the kernel's own counter shows it, yields a Planted, and cleans up.
"""

import collections
import contextlib
import mmap
import os

from tests.live import holder, procfs
from tests.live.holder import Refused

MIB = 1 << 20
SIZE = 32 * MIB

# kind; bytes planted, by a measure the collector does not use; traces: {name: function(facts) -> bytes that moved, None
# if not reported}; holders: {name: function(facts) -> truth}; also: {name as of a trace: most it may move, in bytes},
# what comes with the kind by its nature. Of all sums of the facts only those named in traces and also may move.
Planted = collections.namedtuple("Planted", "kind bytes traces holders also")

KINDS = collections.OrderedDict()


def plant(function):
    """Register a plant under its function's name, as a context manager."""
    KINDS[function.__name__] = contextlib.contextmanager(function)
    return KINDS[function.__name__]


class NotSettled(Exception):
    """The kernel's own counter never showed the memory: the plant is wrong, or the host too busy to tell."""


def ledger_part(part):
    """The trace of a part of the ledger, by the name it has among the sums."""
    return {f"ledger.{part}": lambda facts: facts["memory"]["ledger"][part]}


def shmem_part(part):
    """The trace of a part of shared memory, by the name it has among the sums."""
    return {f"shmem.{part}": lambda facts: facts["shmem"][f"{part}_bytes"]}


def tmpfs_row(facts, folder):
    """The row of the tmpfs mounted on `folder`; {} if there is none."""
    rows = [row for row in facts["tmpfs"] if row["mount"] == folder or folder in row["mounts"]]
    return rows[0] if rows else {}


def row_of(rows, **wanted):
    """The first row with these values; {} if there is none."""
    for row in rows:
        if all(row.get(key) == value for key, value in wanted.items()):
            return row
    return {}


@contextlib.contextmanager
def _settled(counter, expected):
    """Take memory in the block, then wait until `counter` grew by `expected()` within the margin."""
    before = counter()
    yield
    wanted = expected()
    if not procfs.wait_until(lambda: _grew(counter, before) >= wanted - margin(wanted), 5):
        raise NotSettled(f"the kernel counts {_grew(counter, before)} bytes more, planted were {wanted}")


def _grew(counter, before):
    procfs.fold_counters()
    return counter() - before


def margin(size):
    """How far a reading may be off: 2 % or 1 MiB."""
    return max(size // 50, MIB)


def _shmem():
    return procfs.meminfo("Shmem")


def _take(child, baseline, counter=_shmem):
    """The usual course: baseline, take, wait until the kernel counts it; returns the holder's record."""
    baseline()
    record = {}
    with _settled(counter, lambda: record["bytes"]):
        record.update(child.take())
    return record


def _shared(kind, record, traces, holders):
    """A Planted of some shared memory: Shmem and nothing else of the ledger."""
    return Planted(kind, record["bytes"], {**ledger_part("shmem"), **traces}, holders, {})


@plant
def tmpfs_file(baseline):
    """A file in a tmpfs of the host."""
    with holder.own_tmpfs() as folder:
        path = os.path.join(folder, "planted-file")
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT)
        try:
            baseline()
            with _settled(_shmem, lambda: SIZE):
                record = {"bytes": holder.write_file(descriptor, SIZE)}
        finally:
            os.close(descriptor)
        yield _shared(
            "tmpfs_file",
            record,
            {
                "tmpfs.used": lambda facts: tmpfs_row(facts, folder).get("used_bytes", 0),
                "tmpfs.top_files": lambda facts: row_of(tmpfs_row(facts, folder).get("top_files") or [], path=path).get(
                    "bytes", 0
                ),
                **shmem_part("tmpfs"),
            },
            {},
        )


@plant
def private_tmpfs(baseline):
    """A tmpfs that only one process' mount namespace has."""
    with holder.own_folder() as folder, holder.holding("private_tmpfs", SIZE, folder) as child:
        record = _take(child, baseline)
        yield _shared(
            "private_tmpfs",
            record,
            {
                "tmpfs.used": lambda facts: tmpfs_row(facts, folder).get("used_bytes", 0),
                **shmem_part("tmpfs"),
            },
            {"tmpfs.pid": lambda facts: tmpfs_row(facts, folder).get("pid") == child.pid},
        )


@plant
def deleted_file(baseline):
    """A tmpfs file that is deleted and still open."""
    with holder.own_tmpfs() as folder, holder.holding("deleted_file", SIZE, folder) as child:
        record = _take(child, baseline)
        yield _shared(
            "deleted_file",
            record,
            {
                "tmpfs.used": lambda facts: tmpfs_row(facts, folder).get("used_bytes", 0),
                "tmpfs.deleted": lambda facts: tmpfs_row(facts, folder).get("deleted_bytes", 0),
                **shmem_part("deleted"),
                "shmem.deleted[]": lambda facts: _held_row(facts, "deleted", folder).get("bytes", 0),
            },
            {"deleted.holders": lambda facts: _holds(_held_row(facts, "deleted", folder), child)},
        )


def _memfd(kind, name, baseline):
    with holder.holding(kind, SIZE) as child:
        record = _take(child, baseline)
        yield _shared(
            kind,
            record,
            {
                **shmem_part("memfd"),
                "shmem.memfd[]": lambda facts: _held_row(facts, "memfd", name).get("bytes", 0),
            },
            {"memfd.holders": lambda facts: _holds(_held_row(facts, "memfd", name), child)},
        )


def _held_row(facts, kind, name):
    """The row of a held shared memory file with `name` in its name; {} if there is none."""
    rows = [row for row in facts["shmem"][kind] if name in row["name"]]
    return rows[0] if rows else {}


def _holds(row, child):
    return row.get("holders") == [child.pid] and row.get("comm") == child.comm


@plant
def memfd(baseline):
    """A memfd held by its descriptor."""
    return _memfd("memfd", "planted-memfd", baseline)


@plant
def mapped_memfd(baseline):
    """A memfd held by a mapping alone."""
    return _memfd("mapped_memfd", "planted-mapped", baseline)


def _segment(kind, baseline, parts, holders):
    with holder.holding(kind, SIZE) as child:
        record = _take(child, baseline)

        def row(facts):
            return row_of(facts["shmem"]["sysv"], shmid=record["shmid"], creator_pid=record["creator"])

        yield _shared(
            kind,
            record,
            {
                **parts,
                "shmem.sysv[]": lambda facts: row(facts).get("bytes", 0),
            },
            {name: lambda facts, true=true: true(row(facts)) for name, true in holders.items()},
        )


@plant
def orphan_segment(baseline):
    """A SysV segment without creator and without anybody attached."""
    return _segment(
        "orphan_segment",
        baseline,
        {**shmem_part("sysv"), **shmem_part("sysv_orphan")},
        {
            "sysv.attached": lambda row: row.get("attached") == 0,
            "sysv.creator_dead": lambda row: row.get("creator_alive") is False,
            "sysv.orphan": lambda row: row.get("orphan") is True,
        },
    )


@plant
def foreign_segment(baseline):
    """A SysV segment in another IPC namespace."""
    holders = {"sysv.creator_alive": lambda row: row.get("creator_alive") is True}
    return _segment("foreign_segment", baseline, shmem_part("sysv"), holders)


def _anonymous(kind, baseline):
    with holder.holding(kind, SIZE) as child:
        record = _take(child, baseline)

        def row(facts):
            rows = facts["shmem"]["anonymous_shared"]
            return next((row for row in rows if child.pid in row["holders"]), {})

        yield _shared(
            kind,
            record,
            {
                **shmem_part("anonymous_shared"),
                "shmem.anonymous_shared[]": lambda facts: row(facts).get("bytes", 0),
            },
            {"anonymous_shared.holders": lambda facts: _holds(row(facts), child)},
        )


@plant
def anonymous_shared(baseline):
    """Shared anonymous memory in the process that filled it."""
    return _anonymous("anonymous_shared", baseline)


@plant
def untouched_shared(baseline):
    """Shared anonymous memory whose writer is gone; who still maps it never touched it."""
    return _anonymous("untouched_shared", baseline)


@plant
def huge_pages(baseline):
    """Huge pages in the pool, unused."""
    path, count = "/proc/sys/vm/nr_hugepages", SIZE // (2 * MIB)
    before = procfs.text(path)
    if before is None:
        raise Refused("this kernel has no hugetlb")
    size = procfs.meminfo("Hugepagesize")
    baseline()
    try:
        procfs.write(path, int(before) + count)
        got = int(procfs.text(path)) - int(before)
        if got <= 0:
            raise Refused(f"no {count} huge pages to be had")
        yield Planted("huge_pages", got * size, ledger_part("hugetlb"), {}, {})
    finally:
        procfs.write(path, int(before))


@plant
def threads(baseline):
    """Two thousand sleeping threads."""
    count = 2000
    with holder.holding("threads", count) as child:
        baseline()
        before = procfs.meminfo("KernelStack")
        record = child.take()
        size = _stack_size(before, record["threads"])
        yield Planted(
            "threads",
            record["threads"] * size,
            ledger_part("kernel_stacks"),
            {},
            {
                # task_struct with its FPU state, struct pid, /proc inodes that a reader of task/ leaves behind
                "ledger.slab_unreclaimable": record["threads"] * 16 * 1024,
                "ledger.slab_reclaimable": record["threads"] * 4 * 1024,
                # vmap_area and vm_struct are slab; tables for the stacks' addresses count as page tables from 6.15 on
            },
        )


def _stack_size(before, count):
    """Bytes of one kernel stack: the power of two (x86-64, arm64: 16 KiB; 3.10: 8 KiB) that the counter speaks for."""
    grew = procfs.meminfo("KernelStack") - before
    for size in (8192, 16384, 32768, 65536):
        if abs(grew - count * size) <= margin(count * size):
            return size
    raise NotSettled(f"KernelStack grew by {grew} with {count} threads")


@plant
def many_dentries(baseline):
    """Dentries of names that were looked up and do not exist; of hard links where those are not kept."""
    if procfs.bytes_per_dentry() is None:
        raise Refused("/proc/slabinfo cannot be read, so nobody can tell what a dentry costs")
    count = int(SIZE / procfs.bytes_per_dentry())
    with contextlib.ExitStack() as stack:
        make = _dentry_maker(stack)
        # First the free places in slabs that exist already, or the caches would not grow as the count does.
        make(0, _free_dentry_places() + 20000)
        baseline()
        before = _dentry_places()
        make(10**6, count)
        procfs.fold_counters()
        planted = int((_dentry_places() - before) * procfs.bytes_per_dentry())
        yield Planted(
            "many_dentries",
            planted,
            {
                **ledger_part("slab_reclaimable"),
                "slab.top.dentry": lambda facts: row_of(facts["kernel"]["slab"]["top"], name="dentry").get("bytes", 0),
            },
            {},
            {
                # For each object a note of the memory cgroup that is charged, 8 bytes up to 6.9 and 16 since,
                # kmalloc'ed as one array for each slab; and the nodes of the list_lru.
                "ledger.slab_unreclaimable": 24 * count
            },
        )


def _dentry_places():
    """Dentries and free places for some: other processes leave free places, and who fills those takes no memory."""
    return procfs.dentries() + _free_dentry_places()


def _free_dentry_places():
    fields = [line.split() for line in procfs.text("/proc/slabinfo").splitlines() if line.startswith("dentry ")][0]
    return int(fields[2]) - int(fields[1])


def _dentry_maker(stack):
    """A function (first name, count) that makes that many dentries in a folder which goes with the stack."""
    folder = stack.enter_context(holder.own_folder())
    for number in range(1000):
        os.path.lexists(f"{folder}/probe{number}")
    before = procfs.dentries()
    for number in range(1000, 2000):
        os.path.lexists(f"{folder}/probe{number}")
    if procfs.dentries() - before > 900:
        return lambda first, count: [os.path.lexists(f"{folder}/{first + i}") for i in range(count)] and None
    # tmpfs, ramfs and hostfs forget negative dentries at once; the names of tmpfs files are dentries for good.
    tmpfs = stack.enter_context(holder.own_tmpfs("nr_inodes=0"))
    with open(f"{tmpfs}/one", "w"):
        pass
    return lambda first, count: [os.link(f"{tmpfs}/one", f"{tmpfs}/{first + i}") for i in range(count)] and None


@contextlib.contextmanager
def _room_for(*settings):
    """Lift memory limits of the network stack, which are small on small guests."""
    paths = [f"/proc/sys/net/ipv4/{name}" for name in settings]
    before = [procfs.text(path) for path in paths]
    try:
        for path, value in zip(paths, before):
            procfs.write(path, " ".join(str(max(int(pages), 1 << 30 >> 12)) for pages in value.split()))
        yield
    finally:
        for path, value in zip(paths, before):
            procfs.write(path, value.strip())


def _socket_size():
    """So much that 2 % are more than sockstat may be off: from 6.0 on each CPU keeps up to 1 MiB to itself."""
    return min(max(SIZE, 60 * MIB * os.cpu_count()), 256 * MIB, procfs.meminfo("MemFree") // 5)


def _sockets(kind, protocol, baseline, part, *role):
    with _room_for("tcp_mem", "udp_mem"), holder.holding(*role) as child:
        baseline()
        before = procfs.sockstat_bytes(protocol.upper())
        record = child.take()
        grew = procfs.sockstat_bytes(protocol.upper()) - before
        if abs(grew - record["bytes"]) > margin(record["bytes"]) or grew < SIZE // 2:
            raise NotSettled(f"sockstat grew by {grew}, the sockets say {record['bytes']}")
        yield Planted(
            kind,
            record["bytes"],
            {
                f"sockets.{protocol}": lambda facts: facts["kernel"]["sockets"][f"{protocol}_bytes"],
                **ledger_part(part),
            },
            {},
            {},
        )


@plant
def tcp_queues(baseline):
    """TCP connections with full queues; their data lies in page fragments."""
    return _sockets("tcp_queues", "tcp", baseline, "sockets", "tcp", _socket_size(), 16)


@plant
def udp_pages(baseline):
    """Large UDP datagrams, whose data lies in page fragments."""
    return _sockets("udp_pages", "udp", baseline, "sockets", "udp", _socket_size(), 60000)


@plant
def udp_slab(baseline):
    """Small UDP datagrams, whose data lies in slab: a ledger that also adds them to `sockets` counts them twice."""
    return _sockets("udp_slab", "udp", baseline, "slab_unreclaimable", "udp", _socket_size(), 1000)


@plant
def page_tables(baseline):
    """Page tables of a process that maps next to nothing."""
    with holder.holding("page_tables", SIZE) as child:
        record = _take(child, baseline, lambda: procfs.meminfo("PageTables"))

        def row(facts):
            return row_of(facts["kernel"]["page_tables"]["top"], pid=child.pid)

        yield Planted(
            "page_tables",
            record["bytes"],
            {
                **ledger_part("page_tables"),
                "page_tables.top": lambda facts: row(facts).get("bytes", 0),
            },
            {"page_tables.comm": lambda facts: row(facts).get("comm") == child.comm},
            {},
        )


@plant
def bpf_vmalloc(baseline):
    """A BPF array, which the kernel takes with vmalloc()."""
    with holder.holding("bpf_map", holder.BPF_ARRAY, 4096, SIZE // 4096) as child:
        if not procfs.meminfo("VmallocUsed"):
            raise Refused("this kernel's VmallocUsed is 0 (4.4 to 5.2) or missing")
        baseline()
        before = procfs.meminfo("VmallocUsed")
        child.take()
        if procfs.meminfo("VmallocUsed") - before < SIZE - margin(SIZE):
            raise NotSettled("VmallocUsed did not grow by the size of the BPF array")
        yield Planted("bpf_vmalloc", SIZE, ledger_part("vmalloc"), {}, {})


@plant
def bpf_percpu(baseline):
    """A BPF per-CPU array: one copy of each value for each possible CPU."""
    cpus = _possible_cpus()
    # On a kernel for one CPU (percpu-km.c) chunks are so small that a large array takes minutes.
    shape = (holder.BPF_PERCPU_ARRAY, 4096, (SIZE if cpus > 1 else SIZE // 4) // (4096 * cpus))
    if procfs.meminfo("Percpu") is None:
        raise Refused("this kernel's meminfo has no Percpu")
    # The first array takes what chunks exist already; only then does the counter grow as the second one does.
    with holder.holding("bpf_map", *shape) as filler, holder.holding("bpf_map", *shape) as child:
        filler.take()
        _wait_for_rest(lambda: procfs.meminfo("Percpu"))
        before = procfs.meminfo("Percpu")
        baseline()
        child.take()
        size = shape[1] * shape[2] * cpus
        if procfs.meminfo("Percpu") - before < size - margin(size):
            raise NotSettled(f"Percpu grew by {procfs.meminfo('Percpu') - before}, the BPF array has {size}")
        yield Planted(
            "bpf_percpu",
            size,
            ledger_part("percpu"),
            {},
            {
                # A chunk has, by vmalloc, for each 4 bytes of one CPU's copy a memory cgroup's pointer and two bits.
                "ledger.vmalloc": (2 * size + size // 16) // cpus + margin(size)
            },
        )


def _wait_for_rest(counter):
    """Wait until a counter that the kernel lowers in the background stands still."""
    seen = []

    def same_again():
        seen.append(counter())
        return len(seen) > 10 and len(set(seen[-10:])) == 1

    procfs.wait_until(same_again, 5)


def _possible_cpus():
    # "0-3", or "0"; nothing on kernels built for one CPU.
    return int((procfs.text("/sys/devices/system/cpu/possible") or "0").strip().split("-")[-1]) + 1


@plant
def zram(baseline):
    """A zram disk full of noise that does not compress."""
    path = "/sys/class/zram-control/hot_add"
    number = (procfs.text(path) or "").strip()
    if not number:
        raise Refused("this kernel has no zram")
    disk = f"/sys/block/zram{number}"
    try:
        procfs.write(f"{disk}/disksize", SIZE)
        with _direct(f"/dev/zram{number}", disk) as descriptor:
            noise = mmap.mmap(-1, MIB)
            noise[:] = os.urandom(MIB)
            baseline()
            for _dummy in range(SIZE // MIB):
                os.write(descriptor, noise)
        planted = int(procfs.text(f"{disk}/mm_stat").split()[2])
        yield Planted("zram", planted, ledger_part("zram"), {}, {})
    finally:
        procfs.write(f"{disk}/reset", 1)
        procfs.write("/sys/class/zram-control/hot_remove", number)


@contextlib.contextmanager
def _direct(node, disk):
    """A descriptor that goes past the page cache; without devtmpfs the node is made for the time being."""
    made = not os.path.exists(node)
    if made:
        major, minor = procfs.text(f"{disk}/dev").split(":")
        os.mknod(node, 0o60600, os.makedev(int(major), int(minor)))
    descriptor = os.open(node, os.O_WRONLY | os.O_DIRECT)
    try:
        yield descriptor
    finally:
        os.close(descriptor)
        if made:
            os.unlink(node)
