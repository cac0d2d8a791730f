# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""Kubernetes' quantities (`64Mi`, `100m`, `1e3`), compared by value: apimachinery's resource.Quantity."""

import functools
import re
from typing import Optional

_WRITTEN = re.compile(
    r"(?P<sign>[+-]?)(?P<whole>[0-9]{0,30})(?:\.(?P<part>[0-9]{0,30}))?"
    r"(?:(?P<binary>[KMGTPE])i|(?P<decimal>[numkMGTPE])|[eE](?P<exponent>[+-]?[0-9]{1,2}))?$"
)
_DECIMAL = {"n": -9, "u": -6, "m": -3, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_NANO = 9  # Kubernetes keeps no finer parts
_LARGEST = (1 << 63) - 1


def nano(value: object) -> Optional[int]:
    """In billionths, rounded up as Kubernetes does; None where it is no quantity. JSON may have a number."""
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        return None
    return _nano(str(value))


@functools.lru_cache(maxsize=512)  # the pods of a node share few amounts
def _nano(text: str) -> Optional[int]:
    match = _WRITTEN.match(text)
    if match is None or not (match["whole"] or match["part"]):
        return None
    part = match["part"] or ""
    digits = int((match["whole"] or "") + part)
    exponent = int(match["exponent"] or 0) + _DECIMAL.get(match["decimal"], 0) + _NANO - len(part)
    if match["binary"]:
        digits <<= 10 * (1 + "KMGTPE".index(match["binary"]))
    scaled = digits * 10**exponent if exponent >= 0 else -(-digits // 10 ** abs(exponent))
    return -scaled if match["sign"] == "-" else scaled


def whole(value: object) -> Optional[int]:
    """In whole units (bytes), rounded up, at most what 64 bits hold; None where it is no quantity."""
    found = nano(value)
    if found is None:
        return None
    return min((found + 10**_NANO - 1) // 10**_NANO, _LARGEST)
