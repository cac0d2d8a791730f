# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes the lab's own modules importable for its tests."""

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
