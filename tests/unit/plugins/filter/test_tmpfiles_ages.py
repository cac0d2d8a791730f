# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ages for systemd-tmpfiles: the line that counts with another age, and nothing else of it changed."""

import pytest

pytest.importorskip("ansible", reason="no Ansible in this environment; a filter runs on the control node")

from ansible.errors import AnsibleFilterError  # noqa: E402

from ansible_collections.memfacts.linux.plugins.filter import tmpfiles_ages  # noqa: E402

# As `systemd-tmpfiles --cat-config` prints it.
CONFIGURATION = """\
# /etc/tmpfiles.d/00-memfacts.conf
D /tmp 1777 root root 1d

# /usr/lib/tmpfiles.d/tmp.conf
#  This file is part of systemd.
z /tmp - - - -
D /tmp 1777 root root -
#q /var/tmp 1777 root root 30d
x /tmp/systemd-private-%b-*

# /usr/lib/tmpfiles.d/x.conf
d "/var/cache/my" 0755 - -
C /srv/skel 0755 me me 4w /usr/share/my skel # no comment
d /tmp 0700 late late 9d
"""


def ages(*rows):
    return tmpfiles_ages.tmpfiles_ages(CONFIGURATION, [{"path": path, "age": age} for path, age in rows])


@pytest.mark.parametrize(
    "path, age, expected",
    [
        pytest.param("/tmp", "10d", "D /tmp 1777 root root 10d", id="the-first-that-makes-it-counts"),
        pytest.param("/tmp/", "10d", "D /tmp 1777 root root 10d", id="slash-behind"),
        pytest.param("/var/tmp", "30d", "e /var/tmp - - - 30d", id="a-comment-is-no-line"),
        pytest.param("/var/cache/my", "12h", 'd "/var/cache/my" 0755 - - 12h', id="short-line-in-quotes"),
        pytest.param(
            "/srv/skel", "1w", "C /srv/skel 0755 me me 1w /usr/share/my skel # no comment", id="argument-stays"
        ),
        pytest.param("/new", "bm:1d 12h", 'e /new - - - "bm:1d 12h"', id="blank-in-the-age"),
        pytest.param("/new", "~10d", "e /new - - - ~10d", id="not-the-top-level"),
        pytest.param("/new", "0", "e /new - - - 0", id="at-each-run"),
    ],
)
def test_the_line_for_a_path(path, age, expected):
    assert ages((path, age)) == [expected]


def test_lines_are_in_the_order_of_the_ages():
    assert ages(("/b", "1d"), ("/a", "2d")) == ["e /b - - - 1d", "e /a - - - 2d"]


@pytest.mark.parametrize(
    "path, age, reason",
    [
        pytest.param("tmp", "1d", "has the path 'tmp'; give a full path", id="relative"),
        pytest.param("/a b", "1d", "has the path '/a b'", id="blank"),
        pytest.param("/tmp", "10 days", "has the age '10 days' for /tmp; give one such as 10d", id="words"),
        pytest.param("/tmp", "-1d", "has the age '-1d'", id="negative"),
        pytest.param("/tmp", "", "has the age ''", id="empty"),
        pytest.param("/tmp", "1d\nR /", "has the age", id="another-line"),
    ],
)
def test_what_systemd_would_misread_is_refused(path, age, reason):
    with pytest.raises(AnsibleFilterError) as caught:
        ages((path, age))
    assert reason in str(caught.value)
