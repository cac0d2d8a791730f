# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A finding about the host goes where a finding of Kubernetes says the same, and stays where it says more."""

from ansible_collections.memfacts.linux.plugins.module_utils.memcore.findings import catalogue
from ansible_collections.memfacts.linux.plugins.module_utils.memcore.findings.pods import instead

UIDS = ("392bf93e-1fcf-11ea-9b5b-3cfdfe576498", "492bf93e-1fcf-11ea-9b5b-3cfdfe576498")


def path(number):
    return f"/kubepods/pod{UIDS[number]}"


def tie(*cgroups, count=None):
    rows = [{"cgroup": one} for one in cgroups]
    count = len(rows) if count is None else count
    return {"id": "floored-tie-in-cgroup", "evidence": {"count": count, "cgroup": cgroups[0], "cgroups": rows}}


def tied(number):
    return {"id": "guaranteed-tied-oom-score", "uid": UIDS[number], "evidence": {}}


def test_tie_of_a_pod_is_told_by_kubernetes_alone():
    assert instead.left([tie(path(0))], [tied(0)]) == []


def test_tie_of_another_cgroup_stays():
    found = [tie(path(0), path(1)), tie("/system.slice/db.service")]
    assert instead.left(found, [tied(0)]) == found
    assert instead.left(found, [tied(0), tied(1)]) == found[1:]


def test_finding_that_names_only_some_of_its_cgroups_stays():
    found = [tie(path(0), count=9)]
    assert instead.left(found, [tied(0)]) == found


def test_other_finding_of_the_same_pod_says_something_else():
    found = [{"id": "unkillable-workload", "evidence": {"cgroup": path(0)}}]
    assert instead.left(found, [tied(0)]) == found


def test_sysctl_is_told_once():
    found = [{"id": "panic-on-oom", "evidence": {}}, {"id": "swap-full", "evidence": {}}]
    drift = {"id": "oom-sysctl-drift", "uid": "n", "evidence": {"sysctl": "vm.panic_on_oom"}}
    assert instead.left(found, [drift]) == found[1:]
    assert instead.left(found, []) == found


def test_each_sysctl_is_told_by_its_own_finding():
    found = [{"id": "panic-on-oom", "evidence": {}}, {"id": "kill-allocating-task", "evidence": {}}]
    drift = {"id": "oom-sysctl-drift", "uid": "n", "evidence": {"sysctl": "vm.oom_kill_allocating_task"}}
    assert instead.left(found, [drift]) == found[:1]


def test_service_without_protection_is_told_once_by_its_pid():
    found = [{"id": "lifeline-unprotected", "evidence": {"pid": number}} for number in (7, 8)]
    runtime = {"id": "runtime-daemon-unprotected", "uid": "n", "evidence": {"pid": 7}}
    assert instead.left(found, [runtime]) == found[1:]


def test_rules_about_the_host_exist():
    known = {rule.id for rule in catalogue.every()}
    assert set(instead.OF_PODS) | set(instead.OF_SYSCTLS) <= known
