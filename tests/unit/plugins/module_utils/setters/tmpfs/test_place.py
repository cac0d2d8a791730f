# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a tmpfs is declared: one place for each mount; refused where two claim it or the wanted one decides nothing."""

import pytest

from ansible_collections.memfacts.linux.plugins.module_utils.memcore.errors import OptionError
from ansible_collections.memfacts.linux.plugins.module_utils.setters.tmpfs import fstab_text, place
from ansible_collections.memfacts.linux.plugins.module_utils.setters.tmpfs.place import Unit

NONE = Unit("x.mount")
VENDOR = Unit("tmp.mount", "/usr/lib/systemd/system/tmp.mount", options="mode=1777")
ADMIN = Unit("tmp.mount", "/etc/systemd/system/tmp.mount", True, options="mode=1777")
DROP_IN = VENDOR._replace(drop_in="/etc/systemd/system/tmp.mount.d/size.conf")
MASKED = Unit("tmp.mount", masked=True)
FSTAB = "tmpfs /tmp tmpfs rw 0 0\n"


def choose(persist, path="/tmp", fstab="", unit=NONE, systemd=True):
    return place.choose(persist, path, fstab_text.lines_for(fstab, path), unit, systemd)


@pytest.mark.parametrize(
    "arguments, expected",
    [
        pytest.param({"persist": "auto", "fstab": FSTAB}, "fstab", id="line-of-fstab"),
        pytest.param({"persist": "auto", "fstab": FSTAB, "unit": VENDOR}, "fstab", id="line-wins-over-vendor-unit"),
        pytest.param({"persist": "auto", "unit": VENDOR}, "systemd", id="vendor-unit"),
        pytest.param({"persist": "auto", "unit": ADMIN}, "systemd", id="unit-of-the-administrator"),
        pytest.param({"persist": "auto", "unit": DROP_IN}, "systemd", id="unit-with-drop-in"),
        pytest.param({"persist": "fstab", "unit": VENDOR}, "fstab", id="new-line-wins-over-vendor-unit"),
        pytest.param({"persist": "auto", "path": "/run"}, "fstab", id="run"),
        pytest.param({"persist": "auto", "path": "/dev/shm"}, "fstab", id="dev-shm"),
        pytest.param({"persist": "auto", "path": "/run/lock"}, "fstab", id="run-lock"),
        pytest.param({"persist": "auto", "path": "/run", "systemd": False}, "fstab", id="run-without-systemd"),
        pytest.param({"persist": "auto", "path": "/mnt"}, "none", id="mounted-by-hand"),
        pytest.param({"persist": "auto", "path": "/mnt", "systemd": False}, "none", id="by-hand-without-systemd"),
        pytest.param({"persist": "fstab", "path": "/mnt"}, "fstab", id="by-hand-with-a-line-as-asked"),
        pytest.param({"persist": "auto", "path": "/run/user/*"}, "logind", id="all-users"),
        pytest.param({"persist": "logind", "path": "/run/user/1000"}, "logind", id="one-user"),
        pytest.param({"persist": "none", "path": "/run/user/1000", "systemd": False}, "none", id="none-of-a-user"),
        pytest.param({"persist": "none", "fstab": FSTAB, "unit": ADMIN}, "none", id="none"),
    ],
)
def test_the_place_that_decides(arguments, expected):
    assert choose(**arguments).place == expected


def test_none_has_a_reason_where_it_was_not_asked_for():
    assert choose("auto", "/mnt").reason == (
        "/mnt was mounted by hand: neither fstab nor a mount unit declares it; give persist: fstab to mount it at boot"
    )
    assert choose("none", "/mnt").reason is None
    assert choose("auto", "/run").reason is None


POD = "/var/lib/kubelet/pods/0a3407de-1111-2222-3333-0123456789ab/volumes/kubernetes.io~empty-dir/cache"


@pytest.mark.parametrize(
    "arguments, reason",
    [
        pytest.param({"persist": "auto", "fstab": FSTAB * 2}, "has 2 lines for /tmp", id="two-lines"),
        pytest.param(
            {"persist": "auto", "fstab": "/dev/vdb /tmp ext4 rw 0 0"}, "declares /tmp as ext4", id="another-type"
        ),
        pytest.param(
            {"persist": "auto", "fstab": FSTAB, "unit": ADMIN},
            "declared in /etc/fstab and in /etc/systemd/system/tmp.mount, and the latter takes precedence",
            id="twice",
        ),
        pytest.param(
            {"persist": "auto", "fstab": FSTAB, "unit": DROP_IN}, "tmp.mount.d/size.conf, and the latter", id="drop-in"
        ),
        pytest.param({"persist": "systemd", "fstab": FSTAB}, "is declared in /etc/fstab", id="systemd-though-fstab"),
        pytest.param({"persist": "systemd"}, "there is no unit file x.mount", id="systemd-without-unit"),
        pytest.param({"persist": "systemd", "systemd": False}, "does not run systemd", id="systemd-without-systemd"),
        pytest.param({"persist": "fstab", "unit": ADMIN}, "which takes precedence", id="fstab-though-unit"),
        pytest.param({"persist": "logind"}, "sets the size of /run/user/* only, not of /tmp", id="logind-elsewhere"),
        pytest.param({"persist": "fstab", "path": "/run/user/0"}, "systemd-logind makes /run/user/0", id="user-fstab"),
        pytest.param({"persist": "auto", "path": "/run/user/*", "systemd": False}, "does not run systemd", id="user"),
        pytest.param({"persist": "auto", "unit": MASKED}, "tmp.mount is masked", id="masked"),
        pytest.param({"persist": "auto", "path": POD}, "belongs to the pod 0a3407de", id="pod"),
        pytest.param(
            {"persist": "auto", "path": "/var/lib/docker/containers/" + "a" * 64 + "/mounts/shm"},
            "belongs to the container aaaa",
            id="container",
        ),
    ],
)
def test_a_place_that_would_decide_nothing_is_refused(arguments, reason):
    with pytest.raises(OptionError) as caught:
        choose(**arguments)
    message = str(caught.value)
    assert reason in message
    assert message.endswith(".") and ". " not in message
