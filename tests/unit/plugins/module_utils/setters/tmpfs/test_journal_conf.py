# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which file sets a limit of the runtime journal, and what journald makes of it. The files are composed."""

import pytest

from ansible_collections.memfacts.linux.plugins.module_utils.memcore.errors import OptionError
from ansible_collections.memfacts.linux.plugins.module_utils.setters.tmpfs import journal, journal_conf

MIB = 1 << 20


@pytest.mark.parametrize(
    "text, size",
    [
        ("64M", 64 * MIB),
        ("1024", 1024),
        ("1.5G", 1536 * MIB),
        ("1G 512M", 1536 * MIB),
        ("8K", 8192),
        ("7B", 7),
        ("0", 0),
    ],
)
def test_sizes_as_systemd_takes_them(text, size):
    assert journal_conf.size_of(text) == size


@pytest.mark.parametrize("text", ["", " ", "10%", "-1", "64m", "1MB", "infinity", "M"])
def test_what_systemd_ignores(text):
    assert journal_conf.size_of(text) is None


def test_the_last_valid_value_counts_and_its_file_is_named():
    files = {
        "/etc/systemd/journald.conf": "RuntimeMaxUse=1M\n[Journal]\nRuntimeMaxUse=2M\n#RuntimeKeepFree=1M\n",
        "/usr/lib/systemd/journald.conf.d/a.conf": "[Journal]\nRuntimeMaxUse=3M\nRuntimeKeepFree=4M\n"
        "[Other]\nRuntimeKeepFree=5M\n",
        "/etc/systemd/journald.conf.d/b.conf": "[Journal]\nRuntimeMaxUse=lots\nRuntimeKeepFree=\n",
    }
    assert journal_conf.effective(files) == {
        "RuntimeMaxUse": ("RuntimeMaxUse", "3M", 3 * MIB, "/usr/lib/systemd/journald.conf.d/a.conf"),
        "RuntimeKeepFree": ("RuntimeKeepFree", "4M", 4 * MIB, "/usr/lib/systemd/journald.conf.d/a.conf"),
    }


@pytest.mark.parametrize(
    "options, wanted",
    [
        ({"max_use": "64M", "keep_free": "", "max_file_size": None}, {"RuntimeMaxUse": "64M"}),
        (
            {"max_use": "64M", "keep_free": "0", "max_file_size": "32M"},
            {"RuntimeMaxUse": "64M", "RuntimeKeepFree": "0", "RuntimeMaxFileSize": "32M"},
        ),
        ({}, {}),
        (None, {}),
    ],
)
def test_wanted_limits(options, wanted):
    assert journal.checked(options) == wanted


@pytest.mark.parametrize(
    "options, reason",
    [
        ({"max_use": "0"}, "max_use is 0, which journald reads as no limit"),
        ({"max_file_size": "0K"}, "which journald reads as no limit"),
        ({"max_use": "1023K"}, "journald would raise to 1.0 MiB"),
        ({"max_file_size": "64K"}, "journald would raise to 512.0 KiB"),
        ({"max_use": "10M", "max_file_size": "6M"}, "raises to twice max_file_size"),
        ({"max_use": "10%"}, "journald does not understand"),
        ({"max_use": "64m"}, "journald does not understand"),
        ({"max_use": "64M\nStorage=none"}, "journald does not understand"),
        ({"max_use": "64M\n"}, "journald does not understand"),
        ({"keep_free": "1.5G"}, "journald does not understand"),
    ],
)
def test_limits_that_journald_would_not_use_as_they_are_are_refused(options, reason):
    with pytest.raises(OptionError, match=reason):
        journal.checked(options)


def test_the_text_of_release_0_1_0_is_known_only_as_it_was():
    text = (
        "# BEGIN of what memfacts.linux.tmpfs_limits has written\n[Journal]\nRuntimeMaxUse=8M\nRuntimeMaxFileSize=1M\n"
        "# END of what memfacts.linux.tmpfs_limits has written\n"
    )
    assert journal_conf.is_of_0_1_0(text)
    for other in (text + "Storage=none\n", text.replace("8M\n", "8M\nStorage=none\n"), "[Journal]\n" + text, ""):
        assert not journal_conf.is_of_0_1_0(other)
