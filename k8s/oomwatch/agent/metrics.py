# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""The metrics of the agent: one table that the counting, the exposition and the documentation follow."""

from typing import NamedTuple, Tuple

COUNTER, GAUGE, HISTOGRAM = "counter", "gauge", "histogram"


class Metric(NamedTuple):
    """One metric.

    workload: those of its labels that name a workload, and so have no bound of their own.
    rows: label values that are shown with 0 from the start, so that a first increase is seen as one. A counter whose
    rows are not known before, or whose source may be missing on this kernel, has none: absent is not 0.
    buckets: upper bounds of a histogram in seconds.
    """

    name: str
    kind: str
    help: str
    labels: Tuple[str, ...] = ()
    workload: Tuple[str, ...] = ()
    rows: Tuple[Tuple[str, ...], ...] = ()
    buckets: Tuple[float, ...] = ()


METRICS = (
    Metric(
        "oomwatch_incidents_total",
        COUNTER,
        "OOM incidents: decisions to kill, however many processes each of them killed.",
        ("scope", "source", "limit_kind"),
    ),
    Metric(
        "oomwatch_victims_total",
        COUNTER,
        "Processes that were killed in OOM incidents, each counted once. On a plain host the label owner is the unit.",
        ("namespace", "owner_kind", "owner", "container", "qos_class"),
        workload=("namespace", "owner", "container"),
    ),
    Metric(
        "oomwatch_kernel_oom_kill_total",
        COUNTER,
        "OOM kills by the kernel's own counter, oom_kill of /proc/vmstat, while the agent ran or kept its state.",
    ),
    Metric(
        "oomwatch_unreported_kills_total",
        COUNTER,
        "OOM kills that the kernel counted and that no report in the kernel's log explained.",
    ),
    Metric(
        "oomwatch_verdicts_total",
        COUNTER,
        "Verdicts on OOM kills: by the kernel's own rule, by the cause of the OOM, and by the use of the kill.",
        ("by", "result"),
        rows=tuple((by, result) for by in ("rule", "cause", "useful") for result in ("right", "wrong", "unknown")),
    ),
    Metric(
        "oomwatch_predictions_total",
        COUNTER,
        "OOM kills by what the last prediction before them said: the victim (right), one of several that tied (tied), "
        "another process (wrong), or nothing (none).",
        ("result",),
        rows=(("right",), ("tied",), ("wrong",), ("none",)),
    ),
    Metric("oomwatch_findings", GAUGE, "Findings of the last audit of this node.", ("id", "severity")),
    Metric(
        "oomwatch_log_records_lost_total",
        COUNTER,
        "Records of the kernel's log that were overwritten or dropped before the agent could read them.",
        rows=((),),
    ),
    Metric(
        "oomwatch_spool_dropped_total",
        COUNTER,
        "What the agent dropped because a queue was full: events of kills (kill), events of findings (finding), and "
        "lines of standard output (line).",
        ("kind",),
        rows=(("kill",), ("finding",), ("line",)),
    ),
    Metric("oomwatch_spool_length", GAUGE, "Events that wait for their delivery to the API server."),
    Metric(
        "oomwatch_event_latency_seconds",
        HISTOGRAM,
        "Time in seconds from a kill, by the kernel's time stamp, until the API server had acknowledged its Event.",
        # Fine around the aims of 0.25 and 0.5 s; the long ones are of events that waited for an API server.
        buckets=(0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.75, 1.0, 2.5, 5.0, 10.0, 60.0, 600.0, 3600.0),
    ),
    Metric(
        "oomwatch_api_requests_total",
        COUNTER,
        "Requests to the API server and the kubelet, by the status code of the answer.",
        ("verb", "resource", "code"),
    ),
    Metric(
        "oomwatch_source_up",
        GAUGE,
        "Whether a source that the agent uses works: 1 if it does, 0 if it does not.",
        ("source",),
    ),
    Metric(
        "oomwatch_last_record_timestamp_seconds",
        GAUGE,
        "Time of the newest record that was read from the kernel's log, in seconds since 1970.",
    ),
    Metric(
        "oomwatch_memory_bytes",
        GAUGE,
        "The host's memory in bytes, by the part of the ledger that holds it; the parts add up to MemTotal.",
        ("part",),
    ),
    Metric(
        "oomwatch_tmpfs_used_bytes",
        GAUGE,
        "Memory and swap in bytes that the files of a tmpfs use, for the 20 fullest.",
        ("mount",),
        workload=("mount",),
    ),
    Metric(
        "oomwatch_build_info",
        GAUGE,
        "Always 1: the agent's version, and how the running kernel scores processes and decides ties.",
        ("version", "badness_model", "tie_rule"),
    ),
)
BY_NAME = {metric.name: metric for metric in METRICS}
