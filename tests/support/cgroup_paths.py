# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Cgroup paths with what they must parse to: the table tests/unit/fixtures/cgroup-paths.tsv."""

import csv
import os

_TABLE = os.path.join(os.path.dirname(__file__), os.pardir, "unit", "fixtures", "cgroup-paths.tsv")

with open(_TABLE, encoding="utf-8", newline="") as stream:
    ROWS = list(csv.DictReader(stream, delimiter="\t", quoting=csv.QUOTE_NONE))


def told(value):
    """What the table says, where it says something."""
    return None if value in ("", "none", "unknown") else value
