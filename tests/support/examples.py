# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How many examples a property test takes: all of them, or a part where another stage has all on the same Python."""

import os

SHARE = int(os.environ.get("MEMFACTS_EXAMPLES_SHARE") or 1)


def examples(number):
    """The part of that number: a third where $MEMFACTS_EXAMPLES_SHARE is 3."""
    return max(number // SHARE, 5)
