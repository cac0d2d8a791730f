# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plants of what no process shows: huge pages, stacks, slab, sockets, page tables, BPF, zram."""

import contextlib
import mmap
import os

from tests.live import holder, procfs
from tests.live.holder import Refused
from tests.live.plants.planting import MIB, SIZE, NotSettled, Planted, ledger_part, margin, plant, row_of, take


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
        record = take(child, baseline, lambda: procfs.meminfo("PageTables"))

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
