# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Drop-ins of tmpfs_size: what is written is read back, and known again as written here."""

import pytest

from ansible_collections.memfacts.linux.plugins.module_utils.memcore.sources import unit_file
from ansible_collections.memfacts.linux.plugins.module_utils.setters import unit_text


def test_drop_ins_are_read_back():
    assert unit_file.last_value([unit_text.mount_drop_in(["rw", "size=10%%"])], "Mount", "Options") == "rw,size=10%%"
    text = unit_text.logind_drop_in("10%", None)
    assert unit_file.last_value([text], "Login", "RuntimeDirectorySize") == "10%"
    assert unit_file.last_value([text], "Login", "RuntimeDirectoryInodesMax") is None


@pytest.mark.parametrize(
    "text, expected",
    [
        pytest.param(unit_text.mount_drop_in(["rw", "size=10%%"]), True, id="own"),
        pytest.param(unit_text.mount_drop_in(["rw"]) + "[Unit]\nAfter=x.service\n", False, id="more-below"),
        pytest.param("# mine\n" + unit_text.mount_drop_in(["rw"]), False, id="a-comment"),
        pytest.param("[Mount]\nOptions=rw\n", False, id="without-our-header"),
        pytest.param("", False, id="empty"),
        pytest.param(unit_text.logind_drop_in("1G", None), False, id="of-logind"),
    ],
)
def test_a_mount_drop_in_is_known_by_its_whole_text(text, expected):
    assert unit_text.is_mount_drop_in(text) == expected


@pytest.mark.parametrize(
    "text, expected",
    [
        pytest.param(unit_text.logind_drop_in("1G", "5000"), True, id="own"),
        pytest.param(unit_text.logind_drop_in("1G", None) + "KillUserProcesses=yes\n", False, id="more-below"),
        pytest.param("", False, id="empty"),
    ],
)
def test_a_logind_drop_in_is_known_by_its_whole_text(text, expected):
    assert unit_text.is_logind_drop_in(text) == expected
