# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Build the collection's archive, install it elsewhere, and let ansible-doc show every module out of it.

What a user gets is the archive and not the checkout: a file that build_ignore drops would be missed only there.
"""

import os
import pathlib
import subprocess
import sys
import tarfile
import tempfile

from scripts import caches

NEVER_SHIPPED = (".venv/", ".ci/", ".git/", "ansible.cfg", "build/", "scripts/", "tests/")


def run(*command, **settings):
    """Run quietly; on failure say what it printed."""
    env = dict(os.environ, **settings)
    done = subprocess.run(command, cwd=caches.CHECKOUT, env=env, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{' '.join(command)} failed:\n{done.stdout}{done.stderr}")


def main():
    """Exit 1 with what went wrong."""
    with tempfile.TemporaryDirectory() as scratch:
        run("ansible-galaxy", "collection", "build", "--output-path", scratch)
        archive = next(pathlib.Path(scratch).glob("memfacts-linux-*.tar.gz"))
        with tarfile.open(str(archive)) as content:
            wrong = [name for name in content.getnames() if name.startswith(NEVER_SHIPPED)]
        if wrong:
            sys.exit("build_ignore in galaxy.yml lets through: " + ", ".join(wrong[:5]))
        run("ansible-galaxy", "collection", "install", "--offline", "--collections-path", scratch, str(archive))
        for module in sorted((caches.CHECKOUT / "plugins" / "modules").glob("*.py")):
            elsewhere = {"ANSIBLE_COLLECTIONS_PATH": scratch, "ANSIBLE_LIBRARY": scratch}
            run("ansible-doc", "--type", "module", "memfacts.linux." + module.stem, **elsewhere)


if __name__ == "__main__":
    main()
