# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""An OOM policy on the control side: what is wrong is said in sentences, and texts of templates are understood."""

import pathlib

import pytest
import yaml

from ansible_collections.memfacts.linux.plugins.filter.oom_policy_entries import oom_policy_entries
from ansible_collections.memfacts.linux.plugins.filter.oom_policy_errors import oom_policy_errors
from ansible_collections.memfacts.linux.plugins.module_utils.memcore.models import lifelines
from ansible_collections.memfacts.linux.plugins.module_utils.setters.adj import unkillable

CHECKOUT = pathlib.Path(__file__).resolve().parents[4]
ROLE = CHECKOUT / "roles" / "oom_policy"
DEFAULTS = yaml.safe_load((ROLE / "defaults" / "main.yml").read_text())


def test_the_role_s_defaults_are_a_right_policy():
    parts = {part: DEFAULTS["oom_policy_" + part] for part in DEFAULTS["oom_policy"]}
    assert oom_policy_errors(parts) == []


def test_the_role_protects_the_lifelines_that_protection_is_expected_of_with_their_own_projects_values():
    declared = {entry["unit"]: entry["value"] for entry in DEFAULTS["oom_policy_lifelines"]}
    assert declared == {unit: line.adj for line in lifelines.LIFELINES if line.adj is not None for unit in line.units}


def test_the_role_makes_only_lifelines_unkillable():
    units = [entry["unit"] for entry in DEFAULTS["oom_policy_lifelines"] if entry["value"] == unkillable.VALUE]
    assert units and all(lifelines.of_unit(unit) for unit in units)


def test_what_came_out_of_a_template_counts_as_what_it_means():
    policy = {
        "services": [{"unit": "a.service", "value": " -5 "}, {"user": 33, "value": "7.0", "children": "yes"}],
        "lifelines": [{"unit": "b.service", "value": "-1000", "allow_unkillable": "True", "note": "the pager"}],
        "workloads": [{"container": 123456789012, "value": 10 / 2}],
    }
    assert oom_policy_errors(policy) == []
    assert oom_policy_entries(policy) == [
        {"unit": "b.service", "value": -1000, "allow_unkillable": True, "missing": "ignore"},
        {"unit": "a.service", "value": -5, "missing": "ignore"},
        {"user": "33", "value": 7, "children": True, "missing": "ignore"},
        {"container": "123456789012", "value": 5, "missing": "ignore"},
    ]


def test_a_host_may_lack_any_lifeline_whatever_it_must_have_else():
    policy = {part: [{"name": part, "value": 0}] for part in ("workloads", "services", "lifelines")}
    missing = {entry["name"]: entry["missing"] for entry in oom_policy_entries(policy, missing="fail")}
    assert missing == {"lifelines": "ignore", "services": "fail", "workloads": "fail"}


SERVICES = "unit, name, pattern, user, cgroup, container"


