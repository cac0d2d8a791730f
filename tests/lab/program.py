# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""C programs of the lab, compiled on the machine that boots its guests."""

import hashlib
import os
import subprocess

from tests.lab import cache, debian

NEEDS = ("gcc",)
HERE = os.path.dirname(os.path.abspath(__file__))


def recipe(source, options=()):
    """A short name that changes with the source file and the compiler's options."""
    with open(os.path.join(HERE, source), "rb") as stream:
        return hashlib.sha256(stream.read() + " ".join(options).encode()).hexdigest()[:12]


def compile_to(path, source, options=()):
    """Compile `source`, a file of this folder, to the file `path`."""
    debian.require(*NEEDS)
    command = ["gcc", "-Os", "-Wall", "-Wextra", "-Werror", *options, "-o", path, os.path.join(HERE, source)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise debian.PackageError(f"{source} does not compile: {(done.stderr.splitlines() or ['no message'])[0]}")


def compiled(name, source, options=()):
    """Path of the program `name` in the cache."""
    folder = f"{name}-{recipe(source, options)}"
    return os.path.join(cache.folder(folder, lambda path: compile_to(f"{path}/{name}", source, options)), name)
