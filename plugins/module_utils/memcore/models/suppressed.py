# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""Rules that an object's annotation suppresses: `memfacts.linux/ignore: "rule-id: reason; other-id: reason"`."""

import re
from typing import Dict

from .lenient import object_of

ANNOTATION = "memfacts.linux/ignore"
_LONGEST = 4096
_RULE = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")


def of_object(one: Dict) -> Dict[str, str]:
    """{rule: reason} of a pod, a pod template with its workload's annotations, or a node.

    An entry without a reason suppresses nothing.
    """
    text = object_of(object_of(one, "metadata"), "annotations").get(ANNOTATION)
    found = {}
    for entry in text[:_LONGEST].split(";") if isinstance(text, str) else ():
        name, _colon, reason = entry.partition(":")
        if _RULE.fullmatch(name.strip()) and reason.strip():
            found[name.strip()] = reason.strip()
    return found
