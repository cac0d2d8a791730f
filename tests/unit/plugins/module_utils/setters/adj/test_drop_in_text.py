# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The drop-in's text, name and place in systemd's order."""

import pytest

from ansible_collections.memfacts.linux.plugins.module_utils.setters.adj import drop_in_text

OURS = "/etc/systemd/system/x.service.d/" + drop_in_text.NAME


@pytest.mark.parametrize(
    "unit, section", [("cron.service", "Service"), ("x.socket", "Socket"), ("a-b.mount", "Mount"), ("s.swap", "Swap")]
)
def test_the_section_is_that_of_the_kind_of_unit(unit, section):
    lines = drop_in_text.text(unit, -500).splitlines()
    assert lines[0].startswith("#") and lines[1:] == [f"[{section}]", "OOMScoreAdjust=-500"]


@pytest.mark.parametrize("value", [-1000, -1, 0, 7, 1000])
def test_the_value_of_our_text_is_the_value_it_was_made_for(value):
    assert drop_in_text.value_of("x.service", [drop_in_text.text("x.service", value)]) == value


def test_last_value_counts_and_an_empty_one_resets_it():
    ours = drop_in_text.text("x.socket", 7)
    assert drop_in_text.value_of("x.socket", ["[Socket]\nOOMScoreAdjust=1\n", None, ours]) == 7
    assert drop_in_text.value_of("x.socket", [ours, "[Socket]\nOOMScoreAdjust=\n"]) is None
    assert drop_in_text.value_of("x.socket", [ours, "[Service]\nOOMScoreAdjust=9\n"]) == 7
    assert drop_in_text.value_of("x.service", [None]) is None


@pytest.mark.parametrize(
    "given, name",
    [
        ("cron", "cron.service"),
        ("cron.service", "cron.service"),
        ("ssh.socket", "ssh.socket"),
        ("getty@tty1", "getty@tty1.service"),
        ("org.example.daemon", "org.example.daemon.service"),
        ("getty@.service", "getty@.service"),
        ("getty@", "getty@.service"),
        ("@.service", None),
        ("ß", None),
        ("../../passwd", None),
        ("a b", None),
        ("x\n", None),
        ("", ".service"),
    ],
)
def test_a_name_is_completed_or_refused(given, name):
    assert drop_in_text.full_name(given) == name


def test_later_drop_in_overrides():
    override = "/etc/systemd/system/x.service.d/override.conf"
    early = "/usr/lib/systemd/system/x.service.d/10-vendor.conf"
    sets, silent, same = "[Service]\nOOMScoreAdjust=3\n", "[Service]\nNice=3\n", "[Service]\nOOMScoreAdjust=-5\n"

    def overriding(*others):
        return drop_in_text.overriding("x.service", -5, others)

    assert overriding((early, sets), (OURS, sets), (override, sets)) == override
    assert overriding((override, "[Service]\nOOMScoreAdjust=\n")) == override
    assert overriding((early, sets), (OURS, None), (override, silent)) is None
    assert overriding((override, same)) is None
    assert overriding((early, sets)) is None
    assert overriding() is None


OF_INSTANCE = "/etc/systemd/system/x@1.service.d/" + drop_in_text.NAME
OF_TEMPLATE = "/etc/systemd/system/x@.service.d/" + drop_in_text.NAME


@pytest.mark.parametrize(
    "own, other, hidden",
    [
        (OURS, "/etc/systemd/system.control/x.service.d/" + drop_in_text.NAME, True),
        (OURS, "/run/systemd/system.control/x.service.d/" + drop_in_text.NAME, True),
        (OURS, "/run/systemd/transient/x.service.d/" + drop_in_text.NAME, True),
        (OURS, "/run/systemd/system/x.service.d/" + drop_in_text.NAME, False),
        (OURS, "/usr/lib/systemd/system/x.service.d/" + drop_in_text.NAME, False),
        (OURS, "/etc/systemd/system.control/x.service.d/50-OOMScoreAdjust.conf", False),
        (OURS, OURS, False),
        (OF_TEMPLATE, OF_INSTANCE, True),
        (OF_INSTANCE, OF_TEMPLATE, False),
        (OF_TEMPLATE, OF_INSTANCE.replace("x@1", "y@1"), False),
    ],
)
def test_drop_in_that_hides_ours(own, other, hidden):
    assert drop_in_text.hiding(own, ["/etc/x.conf", other]) == (other if hidden else None)


def test_a_template_is_told_from_its_instances():
    assert drop_in_text.is_template("x@.service")
    assert not drop_in_text.is_template("x@1.service") and not drop_in_text.is_template("x.service")
