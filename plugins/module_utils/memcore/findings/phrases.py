# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""Phrases that several rules use in their sentences."""

from typing import Dict

from ..models.size import human, percent
from ..sources.printable import with_pid


def share(size: int, total: int) -> str:
    """`19.5 GiB, 20.0 % of RAM`."""
    return f"{human(size)}, {percent(size, total)} % of RAM"


def named(row: Dict) -> str:
    """`java (pid 900)`."""
    return with_pid(row["comm"], row["pid"])


def sized(row: Dict) -> str:
    """`java (pid 900, 400.0 MiB)`: a process with the memory that it holds."""
    return with_pid(row["comm"], row["pid"], human(row["held_bytes"]))


def counted(count: int, noun: str) -> str:
    """`1 process`, `7 processes`, `2 workloads`."""
    plural = noun + ("es" if noun.endswith("s") else "s")
    return f"{count} {noun if count == 1 else plural}"
