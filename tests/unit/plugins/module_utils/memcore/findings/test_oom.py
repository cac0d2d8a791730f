# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the OOM rules say, and what they keep silent about; the thresholds are in test_thresholds.py."""

import pytest

MIB = 1 << 20


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
        "all 3 killable processes of /kubepods/pod1 have the same score: the order of the scan takes pause (pid 64) "
        "with 1.0 MiB, and data_sim (pid 65) with 90.0 MiB lives on"
    )
    assert found.remedy.startswith(
        "Let size count for the biggest, so that it goes first: `echo 0 > /proc/65/oom_score_adj`"
    )
    assert (found.severity, found.evidence["pid"], found.evidence["count"]) == ("critical", 65, 1)


def test_several_ties_are_one_finding(facts, rows, only):
    ties = [rows.same_adj_cgroup(3, True, f"/kubepods/pod{number}") for number in range(8)]
    facts["oom"].update(badness_model="floored", same_adj_cgroups=ties)

    found = only()

    assert found.summary.endswith("lives on (and so in 7 more cgroups)")
    assert (found.evidence["count"], len(found.evidence["cgroups"])) == (8, 5)


@pytest.mark.parametrize(
    ("change", "text"),
    [
        pytest.param(
            {"next_count": 3},
            ": the order of the scan takes one of 3, as likely pause (pid 64) with 1.0 MiB as the biggest, data_sim "
            "(pid 65) with 90.0 MiB",
            id="open",
        ),
        pytest.param(
            {"next_count": 1, "next": [{"pid": 65, "comm": "data_sim", "held_bytes": 90 * MIB}]},
            ": the order of the scan takes data_sim (pid 65), which happens to be the biggest",
            id="the-right-one",
        ),
        pytest.param(
            {"next_count": 0, "next": []}, "; the biggest is data_sim (pid 65) with 90.0 MiB", id="nobody-is-killed"
        ),
    ],
)
def test_a_tie_says_what_is_known_of_its_outcome(change, text, facts, rows, only):
    facts["oom"].update(badness_model="floored", same_adj_cgroups=[dict(rows.same_adj_cgroup(3, True), **change)])

    assert only().summary == "all 3 killable processes of /kubepods/pod1 have the same score" + text


def test_a_tie_on_a_kernel_of_unknown_model_says_so(facts, rows, only):
    facts["oom"].update(badness_model="unknown", same_adj_cgroups=[rows.same_adj_cgroup(3, True)])

    assert "have the same score, if this kernel is one of those: " in only().summary


def test_on_a_signed_kernel_the_same_cgroup_is_only_told(facts, rows, only):
    facts["oom"]["same_adj_cgroups"] = [rows.same_adj_cgroup(3, False), rows.same_adj_cgroup(2, False, "/b")]

    found = only()

    assert (found.id, found.severity) == ("same-negative-adj", "info")
    assert found.summary == (
        "all killable processes of 2 cgroups with a limit (/kubepods/pod1 …) have a negative oom_score_adj, so that it "
        "says nothing about their order"
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
        "this kernel gives every process whose oom_score_adj outweighs its size the same score; 9 workloads may be "
        "among them, the biggest java (pid 900) with 100.0 MiB"
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
        "sshd, the way in, is not protected from the OOM killer: pid 812 has oom_score_adj 0, usual is -1000; "
        "nor is containerd"
    )
    assert found.remedy == (
        "Protect it now: `echo -1000 > /proc/812/oom_score_adj`; and for good: restart sshd.service, which sets itself "
        "(a value in its unit would make every login unkillable)."
    )


def test_a_lifeline_that_does_not_set_itself_gets_a_value_in_its_unit(facts, rows, only):
    facts["oom"]["lifelines"] = [dict(rows.lifeline("dbus", 700, 0), comm="dbus-daemon", usual_adj=-900)]

    assert only().remedy == (
        "Protect it now: `echo -900 > /proc/700/oom_score_adj`; and for good: `systemctl edit dbus.service`, there "
        "[Service] and OOMScoreAdjust=-900."
    )


def test_two_of_one_name_are_named_once(facts, rows, only):
    facts["oom"]["lifelines"] = [rows.lifeline("sshd", 812, 0), rows.lifeline("sshd", 813, 0)]

    assert only().summary.endswith("usual is -1000")


def test_the_biggest_unkillable_workload_is_named(facts, rows, only):
    facts["oom"]["unkillable_workloads"] = [rows.process(900, -1000, 400), rows.process(901, -1000, 1, "sh")]

    found = only()

    assert found.summary == (
        "2 processes outside the host's lifelines can never be killed, the biggest java (pid 900) with 400.0 MiB: when "
        "such a one leaks, all others die for it"
    )
    assert "`systemctl cat UNIT | grep OOM`" in found.remedy


def test_an_unkillable_set_that_fills_the_host_is_told(facts, only):
    facts["oom"].update(
        unkillable=[{"pid": 9, "comm": "postgres"}], unkillable_bytes=60000 * MIB, unkillable_percent=60.0
    )

    found = only()

    assert found.summary == (
        "processes that can never be killed hold 58.6 GiB, 60.0 % of RAM and swap, most of it postgres (pid 9): "
        "killing all others may not be enough"
    )
    assert found.evidence == {"unkillable_bytes": 60000 * MIB, "percent_of_total": 60.0, "cgroup": None, "pid": 9}


@pytest.mark.parametrize(("held", "count"), [(49, 0), (50, 1), (99, 1)])
def test_a_cgroup_without_a_victim_is_told_when_it_is_half_full(held, count, facts, raised):
    row = {"cgroup": "/db", "limit_bytes": 100 * MIB, "processes": 2, "pid": 9, "held_bytes": held * MIB}
    facts["oom"]["without_victim"] = [row]

    found = raised()

    assert len(found) == count
    assert [finding.summary for finding in found] == [
        "/db has a limit of 100.0 MiB and nothing in it may be killed: when it is full its 2 processes can only wait "
        "or fail"
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
    assert all(f"`echo {declared} > /proc/9/oom_score_adj`" in finding.remedy for finding in found)


def test_panic_on_oom_says_how_far_it_goes(facts, only):
    facts["oom"]["sysctls"]["panic_on_oom"] = 1
    assert only().summary == "vm.panic_on_oom is 1: the kernel panics when the host is out of memory"

    facts["oom"]["sysctls"]["panic_on_oom"] = 2
    assert only().summary.endswith("when the host, or a single cgroup or node, is out of memory")
    assert only(panic_on_oom=2).evidence == {"panic_on_oom": 2}


@pytest.mark.parametrize(("reaper", "count"), [(True, 0), (False, 1), (None, 0)])
def test_only_a_kernel_that_surely_has_no_reaper_is_told(reaper, count, facts, raised):
    facts["oom"]["reaper"] = reaper

    assert [finding.id for finding in raised()] == ["no-oom-reaper"] * count


@pytest.mark.parametrize(("kills", "text"), [(1, "1 process since boot"), (7, "7 processes since boot")])
def test_kills_are_counted(kills, text, facts, only):
    facts["oom"]["kills_since_boot"] = kills

    assert only().summary == "the OOM killer has killed " + text
