# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which processes may have a value: what starts the sessions and programs of others never hands a negative one on."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.memfacts.linux.plugins.module_utils.setters.adj.rules import judge
from tests.support import people
from tests.support.people import INIT, LISTENER, LOGGED_IN, MANAGER, PRIVILEGED, SHELL, SSH, UNPRIVILEGED, process, sshd

UDEV = "/system.slice/systemd-udevd.service"
CONTAINER = "/system.slice/docker-" + "ab" * 32 + ".scope"
LXC = "/lxc.payload.web"


def judged(chosen, value, allow=False, among=None):
    return judge(list(chosen), people.by_pid(among or [*LOGGED_IN, *chosen]), value, allow)


def pids(processes):
    return [one.pid for one in processes]


def named_sshd(processes):
    return [one for one in processes if one.comm == "sshd"]


@pytest.mark.parametrize("value", [-1000, -999, -1])
def test_only_listening_sshd_gets_a_negative_value(value):
    found = judged(named_sshd(LOGGED_IN), value)
    assert (pids(found.chosen), pids(found.left_out), found.refused) == ([500], [600, 601], [])
    assert {one.reason for one in found.left_out} == {
        f"runs a session, and every program in the session would inherit {value}"
    }


def test_sshd_sessions_are_skipped_even_with_allow_unkillable():
    assert pids(judged(named_sshd(LOGGED_IN), -1000, allow=True).chosen) == [500]


def test_orphaned_session_without_logind_is_not_the_listener():
    orphan = sshd(700, 1, "sshd: root@pts/1", cgroup=SSH)
    assert pids(judged([LISTENER, orphan], -1000).chosen) == [500]


@pytest.mark.parametrize(
    "title",
    [
        pytest.param("/usr/sbin/sshd", id="openssh-7.9"),
        pytest.param("sshd: /usr/sbin/sshd -D [listener] 0 of 10-100 startups", id="openssh-8.2"),
    ],
)
def test_the_listener_is_known_in_all_releases(title):
    listener = sshd(501, 1, title, cgroup=SSH)
    assert pids(judged([listener], -1000, among=[INIT, listener]).chosen) == [501]


@pytest.mark.parametrize(
    "daemon",
    [
        pytest.param(MANAGER, id="a-users-manager"),
        pytest.param(process(7, 500, "/usr/lib/openssh/sshd-session", "sshd-session: alice [priv]"), id="openssh-9.8"),
        pytest.param(process(7, 1, "/usr/bin/login", "/bin/login -p --"), id="login"),
        pytest.param(process(7, 1, "/usr/sbin/agetty", cgroup="/system.slice/system-getty.slice/getty@tty1.service")),
        pytest.param(process(7, 602, "/usr/bin/su", "su -", 1000), id="su"),
        pytest.param(process(7, 1, "/usr/libexec/gdm-session-worker", "gdm-session-worker [pam/gdm-password]")),
        pytest.param(process(7, 1, "/usr/bin/tmux", "tmux", 1000), id="a-terminal-that-stays"),
        pytest.param(process(7, 1, "/usr/sbin/dropbear", cgroup="/system.slice/dropbear.service"), id="dropbear"),
        pytest.param(sshd(7, 1, "sshd -i", cgroup="/system.slice/system-ssh.slice/ssh@1.service"), id="one-connection"),
        pytest.param(sshd(7, 1, "/usr/sbin/sshd -p 2222", 1000), id="a-users-own-sshd"),
        pytest.param(process(7, 9, "/bin/busybox", "login"), id="busybox"),
        pytest.param(process(7, 9, "/usr/bin/tmux", "tmux", cgroup=SSH), id="a-terminal-that-stays-without-logind"),
    ],
)
@pytest.mark.parametrize("value", [-1000, -500])
def test_what_runs_a_session_is_left_out_and_is_no_failure(daemon, value):
    found = judged([daemon], value)
    assert (found.chosen, pids(found.left_out), found.refused) == ([], [daemon.pid], [])


@pytest.mark.parametrize(
    "workload",
    [
        pytest.param(process(7, 1, "/opt/shop/login", cgroup="/system.slice/shop.service"), id="called-login"),
        pytest.param(process(7, 1, "/usr/bin/screen", cgroup="/system.slice/game.service"), id="a-service-in-screen"),
        pytest.param(process(7, 1, "/usr/sbin/runuser", cgroup="/system.slice/app.service"), id="a-service-by-runuser"),
        pytest.param(process(7, 6, "/usr/lib/systemd/systemd", cgroup=LXC), id="a-containers-process-1"),
        pytest.param(SHELL, id="a-shell"),
    ],
)
def test_what_runs_no_session_gets_what_is_asked_for(workload):
    assert judged([workload], -500).chosen == [workload]


def test_sessions_may_be_made_to_go_first():
    found = judged(LOGGED_IN[2:], 300)
    assert (found.chosen, found.left_out) == (LOGGED_IN[2:], [])


