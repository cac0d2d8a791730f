# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""oom_score_adj and systemd itself: sessions, users' managers, templates, and what systemd would not obey."""

import functools
import os

import pytest

from tests.fleet import observed

pytestmark = pytest.mark.lab

HOSTS = ("bookworm-v2", "bullseye-v1")
NAME = "90-memfacts-oom-score-adj.conf"
UNITS = {
    "/etc/systemd/system/rule@.service": "[Service]\nExecStart=/bin/sleep infinity\n",
    "/etc/systemd/user/wick.service": "[Service]\nExecStart=/bin/sleep infinity\n[Install]\nWantedBy=default.target\n",
    "/etc/systemd/system/said.service": "[Service]\nExecStart=/bin/sleep infinity\nOOMScoreAdjust=-300\n",
    "/etc/systemd/system/over.service": "[Service]\nExecStart=/bin/sleep infinity\n",
    f"/etc/systemd/system.control/over.service.d/{NAME}": "[Service]\nOOMScoreAdjust=50\n",
}
VALUES = "for pid in {}; do cat /proc/$pid/oom_score_adj; done | sort -u | tr '\\n' ' '"
OF_INSTANCE = "systemctl show -p MainPID rule@{}.service | cut -d= -f2"


def prepare(guest):
    for path, text in UNITS.items():
        guest.sh(f"mkdir -p {os.path.dirname(path)}")
        guest.write(path, text)
    guest.sh(
        "systemctl daemon-reload; systemctl start rule@1 rule@2 said over;"
        "for user in wanda wilma; do useradd -m $user; loginctl enable-linger $user; done"
    )
    for user in ("wanda", "wilma"):
        start = functools.partial(guest.sh, as_user(user, "systemctl --user start wick"), check=False)
        observed.until(guest, lambda start=start: start().status == 0, f"{user}'s own systemd")


def remove(guest):
    guest.sh(
        "systemctl stop 'rule@*' said over; for user in wanda wilma; do loginctl disable-linger $user;"
        "loginctl terminate-user $user; pkill -9 -u $user; done; sleep 2; userdel -r wanda; userdel -r wilma; rm -rf "
        + " ".join(UNITS)
        + " /etc/systemd/system.control/over.service.d /var/lib/memfacts; systemctl daemon-reload",
        check=False,
    )


def as_user(user, command):
    return f"runuser -u {user} -- env XDG_RUNTIME_DIR=/run/user/$(id -u {user}) {command}"


@pytest.fixture(scope="module")
def prepared(fleet, controller):
    with fleet.planted(prepare, remove):
        yield controller


def adj(guest, script):
    return guest.sh(VALUES.format(f"$({script})")).split()


def test_only_listening_sshd_is_set(prepared, fleet):
    for value in (-999, -1000):
        run = prepared.task("oom_score_adj", HOSTS, name="sshd", value=value)
        for name in HOSTS:
            (result,) = run.of(name)
            assert [row["after"] for row in result.data["processes"]] == [value]
            assert any(
                "runs a session" in row["reason"] or "this run of Ansible" in row["reason"]
                for row in result.data["left_out"]
            )
            # This very command is a session that was started since.
            assert fleet.guests[name].sh("cat /proc/self/oom_score_adj").strip() == "0"
    prepared.task("oom_score_adj", HOSTS, name="sshd", value=-1000)


@pytest.mark.parametrize(
    "arguments", [{"pid": 1}, {"unit": "init.scope"}, {"pattern": "^/(usr/)?lib/systemd/systemd$"}]
)
def test_process_1_keeps_what_all_others_inherit(prepared, fleet, arguments):
    run = prepared.task("oom_score_adj", HOSTS, expect=2, value=-500, **arguments)
    for name in HOSTS:
        assert "systemd (pid 1) may not be set to -500" in run.messages()[name]
        assert fleet.guests[name].read("/proc/1/oom_score_adj").strip() == "0"


def test_template_sets_running_and_future_instances(prepared, fleet):
    prepared.task("oom_score_adj", HOSTS, unit="rule@.service", value=400)
    for name in HOSTS:
        guest = fleet.guests[name]
        guest.sh("systemctl start rule@3")
        assert [adj(guest, OF_INSTANCE.format(one)) for one in (1, 2, 3)] == [["400"]] * 3
    assert prepared.task("oom_score_adj", HOSTS, unit="rule@.service", value=400).changed() == []
    prepared.task("oom_score_adj", HOSTS, unit="rule@.service", state="absent")
    for name in HOSTS:
        guest = fleet.guests[name]
        assert [adj(guest, OF_INSTANCE.format(one)) for one in (1, 2, 3)] == [["0"]] * 3
        assert guest.sh(f"ls /etc/systemd/system/rule@.service.d/{NAME}", check=False).status != 0


def test_stopped_user_manager_does_not_stop_other_users(prepared, fleet):
    stop = "pkill -{} -u wanda -x systemd"
    for name in HOSTS:
        fleet.guests[name].sh(stop.format("STOP"))
    try:
        run = prepared.task("oom_score_adj", HOSTS, unit="wick.service", scope="user", value=600)
    finally:
        for name in HOSTS:
            fleet.guests[name].sh(stop.format("CONT"))
    for name in HOSTS:
        (result,) = run.of(name)
        assert [row["user"] for row in result.data["users"]] == ["wanda"]
        assert "no answer within 10 seconds" in result.data["users"][0]["error"]
        assert adj(fleet.guests[name], "pgrep -u wilma -x sleep") == ["600"]
    prepared.task("oom_score_adj", HOSTS, unit="wick.service", scope="user", state="absent")


def test_what_a_unit_declares_itself_is_not_frozen(prepared, fleet):
    run = prepared.task("oom_score_adj", HOSTS, unit="said.service", value=-300)
    for name in HOSTS:
        (result,) = run.of(name)
        assert (result.data["changed"], result.data["persistence"]["method"]) == (False, "unit")
        assert fleet.guests[name].sh("ls /etc/systemd/system/said.service.d", check=False).status != 0


def test_drop_in_that_systemd_never_reads_is_refused(prepared, fleet):
    run = prepared.task("oom_score_adj", HOSTS, expect=2, unit="over.service", value=200)
    for name in HOSTS:
        assert f"/etc/systemd/system.control/over.service.d/{NAME} has the same name" in run.messages()[name]
        assert adj(fleet.guests[name], "systemctl show -p MainPID over | cut -d= -f2") == ["50"]
        assert fleet.guests[name].sh("ls /etc/systemd/system/over.service.d", check=False).status != 0
