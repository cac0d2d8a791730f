# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What-if on composed hosts, what may be asked, and the one sentence for what may not."""

import pytest

from ansible_collections.memfacts.linux.plugins.module_utils.memcore.answers import change_arg, next_victim
from ansible_collections.memfacts.linux.plugins.module_utils.memcore.errors import OptionError
from ansible_collections.memfacts.linux.plugins.module_utils.memcore.gather import victims
from ansible_collections.memfacts.linux.plugins.module_utils.memcore.gather.options import Options
from ansible_collections.memfacts.linux.plugins.module_utils.memcore.gather.survey import Survey
from ansible_collections.memfacts.linux.plugins.module_utils.memcore.models.badness import SIGNED
from ansible_collections.memfacts.linux.plugins.module_utils.memcore.sources import host
from tests.support.oomtree import PAGE, RAM, lay, process, write

MIB = 1 << 20
SLICE = "/system.slice"
TASKS = (
    process(10, 90000, comm="java", cgroup=SLICE + "/tomcat.service"),
    process(11, 80000, comm="postgres", cgroup=SLICE + "/postgresql.service", page_tables=5),
    process(12, 70000, comm="postgres", cgroup=SLICE + "/postgresql.service"),
    process(13, 10, -1000, comm="sshd", cgroup=SLICE + "/ssh.service"),
)
CGROUPS = (
    (SLICE, {"memory.max": "max"}, []),
    (SLICE + "/tomcat.service", {"memory.max": 600 * MIB, "memory.current": 400 * MIB}, [10]),
    (SLICE + "/postgresql.service", {"memory.max": "max", "memory.current": 700 * MIB}, [11, 12]),
)


@pytest.fixture
def machine(tmp_path):
    laid = lay(tmp_path, TASKS, CGROUPS)
    mounts = (tmp_path / "proc" / "self" / "mountinfo").read_text()
    write(tmp_path, "proc/self/mountinfo", mounts + "40 1 0:40 / /run/cache rw - tmpfs tmpfs rw,size=204800k\n")
    laid.entry = lambda path: host.Entry(path, "0:40", 1, 0, 0.0, 0, True, 2)
    laid.space = lambda path: host.Space(200 * MIB, 150 * MIB, 50 * MIB, None, None)
    return laid


@pytest.fixture
def ask(machine):
    """ask(change, …) -> the answer."""

    def answer(*changes, top=10):
        survey = Survey(machine, Options(top=top))
        found = victims.of_survey(survey, ("last", "said"), (SIGNED, "said"))
        return next_victim.changed(survey, found, change_arg.checked(list(changes)))

    return answer


def pids(rows):
    return [row["pid"] for row in rows]


@pytest.mark.parametrize(
    "chosen, changed",
    [
        ({"pid": 11}, [11]),
        ({"name": "postgres"}, [11, 12]),
        ({"unit": "postgresql"}, [11, 12]),
        ({"unit": "tomcat.service"}, [10]),
        ({"cgroup": "/system.slice/postgresql.service"}, [11, 12]),
        ({"cgroup": "system.slice/"}, [10, 11, 12]),
    ],
)
def test_processes_are_chosen_by_one_of_four(ask, chosen, changed):
    assert ask(dict(chosen, change="oom_score_adj", value=100))["changes"][0]["pids"] == changed


