# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The judge: order, thresholds, and silence where a figure is missing."""

from ansible_collections.memfacts.linux.plugins.module_utils.memcore.findings.judge import judge
from ansible_collections.memfacts.linux.plugins.module_utils.memcore.findings.rule import Met, Rule


def _rule(name, severity="info", threshold=None, needs=(), seen=None):
    def predicate(record, limit):
        if seen is not None:
            seen.append(limit)
        return [Met(name, {})]

    return Rule(name, severity, threshold, "", needs, predicate, "Do it.")


def test_the_worst_comes_first_and_equals_keep_the_order_of_the_rules():
    order = ["info", "warning", "critical", "warning"]
    rules = [_rule(f"{number}", severity) for number, severity in enumerate(order)]

    assert [(one.id, one.severity) for one in judge({}, rules)] == [
        ("2", "critical"),
        ("1", "warning"),
        ("3", "warning"),
        ("0", "info"),
    ]


def test_a_rule_is_given_its_own_threshold_unless_another_is_asked_for():
    seen = []
    rules = [_rule("a", threshold=7.5, seen=seen), _rule("b", threshold=1.0, seen=seen), _rule("c", seen=seen)]

    judge({}, rules, {"b": 3.0})

    assert seen == [7.5, 3.0, None]


def test_a_rule_is_silent_where_the_record_lacks_what_it_needs():
    rules = [_rule("a", needs=("memory", "tmpfs")), _rule("b", needs=("memory",)), _rule("c", needs=("tmpfs",))]

    assert [one.id for one in judge({"memory": {}}, rules)] == ["b"]


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
