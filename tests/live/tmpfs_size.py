# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tests of tmpfs_size share: a box with a tmpfs at /mnt, and all that the module may change there."""

import contextlib
import os

import pytest

from tests.live import mountbox

MARKS = [
    pytest.mark.root,
    pytest.mark.setter,
    pytest.mark.skipif(os.geteuid() != 0, reason="mounting takes root"),
]
MIB = 1 << 20
FLAGS = ["rw", "nosuid", "nodev", "noexec", "noatime"]
FSTAB = b"# \xe4 mine\n/dev/vda / ext4 rw 0 1\n\ttmpfs\t/mnt/ tmpfs  size=4m,relatime 0 0 # x\n"
RECORD = "/var/lib/memfacts/tmpfs_size.json"
DROP_IN = "/etc/systemd/system/mnt.mount.d/zz-memfacts.conf"
UNIT = b"[Mount]\nWhat=tmpfs\nWhere=/mnt\nType=tmpfs\nOptions=mode=700,size=50%%,nosuid\n"
LOGIND = "/etc/systemd/logind.conf.d/zz-memfacts.conf"


@contextlib.contextmanager
def box():
    """A box with a tmpfs at /mnt."""
    with mountbox.box() as made:
        made.sh("mount -t tmpfs -o size=10m,nosuid,nodev,noexec,noatime,mode=700,uid=5 mine /mnt")
        yield made


def outcome(result):
    """(failed or changed, what was said)"""
    return "failed" if result.get("failed") else result["changed"], result.get("msg", "")


def warnings(result):
    """The texts of the module's own warnings; newer releases of ansible-core wrap them."""
    rows = result.get("warnings", [])
    texts = [row["event"]["msg"] if isinstance(row, dict) else row for row in rows]
    return [text for text in texts if "remote_tmp" not in text]


def state(box):
    """All that may change, as seen from outside."""
    files = {path: box.read(path) for path in ("/etc/fstab", DROP_IN, RECORD)}
    return files, box.mounted("/mnt"), box.space("/mnt"), sorted(os.listdir(box.outside("/etc/systemd")))


def with_systemd(box):
    """The box, which looks as if systemd had booted it."""
    box.write("/run/systemd/system/.keep", b"")
    return box
