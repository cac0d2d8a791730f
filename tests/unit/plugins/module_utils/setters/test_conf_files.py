# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""systemd's configuration files in the order in which systemd reads them."""

import os

from ansible_collections.memfacts.linux.plugins.module_utils.memcore.sources import host
from ansible_collections.memfacts.linux.plugins.module_utils.setters import conf_files


def made(root, files):
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return host.Host(str(root))


def test_drop_ins_are_sorted_by_name_and_the_first_folder_wins(tmp_path):
    tree = made(
        tmp_path,
        {
            "etc/tmpfiles.d/tmp.conf": "etc",
            "usr/lib/tmpfiles.d/tmp.conf": "lib",
            "usr/lib/tmpfiles.d/a.conf": "masked",
            "usr/local/lib/tmpfiles.d/Z.conf": "upper",
            "run/tmpfiles.d/z.conf": "run",
            "lib/tmpfiles.d/m.conf": "old",
            "usr/lib/tmpfiles.d/README": "no",
        },
    )
    os.symlink("/dev/null", str(tmp_path / "etc/tmpfiles.d/a.conf"))
    os.symlink("/nowhere", str(tmp_path / "etc/tmpfiles.d/dangling.conf"))
    assert list(conf_files.drop_ins(tree, "tmpfiles.d").items()) == [
        ("/usr/local/lib/tmpfiles.d/Z.conf", "upper"),
        ("/etc/tmpfiles.d/a.conf", ""),
        ("/lib/tmpfiles.d/m.conf", "old"),
        ("/etc/tmpfiles.d/tmp.conf", "etc"),
        ("/run/tmpfiles.d/z.conf", "run"),
    ]


def test_only_the_first_main_file_is_read(tmp_path):
    assert conf_files.main_file(host.Host(str(tmp_path)), "systemd/journald.conf") == {}
    tree = made(tmp_path, {"usr/lib/systemd/journald.conf": "lib", "run/systemd/journald.conf": "run"})
    assert conf_files.main_file(tree, "systemd/journald.conf") == {"/run/systemd/journald.conf": "run"}
