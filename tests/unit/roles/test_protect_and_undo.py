# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What protect and undo ask of which hosts, when a policy is wrong and when a host is in trouble."""

import re

import pytest
import yaml

from tests import CHECKOUT
from tests.support.plays import Plays

RIGHT = [{"name": "batch", "value": 350, "note": "starts again by itself"}]
# Ansible's other ways through the hosts, each of which would change some before it reads the policy of all.
FREE = {"ANSIBLE_STRATEGY": "free"}
FEW_FORKS = {"ANSIBLE_FORKS": "1"}
# Each test runs a playbook for seconds; the short check has one way of each kind to give a wrong policy.
SLOW = pytest.mark.slow


@pytest.fixture
def plays(tmp_path):
    return Plays(tmp_path)


def wrong_on(host, wrong):
    """Variables with which one host has other workloads than the rest."""
    return {
        "oom_policy_lifelines": [],
        "oom_policy_workloads": "{{ wrong if inventory_hostname == '" + host + "' else right }}",
        "wrong": wrong,
        "right": RIGHT,
    }


@pytest.mark.parametrize(
    "wrong, said, settings, unreachable",
    [
        pytest.param([{"name": "x", "value": 5, "prio": 1}], "has the unknown key 'prio'", FREE, [], id="free"),
        pytest.param("{{ no_such_variable }}", "no_such_variable", FEW_FORKS, [], id="undefined-variable", marks=SLOW),
        pytest.param({"name": "x"}, "but must be a list", FREE, ["three"], id="on-a-host-that-is-unreachable"),
    ],
)
def test_wrong_policy_of_the_last_host_stops_protect_everywhere(plays, wrong, said, settings, unreachable):
    ended = plays.run("protect", unreachable=unreachable, settings=settings, **wrong_on("three", wrong))
    assert ended.status != 0
    assert re.search(r"fatal: \[three\]: FAILED", ended.output) and said in ended.output
    assert ended.asked == []


def test_wrong_argument_of_one_host_stops_protect_everywhere(plays):
    missing = "{{ 'perhaps' if inventory_hostname == 'three' else 'ignore' }}"
    ended = plays.run("protect", settings=FREE, oom_policy_missing=missing)
    assert ended.status != 0 and "oom_policy_missing must be one of: ignore, fail, got: perhaps" in ended.output
    assert ended.asked == []


def test_protect_runs_two_modules_and_failing_host_stops_no_other(plays):
    plays.answers("two", "oom_score_adj", msg="Cannot set oom_score_adj: no space left on /etc.")
    remedy = {
        "remedy": "tame it",
        "remedy_commands": ["echo -900 > /proc/7/oom_score_adj"],
        "remedy_effect": "reversible",
    }
    finding = dict(remedy, id="unkillable-task", summary="hog")
    plays.answers("four", "memfacts", ansible_facts={"memfacts": {"findings": [finding]}})
    ended = plays.run(
        "protect",
        ["one", "two", "three", "four"],
        unreachable=["three"],
        oom_policy_lifelines=[{"unit": "ssh.service", "value": -1000, "note": "the way in"}],
        oom_policy_services=[{"user": 33, "value": "{{ 2 + 3 }}", "children": "yes"}],
        oom_policy_missing="fail",
    )
    assert ended.status != 0 and "no space left" in ended.output
    assert ended.changers() == {"one": 1, "two": 1, "four": 1}
    (given,) = ended.of("one", "oom_score_adj")
    differing = [{key: value for key, value in entry.items() if value is not None} for entry in given["entries"]]
    common = {"scope": "system", "persist": "auto"}
    assert differing == [
        dict(common, unit="ssh.service", value=-1000, missing="ignore", children=False, allow_unkillable=False),
        dict(common, user="33", value=5, missing="fail", children=True, allow_unkillable=False),
    ]
    assert ended.of("one", "memfacts") == [{"gather_subset": ["oom"], "state": "present"}]
    assert "unit ssh.service: 1 of 1 processes changed" in ended.output
    assert ended.output.count("hog; tame it") == 1
    assert "Effect of the commands: reversible" in ended.output
    assert "echo -900 > /proc/7/oom_score_adj" in ended.output


