# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every rule at its threshold, just below and just above it; RAM is 100000 MiB, so 10 MiB are 0.01 %."""

import pytest

from ansible_collections.memfacts.linux.plugins.module_utils.memcore.findings import rule as rules

MIB = 1 << 20


def _ram(share):
    """Bytes of so many percent of RAM."""
    return int(round(share * 1000)) * MIB


def _ledger(part):
    def measure(share, facts, **_):
        facts["memory"]["ledger"][part] = _ram(share)

    return measure


def _tmpfs_dominates(share, add_tmpfs, **_):
    add_tmpfs(size_bytes=100000 * MIB, used_bytes=_ram(share), used_percent=share)


def _tmpfs_nearly_full(share, add_tmpfs, **_):
    add_tmpfs(used_bytes=int(10 * share * MIB), used_percent=share)


def _tmpfs_unbounded(share, add_tmpfs, **_):
    for number in range(4):
        add_tmpfs(mount=f"/srv/{number}", size_bytes=_ram(share / 4))


def _tmpfs_deleted_files(share, add_tmpfs, **_):
    add_tmpfs(deleted_bytes=_ram(share))


def _tmpfs_dead_pod(mib, add_tmpfs, **_):
    add_tmpfs(used_bytes=int(mib * MIB), owner={"kind": "pod", "pod_uid": "u", "pod_alive": False})


def _journal_in_run(share, add_tmpfs, **_):
    add_tmpfs(mount="/run", journal_bytes=int(round(share * 10 * MIB)))


def _sysv_orphan(mib, facts, **_):
    held = int(mib * MIB)
    facts["shmem"]["sysv"] = [{"shmid": 7, "uid": 1, "creator_pid": 9, "bytes": held, "orphan": True}]
    facts["shmem"]["sysv_orphan_bytes"] = held


def _shmem_unattributed(share, facts, **_):
    facts["shmem"].update(total_bytes=50000 * MIB, unattributed_bytes=_ram(share))


def _bpf_jit(share, facts, **_):
    facts["kernel"].update(bpf_jit_bytes=int(share * 100), bpf_jit_limit_bytes=10000)


