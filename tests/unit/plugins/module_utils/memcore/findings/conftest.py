# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A healthy host for a test to make ill, and what the judge finds on it."""

import pytest

from ansible_collections.memfacts.linux.plugins.module_utils.memcore.findings import catalogue
from ansible_collections.memfacts.linux.plugins.module_utils.memcore.findings.judge import judge
from tests.support import healthy_host


@pytest.fixture
def host():
    """A host on which nothing is wrong."""
    return healthy_host.Host()


@pytest.fixture
def rows():
    """The functions that make rows of the subset oom."""
    return healthy_host


@pytest.fixture
def facts(host):
    """The facts of a host on which nothing is wrong, for a test to change."""
    return host.facts


@pytest.fixture
def add_tmpfs(host):
    """A function: add a tmpfs to the facts."""
    return host.add_tmpfs


@pytest.fixture
def add_cgroup(host):
    """A function: add a cgroup near its limit to the facts."""
    return host.add_cgroup


@pytest.fixture
def raised(facts):
    """A function: the findings of `facts`, with thresholds of one's own where they are given."""

    def findings(**thresholds):
        own = {name.replace("_", "-"): value for name, value in thresholds.items()}
        return judge(facts, catalogue.of_facts(facts), own)

    return findings
