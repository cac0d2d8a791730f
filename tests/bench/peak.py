# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Peak memory of a process that collects, less what an empty interpreter takes."""

import re
import subprocess
import sys
from typing import Iterator

from tests.bench import places
from tests.bench.figures import Figure

_ROUNDS = 3
_MIB = 1 << 20
# VmHWM; ru_maxrss would do, but after an exec it still remembers the process that started this one.
_TELL = "print(open('/proc/self/status').read())"
_COLLECT = f"""
import sys
sys.path.insert(0, {str(places.CORE)!r})
from memcore.gather import facts
from memcore.sources.host import Host
facts.collect(Host("/"), facts.Options())
"""


def measure(extra: int) -> Iterator[Figure]:
    """All subsets, with so many processes more."""
    empty = min(_peak("") for _dummy in range(_ROUNDS))
    values = [_peak(_COLLECT) - empty for _dummy in range(_ROUNDS)]
    detail = f"over the {empty:.1f} MiB of an empty interpreter"
    yield Figure(f"{extra} processes more: peak memory", values, "MiB", detail=detail)


def _peak(code):
    status = subprocess.run([sys.executable, "-c", code + _TELL], stdout=subprocess.PIPE, text=True, check=True).stdout
    return int(re.search(r"VmHWM:\s+(\d+)", status).group(1)) * 1024 / _MIB
