# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The catalogue names every finding once, and everything it names is raised by a rule."""

import re

import pytest

from ansible_collections.memfacts.linux.plugins.module_utils.memcore.answers import asked
from ansible_collections.memfacts.linux.plugins.module_utils.memcore.errors import OptionError
from ansible_collections.memfacts.linux.plugins.module_utils.memcore.findings import judge
from ansible_collections.memfacts.linux.plugins.module_utils.memcore.findings import rule as rules

RULES = rules.RULES
FILLED = {"mount", "pid", "pod", "shmid", "cache", "caller", "comm", "suspects", "cgroup", "unit"}
FILLED |= {"lasting", "usual_adj", "declared_adj", "oom_score_adj"}
TUNABLE = [rule for rule in RULES if rule.threshold is not None]

each_rule = pytest.mark.parametrize("rule", [pytest.param(rule, id=rule.id) for rule in RULES])
each_tunable_rule = pytest.mark.parametrize("rule", [pytest.param(rule, id=rule.id) for rule in TUNABLE])


def test_every_rule_of_the_catalogue_is_judged_and_no_other():
    assert sorted(judge._RULES) == sorted(rule.id for rule in RULES)


def test_no_id_is_given_twice():
    assert len({rule.id for rule in RULES}) == len(RULES)


@each_rule
def test_a_rule_is_complete(rule):
    assert re.match(r"^[a-z]+(-[a-z]+)+$", rule.id)
    assert rule.severity in ("info", "warning", "critical")
    assert rule.threshold is None or rule.threshold > 0
    assert bool(rule.unit) == (rule.threshold is not None)
    assert rules.rule(rule.id) == rule


@each_rule
def test_a_remedy_is_a_sentence_with_a_command_or_a_name_in_it(rule):
    assert rule.remedy[0].isupper() or rule.remedy[0] == "{"
    assert rule.remedy.endswith(".")
    assert "`" in rule.remedy or "{" in rule.remedy or ":" in rule.remedy


@each_rule
def test_every_blank_of_a_remedy_is_one_that_gets_filled(rule):
    assert set(re.findall(r"\{(\w+)\}", rule.remedy)) - FILLED == set()


@each_tunable_rule
def test_a_threshold_can_be_set(rule):
    assert asked.checked_thresholds({rule.id: "12.5"})[rule.id] == 12.5
    assert asked.checked_thresholds({})[rule.id] == rule.threshold


@each_tunable_rule
def test_a_threshold_that_is_no_number_is_refused_with_its_unit(rule):
    expected = f"thresholds.{rule.id} is 'much', but must be a number from 0 up ({rule.unit})."

    with pytest.raises(OptionError, match=re.escape(expected)):
        asked.checked_thresholds({rule.id: "much"})


def test_a_rule_without_a_threshold_takes_none():
    with pytest.raises(OptionError, match="thresholds has 'no-oom-reaper', which is no finding with a threshold"):
        asked.checked_thresholds({"no-oom-reaper": 1})


@pytest.mark.parametrize("value", [-1, "-0.5", "nan", float("inf"), None, [], {}])
def test_a_threshold_that_nothing_can_be_compared_with_is_refused(value):
    with pytest.raises(OptionError, match="must be a number from 0 up"):
        asked.checked_thresholds({"vmalloc-high": value})


def test_a_threshold_of_no_rule_is_refused_with_those_there_are():
    with pytest.raises(OptionError, match="thresholds has 'slab', which is no finding.*tmpfs-dominates"):
        asked.checked_thresholds({"slab": 1})


def test_a_blank_that_the_evidence_cannot_fill_keeps_its_name():
    met = rules.finding("page-tables-high", "page tables take much", {})

    assert met == rules.Finding(
        "page-tables-high",
        "warning",
        "page tables take much",
        {},
        "COMM (pid PID) has the most. Many processes that map the same big region each pay for it: use huge pages, or "
        "fewer processes.",
        "docs/findings.md#page-tables-high",
    )


def test_a_finding_of_no_rule_is_a_mistake_of_the_caller():
    with pytest.raises(KeyError):
        rules.finding("slab", "", {})
