# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""All rules are applied, and the worst comes first."""

from ansible_collections.memfacts.linux.plugins.module_utils.memcore.findings import judge
from ansible_collections.memfacts.linux.plugins.module_utils.memcore.findings import rule as rules


def _raises(severity):
    return lambda facts, threshold: [rules.Finding(severity, severity, "", {}, "", "")]


def test_the_worst_comes_first_and_equals_keep_the_order_of_the_rules(monkeypatch):
    order = ["info", "warning", "critical", "warning"]
    rules = {f"{number}": (("memory",), _raises(severity)) for number, severity in enumerate(order)}
    monkeypatch.setattr(judge, "_RULES", rules)

    found = judge.judge({"memory": {}}, dict.fromkeys(rules, 1.0))

    assert [finding.severity for finding in found] == ["critical", "warning", "warning", "info"]


def test_a_rule_is_given_its_own_threshold(monkeypatch):
    seen = []
    monkeypatch.setattr(judge, "_RULES", {"a": ((), lambda facts, threshold: seen.append(threshold) or [])})

    judge.judge({}, {"a": 7.5, "b": 1.0})

    assert seen == [7.5]


def test_a_rule_with_nothing_to_tune_is_given_none(monkeypatch):
    seen = []
    monkeypatch.setattr(judge, "_RULES", {"a": ((), lambda facts, threshold: seen.append(threshold) or [])})

    judge.judge({}, {})

    assert seen == [None]


def test_several_things_wrong_are_all_told(facts, add_tmpfs, raised):
    facts["memory"]["ledger"].update(vmalloc=9000 << 20, percpu=8000 << 20)
    facts["cgroups"]["dying"] = 5000
    add_tmpfs(used_bytes=990 << 20, used_percent=99.0)

    assert [finding.id for finding in raised()] == ["tmpfs-nearly-full", "vmalloc-high", "percpu-high", "dying-cgroups"]


def test_what_could_not_be_read_raises_nothing(facts, add_tmpfs, add_cgroup, raised):
    memory, shmem, kernel = facts["memory"], facts["shmem"], facts["kernel"]
    memory.update(ledger=dict.fromkeys(memory["ledger"]), uncertainty_bytes=None, page_takers=None)
    memory["unaccounted_by_lru_bytes"] = None
    shmem.update(total_bytes=None, unattributed_bytes=None, sysv_orphan_bytes=None)
    kernel.update(bpf_jit_bytes=None, bpf_jit_limit_bytes=None)
    kernel["sockets"] = dict.fromkeys(kernel["sockets"])
    kernel["slab"] = {"top": None, "top_unreclaimable": None}
    kernel["vmalloc"]["top"] = None
    facts["cgroups"].update(count=None, dying=None)
    oom = facts["oom"]
    oom.update(kills_since_boot=None, reaper=None, badness_model="unknown")
    oom["sysctls"] = dict.fromkeys(oom["sysctls"])
    sizes = ("size_bytes", "used_bytes", "used_percent", "unlimited", "journal_bytes", "deleted_bytes")
    add_tmpfs(**dict.fromkeys(sizes))
    add_cgroup(shmem_bytes=None, kernel_bytes=None)

    assert raised() == []
