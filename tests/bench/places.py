# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the bench finds the core, the checkout and the caches; importing it makes `memcore` importable."""

import os
import pathlib
import sys

from scripts import caches

HERE = pathlib.Path(__file__).resolve().parent
CHECKOUT = HERE.parent.parent
CORE = CHECKOUT / "plugins" / "module_utils"

# The Makefile says the same; this is for `python -m tests.bench` by hand.
os.environ["ANSIBLE_CONFIG"] = str(CHECKOUT / "ansible.cfg")
os.environ["PATH"] = os.path.dirname(sys.executable) + os.pathsep + os.environ["PATH"]


def cache(*parts):
    """A folder outside the checkout that stays."""
    return caches.folder(*parts)
