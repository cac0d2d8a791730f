# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Settings of the property tests, for every Python that runs them, and how much memory a unit test may take."""

import os
import resource

import hypothesis

from tests.support.examples import examples

# Time says little on a busy machine; test_hostile_sizes.py looks after inputs that take too long.
# Examples follow from the tests alone, so that a commit has one answer; with MEMFACTS_FUZZ=1 each run has new ones.
hypothesis.settings.register_profile(
    "memfacts",
    deadline=None,
    max_examples=examples(50),
    print_blob=True,
    derandomize=not os.environ.get("MEMFACTS_FUZZ"),
)
hypothesis.settings.load_profile("memfacts")

# An input that makes the code allocate without bound is one test's MemoryError, and nothing else on the machine dies.
MOST_BYTES = 8 << 30
SOFT, HARD = resource.getrlimit(resource.RLIMIT_AS)
if SOFT == resource.RLIM_INFINITY or SOFT > MOST_BYTES:
    resource.setrlimit(resource.RLIMIT_AS, (MOST_BYTES, HARD))
