# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options of a tmpfs: the limits change, everything else stays where it was."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.memfacts.linux.plugins.module_utils.setters.tmpfs import mount_options

OTHERS = st.lists(st.sampled_from(["rw", "nosuid", "noexec", "mode=1777", "mpol=bind:0", "3", "huge=always", "uid=7"]))
LIMITS = st.lists(st.sampled_from(["size=1m", "size=50%", "nr_blocks=7", "nr_inodes=5k"]))


def mixed(data, others, limits):
    options = list(others)
    for limit in limits:
        options.insert(data.draw(st.integers(min_value=0, max_value=len(options))), limit)
    return options


@given(st.data(), OTHERS, LIMITS)
def test_all_other_options_keep_their_order(data, others, limits):
    options = mixed(data, others, limits)
    after = mount_options.with_limits(options, {"size": "9M", "nr_inodes": None})
    assert [option for option in after if option != "size=9M"] == others
    assert after.count("size=9M") == 1
    assert mount_options.value_of(after, "size") == "9M"


@given(st.data(), OTHERS, LIMITS)
def test_the_limits_of_before_can_be_put_back(data, others, limits):
    options = mixed(data, others, limits)
    changed = mount_options.with_limits(options, {"size": "9M"})
    back = mount_options.with_limits_of(changed, options)
    assert sorted(back) == sorted(options)
    assert [option for option in back if option in others] == others


@pytest.mark.parametrize(
    "options, expected",
    [
        pytest.param("rw,size=1m,noexec", "rw,size=2M,noexec", id="in-its-place"),
        pytest.param("rw,noexec", "rw,noexec,size=2M", id="at-the-end"),
        pytest.param("size=1m,rw,size=3m", "size=2M,rw", id="once"),
        pytest.param("nr_blocks=100,rw", "size=2M,rw", id="blocks-are-the-same-limit"),
        pytest.param("oversize=1,rw", "oversize=1,rw,size=2M", id="another-option"),
    ],
)
def test_size_is_set(options, expected):
    assert ",".join(mount_options.with_limits(options.split(","), {"size": "2M"})) == expected


@pytest.mark.parametrize(
    "options, expected",
    [
        pytest.param(["size=1m", "size=2m"], "2m", id="the-last-one-counts"),
        pytest.param(["size=1m", "nr_blocks=2"], None, id="blocks-count"),
        pytest.param(["rw"], None, id="none"),
    ],
)
def test_the_value_that_counts(options, expected):
    assert mount_options.value_of(options, "size") == expected


@pytest.mark.parametrize(
    "flags, super_options, expected",
    [
        pytest.param(
            "rw,nosuid,nodev,noexec,relatime",
            "rw,size=10240k,mode=755,inode64",
            "rw,nosuid,nodev,noexec,relatime",
            id="flags-only",
        ),
        pytest.param("ro,noatime", "ro,size=4k", "ro,noatime", id="read-only"),
        pytest.param("rw,nosuid", "rw", "rw,nosuid,strictatime", id="no-atime-flag-is-strictatime"),
        pytest.param("rw,nodiratime", "rw", "rw,nodiratime,strictatime", id="nodiratime-alone"),
        pytest.param("rw,relatime", "rw,sync,mand,lazytime", "rw,relatime,sync,mand,lazytime", id="superblock-flags"),
    ],
)
def test_a_remount_repeats_what_it_would_clear(flags, super_options, expected):
    assert ",".join(mount_options.to_repeat(flags, super_options)) == expected


@pytest.mark.parametrize(
    "flags, super_options, expected",
    [
        pytest.param(
            "rw,nosuid,nodev,noexec,relatime",
            "rw,seclabel,size=1g,nr_inodes=800k,mode=755,inode64",
            "rw,nosuid,nodev,noexec,relatime,nr_inodes=800k,mode=755",
            id="run-of-debian-with-selinux",
        ),
        pytest.param("ro,nosuid", "rw,mode=700", "ro,nosuid,strictatime,mode=700", id="read-only-and-strictatime"),
        pytest.param(
            "rw,relatime",
            'rw,rootcontext="system_u:object_r:tmp_t:s0",huge=within_size,uid=1000',
            'rw,relatime,rootcontext="system_u:object_r:tmp_t:s0",huge=within_size,uid=1000',
            id="context-and-huge",
        ),
    ],
)
def test_a_new_line_declares_what_is_mounted(flags, super_options, expected):
    assert ",".join(mount_options.to_declare(flags, super_options)) == expected


def test_only_limits_may_differ_after_a_remount():
    before = mount_options.beside_limits("rw,nosuid,relatime", "rw,size=1m,mode=755")
    assert mount_options.beside_limits("rw,nosuid,relatime", "rw,size=2m,nr_inodes=9,mode=755") == before
    assert mount_options.beside_limits("rw,relatime", "rw,size=1m,mode=755") != before
    assert mount_options.beside_limits("rw,nosuid,relatime", "ro,size=1m,mode=755") != before