def test_another_adj(ask):
    found = ask({"change": "oom_score_adj", "name": "java", "value": -500})
    assert found["changes"][0]["summary"] == "java (pid 10) with oom_score_adj -500"
    outcome = found["host"]
    assert (pids(outcome["next_before"]), pids(outcome["next_after"]), outcome["changed"]) == ([10], [11], True)
    assert outcome["order"][-1] == {
        "pid": 10,
        "comm": "java",
        "rank_before": 1,
        "rank_after": 3,
        "badness_before": 90000,
        "badness_after": 90000 - 500 * (RAM // 1000),
    }
    assert [row["cgroup"] for row in found["by_cgroup"]] == [SLICE + "/tomcat.service"]


def test_a_process_gone(ask):
    found = ask({"change": "gone", "name": "postgres"})
    assert found["changes"][0]["frees_bytes"] == 150005 * PAGE
    assert pids(found["host"]["order"]) == [10, 11, 12]
    assert [row["rank_after"] for row in found["host"]["order"]] == [1, None, None]
    assert found["by_cgroup"] == []  # it was in no limited one
    assert not found["host"]["changed"]


def test_changes_are_made_together(ask):
    found = ask({"change": "gone", "pid": 10}, {"change": "oom_score_adj", "pid": 11, "value": -1000})
    assert pids(found["host"]["next_after"]) == [12]
    tomcat = found["by_cgroup"][0]
    assert (tomcat["choice_before"], tomcat["choice_after"]) == ("highest score", "nobody")


def test_the_protected_come_in(ask):
    found = ask({"change": "oom_score_adj", "name": "sshd", "value": 1000})
    assert pids(found["host"]["next_after"]) == [13]
    assert found["host"]["order"][0]["rank_before"] is None


def test_a_tmpfs_emptied_frees_memory_and_changes_no_order(ask):
    found = ask({"change": "tmpfs_emptied", "mount": "/run/cache"})
    assert found["changes"][0]["frees_bytes"] == 150 * MIB
    assert "150.0 MiB" in found["changes"][0]["summary"]
    assert not found["host"]["changed"] and found["by_cgroup"] == []


def test_a_tmpfs_resized_can_take_more_or_less(ask):
    change = ask({"change": "tmpfs_resized", "mount": "/run/cache", "size": "1G"})["changes"][0]
    assert (change["can_take_bytes_before"], change["can_take_bytes_after"]) == (50 * MIB, 874 * MIB)


def test_a_tmpfs_cannot_be_smaller_than_what_is_in_it(ask):
    with pytest.raises(OptionError) as error:
        ask({"change": "tmpfs_resized", "mount": "/run/cache", "size": "100M"})
    assert str(error.value) == (
        "what_if: /run/cache cannot be resized to 100.0 MiB while it holds 150.0 MiB; the kernel refuses that, so give "
        "a larger size or empty it first."
    )


def test_another_limit(ask):
    found = ask({"change": "limit", "cgroup": SLICE + "/tomcat.service", "size": "300M"})
    assert "which is below the 400.0 MiB that it uses" in found["changes"][0]["summary"]
    row = found["by_cgroup"][0]
    assert (row["limit_bytes_before"], row["limit_bytes_after"]) == (600 * MIB, 300 * MIB)
    assert not row["changed"]


def test_a_limit_where_there_was_none(ask):
    found = ask({"change": "limit", "cgroup": SLICE, "size": "1G"}, {"change": "oom_score_adj", "pid": 10, "value": -9})
    row = next(row for row in found["by_cgroup"] if row["cgroup"] == SLICE)
    assert (row["limit_bytes_before"], row["choice_before"], row["sure_before"]) == (None, None, None)
    # 1 GiB is 262144 pages; times -9/1000 takes 2358 of java's 90000.
    assert row["order"][0]["badness_after"] == 90000 - 9 * (1024 * MIB // PAGE // 1000)
    assert row["changed"] and pids(row["next_after"]) == [10] and row["next_before"] == []


def test_a_limit_taken_away(ask):
    found = ask({"change": "limit", "cgroup": SLICE + "/tomcat.service", "size": "max"})
    row = found["by_cgroup"][0]
    assert (row["limit_bytes_after"], row["choice_after"], row["next_after"]) == (None, None, [])
    assert pids(row["next_before"]) == [10] and row["changed"]


def test_lists_are_cut_and_say_so(machine):
    survey = Survey(machine, Options(top=1))
    found = victims.of_survey(survey, ("last", "said"), (SIGNED, "said"))
    answer = next_victim.changed(survey, found, change_arg.checked([{"change": "gone", "pid": 10}]))
    assert len(answer["host"]["order"]) == 1
    assert survey.truncated == ["what_if.host.order"]


NAMES = "oom_score_adj, gone, tmpfs_emptied, tmpfs_resized, limit"


@pytest.mark.parametrize(
    "change, sentence",
    [
        ({}, f"what_if entry 1 has change None, which is none of {NAMES}."),
        ({"change": "reboot"}, f"what_if entry 1 has change 'reboot', which is none of {NAMES}."),
        (
            {"change": "gone"},
            "what_if entry 1 (gone) must say with exactly one of pid, name, unit, cgroup which processes.",
        ),
        (
            {"change": "gone", "pid": 1, "name": "a"},
            "what_if entry 1 (gone) must say with exactly one of pid, name, unit, cgroup which processes.",
        ),
        ({"change": "gone", "pid": 10, "value": 5}, "what_if entry 1 (gone) has value, which it cannot use; drop it."),
        ({"change": "oom_score_adj", "pid": 10}, "what_if entry 1 (oom_score_adj) lacks value; give it."),
        ({"change": "tmpfs_resized"}, "what_if entry 1 (tmpfs_resized) lacks mount and size; give them."),
        (
            {"change": "oom_score_adj", "pid": 10, "value": -1001},
            "what_if entry 1 has value -1001, but oom_score_adj goes from -1000 to 1000.",
        ),
        (
            {"change": "limit", "cgroup": "/a", "size": "half"},
            "what_if entry 1 has size 'half', which is no size above 0; give a size such as 512M, or max for no limit.",
        ),
        (
            {"change": "limit", "cgroup": "/a", "size": "0"},
            "what_if entry 1 has size '0', which is no size above 0; give a size such as 512M, or max for no limit.",
        ),
        (
            {"change": "tmpfs_resized", "mount": "/a", "size": "max"},
            "what_if entry 1 has size 'max', which is no size above 0; give a size such as 512M.",
        ),
    ],
)
def test_a_change_that_makes_no_sense_is_refused(change, sentence):
    with pytest.raises(OptionError) as error:
        change_arg.checked([change])
    assert str(error.value) == sentence


@pytest.mark.parametrize(
    "change, named",
    [
        ({"change": "gone", "pid": 999}, "has pid 999 here"),
        ({"change": "gone", "name": "nginx"}, "has name 'nginx' here"),
        ({"change": "oom_score_adj", "unit": "nginx", "value": 1}, "has unit 'nginx' here"),
        ({"change": "gone", "cgroup": "/user.slice"}, "has cgroup '/user.slice' here"),
        ({"change": "limit", "cgroup": "/user.slice", "size": "1G"}, "there is no memory cgroup '/user.slice' here"),
        ({"change": "tmpfs_emptied", "mount": "/nowhere"}, "no tmpfs is mounted at '/nowhere'"),
    ],
)
def test_a_change_that_names_nothing_on_this_host_is_one_sentence(ask, change, named):
    with pytest.raises(OptionError) as error:
        ask(change)
    text = str(error.value)
    assert named in text and text.endswith(".") and "\n" not in text


def asked(cgroup=None, top=10, changes=None):
    return next_victim.checked(cgroup, top, changes)


def test_the_whole_answer(machine):
    found = next_victim.collect(machine, asked(), ("last", "said"))
    assert found["summary"].startswith(
        "If the host runs out of memory the kernel most likely kills java (pid 10), which frees up to "
    )
    assert f"if {SLICE}/tomcat.service reaches its limit, the kernel kills java" in found["summary"]
    assert found["report"][0] == found["summary"].rpartition(";")[0] + "."
    assert (found["tie_rule"], found["tie_rule_evidence"]) == ("last", "said")
    assert [row["pid"] for row in found["host"]["victims"]] == [10, 11, 12]
    assert found["what_if"] is None
    assert {finding["severity"] for finding in found["findings"]} <= {"info", "warning", "critical"}


def test_the_answer_to_a_change_is_in_the_summary(machine):
    changes = [{"change": "oom_score_adj", "name": "java", "value": -500}]
    found = next_victim.collect(machine, asked(changes=changes))
    told = "postgres (pid 11) instead of java (pid 10), but this is not certain"
    assert f"; with what_if, next to die on the host: {told};" in found["summary"]
    assert f"  Host: {told}" in found["report"]
    same = next_victim.collect(machine, asked(changes=[{"change": "gone", "name": "sshd"}]))
    assert "; with what_if, the next process to die stays the same;" in same["summary"]


def test_only_the_domains_of_one_cgroup(machine):
    found = next_victim.collect(machine, asked(SLICE + "/tomcat.service"))
    assert [row["cgroup"] for row in found["by_cgroup"]] == [SLICE + "/tomcat.service"]
    other = next_victim.collect(machine, asked("system.slice/postgresql.service/"))
    assert other["by_cgroup"] == []
    assert {
        "source": f"cgroup {SLICE}/postgresql.service",
        "reason": "neither it nor any above it has a limit: only the host can run out",
    } in other["incomplete"]


def test_a_cgroup_that_does_not_exist_is_one_sentence(machine):
    with pytest.raises(OptionError) as error:
        next_victim.collect(machine, asked("/nginx"))
    assert str(error.value) == "there is no memory cgroup '/nginx' here; list them with systemd-cgls."


def test_a_list_of_no_entries_is_refused():
    with pytest.raises(OptionError) as error:
        asked(top=0)
    assert str(error.value) == "top is 0, but a list needs room for at least 1 entry; give 1 or more."
