# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each rule is complete, and a finding names what the evidence names, quoted where it is to be typed."""

import re
import shlex
import subprocess

import pytest

from ansible_collections.memfacts.linux.plugins.module_utils.memcore.answers import asked
from ansible_collections.memfacts.linux.plugins.module_utils.memcore.errors import OptionError
from ansible_collections.memfacts.linux.plugins.module_utils.memcore.findings import catalogue, oom_event
from ansible_collections.memfacts.linux.plugins.module_utils.memcore.findings import rule as rules
from tests.support import healthy_host, measures

RULES = catalogue.every()
TUNABLE = [rule for rule in RULES if rule.threshold is not None]
MEASURES = measures.of_all_rules()

each_rule = pytest.mark.parametrize("rule", [pytest.param(rule, id=rule.id) for rule in RULES])
each_tunable_rule = pytest.mark.parametrize("rule", [pytest.param(rule, id=rule.id) for rule in TUNABLE])


def made(own, evidence=None, remedy="Do it.", **more):
    """A finding of a rule with these commands of its own."""
    rule = rules.Rule("a-b", "info", None, "", (), lambda record, threshold: [], remedy, own)
    return rules.finding(rule, rules.Met("it is so", evidence or {}, **more))


def on_a_host(rule):
    """What the rule finds on a host that measures its threshold."""
    host = healthy_host.Host()
    MEASURES[rule.id](rule.threshold, host)
    return [rules.finding(rule, met) for met in rule.predicate(host.facts, rule.threshold)]


def test_no_id_is_given_twice():
    assert len({rule.id for rule in RULES}) == len(RULES)


def test_without_the_subset_oom_its_rules_are_not_loaded():
    left_out = set(catalogue.every()) - set(catalogue.of_facts({"memory": {}}))
    assert left_out and all(rule.needs == ("oom",) for rule in left_out)


@each_rule
def test_a_rule_is_complete(rule):
    assert re.match(r"^[a-z]+(-[a-z]+)+$", rule.id)
    assert rule.severity in ("info", "warning", "critical")
    assert rule.threshold is None or rule.threshold > 0
    assert bool(rule.unit) == (rule.threshold is not None)
    assert {effect for effect, _line in rule.commands} <= set(rules.EFFECTS)


@each_rule
def test_a_remedy_is_sentences_without_commands(rule):
    assert rule.remedy[0].isupper() and rule.remedy.endswith(".")
    assert not re.search(r"`[^`]* [^`]*`", rule.remedy)


@each_rule
def test_a_remedy_leaves_no_blank_and_its_commands_can_be_parsed(rule):
    for found in on_a_host(rule):
        assert "{" not in found.remedy
        for command in found.remedy_commands:
            assert "{" not in command and "\n" not in command
            assert shlex.split(command)
            assert subprocess.run(["sh", "-n", "-c", command], check=False).returncode == 0


# Worked out by hand for each command: what is the worst it does to a host on which all goes wrong?
@pytest.mark.parametrize(
    "effect, ids",
    [
        pytest.param(
            "data-loss", {"tmpfs-deleted-files", "tmpfs-dead-pod", "journal-in-run", "sysv-orphan"}, id="data-loss"
        ),
        pytest.param("restart", {"lifeline-unprotected"}, id="restart"),
        pytest.param(
            "reversible",
            {
                "tmpfs-dominates",
                "tmpfs-nearly-full",
                "tmpfs-unbounded",
                "bpf-jit-near-limit",
                "hugepages-idle",
                "dying-cgroups",
                "floored-tie-in-cgroup",
                "floored-badness",
                "unkillable-workload",
                "unkillable-exhausts",
                "declared-adj-differs",
                "panic-on-oom",
                "kill-allocating-task",
            },
            id="reversible",
        ),
    ],
)
def test_no_remedy_harms_without_saying_so(effect, ids):
    assert {rule.id for rule in RULES if effect in {found.remedy_effect for found in on_a_host(rule)}} == ids


