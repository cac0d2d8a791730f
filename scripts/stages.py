# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What `make test` runs, as a table; run_stages.py runs it."""

import os
import typing

from scripts import caches


def has_tests(folder):
    """Why `folder` cannot be run, or None."""
    return None if any((caches.CHECKOUT / folder).glob("**/test_*.py")) else folder + " has no tests yet"


def root_and_tests(folder):
    """The same, for tests that change the host."""
    return has_tests(folder) or (None if os.geteuid() == 0 else "needs root")


class Stage(typing.NamedTuple):
    """One command. A stage that uses both cores itself, or that measures this host, has the machine alone."""

    group: str  # the make target it belongs to
    name: str
    command: str
    alone: bool = False
    reason_to_skip: typing.Callable[[], str | None] = lambda: None
    kernels: bool = False  # its tests measure kernels that live, where much moves by itself: what fails is played again


def on_kernels(group, folder):
    """The stage of tests that change a host or boot others."""
    return Stage(group, group, "python -m pytest -q " + folder, True, lambda: root_and_tests(folder), True)


# It would leave a log in the user's home.
LINT_DOCUMENTATION = """sh -c 'HOME="$PWD/.venv" exec antsibull-docs lint-collection-docs --plugin-docs .'"""

STAGES = (
    Stage("lint", "ruff check", "ruff check --quiet"),
    Stage("lint", "ruff format", "ruff format --check --quiet"),
    Stage("lint", "floors", "lint-imports --no-cache"),
    Stage("lint", "syntax of Python 3.6", "vermin --eval-annotations --violations --no-tips -t=3.6- plugins"),
    Stage("lint", "licences", "reuse lint --quiet"),
    Stage("lint", "changelog", "antsibull-changelog lint"),
    Stage("lint", "documentation", LINT_DOCUMENTATION),
    Stage("lint", "build and install", "python -m scripts.try_archive"),
    Stage("unit", "unit tests here", "python -m pytest -q tests/unit"),
    Stage("unit", "units on each Python", "python -m scripts.units", True, lambda: has_tests("tests/unit/plugins")),
    Stage("sanity", "ansible-test sanity", "python -m scripts.sanity", True),
    Stage("sanity", "same answer", "python -m pytest -q tests/answers", True, lambda: has_tests("tests/answers")),
    on_kernels("live", "tests/live"),
    on_kernels("lab", "tests/lab"),
    on_kernels("fleet-test", "tests/fleet"),
)
