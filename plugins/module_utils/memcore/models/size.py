# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""Sizes as people read them."""

_UNITS = ("B", "KiB", "MiB", "GiB", "TiB", "PiB")


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
