# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is slow to make is made once, outside the checkout; removing the folder is always safe."""

import contextlib
import fcntl
import os
import shutil

HOME = os.path.join(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "memfacts", "lab")


def folder(name, make):
    """Path of the cached folder `name`, filled by `make(path)` the first time; several processes may ask at once."""
    path = os.path.join(HOME, name)
    with lock(name):
        if not os.path.isdir(path):
            unfinished = f"{path}.new"
            shutil.rmtree(unfinished, ignore_errors=True)
            os.mkdir(unfinished)
            make(unfinished)
            os.rename(unfinished, path)
    return path


@contextlib.contextmanager
def lock(name):
    """Wait until no other process of this user holds the lock `name`, and hold it."""
    path = os.path.join(HOME, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(f"{path}.lock", "w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield
