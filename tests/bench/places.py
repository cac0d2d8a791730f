# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the bench finds the core, the checkout and the caches; importing it makes `memcore` importable."""

import os
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
CHECKOUT = HERE.parent.parent
CORE = CHECKOUT / "plugins" / "module_utils"

sys.path[:0] = [str(CORE), str(CHECKOUT / "scripts")]
# The Makefile says the same; this is for `python tests/bench/run.py` by hand.
os.environ["ANSIBLE_CONFIG"] = str(CHECKOUT / "ansible.cfg")
os.environ["PATH"] = os.path.dirname(sys.executable) + os.pathsep + os.environ["PATH"]


def cache(*parts):
    """A folder outside the checkout that stays."""
    import caches

    return caches.folder(*parts)
