# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""The tallies as Prometheus text, version 0.0.4.

prometheus-client would write the same, but importing what it needs for that takes 1.6 MB of resident memory, which the
agent would hold on every node. https://prometheus.io/docs/instrumenting/exposition_formats/ is the format.
"""

import itertools
import math
from typing import Iterator, Sequence, Union

from oomwatch.agent.metrics import HISTOGRAM, Metric
from oomwatch.agent.tallies import Distribution, Tallies

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


def text(tallies: Tallies) -> bytes:
    """All metrics, in the order of their table."""
    lines = [line for metric, rows in tallies.families() for line in _family(metric, rows)]
    return "".join(line + "\n" for line in lines).encode("utf-8", "backslashreplace")


def _family(metric: Metric, rows) -> Iterator[str]:
    yield f"# HELP {metric.name} {_escaped(metric.help)}"
    yield f"# TYPE {metric.name} {metric.kind}"
    for values, found in rows:
        if metric.kind == HISTOGRAM:
            yield from _histogram(metric, found)
        else:
            yield f"{metric.name}{_labels(metric.labels, values)} {_number(found)}"


def _histogram(metric: Metric, found: Distribution) -> Iterator[str]:
    total = 0
    for bound, total in zip([*metric.buckets, math.inf], itertools.accumulate(found.counts)):
        yield f"{metric.name}_bucket{_labels(('le',), (_number(bound),))} {_number(total)}"
    yield f"{metric.name}_count {_number(total)}"
    yield f"{metric.name}_sum {_number(found.sum)}"


def _labels(names: Sequence[str], values: Sequence[str]) -> str:
    pairs = ",".join(
        '{}="{}"'.format(name, _escaped(value).replace('"', '\\"')) for name, value in sorted(zip(names, values))
    )
    return f"{{{pairs}}}" if pairs else ""


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace("\n", "\\n")


def _number(value: Union[int, float]) -> str:
    return "+Inf" if value == math.inf else repr(float(value))
