# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which file has the last word on a unit's OOMScoreAdjust (systemd.unit(5)); tests/live asks systemd itself."""

import os

import pytest

from ansible_collections.memfacts.linux.plugins.module_utils.memcore.gather.declared_adj import UnitFiles
from ansible_collections.memfacts.linux.plugins.module_utils.memcore.sources import host

LIB = "usr/lib/systemd/system"
ETC = "etc/systemd/system"
RUN = "run/systemd/system"


@pytest.fixture
def declared(tmp_path):
    """A function: what a captured tree with these files ({path: value or link target}) declares for the unit."""
    (tmp_path / "proc").mkdir()
    (tmp_path / "proc" / "meminfo").write_text("MemTotal: 1 kB\n")

    def of(unit, files):
        for path, value in files.items():
            full = tmp_path / path
            full.parent.mkdir(parents=True, exist_ok=True)
            if isinstance(value, str):
                os.symlink(value, str(full))
            else:
                full.write_text("[Service]\n" + ("" if value is None else f"OOMScoreAdjust={value}\n"))
        found = UnitFiles(host.at(str(tmp_path))).declared(unit)
        return found and (found.value, found.path)

    return of


@pytest.mark.parametrize(
    ("unit", "files", "value"),
    [
        pytest.param("a.service", {f"{LIB}/a.service": -5}, (-5, f"/{LIB}/a.service"), id="unit-file"),
        pytest.param("a.service", {f"{LIB}/a.service": None}, None, id="not-declared"),
        pytest.param("a.service", {}, None, id="no-file"),
        pytest.param(
            "a.service", {f"{LIB}/a.service": 1, f"{ETC}/a.service": 2}, (2, f"/{ETC}/a.service"), id="etc-before-lib"
        ),
        pytest.param(
            "a.service",
            {f"{LIB}/a.service": 1, f"{LIB}/a.service.d/90.conf": 3, f"{ETC}/a.service.d/10.conf": 2},
            (3, f"/{LIB}/a.service.d/90.conf"),
            id="by-name-over-all-folders",
        ),
        pytest.param(
            "a.service",
            {f"{LIB}/a.service.d/10.conf": 3, f"{RUN}/a.service.d/10.conf": 4, f"{ETC}/a.service.d/10.conf": 2},
            (2, f"/{ETC}/a.service.d/10.conf"),
            id="of-one-name-the-first-folder",
        ),
        pytest.param(
            "a.service",
            {f"{LIB}/a.service": 1, f"{LIB}/a.service.d/10.conf": 3, f"{ETC}/a.service.d/10.conf": "/dev/null"},
            (1, f"/{LIB}/a.service"),
            id="hidden-by-dev-null",
        ),
        pytest.param(
            "a.service",
            {f"{LIB}/a.service": 1, f"{ETC}/service.d/50.conf": 7},
            (7, f"/{ETC}/service.d/50.conf"),
            id="every-services",
        ),
        pytest.param(
            "a.service",
            {f"{ETC}/service.d/50.conf": 7, f"{LIB}/a.service.d/50.conf": 8},
            (8, f"/{LIB}/a.service.d/50.conf"),
            id="its-own-before-every-services",
        ),
        pytest.param("u@1.service", {f"{LIB}/u@.service": 100}, (100, f"/{LIB}/u@.service"), id="template"),
        pytest.param(
            "u@1.service",
            {f"{LIB}/u@.service": 100, f"{ETC}/u@.service.d/x.conf": 3, f"{ETC}/u@1.service.d/x.conf": 4},
            (4, f"/{ETC}/u@1.service.d/x.conf"),
            id="instance-before-template",
        ),
        pytest.param(
            "ssh.service",
            {
                "lib/systemd/system/ssh.service": None,
                f"{ETC}/sshd.service": "/lib/systemd/system/ssh.service",
                f"{ETC}/sshd.service.d/oom.conf": -900,
            },
            (-900, f"/{ETC}/sshd.service.d/oom.conf"),
            id="another-name",
        ),
        pytest.param(
            "run-r1.service",
            {"run/systemd/transient/run-r1.service": -500},
            (-500, "/run/systemd/transient/run-r1.service"),
            id="systemd-run",
        ),
        pytest.param(
            "a.service",
            {f"{ETC}/a.service": "/opt/a/a.service", "opt/a/a.service": -3},
            (-3, f"/{ETC}/a.service"),
            id="linked-into-place",
        ),
        pytest.param("a.service", {f"{ETC}/a.service": "../system/a.service"}, None, id="a-link-to-itself"),
        pytest.param("a.service", {f"{ETC}/a.service.d/oom.txt": 3}, None, id="only-conf-files"),
    ],
)
def test_the_last_word(unit, files, value, declared):
    assert declared(unit, files) == value
