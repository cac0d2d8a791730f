# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What `make test` runs, as a table; run_stages.py runs it."""

import os
import typing

import caches


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
    Stage("lint", "build and install", "python scripts/try_archive.py"),
    Stage("unit", "unit tests here", "python -m pytest -q tests/unit"),
    Stage("unit", "units on each Python", "python scripts/units.py", True, lambda: has_tests("tests/unit/plugins")),
    Stage("sanity", "ansible-test sanity", "python scripts/sanity.py", True),
    Stage("sanity", "same answer", "python -m pytest -q tests/answers", True, lambda: has_tests("tests/answers")),
    Stage("live", "live", "python -m pytest -q tests/live", True, lambda: root_and_tests("tests/live")),
    Stage("lab", "lab", "python -m pytest -q tests/lab", True, lambda: root_and_tests("tests/lab")),
    Stage("fleet-test", "fleet", "python -m pytest -q tests/fleet", True, lambda: root_and_tests("tests/fleet")),
)
