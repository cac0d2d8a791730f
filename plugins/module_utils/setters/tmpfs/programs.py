# Copyright (c) 2026 the memfacts authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The programs that tmpfs_size runs beside systemctl, each with a time limit."""

import os

from ...memcore.errors import MemfactsError
from .. import bounded, commands

_SECONDS = 30


def remount(module, mount_point, options):
    """mount(8) with these options; MemfactsError where the kernel refuses."""
    # With a source and a folder mount(8) leaves fstab alone, whose options would replace those of the mount.
    arguments = ["-t", "tmpfs", "-o", ",".join(options), "tmpfs", mount_point]
    status, output, errors = _run([module.get_bin_path("mount", required=True), *arguments])
    if status != 0:
        said = commands.said(status, output, errors)
        raise MemfactsError(f"the kernel refused to remount {mount_point}, and mount(8) said '{said}'.")


def logind_setting(module, key):
    """The value of a setting, empty where this release does not know it, None where logind cannot be asked."""
    loginctl = module.get_bin_path("loginctl")
    if loginctl is None:
        return None
    status, output, _errors = _run([loginctl, "show-session", "-p", key])
    return output.strip().rpartition("=")[2] if status == 0 else None


def _run(command):
    try:
        return bounded.run(command, dict(os.environ, **commands.ENGLISH), _SECONDS)
    except MemfactsError as error:
        raise MemfactsError(f"{os.path.basename(command[0])} failed: {error}; run it by hand to see why.") from None
