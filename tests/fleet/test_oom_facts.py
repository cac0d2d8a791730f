# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What memfacts says of units and lifelines against what a real systemd says of them."""

import pytest

from tests.fleet import observed

pytestmark = pytest.mark.lab

# Each running system service: its name, what systemd would give it, its main process and what that has.
SERVICES = """
for unit in $(systemctl list-units --type=service --state=running --plain --no-legend | cut -d' ' -f1); do
    pid=$(systemctl show -p MainPID --value $unit)
    echo $unit $(systemctl show -p OOMScoreAdjust --value $unit) $pid $(cat /proc/$pid/oom_score_adj)
done
"""
SSHD = "$(systemctl show -p MainPID --value ssh)"


@pytest.fixture
def ask(controller):
    """A function: {host: the facts of these subsets}."""

    def facts():
        run = controller.task("memfacts", gather_subset=["oom"], top=1000)
        return {result.host: result.data["ansible_facts"]["memfacts"] for result in run.results}

    return facts


@pytest.fixture
def service(fleet):
    """A service on each host that sleeps and declares nothing."""
    text = "[Service]\\nExecStart=/bin/sleep infinity\\n"
    fleet.each(lambda guest: guest.sh(f"printf '{text}' >/run/systemd/system/idle.service; systemctl start idle"))
    fleet.each(lambda guest: observed.started(guest, "idle"))
    yield "idle.service"
    fleet.each(
        lambda guest: guest.sh("systemctl stop idle; rm -r /run/systemd/system/idle.service*; systemctl daemon-reload")
    )


def found(facts, name):
    """{host: evidence of the findings of that name}."""
    return {
        host: [finding["evidence"] for finding in fact["findings"] if finding["id"] == name]
        for host, fact in facts.items()
    }


def test_a_fresh_host_has_nothing_wrong(fleet, ask):
    facts = ask()

    assert {host: fact["findings"] for host, fact in facts.items()} == {name: [] for name in fleet.guests}
    assert all(row["protected"] for fact in facts.values() for row in fact["oom"]["lifelines"])
    named = {host: {row["name"] for row in fact["oom"]["lifelines"]} for host, fact in facts.items()}
    assert named == {name: {"sshd", "dbus", "systemd-journald"} for name in fleet.guests}


def between_two_equal_looks(fleet, ask):
    """(services, facts) of a time when the services before and after are the same: they come and go by themselves."""
    after = fleet.each(services)
    while True:
        before, facts, after = after, ask(), fleet.each(services)
        if before == after:
            return after, facts


def services(guest):
    return [line.split() for line in guest.sh(SERVICES).splitlines()]


def test_declared_values_are_those_that_systemd_would_give(fleet, ask):
    seen, facts = between_two_equal_looks(fleet, ask)

    ours = {
        host: {row["unit"]: (row["declared_adj"], row["pid"], row["oom_score_adj"]) for row in fact["oom"]["units"]}
        for host, fact in facts.items()
    }

    # A user's manager runs below its unit; a service that declares nothing is given 0.
    theirs = {
        host: {
            unit: (int(declared), int(pid), int(live))
            for unit, declared, pid, live in rows
            if declared != "0" and not unit.startswith("user@")
        }
        for host, rows in seen.items()
    }
    assert ours == theirs
    assert all("dbus.service" in units for units in ours.values())


def test_drop_in_without_restart_is_reported_until_effective(fleet, ask, service):
    pids = fleet.each(lambda guest: int(guest.sh(f"systemctl show -p MainPID --value {service}")))
    folder = f"/run/systemd/system/{service}.d"
    fleet.each(
        lambda guest: guest.sh(
            f"mkdir {folder}; printf '[Service]\\nOOMScoreAdjust=-500\\n' >{folder}/oom.conf; systemctl daemon-reload"
        )
    )

    assert found(ask(), "declared-adj-differs") == {
        name: [
            {
                "unit": service,
                "pid": pid,
                "comm": "sleep",
                "declared_adj": -500,
                "oom_score_adj": 0,
                "declared_in": f"{folder}/oom.conf",
            }
        ]
        for name, pid in pids.items()
    }

    fleet.each(lambda guest: guest.sh(f"systemctl restart {service}"))
    fleet.each(lambda guest: observed.started(guest, service))
    assert found(ask(), "declared-adj-differs") == {name: [] for name in fleet.guests}


def test_unprotected_sshd_is_reported_and_remedy_fixes_it(fleet, ask):
    fleet.each(lambda guest: guest.sh(f"echo 0 >/proc/{SSHD}/oom_score_adj"))
    try:
        facts = ask()
        pids = fleet.each(lambda guest: int(guest.sh(f"echo {SSHD}")))
        assert {host: [row["pid"] for row in rows] for host, rows in found(facts, "lifeline-unprotected").items()} == {
            name: [pid] for name, pid in pids.items()
        }
        remedies = {host: fact["findings"][0]["remedy_commands"][0] for host, fact in facts.items()}
        fleet.each(lambda guest: guest.sh(remedies[guest.name]))
        assert found(ask(), "lifeline-unprotected") == {name: [] for name in fleet.guests}
    finally:
        fleet.each(lambda guest: guest.sh(f"echo -1000 >/proc/{SSHD}/oom_score_adj"))