@each_rule
def test_commands_that_only_look_change_nothing(rule):
    changing = r"^(umount|mount|ipcrm|systemctl (restart|edit))\b|sysctl [^ ]*=|--vacuum|(?<!2)>(?!/dev/null)"
    for effect, line in rule.commands:
        assert (effect == rules.LOOK) == (re.search(changing, line) is None), line


@pytest.mark.parametrize(
    "effects, worst",
    [
        ([], "none"),
        (["none", "none"], "none"),
        (["reversible", "none"], "reversible"),
        (["restart", "reversible"], "restart"),
        (["none", "data-loss", "restart"], "data-loss"),
    ],
)
def test_the_worst_command_gives_the_effect(effects, worst):
    assert made(tuple((effect, "true") for effect in effects)).remedy_effect == worst


@pytest.mark.parametrize(
    "name, command",
    [
        ("/srv/a", "du /srv/a | tail"),
        ("/srv/a b", "du '/srv/a b' | tail"),
        ("/srv/$(reboot)", "du '/srv/$(reboot)' | tail"),
        ("/srv/';reboot;'", """du '/srv/'"'"';reboot;'"'"'' | tail"""),
        ("", "du '' | tail"),
        (7, "du 7 | tail"),
        (None, "du MOUNT | tail"),
    ],
)
def test_a_name_that_anybody_may_choose_is_quoted(name, command):
    found = made(((rules.LOOK, "du {mount} | tail"),), {"mount": name})
    assert found.remedy_commands == [command]


def test_names_in_the_sentences_of_a_remedy_are_not_quoted():
    found = made((), {"cgroup": "/a b"}, remedy="Look at {cgroup} of {unit}.")
    assert found.remedy == "Look at /a b of UNIT."


def test_what_was_found_adds_its_commands_and_the_namespace_to_enter():
    more = (rules.RESTART, "systemctl restart {unit}")
    found = made(((rules.LOOK, "ls"),), {"unit": "a.service"}, commands=(more,), enter="nsenter -t 7 -m -- ")
    assert found.remedy_commands == ["nsenter -t 7 -m -- ls", "nsenter -t 7 -m -- systemctl restart a.service"]
    assert found.remedy_effect == "restart"


def test_an_event_raises_rules_of_the_facts_with_their_severity_and_remedy():
    own = {rule.id: rule for rule in RULES}
    assert [rule.id for rule in oom_event.RULES] == [
        "floored-badness",
        "lifeline-unprotected",
        "cgroup-shmem-at-limit",
        "kill-allocating-task",
    ]
    for rule in oom_event.RULES:
        assert (rule.severity, rule.remedy) == (own[rule.id].severity, own[rule.id].remedy)


@each_rule
def test_the_finding_has_all_of_its_rule(rule):
    for found in on_a_host(rule):
        assert (found.id, found.severity, found.ref) == (rule.id, rule.severity, f"docs/findings.md#{rule.id}")


@each_tunable_rule
def test_a_threshold_can_be_set(rule):
    assert asked.checked_thresholds({rule.id: "12.5"}, catalogue.every) == {rule.id: 12.5}


@each_tunable_rule
def test_a_threshold_that_is_no_number_is_refused_with_its_unit(rule):
    expected = f"thresholds.{rule.id} is 'much', but must be a number from 0 up ({rule.unit})."

    with pytest.raises(OptionError, match=re.escape(expected)):
        asked.checked_thresholds({rule.id: "much"}, catalogue.every)


def test_a_rule_without_a_threshold_takes_none():
    with pytest.raises(OptionError, match="thresholds has 'no-oom-reaper', which is no finding with a threshold"):
        asked.checked_thresholds({"no-oom-reaper": 1}, catalogue.every)


@pytest.mark.parametrize("value", [-1, "-0.5", "nan", float("inf"), None, [], {}])
def test_a_threshold_that_nothing_can_be_compared_with_is_refused(value):
    with pytest.raises(OptionError, match="must be a number from 0 up"):
        asked.checked_thresholds({"vmalloc-high": value}, catalogue.every)


def test_a_threshold_of_no_rule_is_refused_with_those_there_are():
    with pytest.raises(OptionError, match="thresholds has 'slab', which is no finding.*tmpfs-dominates"):
        asked.checked_thresholds({"slab": 1}, catalogue.every)
