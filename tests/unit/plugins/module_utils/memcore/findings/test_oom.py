# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the OOM rules say, and what they keep silent about; the thresholds are in test_thresholds.py."""

import pytest

from tests.support import healthy_host

MIB = 1 << 20


def _same_adj(all_tied):
    def measure(count, host):
        host.facts["oom"]["same_adj_cgroups"] = [healthy_host.same_adj_cgroup(int(count), all_tied)]

    return measure


def _workloads(key, adj, **more):
    def measure(count, host):
        found = [healthy_host.process(900 + number, adj, 10) for number in range(int(count))]
        host.facts["oom"].update({key: found}, **more)

    return measure


def _lifelines(count, host):
    host.facts["oom"]["lifelines"] = [healthy_host.lifeline("sshd", 800 + number, 0) for number in range(int(count))]


def _unkillable(share, host):
    found = {"unkillable_percent": share, "unkillable_bytes": healthy_host.ram(share)}
    host.facts["oom"].update(found, unkillable=[healthy_host.process(900, -1000, 10)])


def _declared(points, host):
    unit = {"unit": "a.service", "pid": 7, "comm": "a", "declared_in": "/etc/systemd/system/a.service"}
    adj = {"declared_adj": -5, "oom_score_adj": int(points) - 5, "agrees": int(points) == 0}
    host.facts["oom"]["units"] = [dict(unit, **adj)]


def _sysctl(name):
    def measure(value, host):
        host.facts["oom"]["sysctls"][name] = int(value)

    return measure


def _no_reaper(_value, host):
    host.facts["oom"]["reaper"] = False


def _kills(count, host):
    host.facts["oom"]["kills_since_boot"] = int(count)


MEASURES = {
    "floored-tie-in-cgroup": _same_adj(True),
    "floored-badness": _workloads("negative_workloads", -900, badness_model="floored"),
    "same-negative-adj": _same_adj(False),
    "lifeline-unprotected": _lifelines,
    "unkillable-workload": _workloads("unkillable_workloads", -1000),
    "unkillable-exhausts": _unkillable,
    "declared-adj-differs": _declared,
    "panic-on-oom": _sysctl("panic_on_oom"),
    "kill-allocating-task": _sysctl("oom_kill_allocating_task"),
    "no-oom-reaper": _no_reaper,
    "oom-kills": _kills,
}


@pytest.fixture
def only(raised):
    """A function: the one finding that is raised."""

    def finding(**thresholds):
        (found,) = raised(**thresholds)
        return found

    return finding


def test_a_tie_leads_with_who_dies_and_who_lives_on(facts, rows, only):
    facts["oom"].update(badness_model="floored", same_adj_cgroups=[rows.same_adj_cgroup(3, True)])

    found = only()

    assert found.summary == (
        "all 3 killable processes of /kubepods/pod1 have the same score, so scan order, not size, decides which one "
        "dies: pause (pid 64, 1.0 MiB) would die, and the largest, data_sim (pid 65, 90.0 MiB), would survive"
    )
    assert found.remedy.startswith("Raise the largest process's oom_score_adj so that it is killed first")
    assert (found.remedy_commands, found.remedy_effect) == (["echo 0 > /proc/65/oom_score_adj"], "reversible")
    assert (found.severity, found.evidence["pid"], found.evidence["count"]) == ("critical", 65, 1)


def test_several_ties_are_one_finding(facts, rows, only):
    ties = [rows.same_adj_cgroup(3, True, f"/kubepods/pod{number}") for number in range(8)]
    facts["oom"].update(badness_model="floored", same_adj_cgroups=ties)

    found = only()

    assert found.summary.endswith("would survive; 7 other cgroups with a limit have such a tie")
    assert (found.evidence["count"], len(found.evidence["cgroups"])) == (8, 5)


