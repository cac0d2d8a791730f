# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is slow to make is made once and kept outside the checkout, below $XDG_CACHE_HOME/memfacts."""

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


def venv(name, interpreter, requirements):
    """The folder of a virtual environment of `interpreter` with the list requirements/<requirements>.txt.

    It is known by the content of the list: a changed list makes a new one and removes the old.
    """
    pins = CHECKOUT / "requirements" / (requirements + ".txt")
    key = hashlib.sha256(os.fsencode(interpreter) + b"\0" + pins.read_bytes()).hexdigest()[:12]
    path = folder("venvs") / (name + "-" + key)
    with open(path.parent / (name + ".lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (path / "ready").exists():
            for old in path.parent.glob(name + "-" + "?" * 12):
                shutil.rmtree(old)
            _make(path, interpreter, pins)
            (path / "ready").touch()
    return path


def _make(path, interpreter, pins):
    subprocess.run([interpreter, "-m", "venv", path], check=True)
    quiet_install = [path / "bin" / "python", "-m", "pip", "install", "-qq", "--disable-pip-version-check", "--no-deps"]
    subprocess.run([*quiet_install, "-r", pins], check=True)