@pytest.mark.parametrize("value", [-1000, -999, -1])
def test_process_1_never_gets_a_negative_value(value):
    found = judged([INIT, SHELL] if value != -1000 else [INIT], value)
    assert pids(found.refused) == [1] and 1 not in pids(found.chosen)
    other_init = INIT._replace(executable="/usr/lib/sysvinit/init", comm="init")
    assert pids(judged([other_init], value).refused) == [1]


@pytest.mark.parametrize("value", [-500, 300])
def test_what_new_processes_inherit_from_process_1_is_said(value):
    found = judged([INIT], value, allow=True)
    assert found.chosen == [INIT] and found.warnings[0].startswith(
        f"Process 1 is set to {value}: every process that is"
    )


def test_raising_all_of_root_warns_of_process_1_and_lifelines():
    journald = process(
        300, 1, "/usr/lib/systemd/systemd-journald", cgroup="/system.slice/systemd-journald.service", adj=-250
    )
    logind = process(310, 1, "/usr/lib/systemd/systemd-logind", cgroup="/system.slice/systemd-logind.service")
    nginx = process(320, 1, "/usr/sbin/nginx", cgroup="/system.slice/nginx.service")
    first, second = judged([INIT, LISTENER, journald, logind, nginx], 300).warnings
    assert first.startswith("Process 1 is set to 300")
    assert second == (
        "300 makes these lifelines more likely to be killed than the values that their projects ship: sshd (pid 500, "
        "shipped with -1000), systemd-journald (pid 300, shipped with -250), systemd-logind (pid 310, shipped with 0). "
        "If you do not want this, select fewer processes."
    )
    assert judged([LISTENER], -1000).warnings == judged([nginx], 1000).warnings == []
    assert "sshd (pid 500, shipped with -1000)" in judged([LISTENER], -500).warnings[0]


def test_of_a_lifeline_with_many_processes_some_are_named():
    monitors = [process(pid, 1, "/usr/bin/conmon", cgroup="/machine.slice") for pid in range(40, 50)]
    assert "conmon (pid 40, 41, 42 and 7 more, shipped with 0)" in judged(monitors, 5).warnings[0]


def test_job_starter_with_negative_value_gives_a_warning():
    cron = process(7, 1, "/usr/sbin/cron", cgroup="/system.slice/cron.service")
    assert judged([cron], -500).warnings == ["cron (pid 7) passes -500 on to every job that it starts from now on."]
    assert judged([cron], -500).chosen == [cron] and judged([cron], 500).warnings == []


def test_only_lifelines_may_become_unkillable():
    helper = process(8, 7, "/usr/bin/docker-proxy", cgroup="/system.slice/docker.service")
    docker = process(7, 1, "/usr/bin/dockerd", cgroup="/system.slice/docker.service")
    found = judged([docker, helper, SHELL], -1000)
    assert (pids(found.chosen), pids(found.left_out), pids(found.refused)) == ([7], [8], [602])
    # A helper without its lifeline is a process like any other.
    assert pids(judged([helper], -1000).refused) == [8]
    assert judged([docker, helper, SHELL], -1000, allow=True).chosen == [docker, helper, SHELL]
    assert judged([docker, helper, SHELL], -999).refused == []


def test_workers_of_a_lifeline_which_run_other_programs_stay_killable():
    main = process(300, 1, "/usr/bin/udevadm", "/lib/systemd/systemd-udevd", cgroup=UDEV, adj=-1000)
    worker = main._replace(pid=301, ppid=300, adj=0)
    for value in (-1000, -500):
        found = judged([main, worker], value, among=[INIT, main, worker])
        assert (pids(found.chosen), pids(found.left_out)) == ([300], [301])
    launcher = process(400, 1, "/usr/bin/dbus-broker-launch", cgroup="/system.slice/dbus.service")
    broker = process(401, 400, "/usr/bin/dbus-broker", cgroup="/system.slice/dbus.service")
    assert judged([launcher, broker], -900, among=[INIT, launcher, broker]).chosen == [launcher, broker]


def test_what_is_in_a_container_is_no_lifeline_of_the_host():
    inside = sshd(8, 7, "/usr/sbin/sshd -D", cgroup=CONTAINER)
    assert pids(judged([inside], -1000).refused) == [8]
    assert judged([inside], 300).warnings == []


ANY = st.sampled_from([INIT, LISTENER, MANAGER, PRIVILEGED, UNPRIVILEGED, SHELL, process(9, 1, "/usr/sbin/cron")])


@given(st.lists(ANY, unique=True), st.integers(-1000, 1000), st.booleans())
def test_each_process_has_one_verdict(chosen, value, allow):
    found = judged(chosen, value, allow)
    verdicts = pids(found.chosen) + pids(found.left_out) + pids(found.refused)
    assert sorted(verdicts) == sorted(pids(chosen))
    if value < 0:
        assert not {550, 600, 601} & set(pids(found.chosen))
        assert allow or 1 not in pids(found.chosen)
