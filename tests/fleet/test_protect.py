# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Playbooks protect and undo over the fleet. What is compared is what the hosts show, not what Ansible says it did."""

import hashlib
import os

import pytest

from tests.fleet import interruption, observed

pytestmark = pytest.mark.lab

# A service with a value of its own in an operator's drop-in, one that is not running, one of each user, a batch job.
UNITS = {
    "/etc/systemd/system/tower.service": "[Service]\nExecStart=/bin/sleep 9d\n[Install]\nWantedBy=multi-user.target\n",
    "/etc/systemd/system/tower.service.d/10-own.conf": "[Service]\nOOMScoreAdjust=100\n",
    "/etc/systemd/system/idle.service": "[Service]\nExecStart=/bin/sleep infinity\n",
    "/etc/systemd/user/lamp.service": "[Service]\nExecStart=/bin/sleep infinity\n[Install]\nWantedBy=default.target\n",
    "/etc/systemd/system/batch.service": "[Service]\nExecStart=/usr/local/bin/batch infinity\n",
}
POLICY = {
    "oom_policy_services": [
        {"unit": "tower.service", "value": -600},
        {"unit": "idle", "value": 250},
        {"unit": "lamp.service", "scope": "user", "value": 300},
    ],
    "oom_policy_workloads": [{"pattern": "^/usr/local/bin/batch$", "value": 700, "note": "starts over by itself"}],
}
DECLARED = {"ssh": -1000, "tower": -600, "idle": 250, "lamp": 300}
# Where memfacts or systemd could write at all; logs and the record of random numbers change by themselves.
WRITABLE = ("/etc", "/root", "/usr/local", "/var/lib")


def prepare(guest):
    files = [f"mkdir -p {os.path.dirname(path)}; echo '{text}' >{path}\n" for path, text in UNITS.items()]
    guest.sh(
        "".join(files) + "cp /bin/sleep /usr/local/bin/batch; mkdir -p /root/.ansible/tmp;"
        "chmod 640 /etc/systemd/system/tower.service.d/10-own.conf;"
        "chgrp daemon /etc/systemd/system/tower.service.d/10-own.conf; loginctl enable-linger root;"
        "systemctl daemon-reload; systemctl enable -q --now tower; systemctl start batch;"
        "systemctl --user daemon-reload; systemctl --user enable -q --now lamp"
    )
    observed.started(guest, "ssh", "tower", "batch", user=["lamp"])


def remove(guest):
    guest.sh(
        "systemctl disable -q --now tower; systemctl stop batch idle; systemctl --user disable -q --now lamp;"
        "loginctl disable-linger root; rm -r /usr/local/bin/batch " + " ".join(UNITS) + ";"
        "rmdir /etc/systemd/system/tower.service.d; systemctl daemon-reload; systemctl --user daemon-reload"
    )


def look(guest):
    return observed.units(guest, ("tower", "idle", "batch"), ("lamp",))


def start_and_look(guest):
    guest.sh("systemctl start idle batch")
    observed.started(guest, "ssh", "tower", "idle", "batch", user=["lamp"])
    return look(guest)


def values(seen, kind):
    """{host: {unit: value}} of what look() saw on each; kind: live or shown."""
    of_units = {name: found["units"] for name, found in seen.items()}
    return {name: {unit: row[kind] for unit, row in rows.items()} for name, rows in of_units.items()}


def settings(guest, with_times=False):
    found = observed.tree(guest, *WRITABLE, with_times=with_times)
    # Ansible's own folder for a run, and what systemd itself keeps beside its users' sessions.
    return {path: row for path, row in found.items() if not path.startswith(("/root/.ansible", "/var/lib/systemd/"))}


class Story:
    """All that was seen while protect and undo were run over the fleet."""

    def __init__(self, fleet, controller):
        each = fleet.each
        self.untouched, self.first = each(lambda guest: settings(guest, True)), each(look)
        self.checked = controller.playbook("protect", check=True, **POLICY)
        self.after_check, self.looked_after_check = each(lambda guest: settings(guest, True)), each(look)
        self.before = {name: {path: row[:4] for path, row in rows.items()} for name, rows in self.after_check.items()}
        self.run = controller.playbook("protect", **POLICY)
        self.after_run, self.protected = each(settings), each(look)
        self.again = controller.playbook("protect", **POLICY)
        each(lambda guest: guest.reboot())
        self.rebooted = each(start_and_look)
        self.after_reboot = controller.playbook("protect", **POLICY)
        self.undone = controller.playbook("undo")
        self.after, self.looked_after = each(settings), each(look)
        self.undone_again = controller.playbook("undo")


@pytest.fixture(scope="module")
def story(fleet, prepared):
    return Story(fleet, prepared)


@pytest.fixture(scope="module")
def prepared(fleet, controller):
    """A controller, with the services in place until the last test of this file."""
    with fleet.planted(prepare, remove):
        yield controller


