# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""Every rule there is, in the order of docs/findings.md. An event's rules are some of these with another predicate."""

from typing import Container, Tuple

from . import cgroups, quick
from .rule import Rule

_WITHOUT_OOM = quick.RULES + cgroups.RULES


def of_facts(subsets: Container[str] = ("oom",)) -> Tuple[Rule, ...]:
    """The rules to judge facts by; those of the subset oom only where `subsets` has it."""
    if "oom" not in subsets:
        return _WITHOUT_OOM
    from . import oom  # a target compiles each file at every run, and this one needs three more

    return _WITHOUT_OOM + oom.RULES


def every() -> Tuple[Rule, ...]:
    """All of them."""
    return of_facts()
