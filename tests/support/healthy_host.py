# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Facts built by hand: a host of 100000 MiB on which nothing is wrong, so that 10 MiB are 0.01 % of RAM."""

MIB = 1 << 20
HOST = {
    "kind": "host",
    "unit": None,
    "runtime": None,
    "container": None,
    "pod_uid": None,
    "qos_class": None,
    "volume": None,
    "pod_alive": None,
}
PARTS = (
    "free pcp_free page_cache buffers swap_cache anon shmem slab_reclaimable slab_unreclaimable kernel_stacks "
    "page_tables vmalloc percpu hugetlb zram balloon gpu"
).split()


def healthy_facts():
    """The keys that rules read, each at ease."""
    return {
        "memory": {
            "total_bytes": 100000 * MIB,
            "free_bytes": 50000 * MIB,
            "available_bytes": 80000 * MIB,
            "swap_total_bytes": 10000 * MIB,
            "swap_free_bytes": 10000 * MIB,
            "swap_cached_bytes": 0,
            "ledger": dict.fromkeys(PARTS, 0),
            "unaccounted_bytes": 0,
            "unaccounted_percent": 0.0,
            "unaccounted_by_lru_bytes": 0,
            "uncertainty_bytes": 0,
            "hugepages": [],
            "page_takers": [],
        },
        "tmpfs": [],
        "shmem": {
            "total_bytes": 0,
            "unattributed_bytes": 0,
            "gpu_bytes": 0,
            "sysv": [],
            "sysv_orphan_bytes": 0,
            "memfd": [],
            "deleted": [],
            "processes": 100,
            "processes_refused": 0,
        },
        "kernel": {
            "slab": {"top": [], "top_unreclaimable": []},
            "vmalloc": {"top": []},
            "page_tables": {"top": []},
            "sockets": {"tcp_bytes": 0, "udp_bytes": 0, "fragments_bytes": 0, "count": 0},
            "bpf_jit_bytes": 0,
            "bpf_jit_limit_bytes": 264241152,
        },
        "cgroups": {"count": 10, "dying": 0, "top": [], "near_limit": []},
        "host": {"kernel_release": "6.1.0"},
        "oom": {
            "sysctls": {
                "panic_on_oom": 0,
                "oom_kill_allocating_task": 0,
                "overcommit_memory": 0,
                "min_free_kbytes": 67584,
            },
            "kills_since_boot": 0,
            "reaper": True,
            "badness_model": "signed",
            "badness_evidence": "this process shows 666",
            "unkillable": [],
            "unkillable_bytes": 0,
            "unkillable_percent": 0.0,
            "lifelines": [lifeline("sshd", 812, -1000)],
            "unkillable_workloads": [],
            "negative_workloads": [],
            "same_adj_cgroups": [],
            "without_victim": [],
            "units": [],
        },
    }


def lifeline(name, pid, adj):
    """A row of oom.lifelines."""
    return {
        "name": name,
        "role": "the way in",
        "pid": pid,
        "comm": name,
        "unit": f"{name}.service",
        "oom_score_adj": adj,
        "usual_adj": -1000,
        "protected": adj < 0,
    }


def process(pid, adj, mib, comm="java"):
    """A row of a process in the lists of oom."""
    return {
        "pid": pid,
        "comm": comm,
        "oom_score_adj": adj,
        "unit": None,
        "cgroup": "/a",
        "held_bytes": mib * MIB,
    }


def same_adj_cgroup(count, all_tied, cgroup="/kubepods/pod1"):
    """A cgroup of `count` processes at -998: pause, which is the next, and a hog."""
    return {
        "cgroup": cgroup,
        "limit_bytes": 100 * MIB,
        "processes": count,
        "lowest_adj": -998,
        "highest_adj": -998,
        "all_tied": all_tied,
        "next_count": 1,
        "next": [process(64, -998, 1, "pause")],
        "biggest": process(65, -998, 90, "data_sim"),
    }


class Host:
    """A healthy host to make ill: `facts` to change, and what adds to their lists."""

    def __init__(self):
        self.facts = healthy_facts()

    def add_tmpfs(self, **given):
        """Add the row of a tmpfs of 1000 MiB with nothing in it, but for what is given."""
        row = {
            "mount": "/srv/t",
            "pid": None,
            "fstype": "tmpfs",
            "size_bytes": 1000 * MIB,
            "used_bytes": 0,
            "used_percent": 0.0,
            "unlimited": False,
            "options": ["nodev", "rw"],
            "declared": False,
            "top_files": None,
            "newest_mtime": None,
            "newest_age_seconds": None,
            "journal_bytes": 0,
            "deleted_bytes": 0,
        }
        owner = dict(HOST, **given.pop("owner", {}))
        self.facts["tmpfs"].append(dict(row, owner=owner, **given))

    def add_cgroup(self, **given):
        """Add a cgroup to those near their limit: at 1000 of 1000 MiB, but for what is given."""
        row = {
            "path": "/a.slice/b.service",
            "current_bytes": 1000 * MIB,
            "limit_bytes": 1000 * MIB,
            "anon_bytes": 0,
            "file_bytes": 0,
            "shmem_bytes": 0,
            "kernel_bytes": 0,
            "slab_reclaimable_bytes": 0,
            "slab_unreclaimable_bytes": 0,
            "oom_kills": 0,
        }
        self.facts["cgroups"]["near_limit"].append(dict(row, **given))


def ram(share):
    """Bytes of so many percent of its RAM."""
    return int(round(share * 1000)) * MIB
