# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The agent's counters: their table, what they count, and what survives a restart or a damaged state."""

import json
import threading

import hypothesis
import pytest
from hypothesis import strategies

from oomwatch.agent import metrics, tallies
from oomwatch.agent.tallies import Tallies

# By the design page, where dashboards and alerts read them.
DESIGN = {
    "oomwatch_incidents_total": ("counter", "scope source limit_kind"),
    "oomwatch_victims_total": ("counter", "namespace owner_kind owner container qos_class"),
    "oomwatch_kernel_oom_kill_total": ("counter", ""),
    "oomwatch_unreported_kills_total": ("counter", ""),
    "oomwatch_verdicts_total": ("counter", "by result"),
    "oomwatch_predictions_total": ("counter", "result"),
    "oomwatch_findings": ("gauge", "id severity"),
    "oomwatch_log_records_lost_total": ("counter", ""),
    "oomwatch_spool_dropped_total": ("counter", "kind"),
    "oomwatch_spool_length": ("gauge", ""),
    "oomwatch_event_latency_seconds": ("histogram", ""),
    "oomwatch_api_requests_total": ("counter", "verb resource code"),
    "oomwatch_source_up": ("gauge", "source"),
    "oomwatch_last_record_timestamp_seconds": ("gauge", ""),
    "oomwatch_memory_bytes": ("gauge", "part"),
    "oomwatch_tmpfs_used_bytes": ("gauge", "mount"),
    "oomwatch_build_info": ("gauge", "version badness_model tie_rule"),
}
VICTIM = {
    "namespace": "shop",
    "owner_kind": "Deployment",
    "owner": "cart",
    "container": "app",
    "qos_class": "Burstable",
}


def victim(number, namespace="shop"):
    return dict(VICTIM, namespace=namespace, owner=f"cart-{number}")


def rows(found, name):
    return dict(next(rows for metric, rows in found.families() if metric.name == name))


def test_table_is_that_of_the_design():
    assert {metric.name: (metric.kind, " ".join(metric.labels)) for metric in metrics.METRICS} == DESIGN


@pytest.mark.parametrize("metric", metrics.METRICS, ids=lambda metric: metric.name)
def test_help_is_a_sentence_that_names_the_unit(metric):
    assert metric.help[0].isupper() and metric.help.endswith(".") and "\n" not in metric.help
    for unit in ("bytes", "seconds"):
        assert (unit in metric.help) == (f"_{unit}" in metric.name)


def test_latency_is_fine_around_the_aims():
    buckets = metrics.BY_NAME["oomwatch_event_latency_seconds"].buckets
    assert list(buckets) == sorted(set(buckets))
    assert {0.2, 0.25, 0.3, 0.4, 0.5, 0.75} <= set(buckets)


def test_counts_by_label():
    found = Tallies()
    found.add("oomwatch_victims_total", **VICTIM)
    found.add("oomwatch_victims_total", 2, **VICTIM)
    found.add("oomwatch_victims_total", **victim(1))
    assert found.value("oomwatch_victims_total", **VICTIM) == 3
    assert rows(found, "oomwatch_victims_total") == {
        ("shop", "Deployment", "cart", "app", "Burstable"): 3,
        ("shop", "Deployment", "cart-1", "app", "Burstable"): 1,
    }


def test_label_that_is_none_is_empty():
    found = Tallies()
    found.add("oomwatch_incidents_total", scope="memcg", source="kernel", limit_kind=None)
    assert rows(found, "oomwatch_incidents_total") == {("memcg", "kernel", ""): 1}


def test_closed_sets_of_labels_are_zero_from_the_start():
    found = Tallies()
    assert rows(found, "oomwatch_predictions_total") == {("right",): 0, ("tied",): 0, ("wrong",): 0, ("none",): 0}
    assert len(rows(found, "oomwatch_verdicts_total")) == 9


