# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""How the program ends: 0 found nothing, 1 events or findings, 2 usage or input error."""

NOTHING, FOUND, WRONG = 0, 1, 2


class InputError(Exception):
    """What the user gave cannot be used: one sentence that says what was wrong and what to do."""


class OutputError(Exception):
    """The answer cannot be written: one sentence."""
