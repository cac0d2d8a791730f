# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tests and their helpers. Who imports one of them finds the core by its short name, `memcore`, as the agent does."""

import os
import sys

CHECKOUT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.append(os.path.join(CHECKOUT, "plugins", "module_utils"))
