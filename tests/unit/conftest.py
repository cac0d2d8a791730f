# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Settings of the property tests, for every Python that runs them."""

import hypothesis

# Time says little on a busy machine; test_hostile_sizes.py looks after inputs that take too long.
hypothesis.settings.register_profile("memfacts", deadline=None, max_examples=50, print_blob=True)
hypothesis.settings.load_profile("memfacts")
