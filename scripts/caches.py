# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is slow to make is made once and kept outside the checkout, below $XDG_CACHE_HOME/memfacts.

Several checkouts of one user share it, also at the same time.
"""

import contextlib
import fcntl
import hashlib
import os
import pathlib
import shutil
import subprocess

CHECKOUT = pathlib.Path(__file__).resolve().parent.parent


def folder(*parts):
    """A folder of the cache, made if it is not there."""
    base = os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache"
    path = pathlib.Path(base, "memfacts", *parts)
    path.mkdir(parents=True, exist_ok=True)
    return path


def own_folder(*parts):
    """A folder of the cache that no other checkout uses."""
    return folder(*parts, CHECKOUT.name + "-" + hashlib.sha256(os.fsencode(CHECKOUT)).hexdigest()[:8])


@contextlib.contextmanager
def lock(name):
    """Wait until nobody else holds the lock `name`, and hold it."""
    with open(folder("locks") / name, "w", encoding="utf-8") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        yield


def venv(name, interpreter, requirements):
    """The folder of a virtual environment of `interpreter` with the list requirements/<requirements>.txt.

    It is known by the content of the list: a changed list makes a new one.
    """
    pins = CHECKOUT / "requirements" / (requirements + ".txt")
    key = hashlib.sha256(os.fsencode(interpreter) + b"\0" + pins.read_bytes()).hexdigest()[:12]
    path = folder("venvs") / (name + "-" + key)
    with lock(path.name):
        if not (path / "ready").exists():
            shutil.rmtree(path, ignore_errors=True)  # somebody was interrupted
            _make(path, interpreter, pins)
            (path / "ready").touch()
    return path


def _make(path, interpreter, pins):
    subprocess.run([interpreter, "-m", "venv", path], check=True)
    quiet_install = [path / "bin" / "python", "-m", "pip", "install", "-qq", "--disable-pip-version-check", "--no-deps"]
    subprocess.run([*quiet_install, "-r", pins], check=True)
