# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The answer of systemctl show."""

import pytest

from ansible_collections.memfacts.linux.plugins.module_utils.setters import unit_properties

SSH = """\
MainPID=412
ExecStart={ path=/usr/sbin/sshd ; argv[]=/usr/sbin/sshd -D $SSHD_OPTS ; ignore_errors=no ; start_time=[n/a] ; pid=0 }
ControlGroup=/system.slice/ssh.service
OOMScoreAdjust=0
Id=ssh.service
LoadState=loaded
ActiveState=active
FragmentPath=/lib/systemd/system/ssh.service
DropInPaths=/etc/systemd/system/ssh.service.d/a.conf /etc/systemd/system/ssh.service.d/b.conf
"""


def test_a_running_service_is_read_whole():
    folder = "/etc/systemd/system/ssh.service.d/"
    assert unit_properties.parse(SSH) == unit_properties.Unit(
        "ssh.service",
        "loaded",
        "active",
        "/system.slice/ssh.service",
        412,
        0,
        (folder + "a.conf", folder + "b.conf"),
        "/lib/systemd/system/ssh.service",
        ("/usr/sbin/sshd",),
    )


def test_a_unit_that_no_file_describes_does_not_exist():
    unit = unit_properties.parse("MainPID=0\nControlGroup=\nId=no.service\nLoadState=not-found\nActiveState=inactive\n")
    assert not unit.exists
    assert (unit.main_pid, unit.control_group, unit.oom_score_adjust) == (None, None, None)


def test_a_masked_unit_and_an_answer_of_nothing_do_not_exist():
    assert not unit_properties.parse("LoadState=masked\n").exists
    assert not unit_properties.parse("").exists


CACHE = "/etc/systemd/system/srv-my\\x2dcache.mount.d/zz.conf"


@pytest.mark.parametrize(
    "shown, paths",
    [
        pytest.param(CACHE + " /run/a.conf", (CACHE, "/run/a.conf"), id="as-they-are"),
        pytest.param('"' + CACHE.replace("\\", "\\\\") + '" /run/a.conf', (CACHE, "/run/a.conf"), id="quoted"),
        pytest.param('"/run/a b.conf"', ("/run/a b.conf",), id="quoted-space"),
        pytest.param('/run/a".conf', ('/run/a".conf',), id="a-quotation-mark-of-its-own"),
        pytest.param("", (), id="none"),
    ],
)
def test_drop_ins_are_read_quoted_or_not(shown, paths):
    assert unit_properties.drop_in_paths(shown) == paths
    assert unit_properties.parse(f"DropInPaths={shown}\n").drop_ins == paths


def test_the_default_of_a_manager_is_known_from_systemd_250_on():
    assert unit_properties.default_adj("DefaultOOMScoreAdjust=200\n") == 200
    assert unit_properties.default_adj("") is None


def test_a_unit_with_several_commands_names_all_programs():
    lines = "".join(f"{{ path={path} ; argv[]={path} ; }} ; " for path in ("/bin/a", "/bin/b"))
    assert unit_properties.parse(f"ExecStart={lines}\n").programs == ("/bin/a", "/bin/b")
