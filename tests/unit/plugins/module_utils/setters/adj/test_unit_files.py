# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Drop-ins that systemd has not read yet count before anything is written."""

from ansible_collections.memfacts.linux.plugins.module_utils.setters.adj import drop_in_text, unit_files
from ansible_collections.memfacts.linux.plugins.module_utils.setters.unit_properties import Unit

READ = "/etc/systemd/system/x.service.d/10-read.conf"
OURS = "/etc/systemd/system/x.service.d/" + drop_in_text.NAME


def with_files(tmp_path, *paths):
    for path in paths:
        file = tmp_path / path.strip("/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("[Service]\nOOMScoreAdjust=5\n")
    unit = Unit("x.service", "loaded", "active", None, None, 0, (READ,), None, ())
    return unit_files.with_unread(unit, str(tmp_path)).drop_ins


def test_an_unread_override_is_found_beside_what_systemd_knows(tmp_path):
    override = "/etc/systemd/system/x.service.d/override.conf"
    assert with_files(tmp_path, READ, override) == (READ, override)
    texts = [(path, "[Service]\nOOMScoreAdjust=5\n") for path in (READ, override)]
    assert drop_in_text.overriding("x.service", 300, texts) == override


def test_an_unread_drop_in_of_our_name_in_a_stronger_folder_is_found(tmp_path):
    stronger = "/run/systemd/system.control/x.service.d/" + drop_in_text.NAME
    found = with_files(tmp_path, OURS, stronger)
    assert found == (READ, stronger)
    assert drop_in_text.hiding(OURS, found) == stronger


def test_what_systemd_knows_and_is_gone_stays_known(tmp_path):
    assert with_files(tmp_path) == (READ,)
