# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""The lines of the kubelet's eviction manager about memory, each by itself (pkg/kubelet/eviction/eviction_manager.go).

Up to 1.19 they are sentences, since then a message with keys and values: `"Eviction manager: …" resourceName="memory"`,
or with --logging-format=json an object, which tagged_line.py turns into the same form. Evictions for disk and for
process ids are read only so that theirs are not taken for evictions for memory.
"""

import re
from typing import List, Optional, Tuple

from ..printable import printable
from . import killer_records as records
from .killer_records import Part, Pod

_START = re.compile(r'"?(?:[Ee]viction manager: )(.{1,16000})', re.S)
_EVICTING = re.compile(r'"?Evicting pod"? (.{1,8000})', re.S)
_RESOURCE = re.compile(r'resourceName="?([a-z-]{1,40})"?|reclaim ([a-z-]{1,40})')
_LOW_ON = re.compile(
    r"low on resource: ([a-z-]{1,40})\."
    r"(?: Threshold quantity: ([0-9A-Za-z.]{1,30}), available: ([0-9A-Za-z.]{1,30}?)\.)?"
)
_SIGNAL = re.compile(
    r'signal="?=?(?:allocatable)?[mM]emory\.available"?,?.{0,200}?quantity="?=?([0-9A-Za-z.]{1,30})"?'
    r"(?:.{0,80}?observed ([0-9A-Za-z.]{1,30}))?",
    re.S,
)
_LIST = re.compile(r"pods?=\"?\[(.{0,8000}?)\]|pod=\"?([^\s\"]{1,600})", re.S)
_OBJECT = re.compile(r'"?[Nn]ame"?: ?"?([a-z0-9.-]{1,253})"?,? ?"?[Nn]amespace"?: ?"?([a-z0-9.-]{1,63})')
_KEY = re.compile(r"([a-z0-9.-]{1,63})/([a-z0-9.-]{1,253})$")
# format.Pod() of klog's sentences: name_namespace(uid).
_FORMATTED = re.compile(r"([a-z0-9.-]{1,253})_([a-z0-9.-]{1,63})\(([0-9a-f-]{1,64})\)")
_EVICTED = (
    "pods evicted, waiting",
    "pod is evicted successfully",
    "evicted, waiting for pod to be cleaned up",
    "is evicted successfully",
)
_QUANTITY = re.compile(r"([0-9]{1,18}(?:\.[0-9]{1,9})?)([kKMGTPE]i?|m)?$")
_POWERS = {"k": 1, "K": 1, "M": 2, "G": 3, "T": 4, "P": 5, "E": 6}
MEMORY = "memory"


def resource(text: str) -> Optional[str]:
    """Which resource a line says ran short; None where it names none."""
    low = _LOW_ON.search(text)
    if low:
        return low[1]
    match = _RESOURCE.search(text)
    return None if match is None else match[1] or match[2]


def kubelet(text: str) -> Optional[Part]:
    """A line of the eviction manager; its fields have the resource where the line names one."""
    what = resource(text)
    fields = {} if what is None else {"resource": what}
    match = _EVICTING.match(text)
    if match:
        return Part(records.PLAN, dict(fields, pods=_pods(match[1]), **_threshold(text)))
    match = _START.match(text)
    if match is None:
        return None
    said = match[1]
    if any(words in said for words in _EVICTED):
        return Part(records.KILL, dict(fields, pods=_pods(said)))
    if "successfully cleaned up" in said or "timed out waiting for pod" in said or "unable to evict any pods" in said:
        return Part(records.END, {})
    if "must evict pod" in said:
        return Part(records.PLAN, fields)
    if "attempting to reclaim" in said:
        return Part(records.BEFORE, fields)
    figures = _threshold(said)
    return Part(records.BEFORE, dict(fields, **figures)) if figures else None


def _threshold(text):
    match = _LOW_ON.search(text)
    if match is None or match[2] is None:
        match = _SIGNAL.search(text)
        found = (match[1], match[2]) if match else (None, None)
    else:
        found = (match[2], match[3])
    wanted, available = (_bytes(quantity) for quantity in found)
    fields = {"threshold_bytes": wanted, "measured_bytes": available}
    return {name: value for name, value in fields.items() if value is not None}


def _bytes(quantity: Optional[str]) -> Optional[int]:
    """A Kubernetes quantity, `100Mi`; None for a percentage and for what is none."""
    match = _QUANTITY.match(quantity or "")
    if match is None or match[2] == "m":
        return None
    unit = match[2] or ""
    base = 1024 if unit.endswith("i") else 1000
    return int(float(match[1]) * base ** _POWERS.get(unit[:1], 0))


def _pods(text: str) -> Tuple[Pod, ...]:
    listed = _LIST.search(text)
    found: List[Pod] = []
    if listed is None:
        found = [Pod(namespace, name, uid) for name, namespace, uid in _FORMATTED.findall(text)]
    elif listed[1] is not None:
        found = [Pod(namespace, name) for name, namespace in _OBJECT.findall(listed[1])]
        keys = [_KEY.match(word.strip('"')) for word in listed[1].replace(",", " ").split()]
        found = found or [Pod(match[1], match[2]) for match in keys if match]
    else:
        match = _KEY.match(listed[2])
        found = [Pod(match[1], match[2])] if match else []
    return tuple(
        Pod(printable(pod.namespace or ""), printable(pod.name or ""), pod.uid) for pod in dict.fromkeys(found[:64])
    )
