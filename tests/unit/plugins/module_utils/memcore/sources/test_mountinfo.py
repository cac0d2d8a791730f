# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""mountinfo: its optional fields, its escapes, its odd paths; and /proc/mounts, which tells less."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.memfacts.linux.plugins.module_utils.memcore.sources import mountinfo
from ansible_collections.memfacts.linux.plugins.module_utils.memcore.sources.mountinfo import Mount


def tmpfs(point, root="/", options="rw", source="tmpfs", super_options="rw"):
    return Mount(36, 35, "0:41", root, point, options, "tmpfs", source, super_options)


@pytest.mark.parametrize(
    "line, expected",
    [
        pytest.param(
            "27 1 254:0 / / rw,relatime - ext4 /dev/vda rw,discard",
            Mount(27, 1, "254:0", "/", "/", "rw,relatime", "ext4", "/dev/vda", "rw,discard"),
            id="no-optional-field",
        ),
        pytest.param("36 35 0:41 / /run rw shared:2 - tmpfs tmpfs rw", tmpfs("/run"), id="one-optional-field"),
        pytest.param(
            "36 35 0:41 / /run rw shared:2 master:1 propagate_from:7 unbindable - tmpfs tmpfs rw",
            tmpfs("/run"),
            id="several-optional-fields",
        ),
        pytest.param(r"36 35 0:41 / /a\040b rw - tmpfs tmpfs rw", tmpfs("/a b"), id="blank"),
        pytest.param(r"36 35 0:41 / /a\011b rw - tmpfs tmpfs rw", tmpfs("/a\tb"), id="tab"),
        pytest.param(r"36 35 0:41 / /a\012b rw - tmpfs tmpfs rw", tmpfs("/a\nb"), id="newline"),
        pytest.param(r"36 35 0:41 / /a\134b rw - tmpfs tmpfs rw", tmpfs("/a\\b"), id="backslash"),
        pytest.param(r"36 35 0:41 / /a\134040b rw - tmpfs tmpfs rw", tmpfs("/a\\040b"), id="backslash-before-digits"),
        pytest.param(r"36 35 0:41 / /a\043b rw - tmpfs \043x rw", tmpfs("/a#b", source="#x"), id="number-sign-escaped"),
        pytest.param("36 35 0:41 / /a#b rw - tmpfs tmpfs rw", tmpfs("/a#b"), id="number-sign-plain"),
        pytest.param(
            r"36 35 0:41 / /\040-\040 rw - tmpfs \040-\040 rw", tmpfs("/ - ", source=" - "), id="separator-in-path"
        ),
        pytest.param("36 35 0:41 / /a\u00a0b rw - tmpfs tmpfs rw", tmpfs("/a\u00a0b"), id="no-break-space"),
        pytest.param(
            "36 35 0:41 / /a\rb\x0bc\x1fd rw - tmpfs tmpfs rw", tmpfs("/a\rb\x0bc\x1fd"), id="control-characters"
        ),
        pytest.param(
            "36 35 0:41 / /a\x85b\u2028c rw - tmpfs tmpfs rw", tmpfs("/a\x85b\u2028c"), id="unicode-line-ends"
        ),
        pytest.param("36 35 0:41 / /\udcff rw - tmpfs tmpfs rw", tmpfs("/\udcff"), id="not-utf8"),
        pytest.param("36 35 0:41 / /run rw -  tmpfs rw", None, id="no-type"),
        pytest.param("36 35 0:41 / /run rw - tmpfs  rw", tmpfs("/run", source=""), id="empty-source"),
        pytest.param(
            "36 35 0:41 /gone//deleted /run rw - tmpfs tmpfs rw",
            tmpfs("/run", root="/gone//deleted"),
            id="deleted-root",
        ),
        pytest.param(
            "36 35 0:41 / /run rw - tmpfs tmpfs rw,size=24684092k",
            tmpfs("/run", super_options="rw,size=24684092k"),
            id="size",
        ),
        pytest.param("36 35 0:41 / /run rw tmpfs tmpfs rw", None, id="no-separator"),
        pytest.param("36 35 0:41 / /run rw - tmpfs", None, id="cut"),
        pytest.param("36 35 41 / /run rw - tmpfs tmpfs rw", None, id="device-without-minor"),
        pytest.param("9" * 5000 + " 35 0:41 / /run rw - tmpfs tmpfs rw", None, id="huge-id"),
    ],
)
def test_one_line(line, expected):
    assert mountinfo.parse(line + "\n") == ([] if expected is None else [expected])


def test_mounts_keep_their_order_and_broken_lines_are_left_out():
    text = "22 27 0:21 / /proc rw - proc proc rw\nbroken\n27 1 254:0 / / rw - ext4 /dev/vda rw\n"
    assert [mount.mount_id for mount in mountinfo.parse(text)] == [22, 27]


@given(st.text(st.characters(blacklist_characters="\0"), min_size=1))
def test_a_path_survives_the_escapes_of_the_kernel(path):
    # fs/proc_namespace.c: mangle() escapes these and nothing else.
    escaped = "".join("\\%03o" % ord(char) if char in " \t\n\\#" else char for char in path)
    assert mountinfo.parse(f"36 35 0:41 / {escaped} rw - tmpfs tmpfs rw") == [tmpfs(path)]


def test_the_plain_mounts_file_gives_numbers_of_its_own_and_parents_by_path():
    text = (
        "/dev/vda / ext4 rw,relatime 0 0\ntmpfs /run tmpfs rw,size=8k 0 0\n"
        "tmpfs /run/a\\040b tmpfs rw 0 0\nnfs:/x /runner nfs4 ro 0 0\n"
    )
    assert mountinfo.parse_mounts(text) == [
        Mount(1, 0, "mounts:1", "/", "/", "rw,relatime", "ext4", "/dev/vda", "rw,relatime"),
        Mount(2, 1, "mounts:2", "/", "/run", "rw,size=8k", "tmpfs", "tmpfs", "rw,size=8k"),
        Mount(3, 2, "mounts:3", "/", "/run/a b", "rw", "tmpfs", "tmpfs", "rw"),
        Mount(4, 1, "mounts:4", "/", "/runner", "ro", "nfs4", "nfs:/x", "ro"),
    ]


@pytest.mark.parametrize(
    "points, parents",
    [
        pytest.param(["/", "/tmp", "/tmp"], [0, 1, 2], id="mounted-over"),
        pytest.param(["/proc", "/", "/run"], [2, 0, 2], id="root-after-its-children"),
        pytest.param(["/", "/proc", "/"], [0, 3, 1], id="initramfs-below-the-real-root"),
        pytest.param(["/srv"], [0], id="no-root"),
    ],
)
def test_whose_child_a_mount_without_ids_is(points, parents):
    text = "".join(f"none {point} tmpfs rw 0 0\n" for point in points)
    assert [mount.parent_id for mount in mountinfo.parse_mounts(text)] == parents


def test_lines_that_are_too_short_take_no_number():
    assert [mount.mount_id for mount in mountinfo.parse_mounts("\nnone /\nnone / tmpfs rw 0 0\n")] == [1]
