# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""/proc/net/sockstat (net/ipv4/proc.c): pages charged to sockets, by protocol; `mem` counts all network namespaces."""

import re
from typing import Dict

_LINE = re.compile(r"^(\w+): (.*)$", re.MULTILINE)
_PAIR = re.compile(r"\b(\w+) ([0-9]{1,15})\b")


def parse(text: str) -> Dict[str, Dict[str, int]]:
    """Protocol (TCP, UDP, FRAG …) to its counters; `mem` in pages, `memory` (FRAG) in bytes."""
    return {name: {key: int(value) for key, value in _PAIR.findall(rest)} for name, rest in _LINE.findall(text)}