def _sockets(share, facts, **_):
    # half of it each
    facts["kernel"]["sockets"].update(tcp_bytes=_ram(share) // 2, udp_bytes=_ram(share) // 2)


def _unaccounted(share, facts, **_):
    facts["memory"].update(unaccounted_bytes=_ram(share), unaccounted_percent=share)


def _huge_pages(share, facts, **_):
    # one page is reserved; two pools make up what is idle
    half = _ram(share) // 2
    facts["memory"]["hugepages"] = [
        {"page_bytes": 2 * MIB, "total_bytes": half + 2 * MIB, "free_bytes": half + 2 * MIB, "reserved_bytes": 2 * MIB},
        {"page_bytes": 2 * MIB, "total_bytes": half, "free_bytes": half, "reserved_bytes": 0},
    ]


def _dying(count, facts, **_):
    facts["cgroups"]["dying"] = int(count)


def _cgroup(key):
    def measure(share, add_cgroup, **_):
        add_cgroup(**{key: int(round(share * 10 * MIB))})

    return measure


def _lifelines(count, facts, rows, **_):
    facts["oom"]["lifelines"] = [rows.lifeline("sshd", 800 + number, 0) for number in range(int(count))]


def _workloads(key, adj, **more):
    def measure(count, facts, rows, **_):
        facts["oom"].update({key: [rows.process(900 + number, adj, 10) for number in range(int(count))]}, **more)

    return measure


def _same_adj(all_tied):
    def measure(count, facts, rows, **_):
        facts["oom"]["same_adj_cgroups"] = [rows.same_adj_cgroup(int(count), all_tied)]

    return measure


def _unkillable(share, facts, rows, **_):
    facts["oom"].update(
        unkillable=[rows.process(900, -1000, 10)], unkillable_percent=share, unkillable_bytes=_ram(share)
    )


def _declared(points, facts, **_):
    unit = {"unit": "a.service", "pid": 7, "comm": "a", "declared_in": "/etc/systemd/system/a.service"}
    adj = {"declared_adj": -5, "oom_score_adj": int(points) - 5, "agrees": int(points) == 0}
    facts["oom"]["units"] = [dict(unit, **adj)]


def _sysctl(name):
    def measure(value, facts, **_):
        facts["oom"]["sysctls"][name] = int(value)

    return measure


def _kills(count, facts, **_):
    facts["oom"]["kills_since_boot"] = int(count)


# id: how a host measures so much in the unit of the rule's threshold.
MEASURES = {
    "tmpfs-dominates": _tmpfs_dominates,
    "tmpfs-nearly-full": _tmpfs_nearly_full,
    "tmpfs-unbounded": _tmpfs_unbounded,
    "tmpfs-deleted-files": _tmpfs_deleted_files,
    "tmpfs-dead-pod": _tmpfs_dead_pod,
    "journal-in-run": _journal_in_run,
    "sysv-orphan": _sysv_orphan,
    "shmem-unattributed": _shmem_unattributed,
    "slab-unreclaimable-high": _ledger("slab_unreclaimable"),
    "vmalloc-high": _ledger("vmalloc"),
    "bpf-jit-near-limit": _bpf_jit,
    "page-tables-high": _ledger("page_tables"),
    "percpu-high": _ledger("percpu"),
    "kernel-stacks-high": _ledger("kernel_stacks"),
    "sockets-high": _sockets,
    "balloon-inflated": _ledger("balloon"),
    "gpu-memory-high": _ledger("gpu"),
    "unaccounted-high": _unaccounted,
    "hugepages-idle": _huge_pages,
    "dying-cgroups": _dying,
    "cgroup-shmem-at-limit": _cgroup("shmem_bytes"),
    "cgroup-kernel-memory-high": _cgroup("kernel_bytes"),
    "floored-tie-in-cgroup": _same_adj(True),
    "floored-badness": _workloads("negative_workloads", -900, badness_model="floored"),
    "same-negative-adj": _same_adj(False),
    "lifeline-unprotected": _lifelines,
    "unkillable-workload": _workloads("unkillable_workloads", -1000),
    "unkillable-exhausts": _unkillable,
    "declared-adj-differs": _declared,
    "panic-on-oom": _sysctl("panic_on_oom"),
    "kill-allocating-task": _sysctl("oom_kill_allocating_task"),
    "oom-kills": _kills,
}
# What is counted, so that there is no half of it.
COUNTED = {
    "dying-cgroups",
    "floored-tie-in-cgroup",
    "floored-badness",
    "same-negative-adj",
    "lifeline-unprotected",
    "unkillable-workload",
    "declared-adj-differs",
    "panic-on-oom",
    "kill-allocating-task",
    "oom-kills",
}
TUNABLE = [rule for rule in rules.RULES if rule.threshold is not None]


def _step(rule):
    """The smallest difference that shows in the rule's unit."""
    if rule.id in COUNTED:
        return 1
    return 1.0 / MIB if rule.unit == "MiB" else 0.01


@pytest.fixture
def measure(facts, add_tmpfs, add_cgroup, rows):
    """A function: let the host measure `value` for the rule of this id."""
    tools = {"facts": facts, "add_tmpfs": add_tmpfs, "add_cgroup": add_cgroup, "rows": rows}
    return lambda name, value: MEASURES[name](value, **tools)


each_rule = pytest.mark.parametrize("rule", [pytest.param(rule, id=rule.id) for rule in TUNABLE])
each_divisible_rule = pytest.mark.parametrize(
    "rule", [pytest.param(rule, id=rule.id) for rule in TUNABLE if rule.threshold / 2 >= 1 or rule.id not in COUNTED]
)


def test_there_is_a_measure_for_every_rule_with_a_threshold():
    assert sorted(MEASURES) == sorted(rule.id for rule in TUNABLE)


def test_a_healthy_host_raises_nothing(raised):
    assert raised() == []


@each_rule
def test_just_below_its_threshold_a_rule_is_silent(rule, measure, raised):
    measure(rule.id, rule.threshold - _step(rule))

    assert raised() == []


@each_rule
def test_at_its_threshold_a_rule_is_met_and_no_other(rule, measure, raised):
    measure(rule.id, rule.threshold)

    assert [finding.id for finding in raised()] == [rule.id]


@each_rule
def test_just_above_its_threshold_a_rule_is_met_and_no_other(rule, measure, raised):
    measure(rule.id, rule.threshold + _step(rule))

    assert [finding.id for finding in raised()] == [rule.id]


@each_divisible_rule
def test_a_lower_threshold_is_obeyed(rule, measure, raised):
    measure(rule.id, rule.threshold / 2)

    assert [finding.id for finding in raised(**{rule.id: rule.threshold / 2})] == [rule.id]


@each_rule
def test_a_higher_threshold_is_obeyed(rule, measure, raised):
    measure(rule.id, rule.threshold)

    assert raised(**{rule.id: rule.threshold + _step(rule)}) == []


@each_rule
def test_a_threshold_of_0_on_a_host_with_nothing_to_find_is_no_crash(rule, raised):
    raised(**{rule.id: 0.0})


@each_rule
def test_a_subset_that_was_not_gathered_keeps_its_rules_silent(rule, measure, raised, facts):
    measure(rule.id, rule.threshold)
    for subset in ("memory", "tmpfs", "shmem", "cgroups", "oom"):
        facts.pop(subset)

    assert [finding.id for finding in raised()] == (["bpf-jit-near-limit"] if rule.id == "bpf-jit-near-limit" else [])
