# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""Every finding there is: its id, when it is raised, how bad it is and what a person types next."""

from typing import Dict, NamedTuple, Optional

DOCS = "docs/findings.md#"


class Rule(NamedTuple):
    """A finding's fixed half. The threshold is compared in `unit`; None and no unit where there is nothing to tune."""

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
    Rule(
        "floored-tie-in-cgroup",
        "critical",
        2.0,
        "processes of one cgroup",
        "Let size count for the biggest, so that it goes first: `echo 0 > /proc/{pid}/oom_score_adj`; for good boot a "
        "kernel of 5.9 or later, or give all but what must live an OOMScoreAdjust= (a pod: a QoS class) of 0 or more.",
    ),
    Rule(
        "floored-badness",
        "warning",
        1.0,
        "processes",
        "Keep values below 0 for lifelines and give workloads 0 or more: `echo 0 > /proc/{pid}/oom_score_adj`, and the "
        "same in their units or pods; for good boot a kernel of 5.9 or later, or a vendor's that has its fix.",
    ),
    Rule(
        "same-negative-adj",
        "info",
        2.0,
        "processes of one cgroup",
        "Nothing to do on this kernel: size decides. Before such a workload moves to one older than 5.9, where the "
        "order of the scan would, give what may die first a value of 0 or more: `echo 0 > /proc/PID/oom_score_adj`.",
    ),
    Rule(
        "lifeline-unprotected",
        "warning",
        1.0,
        "processes",
        "Protect it now: `echo {usual_adj} > /proc/{pid}/oom_score_adj`; and for good: {lasting}.",
    ),
    Rule(
        "unkillable-workload",
        "warning",
        1.0,
        "processes",
        "Make it killable, -900 if it must be among the last: `echo -900 > /proc/{pid}/oom_score_adj`; then find who "
        "set -1000: `systemctl cat {unit} | grep OOM`, or the program itself.",
    ),
    Rule(
        "unkillable-exhausts",
        "critical",
        50.0,
        "percent of what may be used",
        "Make the biggest killable before memory runs out: `echo -900 > /proc/{pid}/oom_score_adj`; if it must never "
        "die, restart it in a quiet hour and give it a limit of its own (MemoryMax=).",
    ),
    Rule(
        "declared-adj-differs",
        "warning",
        1.0,
        "points of difference",
        "Set what is declared: `echo {declared_adj} > /proc/{pid}/oom_score_adj`, or restart {unit}; if the live value "
        "is the right one, declare it: `systemctl edit {unit}`, there [Service] and OOMScoreAdjust={oom_score_adj}.",
    ),
    Rule(
        "panic-on-oom",
        "warning",
        1.0,
        "as the value of vm.panic_on_oom",
        "Unless a cluster manager wants it: `sysctl vm.panic_on_oom=0`, and `grep -rs panic_on_oom /etc/sysctl.conf "
        "/etc/sysctl.d /usr/lib/sysctl.d` to find who sets it; while `sysctl kernel.panic` is 0 the host stays dead.",
    ),
    Rule(
        "kill-allocating-task",
        "warning",
        1.0,
        "as the value of vm.oom_kill_allocating_task",
        "Let the score decide again: `sysctl vm.oom_kill_allocating_task=0`, and `grep -rs oom_kill_allocating "
        "/etc/sysctl.conf /etc/sysctl.d /usr/lib/sysctl.d` to find who sets it.",
    ),
    Rule(
        "no-oom-reaper",
        "info",
        None,
        "",
        "Leave room and limit the big services (MemoryLimit=), since nothing can be done once it hangs: only "
        "`echo b > /proc/sysrq-trigger` or the power switch helps then; plan a kernel of 4.6 or later.",
    ),
    Rule(
        "oom-kills",
        "warning",
        1.0,
        "kills since boot",
        "See who died: `journalctl -k -b | grep -i 'killed process'`, without a journal `dmesg -T | grep -i 'killed "
        "process'`; whether it was the right one the module oom_events_info tells.",
    ),
)

# What a remedy may name, if the evidence has it.
_BLANKS = (
    "mount",
    "pid",
    "pod",
    "shmid",
    "cache",
    "caller",
    "comm",
    "suspects",
    "cgroup",
    "unit",
    "usual_adj",
    "lasting",
    "declared_adj",
    "oom_score_adj",
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
    for key in _BLANKS:
        value = evidence.get(key)
        shown = ", ".join(value) or "none known" if isinstance(value, list) else str(value)
        remedy = remedy.replace("{" + key + "}", key.upper() if value is None else shown)
    return remedy