def test_protect_names_silent_users_and_hosts_without_policy_targets(plays):
    nobody = {"user": "eve", "error": "no answer from the systemd manager of eve within 5 s"}
    row = {"title": "unit lamp.service", "summary": "not here", "persistence": None, "users": [nobody]}
    plays.answers("one", "oom_score_adj", changed=False, summary="nothing", entries=[row, row], kept=[])
    policy = "{{ {} if inventory_hostname == 'empty' else {'workloads': right} }}"
    ended = plays.run("protect", ["one", "empty"], oom_policy=policy, right=RIGHT)
    assert (ended.status, ended.changers()) == (0, {"one": 1}), ended.output
    assert ended.output.count("Nothing was set for user eve: no answer from the systemd manager of eve within 5 s") == 1
    assert ended.output.count("This host has none of the services and processes that the policy names.") == 2


@pytest.mark.parametrize(
    "wrong, said",
    [
        pytest.param([{"path": "/tmp", "size": "80M", "sice": "1"}], "sice", id="unknown-key"),
        pytest.param("{{ no_such_variable }}", "no_such_variable", id="undefined-variable", marks=SLOW),
        pytest.param("/tmp", "list", id="type", marks=SLOW),
    ],
)
def test_wrong_variable_of_one_host_keeps_limit_tmpfs_from_every_host(plays, wrong, said):
    mounts = "{{ wrong if inventory_hostname == 'three' else right }}"
    ended = plays.run(
        "limit_tmpfs",
        settings=FREE,
        tmpfs_limits_apply=True,
        tmpfs_limits_mounts=mounts,
        wrong=wrong,
        right=[{"path": "/tmp", "size": "80M"}],
    )
    assert ended.status != 0
    assert re.search(r"fatal: \[three\]: FAILED", ended.output) and said in ended.output
    assert ended.asked == []


def test_undo_runs_each_setter_once_and_failing_host_stops_no_other(plays):
    plays.answers("two", "oom_score_adj", msg="Cannot undo: no space left on /var/lib/memfacts.")
    kept = [{"what": "/etc/fstab", "reason": "the line of /tmp is another one by now"}]
    plays.answers("four", "tmpfs_size", changed=True, summary="undone", kept=kept)
    ended = plays.run(
        "undo",
        ["one", "two", "three", "four"],
        unreachable=["three"],
        settings={"ANSIBLE_ANY_ERRORS_FATAL": "true"},
        oom_policy="not even a policy",
    )
    assert ended.status != 0 and "no space left" in ended.output
    assert ended.changers() == {"one": 2, "two": 2, "four": 2}
    for host in ("one", "two", "four"):
        assert ended.of(host, "oom_score_adj") == ended.of(host, "tmpfs_size") == [{"state": "absent"}]
    assert ended.output.count("/etc/fstab was left as it is: the line of /tmp is another one by now") == 1


def test_serial_play_of_the_readme_checks_all_policies_first(plays, tmp_path):
    with open(f"{CHECKOUT}/roles/oom_policy/README.md", encoding="utf-8") as stream:
        shown = re.findall(r"```yaml\n(.*?)```", stream.read(), re.DOTALL)
    (text,) = [text for text in shown if "serial:" in text]
    first, second = yaml.safe_load(text)
    for play in (first, second):
        play.update(hosts="all", become=False)
    playbook = tmp_path / "own.yml"
    playbook.write_text(yaml.safe_dump([first, second]))
    ended = plays.run(playbook, **wrong_on("three", [{"name": "x", "value": 5, "prio": 1}]))
    assert ended.status != 0 and "has the unknown key 'prio'" in ended.output
    assert ended.asked == []


@SLOW
def test_role_in_own_play_stops_all_hosts_after_a_wrong_policy(plays, tmp_path):
    playbook = tmp_path / "own.yml"
    playbook.write_text(
        yaml.safe_dump([{"hosts": "all", "gather_facts": False, "roles": ["memfacts.linux.oom_policy"]}])
    )
    ended = plays.run(playbook, **wrong_on("three", [{"name": "x", "value": 5, "prio": 1}]))
    assert ended.status != 0 and ended.asked == []
