# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who dies next and whether that would help, on composed hosts."""

import pytest

from memcore.models.badness import FLOORED, SIGNED
from memcore.models.steady_growth import Reach
from oomwatch.agent import outlook
from oomwatch.agent.outlook import HELPS, IN_VAIN, UNCLEAR, Domain, Forecast, Looker
from tests.support.oomtree import PAGE, lay, process

MIB = 1 << 20
PAGES = MIB // PAGE  # of one MiB


def limited(limit, current, cache=0):
    return {
        "memory.max": limit,
        "memory.current": current,
        "memory.stat": f"inactive_file {cache}\nactive_file 0\nslab_reclaimable 0\nshmem 0",
    }


@pytest.fixture
def looked(tmp_path, monkeypatch):
    """Lay a composed host out and look at it as at a live one; it cannot be tested for its model, so that is given."""

    def look(processes, cgroups, model=SIGNED, tie="last", name="host"):
        laid = lay(tmp_path / name, processes, cgroups)
        monkeypatch.setattr(outlook.host, "at", lambda _root: laid)
        looker = Looker(str(tmp_path))
        looker._model, looker._tie = (model, "said by the test"), (tie, "said by the test")
        return looker.look(5.0)

    return look


def paths(found):
    return [domain.path for domain in found.domains]


def test_host_comes_first_and_then_the_fullest_cgroup(looked):
    cgroups = [
        ("/a", limited(100 * MIB, 60 * MIB), [10]),
        ("/b", limited(100 * MIB, 90 * MIB), [11]),
        ("/c", limited(100 * MIB, 49 * MIB), [12]),
        ("/d", limited("max", 90 * MIB), [13]),
    ]
    found = looked([process(pid) for pid in range(10, 14)], cgroups)
    assert paths(found) == [None, "/b", "/a"]
    assert found.at == 5.0 and found.badness_model == SIGNED
    assert list(found.domains[0].known) == [10, 11, 12, 13] and list(found.domains[1].known) == [11]


def test_floored_kernel_has_every_cgroup_looked_at(looked):
    """There the order of the scan may decide, however much is free."""
    cgroups = [("/c", limited(100 * MIB, 1 * MIB), [12])]
    assert paths(looked([process(12)], cgroups, FLOORED)) == [None, "/c"]


def test_what_the_kernel_can_free_is_not_hard(looked):
    found = looked([process(10)], [("/a", limited(100 * MIB, 90 * MIB, 30 * MIB), [10])])
    assert (found.domains[1].used, found.domains[1].hard) == (90 * MIB, 60 * MIB)


@pytest.mark.parametrize(
    ("sizes", "helps"),
    [
        ((50,), HELPS),  # half of the limit is freed
        ((0,), IN_VAIN),  # the memory is not the process's
    ],
)
def test_kill_helps_if_it_frees_a_part_of_the_limit(looked, sizes, helps):
    tasks = [process(10 + place, rss=size * PAGES + 1) for place, size in enumerate(sizes)]
    found = looked(tasks, [("/a", limited(100 * MIB, 100 * MIB), [task["pid"] for task in tasks])])
    assert found.domains[1].helps == helps


def test_tie_of_a_small_and_a_large_one_is_unclear_and_names_who_may_be_spared(looked):
    tasks = [process(10, rss=1, adj=-998, comm="pause"), process(11, rss=60 * PAGES, adj=-997, comm="hog")]
    cgroups = [
        ("/pod", limited(100 * MIB, 80 * MIB), []),
        ("/pod/a", limited("max", 1), [10]),
        ("/pod/b", limited("max", 1), [11]),
    ]
    pod = looked(tasks, cgroups, FLOORED, "unknown").domains[1]
    assert (set(pod.pids), pod.count, pod.sure, pod.helps) == ({10, 11}, 2, False, UNCLEAR)
    assert (pod.spared.pid, pod.spared.comm, pod.spared.bytes) == (11, "hog", 60 * MIB)


def test_first_of_a_tie_dies_in_vain_where_the_order_is_known(looked):
    tasks = [process(10, rss=1, adj=-998, comm="pause"), process(11, rss=60 * PAGES, adj=-997, comm="hog")]
    cgroups = [
        ("/pod", limited(100 * MIB, 80 * MIB), []),
        ("/pod/a", limited("max", 1), [10]),
        ("/pod/b", limited("max", 1), [11]),
    ]
    pod = looked(tasks, cgroups, FLOORED, "first").domains[1]
    assert (pod.pids, pod.sure, pod.helps, pod.spared.comm) == ((10,), True, IN_VAIN, "hog")
    signed = looked(tasks, cgroups, SIGNED, name="signed").domains[1]
    assert (signed.pids, signed.helps, signed.spared) == ((11,), HELPS, None)


def test_nobody_is_spared_where_the_whole_group_dies(looked):
    tasks = [process(10, rss=1, adj=-998), process(11, rss=60 * PAGES, adj=-997)]
    cgroups = [("/pod", dict(limited(100 * MIB, 80 * MIB), **{"memory.oom.group": 1}), [10, 11])]
    pod = looked(tasks, cgroups, FLOORED, "first").domains[1]
    assert pod.spared is None and pod.helps == HELPS


def test_first_words_name_the_fullest_cgroup():
    domains = (
        Domain(None, None, 100 * MIB, (9,), 1, "the kernel kills sshd (pid 9)"),
        Domain("/a", 91 * MIB, 100 * MIB, (1,), 1, "the kernel kills x (pid 1)"),
    )
    assert outlook.sentences(Forecast(0.0, domains, SIGNED, "last")) == [
        "If this host runs out of memory, the kernel kills sshd (pid 9).",
        "Closest to its limit: /a uses 91.0 % of 100.0 MiB; the kernel kills x (pid 1).",
    ]


@pytest.mark.parametrize(
    ("soonest", "latest", "text"),
    [
        (59, 60, "59 to 60 seconds"),
        (60, 60, "about 1 minute"),
        (300, 301, "5 to 6 minutes"),
        (0, 0.5, "about 1 second"),
        (7200, 7200, "about 2 hours"),
        (86400, 200000, "1 to 3 days"),
    ],
)
def test_span_has_one_unit_and_is_never_too_narrow(soonest, latest, text):
    assert outlook.span(Reach(soonest, latest)) == text


def test_no_forecast_where_there_is_no_host(tmp_path):
    assert outlook.look(str(tmp_path), 1.0) is None


def test_forecast_of_this_host_has_the_host_first_and_a_next_victim():
    found = outlook.look("/", 5.0)
    assert found.at == 5.0
    assert found.domains[0].path is None and found.domains[0].limit > 0
    assert found.domains[0].says.startswith(("the kernel", "one of"))
    assert all(domain.path is not None for domain in found.domains[1:])
