# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A small host for questions about the OOM killer, laid out as files: processes, memory cgroups, settings."""

import os

from ansible_collections.memfacts.linux.plugins.module_utils.memcore.sources import host

PAGE = host.PAGE_SIZE
RAM = 1000000  # pages
INITIAL = "pid:[4026531836]"
_MOUNTS = {
    "v2": "18 1 0:18 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw",
    "v1": "18 1 0:18 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory",
    "none": "",
}
_FOLDERS = {"v2": "sys/fs/cgroup", "v1": "sys/fs/cgroup/memory", "none": "sys/fs/cgroup"}


class OrderedHost(host.Host):
    """A live host below a folder; cgroups are older the earlier they stand in `order` (paths of folders)."""

    def __init__(self, root, order):
        super().__init__(root)
        self._order = order

    def folders(self, path):
        found = super().folders(path)
        return sorted(found, key=lambda name: self._order.index(f"{path}/{name}"))


def process(pid, rss=100, adj=0, **more):
    """rss, swap, page_tables, anon and shmem in pages; more: comm, ppid, threads, capabilities, start, cgroup,
    nodes (of memory that it may use, as the kernel prints them).
    """
    return dict(more, pid=pid, rss=rss, adj=adj)


def lay(
    folder, processes, cgroups=(), version="v2", release="6.1.0-37-amd64", swap=0, cpus=2, sysctls=None, init=INITIAL
):
    """Write the host; cgroups: (path, {file: text}, pids), oldest first. Returns it as a live host."""
    base = _FOLDERS[version]
    files = {
        "proc/meminfo": f"MemTotal: {_kib(RAM)} kB\nMemAvailable: {_kib(RAM // 2)} kB\nSwapTotal: {_kib(swap)} kB\n",
        "proc/stat": "cpu  1 1 1 1\n" + "".join(f"cpu{number} 1 1 1 1\n" for number in range(cpus)),
        "proc/sys/kernel/osrelease": release + "\n",
        "proc/self/mountinfo": f"1 1 0:1 / / rw - ext4 /dev/root rw\n{_MOUNTS[version]}\n",
        "proc/2/status": "Name:\tkthreadd\nPPid:\t0\nUid:\t0\t0\t0\t0\nThreads:\t1\n",
    }
    settings = dict({"panic_on_oom": 0, "oom_kill_allocating_task": 0, "swappiness": 60}, **(sysctls or {}))
    files.update((f"proc/sys/vm/{name}", f"{value}\n") for name, value in settings.items())
    for one in processes:
        files.update((f"proc/{one['pid']}/{name}", text) for name, text in _process(one).items())
    if version == "v2":
        files[f"{base}/cgroup.controllers"] = "memory\n"
    files[f"{base}/cgroup.procs"] = ""
    for path, texts, pids in cgroups:
        files[f"{base}{path}/cgroup.procs"] = "".join(f"{pid}\n" for pid in pids)
        files.update((f"{base}{path}/{name}", f"{text}\n") for name, text in texts.items())
    for path, text in files.items():
        write(folder, path, text)
    os.makedirs(os.path.join(folder, "proc/1/ns"), exist_ok=True)
    os.symlink(init, os.path.join(folder, "proc/1/ns/pid"))
    return OrderedHost(str(folder), [base + path for path, _texts, _pids in cgroups])


def write(folder, path, text):
    """One more file, or another text of it."""
    full = os.path.join(str(folder), path)
    os.makedirs(os.path.dirname(full), exist_ok=True)
    with open(full, "w", encoding="utf-8") as stream:
        stream.write(text)


def _process(one):
    rss, shmem = one["rss"], one.get("shmem", 0)
    anon = one.get("anon", rss - shmem)
    resident = f"VmRSS:\t{_kib(rss)} kB\n"
    parts = f"RssAnon:\t{_kib(anon)} kB\nRssFile:\t{_kib(rss - anon - shmem)} kB\nRssShmem:\t{_kib(shmem)} kB\n"
    total_vm = f"VmSize:\t{_kib(one['total_vm'])} kB\n" if "total_vm" in one else ""
    nodes = f"Mems_allowed:\t1\nMems_allowed_list:\t{one['nodes']}\n" if "nodes" in one else ""
    status = (
        f"Name:\t{one.get('comm', 'task%d' % one['pid'])}\nPPid:\t{one.get('ppid', 1)}\nUid:\t0\t0\t0\t0\n"
        f"{total_vm}{resident}{parts if one.get('parts', True) else ''}VmPTE:\t{_kib(one.get('page_tables', 0))} kB\n"
        f"VmSwap:\t{_kib(one.get('swap', 0))} kB\nThreads:\t{one.get('threads', 1)}\n"
        f"CapEff:\t{one.get('capabilities', 0):016x}\n"
        f"{nodes}"
    )
    stat = f"{one['pid']} (a ) b) S " + " ".join(["0"] * 18) + f" {one.get('start', one['pid'])} 0 0\n"
    cgroup = one.get("cgroup", "/")
    return {"status": status, "oom_score_adj": f"{one['adj']}\n", "stat": stat, "cgroup": f"0::{cgroup}\n"}


def _kib(pages):
    return pages * PAGE // 1024
