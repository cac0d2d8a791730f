# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Prometheus text, read back by prometheus_client's own parser."""

from prometheus_client import CollectorRegistry, generate_latest, parser

from oomwatch.agent import exposition, metrics
from oomwatch.agent.tallies import Tallies


def read(found):
    """{(name of the sample, its labels): value} and {family: (type, help)}."""
    families = list(parser.text_string_to_metric_families(exposition.text(found).decode()))
    samples = {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in families
        for sample in family.samples
    }
    return samples, {family.name: (family.type, family.documentation) for family in families}


def test_each_metric_of_the_table_is_there_with_its_type_and_help():
    _samples, families = read(Tallies())
    assert families == {metric.name.replace("_total", ""): (metric.kind, metric.help) for metric in metrics.METRICS}


def test_names_are_those_of_the_table_in_the_text_itself():
    lines = exposition.text(Tallies()).decode().splitlines()
    assert [line.split()[2:] for line in lines if line.startswith("# TYPE ")] == [
        [metric.name, metric.kind] for metric in metrics.METRICS
    ]


def test_rows_come_back():
    found = Tallies()
    found.add("oomwatch_incidents_total", 7, scope="memcg", source="kernel", limit_kind="pod")
    found.set("oomwatch_last_record_timestamp_seconds", 1764568800.25)
    samples, _families = read(found)
    labels = (("limit_kind", "pod"), ("scope", "memcg"), ("source", "kernel"))
    assert samples[("oomwatch_incidents_total", labels)] == 7
    assert samples[("oomwatch_last_record_timestamp_seconds", ())] == 1764568800.25
    assert samples[("oomwatch_verdicts_total", (("by", "cause"), ("result", "wrong")))] == 0
    assert not [name for name, _labels in samples if name == "oomwatch_kernel_oom_kill_total"]


def test_histogram_is_cumulative():
    found = Tallies()
    for seconds in (0.1, 0.24, 0.26, 7200.0):
        found.observe("oomwatch_event_latency_seconds", seconds)
    samples, _families = read(found)
    bucket = "oomwatch_event_latency_seconds_bucket"
    by_bound = {dict(labels)["le"]: value for (name, labels), value in samples.items() if name == bucket}
    assert [by_bound[bound] for bound in ("0.05", "0.1", "0.25", "0.3", "3600.0", "+Inf")] == [0, 1, 2, 3, 3, 4]
    assert samples[("oomwatch_event_latency_seconds_count", ())] == 4
    assert samples[("oomwatch_event_latency_seconds_sum", ())] == 7200.6


def test_labels_may_hold_anything():
    strange = 'a"b\\c\nd\u202eé' + b"\xff".decode("utf-8", "surrogateescape")
    found = Tallies()
    found.set("oomwatch_tmpfs_used_bytes", 1, mount=strange)
    samples, _families = read(found)
    shown = 'a"b\\c\nd\u202eé\\udcff'
    assert samples[("oomwatch_tmpfs_used_bytes", (("mount", shown),))] == 1


def test_text_is_what_prometheus_client_writes():
    found = Tallies()
    found.add("oomwatch_incidents_total", 7, scope="memcg", source="kernel", limit_kind="pod")
    found.set("oomwatch_tmpfs_used_bytes", 2**53 + 1, mount='/a "b"\\ c')
    found.observe("oomwatch_event_latency_seconds", 0.24)
    families = list(parser.text_string_to_metric_families(exposition.text(found).decode()))
    registry = CollectorRegistry()
    registry.register(type("Read", (), {"collect": lambda self: families})())
    again = parser.text_string_to_metric_families(generate_latest(registry).decode())

    assert [family.samples for family in again] == [family.samples for family in families]
