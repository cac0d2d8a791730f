# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every rule at its threshold, just below and just above it; RAM is 100000 MiB, so 10 MiB are 0.01 %."""

import pytest

from ansible_collections.memfacts.linux.plugins.module_utils.memcore.findings import catalogue
from tests.support import measures

MIB = 1 << 20
MEASURES = measures.of_all_rules()
# Units of which there is no half.
COUNTED = {
    "cgroups",
    "processes",
    "processes of one cgroup",
    "points of difference",
    "as the value of vm.panic_on_oom",
    "as the value of vm.oom_kill_allocating_task",
    "kills since boot",
}
TUNABLE = [rule for rule in catalogue.every() if rule.threshold is not None]


def _step(rule):
    """The smallest difference that shows in the rule's unit."""
    if rule.unit in COUNTED:
        return 1
    return 1.0 / MIB if rule.unit == "MiB" else 0.01


@pytest.fixture
def measure(host):
    """A function: let the host measure `value` for the rule of this id."""
    return lambda name, value: MEASURES[name](value, host)


each_rule = pytest.mark.parametrize("rule", [pytest.param(rule, id=rule.id) for rule in TUNABLE])
each_divisible_rule = pytest.mark.parametrize(
    "rule", [pytest.param(rule, id=rule.id) for rule in TUNABLE if rule.threshold / 2 >= 1 or rule.unit not in COUNTED]
)


def test_there_is_a_measure_for_every_rule():
    assert list(MEASURES) == [rule.id for rule in catalogue.every()]


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
