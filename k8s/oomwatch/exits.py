# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""How the program ends: 0 found nothing, 1 events or findings, 2 usage or input error."""

NOTHING, FOUND, WRONG = 0, 1, 2


class InputError(Exception):
    """What the user gave cannot be used: one sentence that says what was wrong and what to do."""


class OutputError(Exception):
    """The answer cannot be written: one sentence."""


def no_log(name: str, complaint: str) -> str:
    """The sentence of an InputError: what was given as a log is none."""
    hint = "; did the command before the pipe fail?" if name == "standard input" and complaint == "it is empty" else ""
    return f"No log in {name}: {complaint}{hint}"
