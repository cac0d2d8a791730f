# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""Sizes as people read and write them."""

import re
from typing import Optional

_UNITS = ("B", "KiB", "MiB", "GiB", "TiB", "PiB")
_WRITTEN = re.compile(r"\s*([0-9]{1,15})\s*(?:([kmgtp])(?:i?b)?|b)?\s*$", re.IGNORECASE | re.ASCII)


def human(size: int) -> str:
    """12884901888 is `12.0 GiB`: one digit after the point from 1 KiB on."""
    value, unit = float(abs(size)), 0
    while value >= 1023.95 and unit < len(_UNITS) - 1:
        value, unit = value / 1024, unit + 1
    sign = "-" if size < 0 else ""
    return f"{sign}{int(value)} B" if unit == 0 else f"{sign}{value:.1f} {_UNITS[unit]}"


def percent(part: int, whole: int) -> float:
    """part of whole in percent, to two digits; 0.0 of nothing."""
    return round(100.0 * part / whole, 2) if whole else 0.0


def parse(text: str) -> Optional[int]:
    """Bytes of `512M`, `12 GiB` or `1048576`, where K, M, G, T and P are powers of 1024; None of anything else."""
    match = _WRITTEN.match(text)
    if match is None:
        return None
    return int(match[1]) << 10 * (" KMGTP".index((match[2] or " ").upper()))
