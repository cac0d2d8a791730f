# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Peak memory of a process that collects, less what an empty interpreter takes."""

import re
import subprocess
import sys
from typing import List

from tests.bench import places
from tests.bench.figures import Figure
from tests.bench.row import Row, Setting

_ROUNDS = 3
_MIB = 1 << 20
# VmHWM; ru_maxrss would do, but after an exec it still remembers the process that started this one.
_TELL = "print(open('/proc/self/status').read())"
_COLLECT = f"""
import sys
sys.path.insert(0, {str(places.CORE)!r})
from memcore.answers import facts
from memcore.sources.host import Host
facts.collect(Host("/"), facts.Options())
"""


def row(extra: int) -> Row:
    """All subsets, with so many processes more."""
    return Row(f"peak-{extra}", f"{extra} processes more: peak memory", 2 + extra / 1000, _measure, extra)


def _measure(setting: Setting) -> List[Figure]:
    empty, peaks = setting.tries.best(_peaks, timed=False).value
    detail = f"over the {empty:.1f} MiB of an empty interpreter"
    return [Figure("peak memory", [peak - empty for peak in peaks], "MiB", detail=detail)]


def _peaks():
    empty = min(_peak("") for _dummy in range(_ROUNDS))
    return empty, [_peak(_COLLECT) for _dummy in range(_ROUNDS)]


def _peak(code):
    status = subprocess.run([sys.executable, "-c", code + _TELL], stdout=subprocess.PIPE, text=True, check=True).stdout
    return int(re.search(r"VmHWM:\s+(\d+)", status).group(1)) * 1024 / _MIB
