# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is slow to make is made once and kept outside the checkout, below $XDG_CACHE_HOME/memfacts.

Several checkouts of one user share it, also at the same time.
"""

import contextlib
import fcntl
import os
import pathlib

CHECKOUT = pathlib.Path(__file__).resolve().parent.parent


def folder(*parts):
    """A folder of the cache, made if it is not there."""
    base = os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache"
    path = pathlib.Path(base, "memfacts", *parts)
    path.mkdir(parents=True, exist_ok=True)
    return path


@contextlib.contextmanager
def lock(name):
    """Wait until nobody else holds the lock `name`, and hold it."""
    with open(folder("locks") / name, "w", encoding="utf-8") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        yield