@pytest.mark.parametrize(
    "policy, sentence",
    [
        pytest.param(
            {"lifeline": []},
            "oom_policy has the unknown key 'lifeline'; known are lifelines, services, workloads.",
            id="unknown-part",
        ),
        pytest.param(
            {"lifelines": [{"unit": "a.service", "valeu": 1, "value": 0}]},
            "oom_policy.lifelines[0] has the unknown key 'valeu'; "
            "known are allow_unkillable, name, note, persist, unit, value.",
            id="unknown-key-of-a-lifeline",
        ),
        pytest.param(
            {"services": [{"unit": "a.service", "adj": 1, "value": 0}]},
            "oom_policy.services[0] has the unknown key 'adj'; "
            "known are cgroup, children, container, name, note, pattern, persist, scope, unit, user, value.",
            id="unknown-key-of-a-service",
        ),
        pytest.param(
            {"services": [{"unit": "a.service"}]}, "oom_policy.services[0] has no value; add one.", id="no-value"
        ),
        pytest.param(
            {"services": [{"value": 1}]},
            f"oom_policy.services[0] has no selector; give exactly one of {SERVICES}.",
            id="no-selector",
        ),
        pytest.param(
            {"services": [{"name": "a", "pattern": "b", "value": 1}]},
            f"oom_policy.services[0] has the selectors name and pattern; give exactly one of {SERVICES}.",
            id="two-selectors",
        ),
        pytest.param(
            {"services": [{"unit": "a.service", "value": -1000}]},
            "oom_policy.services[0].value is -1000, but must be at least -999, since only lifelines may be unkillable.",
            id="unkillable-service",
        ),
        pytest.param(
            {"workloads": [{"unit": "a.service", "value": -1}]},
            "oom_policy.workloads[0].value is -1, but must be at least 0, since a workload must stay killable.",
            id="protected-workload",
        ),
        pytest.param(
            {"workloads": [{"unit": "a.service", "value": 1001}]},
            "oom_policy.workloads[0].value is 1001, but must be at most 1000.",
            id="too-high",
        ),
        pytest.param(
            {"services": [{"unit": "a.service", "value": "lots"}]},
            "oom_policy.services[0].value is 'lots', but must be a whole number.",
            id="no-number",
        ),
        pytest.param(
            {"services": [{"unit": "a.service", "value": True}]},
            "oom_policy.services[0].value is True, but must be a whole number.",
            id="yes-is-no-number",
        ),
        pytest.param(
            {"services": {"unit": "a"}}, "oom_policy.services is {'unit': 'a'}, but must be a list.", id="no-list"
        ),
        pytest.param([], "oom_policy is [], but must be a mapping.", id="no-mapping"),
        pytest.param(
            {"services": [{"unit": " ", "value": 1}]},
            "oom_policy.services[0].unit is ' ', but must not be empty.",
            id="empty-name",
        ),
        pytest.param(
            {"services": [{"unit": "a.service", "value": 1, "persist": "fstab"}]},
            "oom_policy.services[0].persist is 'fstab', but must be one of auto, systemd, none.",
            id="persist",
        ),
        pytest.param(
            {"lifelines": [{"unit": "a.service", "value": -1000, "allow_unkillable": True}]},
            "oom_policy.lifelines[0] has allow_unkillable, but no note that gives the reason; add a note.",
            id="unkillable-without-a-reason",
        ),
        pytest.param(
            {"services": [{"unit": "a.service", "value": 1}], "lifelines": [{"unit": "a.service", "value": -1}]},
            "oom_policy.services[0] has the selector unit a.service, as oom_policy.lifelines[0] has; remove one "
            "of them.",
            id="twice",
        ),
        pytest.param(
            {"services": [{"unit": "nginx", "value": 1}], "lifelines": [{"unit": "nginx.service", "value": -1}]},
            "oom_policy.services[0] has the selector unit nginx, as oom_policy.lifelines[0] has; remove one of them.",
            id="twice-under-two-names",
        ),
        pytest.param(
            {"services": [{"unit": "a", "value": 1}, {"unit": "a.service", "scope": "system", "value": 1}]},
            "oom_policy.services[1] has the selector unit a.service, as oom_policy.services[0] has; remove one "
            "of them.",
            id="twice-with-the-default-scope-said",
        ),
        pytest.param(
            {"services": [{"cgroup": "/app.slice/", "value": 1}], "workloads": [{"cgroup": "app.slice", "value": 2}]},
            "oom_policy.workloads[0] has the selector cgroup app.slice, as oom_policy.services[0] has; remove "
            "one of them.",
            id="twice-with-other-slashes",
        ),
        pytest.param(
            {"services": [{"user": 33, "value": 1}, {"user": "33", "value": 2}]},
            "oom_policy.services[1] has the selector user 33, as oom_policy.services[0] has; remove one of them.",
            id="twice-as-number-and-text",
        ),
        pytest.param(
            {"workloads": [{"pattern": "[", "value": 1}]},
            "oom_policy.workloads[0]: pattern '[' is not a regular expression (unterminated character set at "
            "position 0); see Python's re.",
            id="no-pattern",
        ),
        pytest.param(
            {"workloads": [{"pattern": "batch|", "value": 1}]},
            "oom_policy.workloads[0]: pattern 'batch|' matches an empty name and so every process; anchor it, as in"
            " ^nginx$.",
            id="pattern-for-all",
        ),
        pytest.param(
            {"workloads": [{"cgroup": "/", "value": 1}]},
            "oom_policy.workloads[0]: cgroup '/' means the whole host; give one below the root, as in"
            " /system.slice/x.service.",
            id="whole-host",
        ),
        pytest.param(
            {"services": [{"unit": "my app.service", "value": 1}]},
            "oom_policy.services[0].unit is 'my app.service', which is not the name of a unit; give a name such "
            "as ssh.service.",
            id="blank-in-a-unit",
        ),
        pytest.param(
            {"services": [{"name": "java", "value": 1, "persist": "systemd"}]},
            "oom_policy.services[0] has the selector name java, but scope and persist are only for units; remove them.",
            id="persist-without-a-unit",
        ),
        pytest.param(
            {"lifelines": [{"name": "sshd", "value": -1, "persist": "systemd"}]},
            "oom_policy.lifelines[0] has the selector name sshd, but scope and persist are only for units; "
            "remove them.",
            id="persist-of-a-lifeline-without-a-unit",
        ),
        pytest.param(
            {"services": [{"unit": "a.service", "value": "5.5"}]},
            "oom_policy.services[0].value is '5.5', but must be a whole number.",
            id="half-a-point",
        ),
        pytest.param(
            {"services": ["a.service"]}, "oom_policy.services[0] is 'a.service', but must be a mapping.", id="no-entry"
        ),
    ],
)
def test_what_is_wrong_is_said_in_one_sentence(policy, sentence):
    assert oom_policy_errors(policy) == [sentence]


def test_a_unit_of_the_system_and_one_of_the_users_with_the_same_name_are_two():
    units = [{"unit": "app", "value": 1}, {"unit": "app.service", "scope": "user", "value": 2}]
    assert oom_policy_errors({"services": units}) == []


def test_all_that_is_wrong_is_said_at_once():
    wrong = {"services": [{"unit": "a.service"}], "workloads": [{"unit": "b.service", "value": 2000}]}
    assert [text.split()[0] for text in oom_policy_errors(wrong, "mine")] == [
        "mine.services[0]",
        "mine.workloads[0].value",
    ]