@pytest.mark.parametrize(
    ("change", "text"),
    [
        pytest.param(
            {"next_count": 3},
            ": pause (pid 64, 1.0 MiB) is as likely as the largest, data_sim (pid 65, 90.0 MiB)",
            id="open",
        ),
        pytest.param(
            {"next_count": 1, "next": [{"pid": 65, "comm": "data_sim", "held_bytes": 90 * MIB}]},
            ": data_sim (pid 65, 90.0 MiB), which happens to be the largest",
            id="the-right-one",
        ),
        pytest.param(
            {"next_count": 0, "next": []}, "; the largest is data_sim (pid 65, 90.0 MiB)", id="nobody-is-killed"
        ),
    ],
)
def test_a_tie_says_what_is_known_of_its_outcome(change, text, facts, rows, only):
    facts["oom"].update(badness_model="floored", same_adj_cgroups=[dict(rows.same_adj_cgroup(3, True), **change)])

    assert only().summary == (
        "all 3 killable processes of /kubepods/pod1 have the same score, so scan order, not size, decides which one "
        "dies" + text
    )


def test_a_tie_on_a_kernel_of_unknown_model_says_so(facts, rows, only):
    facts["oom"].update(badness_model="unknown", same_adj_cgroups=[rows.same_adj_cgroup(3, True)])

    assert "have the same score if this kernel rounds negative OOM scores up to 1, so " in only().summary


def test_on_a_signed_kernel_the_same_cgroup_is_only_told(facts, rows, only):
    facts["oom"]["same_adj_cgroups"] = [rows.same_adj_cgroup(3, False), rows.same_adj_cgroup(2, False, "/b")]

    found = only()

    assert (found.id, found.severity) == ("same-negative-adj", "info")
    assert found.summary == (
        "all killable processes of 2 cgroups with a limit (/kubepods/pod1 …) have a negative oom_score_adj, so the "
        "value does not decide which of them dies first"
    )


@pytest.mark.parametrize("model", ["signed", "unknown"])
def test_a_negative_workload_is_no_fault_where_points_may_be_negative(model, facts, rows, raised):
    facts["oom"].update(badness_model=model, negative_workloads=[rows.process(900, -500, 100)])

    assert raised() == []


def test_floored_badness_keeps_the_evidence_of_the_model(facts, rows, only):
    facts["oom"].update(badness_model="floored", badness_evidence="a child shows 500")
    facts["oom"]["negative_workloads"] = [rows.process(900 + number, -500, 100 - number) for number in range(9)]

    found = only()

    assert found.summary == (
        "this kernel rounds negative OOM scores up to 1, so it may not tell apart 9 workloads with a negative "
        "oom_score_adj; the largest is java (pid 900, 100.0 MiB)"
    )
    assert found.evidence["evidence"] == "a child shows 500"
    assert (found.evidence["count"], len(found.evidence["processes"])) == (9, 5)


def test_the_first_unprotected_lifeline_is_named_with_what_is_lost(facts, rows, only):
    facts["oom"]["lifelines"] = [
        rows.lifeline("sshd", 812, 0),
        rows.lifeline("dbus", 700, -900),
        rows.lifeline("containerd", 900, 100),
    ]

    found = only()

    assert found.summary == (
        "sshd, the way in, is not protected from the OOM killer: pid 812 has oom_score_adj 0, the usual value "
        "is -1000; also not protected: containerd"
    )
    assert found.remedy == (
        "Give the service its usual oom_score_adj. A value written to /proc lasts until the service restarts. To make "
        "it last, restart sshd.service: sshd sets its own value to -1000 at start; the same value in the unit would "
        "make every login unkillable."
    )
    assert found.remedy_commands == ["echo -1000 > /proc/812/oom_score_adj", "systemctl restart sshd.service"]
    assert found.remedy_effect == "restart"


def test_a_lifeline_that_does_not_set_itself_gets_a_value_in_its_unit(facts, rows, only):
    facts["oom"]["lifelines"] = [dict(rows.lifeline("dbus", 700, 0), comm="dbus-daemon", usual_adj=-900)]

    found = only()

    assert found.remedy.endswith(
        "To make it last, run systemctl edit dbus.service and add OOMScoreAdjust=-900 under [Service]."
    )
    assert found.remedy_commands == ["echo -900 > /proc/700/oom_score_adj", "systemctl edit dbus.service"]
    assert found.remedy_effect == "reversible"


