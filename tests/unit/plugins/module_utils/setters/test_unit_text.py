# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Mount units as text: names, settings as systemd reads them, drop-ins."""

import pytest

from ansible_collections.memfacts.linux.plugins.module_utils.setters import unit_text


@pytest.mark.parametrize(
    "path, expected",
    [
        # From systemd.unit(5), "string escaping for inclusion in unit names".
        pytest.param("/", "-.mount", id="root"),
        pytest.param("/tmp", "tmp.mount", id="one-folder"),
        pytest.param("/var/tmp", "var-tmp.mount", id="two-folders"),
        pytest.param("/foo-bar", "foo\\x2dbar.mount", id="dash"),
        pytest.param("/.cache/a.b", "\\x2ecache-a.b.mount", id="leading-dot"),
        pytest.param("/my tmp", "my\\x20tmp.mount", id="blank"),
        pytest.param("/\u00e4", "\\xc3\\xa4.mount", id="utf-8"),
        pytest.param("/\udce4", "\\xe4.mount", id="no-utf-8"),
    ],
)
def test_name_of_a_mount_unit(path, expected):
    assert unit_text.name_of(path) == expected


def test_folders_of_drop_ins_go_from_the_unit_to_all_mounts():
    assert unit_text.drop_in_folders("a-b-c.mount") == ["a-b-c.mount.d", "a-b-.mount.d", "a-.mount.d", "mount.d"]
    assert unit_text.drop_in_folders("-.mount") == ["-.mount.d", "mount.d"]


UNIT = """\
# comment
[Unit]
Description=Options=not these
[Mount]
What=tmpfs
Options = mode=1777,strictatime, \\
# a comment between
   nosuid
; another
[Install]
Options=not these either
"""


@pytest.mark.parametrize(
    "texts, expected",
    [
        pytest.param([UNIT], "mode=1777,strictatime,  nosuid", id="continued-line"),
        pytest.param([UNIT, "[Mount]\nOptions=size=1%%\n"], "size=1%%", id="drop-in-wins"),
        pytest.param([UNIT, "[Mount]\nOptions=\n"], "", id="emptied"),
        pytest.param(["[Mount]\nOptions=a\n[Unit]\nOptions=b\n"], "a", id="other-section"),
        pytest.param(["Options=a"], None, id="no-section"),
        pytest.param(["[Mount]\nWhat=tmpfs\n"], None, id="not-set"),
        pytest.param([], None, id="no-text"),
    ],
)
def test_the_last_value_counts(texts, expected):
    assert unit_text.last_value(texts, "Mount", "Options") == expected


def test_drop_ins_are_read_back():
    assert unit_text.last_value([unit_text.mount_drop_in(["rw", "size=10%%"])], "Mount", "Options") == "rw,size=10%%"
    text = unit_text.logind_drop_in("10%", None)
    assert unit_text.last_value([text], "Login", "RuntimeDirectorySize") == "10%"
    assert unit_text.last_value([text], "Login", "RuntimeDirectoryInodesMax") is None
