# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""The drop-ins that tmpfs_size writes (systemd.mount(5), logind.conf(5)); memcore/sources/unit_file.py reads them."""

from typing import List, Optional

from ..memcore.sources import unit_file

_HEADER = "# Written by memfacts.linux.tmpfs_size, which takes it away with state: absent.\n"
_SIZE, _INODES = "RuntimeDirectorySize", "RuntimeDirectoryInodesMax"


def mount_drop_in(options: List[str]) -> str:
    """A drop-in with all options of a mount, since Options= replaces those of the unit. Specifiers stay escaped."""
    return f"{_HEADER}[Mount]\nOptions={','.join(options)}\n"


def logind_drop_in(size: Optional[str], inodes: Optional[str]) -> str:
    """A drop-in of logind.conf(5) for the tmpfs of every user."""
    lines = [f"{_SIZE}={size}"] if size else []
    lines += [f"{_INODES}={inodes}"] if inodes else []
    return _HEADER + "[Login]\n" + "".join(line + "\n" for line in lines)


def is_mount_drop_in(text: str) -> bool:
    """Whether the text is one that mount_drop_in() makes, as release 0.1.0 did too, and nothing else."""
    options = unit_file.last_value([text], "Mount", "Options")
    return options is not None and text == mount_drop_in([options])


def is_logind_drop_in(text: str) -> bool:
    """The same for logind_drop_in()."""
    size, inodes = (unit_file.last_value([text], "Login", key) for key in (_SIZE, _INODES))
    return text == logind_drop_in(size, inodes)