def test_two_of_one_name_are_named_once(facts, rows, only):
    facts["oom"]["lifelines"] = [rows.lifeline("sshd", 812, 0), rows.lifeline("sshd", 813, 0)]

    assert only().summary.endswith("the usual value is -1000")


def test_the_biggest_unkillable_workload_is_named(facts, rows, only):
    facts["oom"]["unkillable_workloads"] = [rows.process(900, -1000, 400), rows.process(901, -1000, 1, "sh")]

    found = only()

    assert found.summary == (
        "2 processes that the host does not need can never be killed, the largest java (pid 900, 400.0 MiB): if one of "
        "them leaks memory, the kernel kills all others"
    )
    assert found.remedy_commands == ["echo -900 > /proc/900/oom_score_adj", "systemctl cat UNIT | grep OOM"]


def test_an_unkillable_set_that_fills_the_host_is_told(facts, only):
    facts["oom"].update(
        unkillable=[{"pid": 9, "comm": "postgres"}], unkillable_bytes=60000 * MIB, unkillable_percent=60.0
    )

    found = only()

    assert found.summary == (
        "processes that can never be killed hold 58.6 GiB, 60.0 % of RAM and swap; the largest is postgres (pid "
        "9); killing all others may not free enough"
    )
    assert found.evidence == {"unkillable_bytes": 60000 * MIB, "percent_of_total": 60.0, "cgroup": None, "pid": 9}


@pytest.mark.parametrize(("held", "count"), [(49, 0), (50, 1), (99, 1)])
def test_a_cgroup_without_a_victim_is_told_when_it_is_half_full(held, count, facts, raised):
    row = {"cgroup": "/db", "limit_bytes": 100 * MIB, "processes": 2, "pid": 9, "held_bytes": held * MIB}
    facts["oom"]["without_victim"] = [row]

    found = raised()

    assert len(found) == count
    assert [finding.summary for finding in found] == [
        "/db has a limit of 100.0 MiB, and no process in it may be killed: once it is full, its 2 processes can only "
        "wait or fail"
    ] * count


@pytest.mark.parametrize(("declared", "live", "count"), [(-500, 100, 1), (-500, -500, 0), (-1000, -999, 1)])
def test_declared_against_live(declared, live, count, facts, raised):
    facts["oom"]["units"] = [
        {
            "unit": "a.service",
            "pid": 9,
            "comm": "a",
            "declared_adj": declared,
            "oom_score_adj": live,
            "declared_in": "/etc/systemd/system/a.service.d/oom.conf",
            "agrees": declared == live,
        }
    ]

    found = raised()

    assert [finding.summary for finding in found] == [
        f"a.service declares OOMScoreAdjust={declared} (/etc/systemd/system/a.service.d/oom.conf), but a (pid 9) has "
        f"oom_score_adj {live}"
    ] * count
    for finding in found:
        assert finding.remedy_commands[-1] == f"echo {declared} > /proc/9/oom_score_adj"
        assert f"add OOMScoreAdjust={live} under [Service]" in finding.remedy


def test_panic_on_oom_says_how_far_it_goes(facts, only):
    facts["oom"]["sysctls"]["panic_on_oom"] = 1
    assert only().summary == "vm.panic_on_oom is 1: the kernel panics when the host runs out of memory"

    facts["oom"]["sysctls"]["panic_on_oom"] = 2
    assert only().summary.endswith("when the host, or a single cgroup or NUMA node, runs out of memory")
    assert only(panic_on_oom=2).evidence == {"panic_on_oom": 2}


@pytest.mark.parametrize(("reaper", "count"), [(True, 0), (False, 1), (None, 0)])
def test_only_a_kernel_that_surely_has_no_reaper_is_told(reaper, count, facts, raised):
    facts["oom"]["reaper"] = reaper

    assert [finding.id for finding in raised()] == ["no-oom-reaper"] * count


@pytest.mark.parametrize(("kills", "text"), [(1, "1 process since boot"), (7, "7 processes since boot")])
def test_kills_are_counted(kills, text, facts, only):
    facts["oom"]["kills_since_boot"] = kills

    assert only().summary == "the OOM killer has killed " + text