def test_check_mode_wrote_nothing(story):
    for name, before in story.untouched.items():
        assert observed.difference(before, story.after_check[name]) == {}, name
    assert story.looked_after_check == story.first


def test_check_mode_diff_equals_real_diff(story, fleet):
    for name in fleet.guests:
        assert story.checked.diffs(name) == story.run.diffs(name)
        shown = [diff for diff in story.checked.diffs(name) if diff["after_header"].startswith("/")]
        changed = observed.difference(story.before[name], story.after_run[name])
        content = {path: after[3] for path, (_before, after) in changed.items() if after and after[3]}
        assert content.pop("/var/lib/memfacts/oom_score_adj.json")
        assert content == {diff["after_header"]: hashlib.sha256(diff["after"].encode()).hexdigest() for diff in shown}
        folders = {os.path.dirname(path) for path in content} - set(story.before[name])
        assert set(changed) == {*content, *folders, "/var/lib/memfacts", "/var/lib/memfacts/oom_score_adj.json"}


def test_policy_is_live_and_persistent_without_restarts(story):
    for name, live in values(story.protected, "live").items():
        assert live == dict(DECLARED, idle=None, batch=700), name
    for name, shown in values(story.protected, "shown").items():
        assert shown == dict(DECLARED, ssh=0, batch=0), name
    assert values(story.protected, "pid") == values(story.first, "pid")


def test_sshd_is_unkillable_and_its_sessions_are_not(story):
    for seen in (story.protected, story.rebooted):
        assert [found["sessions"] for found in seen.values()] == [[0]] * len(seen)


def test_the_second_run_changed_nothing(story):
    assert story.again.changed() == []
    assert story.again.output.count(" changed=0 ") == len(story.first)


def test_each_setter_ran_once_on_each_host(story):
    for name in story.first:
        for run in (story.checked, story.run, story.again, story.after_reboot):
            assert run.modules(name) == ["oom_score_adj", "memfacts"]
        for run in (story.undone, story.undone_again):
            assert run.modules(name) == ["oom_score_adj", "tmpfs_size"]


def test_values_hold_after_a_reboot(story):
    for name, live in values(story.rebooted, "live").items():
        assert live == dict(DECLARED, batch=0), name
    assert values(story.rebooted, "shown") == values(story.protected, "shown")
    # What was chosen by a pattern is written down nowhere, so it is set again.
    assert len(story.after_reboot.changed()) == len(story.first)


def test_undo_restores_files_and_values(story):
    for name, before in story.before.items():
        assert observed.difference(before, story.after[name]) == {}, name
    own = values(story.first, "shown")
    assert values(story.looked_after, "shown") == own
    for name, live in values(story.looked_after, "live").items():
        assert live == dict(own[name], ssh=-1000), name
    assert story.undone_again.changed() == []


DROP_IN = "/etc/systemd/system/tower.service.d/90-memfacts-oom-score-adj.conf"
INTERRUPTED = ("bookworm-v2", "bullseye-v1")
SMALL = {"oom_policy_lifelines": [], "oom_policy_services": [{"unit": "tower.service", "value": -600}]}


def test_run_killed_before_daemon_reload_is_completed_by_the_next(prepared, fleet):
    these = [fleet.guests[name] for name in INTERRUPTED]
    before = [settings(guest) for guest in these]
    interruption.interrupt(prepared, these, "daemon-reload", "protect", **SMALL)
    for guest in these:
        # Half-way: what runs has it and it is written down, but systemd does not know.
        assert guest.sh(f"test -e {DROP_IN}", check=False).status == 0
        tower = look(guest)["units"]["tower"]
        assert (tower["live"], tower["shown"]) == (-600, 100)

    prepared.playbook("protect", INTERRUPTED, **SMALL)
    for guest in these:
        tower = look(guest)["units"]["tower"]
        assert (tower["live"], tower["shown"]) == (-600, -600)
    assert prepared.playbook("protect", INTERRUPTED, **SMALL).changed() == []
    prepared.playbook("undo", INTERRUPTED)
    for guest, files in zip(these, before):
        assert observed.difference(files, settings(guest)) == {}, guest.name


def test_read_only_host_does_not_stop_undo_on_others(prepared, fleet):
    stuck, free = (fleet.guests[name] for name in INTERRUPTED)
    before = {guest.name: settings(guest) for guest in (stuck, free)}
    prepared.playbook("protect", INTERRUPTED, **SMALL)
    stuck.sh("mount --bind /etc /etc; mount -o remount,bind,ro /etc")
    try:
        run = prepared.playbook("undo", INTERRUPTED, expect=2)
    finally:
        stuck.sh("umount /etc")
    assert list(run.messages()) == [stuck.name]
    assert DROP_IN in run.messages()[stuck.name] and "read-only" in run.messages()[stuck.name]
    assert observed.difference(before[free.name], settings(free)) == {}
    assert (stuck.name, run.results[0].task) in prepared.playbook("undo", INTERRUPTED).changed()
    assert observed.difference(before[stuck.name], settings(stuck)) == {}
