# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a value is written down, or the reason why not."""

import pytest

from ansible_collections.memfacts.linux.plugins.module_utils.memcore.errors import OptionError
from ansible_collections.memfacts.linux.plugins.module_utils.memcore.models import lifelines
from ansible_collections.memfacts.linux.plugins.module_utils.setters.adj.persistence import (
    Declared,
    Service,
    advice_without_process,
    decide,
    idle_warning,
    sessions_warning,
)

CRON = Service("cron.service", True)
SSH = Service("ssh.service", True, lifelines.of_unit("ssh.service"), starts_sessions=True)
IN_CONTAINER = Service(None, False)
OBSTACLES = [
    pytest.param(IN_CONTAINER, 5, "does not run systemd", True, id="no-systemd"),
    pytest.param(Service(None, True), 5, "not selected by unit", False, id="no-unit"),
    pytest.param(Service("user.slice", True), 5, "starts no processes", True, id="slice"),
    pytest.param(Service("app.service", True, None, 100), 50, "runs with 100", True, id="below-the-users-manager"),
]


@pytest.mark.parametrize("service, value, reason, warn", OBSTACLES)
def test_auto_names_the_obstacle_and_goes_without(service, value, reason, warn):
    found = decide("auto", service, value)
    assert (found.method, reason in found.reason, found.warn) == ("none", True, warn)


@pytest.mark.parametrize("service, value, reason, warn", OBSTACLES)
def test_systemd_is_refused_where_it_cannot_be(service, value, reason, warn):
    with pytest.raises(OptionError, match=reason):
        decide("systemd", service, value)


@pytest.mark.parametrize(
    "asked, service, value, method",
    [
        pytest.param("auto", CRON, -500, "systemd", id="a-service"),
        pytest.param("systemd", CRON, -500, "systemd", id="asked-for"),
        pytest.param("none", CRON, -500, "none", id="not-wanted"),
        pytest.param("none", IN_CONTAINER, 5, "none", id="not-wanted-and-not-possible"),
        pytest.param("auto", Service("app.service", True, None, 100), 100, "systemd", id="as-the-users-manager"),
        pytest.param("auto", SSH, -1000, "itself", id="sshd-does-it-itself"),
        pytest.param("auto", SSH, 200, "systemd", id="sessions-of-sshd-that-go-first"),
        pytest.param("systemd", SSH, -1000, "systemd", id="sshd-asked-for"),
    ],
)
def test_the_method(asked, service, value, method):
    found = decide(asked, service, value)
    assert (found.method, found.warn) == (method, False)


def test_negative_value_of_sshd_holds_until_restart():
    found = decide("auto", SSH, -900)
    assert (found.method, found.warn) == ("none", True)
    assert "-900 holds until its next start" in found.reason


DBUS = Service("dbus.service", True, declared=Declared(-900, "/usr/lib/systemd/system/dbus.service"))


def test_value_of_other_unit_files_is_not_copied_to_a_drop_in():
    found = decide("auto", DBUS, -900)
    assert (found.method, found.warn) == ("unit", False)
    assert found.reason == "/usr/lib/systemd/system/dbus.service already sets this value, so no drop-in is needed"
    assert decide("auto", DBUS, -800).method == decide("systemd", DBUS, -900).method == "systemd"


@pytest.mark.parametrize("persist", ["auto", "systemd"])
def test_hidden_drop_in_is_refused(persist):
    other = "/etc/systemd/system.control/cron.service.d/90-memfacts-oom-score-adj.conf"
    with pytest.raises(OptionError, match=f"never read the drop-in of cron.service, because {other} has the same name"):
        decide(persist, CRON._replace(hidden_by=other), 5)
    assert decide("none", CRON._replace(hidden_by=other), 5).method == "none"
    same = CRON._replace(hidden_by=other, declared=Declared(5, other))
    assert decide("auto", same, 5).method == "unit"


def test_session_units_get_no_negative_drop_in_by_default():
    manager = Service("user@.service", True, starts_sessions=True)
    found = decide("auto", manager, -500)
    assert (found.method, found.warn) == ("none", True)
    assert found.reason == "user@.service would pass -500 on to every program in its sessions"
    assert decide("auto", manager, 500).method == "systemd"
    assert decide("systemd", manager, -500).method == "systemd" and "has -500 too" in sessions_warning(manager, -500)


@pytest.mark.parametrize(
    "unit, advice",
    [
        ("cron.service", "start it, or let persist write its drop-in"),
        ("job@.service", "start an instance of it, or let persist write its drop-in"),
        ("user.slice", "set the value on the units that run in it"),
        ("session-1.scope", "set the value on the units that run in it"),
        ("multi-user.target", "a target never has one: name the service that it starts"),
        ("apt-daily.timer", "a timer never has one: name the service that it starts"),
    ],
)
def test_advice_is_such_that_systemd_can_follow_it(unit, advice):
    assert advice_without_process(unit) == advice
    if "drop-in" not in advice:
        assert idle_warning(unit, "active") == f"Nothing was set: {unit} has no process; {advice}."


def test_a_template_without_an_instance_is_no_idle_unit():
    assert idle_warning("job@.service", "active") is None


def test_a_drop_in_that_would_protect_every_session_is_warned_of():
    assert "its sessions" in sessions_warning(SSH, -1000)
    assert sessions_warning(SSH, 0) is None
    assert sessions_warning(CRON, -1000) is None


@pytest.mark.parametrize("state, warned", [("active", True), ("inactive", False), ("failed", False)])
def test_active_unit_without_processes_differs_from_stopped_unit(state, warned):
    warning = idle_warning("postgresql.service", state)
    assert (warning is not None) == warned
    if warned:
        assert warning.startswith("postgresql.service is active but runs no process of its own")
        assert "postgresql@15-main.service" in warning
