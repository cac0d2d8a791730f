# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The environment of all that a fleet starts: guests, ssh and Ansible. Nothing of the caller's is in it.

A user-mode kernel looks at TMPDIR, TMP and TEMP for where to keep its memory, and at PATH for its helpers; Ansible
looks at ANSIBLE_* and HOME, ssh at SSH_*, Python at PYTHON*. What is in there must not change what a test sees.
"""

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def made(home, **words):
    """The environment with `home` as the home folder and these words besides."""
    return {"PATH": PATH, "HOME": home, "LC_ALL": "C.UTF-8", **words}
