# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""What a LimitRange filled in to a pod: the admission plugin notes it in an annotation of the pod.

`LimitRanger plugin set: cpu, memory request for container app; memory limit for init container setup`
(plugin/pkg/admission/limitranger). A second run of the plugin, after a webhook changed the pod, may overwrite it.
"""

import re
from typing import Dict, Optional

from .lenient import object_of, rows_of

ANNOTATION = "kubernetes.io/limit-ranger"
_START = "LimitRanger plugin set: "
_ENTRY = re.compile(
    r"(?P<names>[a-z0-9./, -]{1,500}) (?P<what>request|limit) for (?P<init>init )?container (?P<name>\S+)$"
)
_LONGEST = 1 << 14
_FIELDS = ("containers", "initContainers")


def without(spec: Dict, told: str) -> Optional[Dict]:
    """The spec's containers as their author wrote them; None where the annotation is none of the plugin's."""
    if not told.startswith(_START):
        return None
    fields = {name: {row.get("name"): _copied(row) for row in rows_of(spec, name)} for name in _FIELDS}
    for entry in told[len(_START) : _LONGEST].split("; "):
        match = _ENTRY.match(entry)
        row = None if match is None else fields["initContainers" if match["init"] else "containers"].get(match["name"])
        if match is None or row is None:
            return None
        for name in match["names"].split(", "):
            row["resources"][match["what"] + "s"].pop(name, None)
    return {"resources": spec.get("resources"), **{name: list(rows.values()) for name, rows in fields.items()}}


def _copied(row):
    resources = object_of(row, "resources")
    return {"resources": {part: dict(object_of(resources, part)) for part in ("requests", "limits")}}
