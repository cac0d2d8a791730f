# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The user without any right, by its name: its number is not the same on every system."""

import pwd

NOBODY = pwd.getpwnam("nobody")
