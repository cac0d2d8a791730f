# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which Python interpreters this machine has: what runs on targets is tested on each of them."""

import os
import pathlib
import shutil
import subprocess

OLDEST, NEWEST = (3, 6), (3, 14)
KNOWN = [(3, minor) for minor in range(OLDEST[1], NEWEST[1] + 1)]

# One that cannot make a virtual environment is of no use here.
PROBE = "import ensurepip, sys, venv; print('%d.%d' % sys.version_info[:2])"


def find():
    """Map (major, minor) to the path of an interpreter of that version, oldest first."""
    found = {version: _first_that_runs(version) for version in KNOWN}
    return {version: path for version, path in found.items() if path}


def text(version):
    """(3, 6) as people write it: 3.6."""
    return ".".join(str(part) for part in version)


def _first_that_runs(version):
    name = "python" + text(version)
    candidates = sorted(_pyenv_root().glob(f"versions/{text(version)}.*/bin/{name}"), reverse=True)
    if shutil.which(name):
        candidates.append(pathlib.Path(shutil.which(name)))
    return next((path for path in candidates if _answers(path, version)), None)


def _pyenv_root():
    return pathlib.Path(os.environ.get("PYENV_ROOT") or pathlib.Path.home() / ".pyenv")


def _answers(path, version):
    # A pyenv shim is there for every version and fails for those that are not switched on.
    try:
        answer = subprocess.run([path, "-c", PROBE], capture_output=True, text=True, check=False)
    except OSError:
        return False
    return answer.stdout.strip() == text(version)
