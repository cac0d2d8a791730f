# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""Every finding there is: its id, when it is raised, how bad it is and what a person types next."""

from typing import Dict, NamedTuple, Optional

DOCS = "docs/findings.md#"


class Rule(NamedTuple):
    """A finding's fixed half. The threshold is compared in `unit`; None where there is nothing to tune."""

    id: str
    severity: str
    threshold: Optional[float]
    unit: str
    remedy: str


class Finding(NamedTuple):
    """A rule that was met: `summary` says it with figures, `evidence` holds them (bytes, percent, names)."""

    id: str
    severity: str
    summary: str
    evidence: Dict
    remedy: str
    ref: str


RULES = (
    Rule(
        "tmpfs-dominates",
        "warning",
        25.0,
        "percent of RAM",
        "Remove what is not needed (`du -xh {mount} | sort -h | tail`), then cap the mount: "
        "`mount -o remount,size=SIZE {mount}`.",
    ),
    Rule(
        "tmpfs-nearly-full",
        "warning",
        90.0,
        "percent of the tmpfs's size",
        "Free space before writers get ENOSPC: `du -xah {mount} | sort -h | tail`; grow it only if RAM allows: "
        "`mount -o remount,size=SIZE {mount}`.",
    ),
    Rule(
        "tmpfs-unbounded",
        "warning",
        300.0,
        "percent of RAM, sum of all size limits",
        "Give each tmpfs a limit it needs: `mount -o remount,size=SIZE {mount}`, and the same in /etc/fstab. One "
        "mounted with size=0 can only be limited by mounting it anew.",
    ),
    Rule(
        "tmpfs-deleted-files",
        "warning",
        2.0,
        "percent of RAM",
        "Restart the holder or let it reopen its files (`ls -l /proc/{pid}/fd | grep deleted`); "
        "`: > /proc/{pid}/fd/N` empties one in place.",
    ),
    Rule(
        "tmpfs-dead-pod",
        "warning",
        1.0,
        "MiB",
        "Check that the pod is gone (`crictl pods --no-trunc | grep {pod}`), then `umount {mount}` and remove its "
        "folder; restart the kubelet if it keeps such volumes.",
    ),
    Rule(
        "journal-in-run",
        "warning",
        25.0,
        "percent of the tmpfs's size",
        "Shrink it now with `journalctl --vacuum-size=64M`, and for good with RuntimeMaxUse=64M in a drop-in "
        "below /etc/systemd/journald.conf.d, then `systemctl restart systemd-journald`.",
    ),
    Rule(
        "sysv-orphan",
        "warning",
        16.0,
        "MiB",
        "Nobody is attached and the creator is dead: make sure no program will attach again, then `ipcrm -m {shmid}`.",
    ),
    Rule(
        "shmem-unattributed",
        "warning",
        5.0,
        "percent of RAM",
        "Look for GPU buffers (`cat /sys/kernel/debug/dri/*/i915_gem_objects`), for lazily unmounted tmpfs, and "
        "for what this run could not read (`incomplete`); run it as root.",
    ),
    Rule(
        "slab-unreclaimable-high",
        "warning",
        10.0,
        "percent of RAM",
        "Watch which cache grows (`slabtop -s c`); {cache} is the largest. If it never shrinks it is a kernel or "
        "driver leak: note kernel and modules, try the distribution's newer kernel, plan a reboot.",
    ),
    Rule(
        "vmalloc-high",
        "warning",
        5.0,
        "percent of RAM",
        "See who calls vmalloc (`grep vmalloc /proc/vmallocinfo | sort -k2 -n | tail`); {caller} is the largest.",
    ),
    Rule(
        "bpf-jit-near-limit",
        "warning",
        80.0,
        "percent of net.core.bpf_jit_limit",
        "New seccomp filters and BPF programs soon fail with errno 524: see what is loaded (`bpftool prog`), "
        "raise the limit (`sysctl net.core.bpf_jit_limit=BYTES`), and update the kernel if programs are gone but "
        "the memory is not.",
    ),
    Rule(
        "page-tables-high",
        "warning",
        5.0,
        "percent of RAM",
        "{comm} (pid {pid}) has the most. Many processes that map the same big region each pay for it: use huge "
        "pages, or fewer processes.",
    ),
    Rule(
        "percpu-high",
        "warning",
        5.0,
        "percent of RAM",
        "Mostly BPF maps, network counters or dying cgroups, once for each CPU: `bpftool map`, and the finding "
        "dying-cgroups.",
    ),
    Rule(
        "kernel-stacks-high",
        "warning",
        5.0,
        "percent of RAM",
        "Find who has so many threads: `ps -eo nlwp,pid,comm --sort=-nlwp | head`.",
    ),
    Rule(
        "sockets-high",
        "warning",
        5.0,
        "percent of RAM",
        "Find connections whose reader is stuck: `ss -tm --no-header | sort -k2 -n | tail` (Recv-Q); restart that "
        "reader, or cap net.ipv4.tcp_mem.",
    ),
    Rule(
        "balloon-inflated",
        "warning",
        10.0,
        "percent of RAM",
        "The hypervisor has taken this memory back: ask for a larger reservation or less overcommit on the host; "
        "nothing in this guest frees it.",
    ),
    Rule(
        "gpu-memory-high",
        "warning",
        10.0,
        "percent of RAM",
        "GPU clients hold system memory that no resident set shows: "
        "`grep -H drm- /proc/*/fdinfo/* 2>/dev/null | grep -v ' 0'`.",
    ),
    Rule(
        "unaccounted-high",
        "warning",
        5.0,
        "percent of RAM",
        "Pages that a driver took for itself: compare with a like host, unload suspects ({suspects}), and on 6.10 "
        "or later boot with `sysctl.vm.mem_profiling=1` to read the owner out of /proc/allocinfo.",
    ),
    Rule(
        "hugepages-idle",
        "warning",
        5.0,
        "percent of RAM",
        "No process uses or has reserved them: `sysctl vm.nr_hugepages=N` gives them back; look for the setting "
        "in /etc/sysctl.d and on the kernel command line.",
    ),
    Rule(
        "dying-cgroups",
        "warning",
        2000.0,
        "cgroups",
        "Removed cgroups live on while pages are charged to them: `echo 3 > /proc/sys/vm/drop_caches` shows what "
        "can go; tmpfs files written by dead services must be deleted; kernels before 5.x leak them (update).",
    ),
    Rule(
        "cgroup-shmem-at-limit",
        "warning",
        50.0,
        "percent of the cgroup's limit",
        "Files in tmpfs or /dev/shm fill the limit of {cgroup}, and a restart does not free them: delete them, or "
        "count them into the limit.",
    ),
    Rule(
        "cgroup-kernel-memory-high",
        "warning",
        15.0,
        "percent of the cgroup's limit",
        "The kernel's own memory (dentries, inodes, sockets, BPF) counts against {cgroup}; the processes are not "
        "leaking. Find the many files or maps it makes, or raise the limit.",
    ),
)

_BY_ID = {rule.id: rule for rule in RULES}


def rule(name: str) -> Rule:
    """The rule of that id; KeyError where there is none."""
    return _BY_ID[name]


def finding(name: str, summary: str, evidence: Dict) -> Finding:
    """A finding whose remedy names what the evidence names; a blank the evidence cannot fill keeps its name."""
    met = _BY_ID[name]
    return Finding(name, met.severity, summary, evidence, _filled(met.remedy, evidence), DOCS + name)


def _filled(remedy, evidence):
    for key in ("mount", "pid", "pod", "shmid", "cache", "caller", "comm", "suspects", "cgroup"):
        value = evidence.get(key)
        shown = ", ".join(value) or "none known" if isinstance(value, list) else str(value)
        remedy = remedy.replace("{" + key + "}", key.upper() if value is None else shown)
    return remedy
