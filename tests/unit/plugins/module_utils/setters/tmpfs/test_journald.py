# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which journald runs, and whether it has read the limits. The trees are composed."""

import pytest

from ansible_collections.memfacts.linux.plugins.module_utils.memcore.sources import host
from ansible_collections.memfacts.linux.plugins.module_utils.setters.tmpfs import journal, journald, own_file

STAT = "231 (systemd-journal) S 1 231 231 0 -1 4194560 " + "0 " * 12 + "5120 1 2 3\n"


@pytest.mark.parametrize("hierarchy", ["sys/fs/cgroup", "sys/fs/cgroup/systemd", "sys/fs/cgroup/unified"])
def test_the_process_is_found_by_its_cgroup_in_each_layout(tmp_path, hierarchy):
    files = {
        f"{hierarchy}/system.slice/systemd-journald.service/cgroup.procs": "231\n",
        "proc/231/stat": STAT,
        "proc/sys/kernel/random/boot_id": "f00\n",
    }
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    assert journald.identity(host.Host(str(tmp_path))) == "f00:231:5120"
    (tmp_path / "proc/231/stat").unlink()
    assert journald.identity(host.Host(str(tmp_path))) is None


def test_journald_older_than_its_file_is_restarted():
    same, other = own_file.Change("/x", "a", "a"), own_file.Change("/x", None, "a")
    assert journal.needs_restart(other, None, None)
    assert journal.needs_restart(same, {"unread_by": "f00:231:5120"}, "f00:231:5120")
    assert not journal.needs_restart(same, {"unread_by": "f00:231:5120"}, "f00:807:9000")
    assert not journal.needs_restart(same, {"unread_by": None}, None)
    assert not journal.needs_restart(same, None, "f00:231:5120")
