# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bad input on real hosts: one clear sentence each, and nothing was changed."""

import re

import pytest

from tests.fleet import observed

pytestmark = pytest.mark.lab

ADJ = [
    ({"unit": "nowhere.service", "value": -100}, "nowhere.service"),
    ({"unit": "ssh.service", "value": 1001}, "1001"),
    ({"unit": "ssh.service", "value": "much"}, "much"),
    ({"unit": "ssh.service"}, "value"),
    ({"pattern": "^no-such-name$", "value": 5}, "no-such-name"),
    ({"pattern": "(", "value": 5}, "pattern"),
    ({"pattern": "python3", "value": 5}, "only this run of Ansible itself"),
    ({"pid": 1, "name": "systemd", "value": 5}, "pid"),
    ({"value": 5}, "one of"),
    ({"user": "nobody-such", "value": 5}, "nobody-such"),
    ({"container": "0123456789ab", "value": 5}, "0123456789ab"),
    ({"unit": "systemd-logind.service", "value": -1000, "persist": "tomorrow"}, "tomorrow"),
    ({"pid": 2, "value": 5}, "2"),
    ({"name": "agetty-2000", "value": -1000}, "agetty-2000"),
]
SIZE = [
    ({"path": "/etc", "size": "10M"}, "/etc"),
    ({"path": "/", "size": "10M"}, "tmpfs"),
    ({"path": "/nowhere", "size": "10M"}, "/nowhere"),
    ({"path": "run", "size": "10M"}, "run"),
    ({"path": "/run", "size": "ten"}, "ten"),
    ({"path": "/run", "size": "0"}, "0"),
    ({"path": "/run", "size": "-5M"}, "-5M"),
    ({"path": "/run", "size": "120 potatoes"}, "potatoes"),
    ({"path": "/run", "size": "4k"}, "/run"),
    ({"path": "/run", "inodes": "1"}, "/run"),
    ({"path": "/run"}, "size"),
    ({"path": "/run", "size": "10M", "persist": "logind"}, "logind"),
]
READ_ONLY = [
    ("oom_score_adj", {"unit": "dbus.service", "value": -901}),
    ("tmpfs_size", {"path": "/dev/shm", "size": "50M"}),
]


def state(guest):
    """Files of settings with the times of their last change, all tmpfs mounts with their sizes, all oom_score_adj."""
    scores = "for p in /proc/[0-9]*; do echo $p $(cat $p/comm $p/oom_score_adj); done 2>/dev/null | grep -E '{}'"
    return (
        observed.tree(guest, with_times=True),
        guest.sh("grep tmpfs /proc/self/mountinfo; df --output=target,size,itotal -t tmpfs"),
        guest.sh(scores.format("systemd|dbus|[0-9] sshd -1000")),
    )


def check_sentences(run, wanted, hosts):
    for name in hosts:
        results = [result for result in run.of(name) if result.state in ("failed", "ignored")]
        assert len(results) == len(wanted)
        for result, (arguments, said) in zip(results, wanted):
            message = result.data["msg"]
            assert said in message, (arguments, message)
            assert "Traceback" not in str(result.data)
            assert re.search(r"\S$", message) and "\n" not in message.strip(), message


@pytest.mark.parametrize("module, wanted", [("oom_score_adj", ADJ), ("tmpfs_size", SIZE)])
def test_bad_input_is_one_sentence_and_changes_nothing(fleet, hosts, controller, module, wanted):
    before = fleet.each(state)
    run = controller.tasks([(module, arguments) for arguments, dummy in wanted])
    for name, after in fleet.each(state).items():
        assert after == before[name], name
    check_sentences(run, wanted, hosts)


def test_read_only_etc_changes_nothing(fleet, hosts, controller):
    fleet.each(lambda guest: guest.sh("mount --bind /etc /etc; mount -o remount,bind,ro /etc"))
    try:
        before = fleet.each(state)
        run = controller.tasks(READ_ONLY)
        after = fleet.each(state)
    finally:
        fleet.each(lambda guest: guest.sh("umount /etc"))
    assert after == before
    check_sentences(run, [(arguments, "/etc") for _module, arguments in READ_ONLY], hosts)


def test_unknown_policy_key_on_one_host_stops_all_hosts(fleet, hosts, controller):
    before = fleet.each(state)
    wrong = "{{ [{'unit': 'dbus', 'value': 5, 'prio': 1}] if inventory_hostname is match('bullseye') else [] }}"
    run = controller.playbook("protect", expect=2, oom_policy_services=wrong)
    assert fleet.each(state) == before
    assert not [result for result in run.results if result.task.endswith("of every entry of the policy")]
    assert run.messages()
    for name, message in run.messages().items():
        assert name.startswith("bullseye")
        assert "prio" in message


def test_alias_of_a_unit_with_another_value_is_refused_on_the_host(fleet, hosts, controller):
    aliases = [guest.sh("systemctl show -p Id --value sshd.service") for guest in hosts.values()]
    assert aliases == ["ssh.service\n"] * len(hosts)
    before = fleet.each(state)
    run = controller.playbook(
        "protect",
        expect=2,
        oom_policy_lifelines=[{"unit": "ssh.service", "value": -1000}],
        oom_policy_services=[{"unit": "sshd.service", "value": -500}],
    )
    assert fleet.each(state) == before
    assert sorted(run.messages()) == sorted(hosts)
    for message in run.messages().values():
        assert "ssh.service" in message and "sshd.service" in message
