# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Programs that hang or fail end in one sentence."""

import os

import pytest

from ansible_collections.memfacts.linux.plugins.module_utils.memcore.errors import MemfactsError
from ansible_collections.memfacts.linux.plugins.module_utils.setters.tmpfs import programs


class Module:
    """As much of a module as is used: where programs are."""

    def __init__(self, folder, script):
        self._path = str(folder / "mount")
        with open(self._path, "w") as stream:
            stream.write("#!/bin/sh\n" + script)
        os.chmod(self._path, 0o755)

    def get_bin_path(self, name, required=False):
        assert name in ("mount", "loginctl")
        return self._path


def test_a_mount_that_does_not_answer_is_ended(tmp_path, monkeypatch):
    monkeypatch.setattr(programs, "_SECONDS", 0.2)
    with pytest.raises(MemfactsError) as caught:
        programs.remount(Module(tmp_path, "exec sleep 600"), "/mnt", ["remount"])
    assert str(caught.value) == "mount failed: it gave no answer within 0.2 seconds; run it by hand to see why."


def test_what_mount_said_is_in_the_sentence(tmp_path):
    with pytest.raises(MemfactsError) as caught:
        programs.remount(Module(tmp_path, "echo 'mount: denied.' >&2; exit 32"), "/mnt", ["remount"])
    assert str(caught.value) == "the kernel refused to remount /mnt, and mount(8) said 'mount: denied'."


@pytest.mark.parametrize(
    "script, expected",
    [
        pytest.param("echo RuntimeDirectorySize=4096", "4096", id="shown"),
        pytest.param("true", "", id="not-known-to-this-release"),
        pytest.param("exit 1", None, id="cannot-be-asked"),
    ],
)
def test_a_setting_of_logind(tmp_path, script, expected):
    assert programs.logind_setting(Module(tmp_path, script), "RuntimeDirectorySize") == expected
