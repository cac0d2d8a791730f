# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the setters need of Ansible's module to replace a file, for tests that run without Ansible."""

import shutil


class Module:
    """`folder` (a path) is its folder for temporary files."""

    def __init__(self, folder, **params):
        self.tmpdir = str(folder)
        self.params = params

    def add_cleanup_file(self, path):
        """Nothing: pytest removes the folder."""

    def atomic_move(self, source, target, unsafe_writes=False):
        """Move the file; Ansible's own also keeps mode, owner and SELinux context."""
        shutil.move(source, target)