def test_what_the_kernel_may_not_tell_is_absent_until_it_is_told():
    found = Tallies()
    assert rows(found, "oomwatch_kernel_oom_kill_total") == {}
    found.add("oomwatch_kernel_oom_kill_total", 0)
    assert rows(found, "oomwatch_kernel_oom_kill_total") == {(): 0}


def test_gauges_are_set_and_replaced():
    found = Tallies()
    found.set("oomwatch_source_up", 1, source="kmsg")
    found.set("oomwatch_source_up", 0, source="kmsg")
    assert found.value("oomwatch_source_up", source="kmsg") == 0
    found.replace("oomwatch_tmpfs_used_bytes", {("/tmp",): 5, ("/run",): 7})
    found.replace("oomwatch_tmpfs_used_bytes", {("/run",): 8})
    assert rows(found, "oomwatch_tmpfs_used_bytes") == {("/run",): 8}


def test_histogram_puts_a_bound_into_its_own_bucket():
    found = Tallies()
    for seconds in (0.25, 0.2500001, 4000.0, -3.0):
        found.observe("oomwatch_event_latency_seconds", seconds)
    distribution = rows(found, "oomwatch_event_latency_seconds")[()]
    buckets = metrics.BY_NAME["oomwatch_event_latency_seconds"].buckets
    counts = dict(zip([*buckets, "above"], distribution.counts))
    assert {bound: count for bound, count in counts.items() if count} == {0.05: 1, 0.25: 1, 0.3: 1, "above": 1}
    assert distribution.sum == pytest.approx(4000.5000001)
    assert found.value("oomwatch_event_latency_seconds") == 4


@pytest.mark.parametrize(
    "wrong",
    [
        lambda found: found.add("oomwatch_nonsense_total"),
        lambda found: found.add("oomwatch_spool_length"),
        lambda found: found.add("oomwatch_incidents_total", scope="memcg"),
        lambda found: found.add("oomwatch_spool_dropped_total", sort="kill"),
        lambda found: found.set("oomwatch_incidents_total", 1),
        lambda found: found.replace("oomwatch_source_up", {("a", "b"): 1}),
        lambda found: found.observe("oomwatch_spool_length", 1.0),
    ],
)
def test_what_the_table_does_not_have_is_an_error_of_the_program(wrong):
    with pytest.raises(KeyError):
        wrong(Tallies())


def test_counter_cannot_fall():
    with pytest.raises(ValueError):
        Tallies().add("oomwatch_log_records_lost_total", -1)


def test_workloads_without_end_become_other_and_the_sum_holds():
    found = Tallies()
    for number in range(2500):
        found.add("oomwatch_victims_total", **victim(number, f"namespace-{number % 7}"))
    counted = rows(found, "oomwatch_victims_total")
    assert len(counted) == tallies.MOST_ROWS + 1
    assert counted[("other", "Deployment", "other", "other", "Burstable")] == 500
    assert sum(counted.values()) == 2500
    found.add("oomwatch_victims_total", **victim(7, "namespace-0"))
    assert found.value("oomwatch_victims_total", **victim(7, "namespace-0")) == 2


def test_labels_that_should_be_few_are_bounded_as_well():
    found = Tallies()
    for number in range(5000):
        found.add("oomwatch_api_requests_total", verb="get", resource="pods", code=number)
        found.add("oomwatch_victims_total", **dict(victim(number), qos_class=f"class-{number}"))
        found.set("oomwatch_source_up", 1, source=number)
    found.replace("oomwatch_tmpfs_used_bytes", {(f"/{number}",): 1 for number in range(5000)})
    for name in ("oomwatch_api_requests_total", "oomwatch_victims_total"):
        assert len(rows(found, name)) == 2100
        assert sum(rows(found, name).values()) == 5000
    assert len(rows(found, "oomwatch_source_up")) == len(rows(found, "oomwatch_tmpfs_used_bytes")) == 2000


