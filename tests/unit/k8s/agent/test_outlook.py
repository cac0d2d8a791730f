# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who dies next, where it is tight soonest, and whether a forecast was right."""

import pytest

from oomwatch.agent import outlook
from oomwatch.agent.outlook import Domain, Forecast

MIB = 1 << 20


def forecast(*domains, at=0.0):
    return Forecast(at, domains, "signed", "last")


def domain(path, pids=(), count=None, used=None, limit=100 * MIB, says="the kernel kills x (pid 1)"):
    return Domain(path, used, limit, tuple(pids), len(pids) if count is None else count, says)


def event(pid, scope="memcg", cgroup="/a"):
    limit = {"cgroup": cgroup if scope == "memcg" else None, "kind": "other"}
    return {"victim": pid and {"pid": pid}, "scope": scope, "limit_owner": limit}


@pytest.mark.parametrize(
    ("pids", "count", "dies", "result"),
    [
        ((7,), 1, 7, "right"),
        ((7,), 1, 8, "wrong"),
        ((7, 8), 2, 8, "tied"),
        ((7, 8), 40, 8, "tied"),
        ((), 0, 8, "none"),
    ],
)
def test_judgement_of_a_forecast(pids, count, dies, result):
    found = forecast(domain(None, (1,)), domain("/a", pids, count))
    assert outlook.judged(found, event(dies)) == result


def test_process_that_was_said_to_die_if_it_grows_is_no_wrong_forecast():
    found = forecast(domain(None, (1,)), domain("/a", (7,))._replace(others=(8, 9)))
    assert [outlook.judged(found, event(pid)) for pid in (7, 8, 9, 10)] == ["right", "tied", "tied", "wrong"]


def test_host_and_cgroup_have_forecasts_of_their_own():
    found = forecast(domain(None, (1,)), domain("/a", (2,)))
    assert outlook.judged(found, event(1, "global")) == "right"
    assert outlook.judged(found, event(1)) == "wrong"
    assert outlook.judged(found, event(2, cgroup="/b")) == "none"


def test_no_forecast_for_what_nobody_foresees():
    found = forecast(domain(None, (1,)))
    assert outlook.judged(None, event(1, "global")) == "none"
    assert outlook.judged(found, event(None, "global")) == "none"
    assert outlook.judged(found, event(1, "sysrq")) == "none"
    assert outlook.judged(found, dict(event(1), limit_owner=None)) == "none"


def test_first_words_name_the_fullest_cgroup():
    found = forecast(domain(None, says="the kernel kills sshd (pid 9)"), domain("/a", used=91 * MIB))
    assert outlook.sentences(found) == [
        "If this host runs out of memory, the kernel kills sshd (pid 9).",
        "Closest to its limit: /a uses 91.0 % of 100.0 MiB; the kernel kills x (pid 1).",
    ]


def test_cgroup_that_grows_fastest_towards_its_limit_is_named():
    before = forecast(domain(None, used=1), domain("/a", used=90 * MIB), domain("/b", used=40 * MIB), at=0.0)
    # /a lacks 9 MiB at 1 MiB in 60 s: 540 s. /b lacks 30 MiB at 30 MiB in 60 s: 60 s.
    now = forecast(domain(None, used=1), domain("/a", used=91 * MIB), domain("/b", used=70 * MIB), at=60.0)
    assert outlook.sentences(now, before)[1] == (
        "/b reaches its limit in about 1 minute if it keeps growing as it does now."
    )


def test_no_forecast_where_there_is_no_host(tmp_path):
    assert outlook.look(str(tmp_path), 1.0) is None


def test_forecast_of_this_host_has_the_host_first_and_a_next_victim():
    found = outlook.look("/", 5.0)
    assert found.at == 5.0
    assert found.domains[0].path is None and found.domains[0].limit > 0
    assert found.domains[0].says.startswith(("the kernel", "one of"))
    assert all(domain.path is not None for domain in found.domains[1:])