def test_long_labels_are_cut():
    found = Tallies()
    found.set("oomwatch_source_up", 1, source="x" * 5000)
    assert rows(found, "oomwatch_source_up") == {("x" * 200,): 1}


def test_restart_goes_on_counting():
    before = Tallies()
    before.add("oomwatch_victims_total", 3, **VICTIM)
    before.add("oomwatch_kernel_oom_kill_total", 4)
    before.observe("oomwatch_event_latency_seconds", 0.2)
    before.set("oomwatch_spool_length", 9)
    after = Tallies()
    after.add("oomwatch_kernel_oom_kill_total", 1)
    after.resume(json.loads(json.dumps(before.state())))
    assert after.trouble is None
    assert after.value("oomwatch_victims_total", **VICTIM) == 3
    assert after.value("oomwatch_kernel_oom_kill_total") == 5
    assert after.value("oomwatch_event_latency_seconds") == 1
    assert after.value("oomwatch_spool_length") == 0


def test_state_of_nothing_is_no_trouble():
    found = Tallies()
    found.resume(Tallies().state())
    assert (found.trouble, found.state()) == (None, Tallies().state())


def test_no_state_is_no_trouble():
    found = Tallies()
    found.resume(None)
    assert found.trouble is None


@pytest.mark.parametrize("state", [[], 7, "x", {}, {"counters": []}, {"counters": 3, "histograms": None}])
def test_foreign_state_is_said(state):
    found = Tallies()
    found.resume(state)
    assert found.trouble == "The saved counters are damaged; all counters start at 0"
    assert found.state() == Tallies().state()


def test_of_a_damaged_state_the_rest_is_kept():
    state = Tallies().state()
    state["counters"]["oomwatch_victims_total"] = [
        ["shop", "Deployment", "cart", "app", "Burstable", 3],
        ["shop", "Deployment", "cart", "app", 3],
        ["shop", "Deployment", 4, "app", "Burstable", 3],
        ["shop", "Deployment", "cart", "app", "Burstable", -3],
        ["shop", "Deployment", "cart", "app", "Burstable", True],
        ["shop", "Deployment", "cart", "app", "Burstable", 1e300],
        ["shop", "Deployment", "cart", "app", "Burstable", float("nan")],
        [],
        None,
    ]
    state["counters"]["oomwatch_unheard_of_total"] = [[1]]
    state["counters"]["oomwatch_spool_length"] = [[1]]
    state["counters"]["oomwatch_verdicts_total"] = {"rule": 1}
    state["histograms"]["oomwatch_event_latency_seconds"]["buckets"][0] = 0.01
    found = Tallies()
    found.resume(state)
    assert found.trouble == "12 saved counters are damaged or of another version; they start at 0"
    assert rows(found, "oomwatch_victims_total") == {("shop", "Deployment", "cart", "app", "Burstable"): 3}
    assert found.value("oomwatch_event_latency_seconds") == 0


_JSON = strategies.recursive(
    strategies.none() | strategies.booleans() | strategies.floats() | strategies.integers() | strategies.text(max_size=5),
    lambda inner: strategies.lists(inner, max_size=4)
    | strategies.dictionaries(strategies.sampled_from(["counters", "histograms", "buckets", "counts", "sum", *DESIGN]), inner),
    max_leaves=20,
)  # fmt: skip


@hypothesis.given(_JSON)
def test_no_state_makes_it_fail(state):
    found = Tallies()
    found.resume(state)
    json.dumps(found.state(), allow_nan=False)


def test_threads_count_together():
    found = Tallies()

    def count():
        for _time in range(2000):
            found.add("oomwatch_victims_total", **VICTIM)
            found.observe("oomwatch_event_latency_seconds", 0.1)

    threads = [threading.Thread(target=count) for _number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found.value("oomwatch_victims_total", **VICTIM) == 8000
    assert found.value("oomwatch_event_latency_seconds") == 8000
