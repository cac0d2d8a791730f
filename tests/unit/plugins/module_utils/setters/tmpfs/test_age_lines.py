# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lines of tmpfiles.d: which count, and which are written so that no other is displaced. The files are composed."""

import pytest

from ansible_collections.memfacts.linux.plugins.module_utils.memcore.errors import OptionError
from ansible_collections.memfacts.linux.plugins.module_utils.setters.tmpfs import age_lines, tmpfiles_conf

SPECIFIERS = {"%": "%", "b": "0123", "T": "/tmp", "t": "/run"}
FILES = {
    "/usr/lib/tmpfiles.d/tmp.conf": """\
#  This file is part of systemd.
z /tmp - - - -
D /tmp 1777 root root -
#q /var/tmp 1777 root root 30d
x /tmp/systemd-private-%b-*
X /tmp/systemd-private-%b-*/tmp
R! /tmp/systemd-private-*
""",
    "/usr/lib/tmpfiles.d/x.conf": """\
d "/var/cache/my" 0755 - -
C /srv/skel 0755 me me 4w /usr/share/my skel # no comment
d /tmp 0700 late late 9d
D! /tmp/.X11-unix 1777 root root 10d
e /both - - - 1d
d /both 0700 root root 2d
d %T/known 0700 root root -
d %Z/unknown 0700 root root -
d /var/run/old 0700 root root -
r! /tmp/lock
f /tmp/file
d /boot-and-age 0700
D! /boot-and-age2 0700
d /boot-and-age2 0700 - - 5d
""",
}


def lines(files=None):
    return tmpfiles_conf.lines_of(files or FILES, SPECIFIERS)


def made(path, age="10d", version=252, files=None):
    text = age_lines.text_of(lines(files), {path: age}, version)
    assert text.startswith("# Written by memfacts.linux")
    return text.splitlines()[1:]


@pytest.mark.parametrize(
    "path, expected",
    [
        pytest.param("/tmp", ["D /tmp 1777 root root 10d"], id="the-first-that-makes-it-counts"),
        pytest.param("/var/tmp", ["e /var/tmp - - - 10d"], id="a-comment-is-no-line"),
        pytest.param("/var/cache/my", ['d "/var/cache/my" 0755 - - 10d'], id="short-line-in-quotes"),
        pytest.param("/srv/skel", ["C /srv/skel 0755 me me 10d /usr/share/my skel # no comment"], id="argument-stays"),
        pytest.param("/tmp/known", ["d %T/known 0700 root root 10d"], id="specifier-of-another-file"),
        pytest.param("/run/old", ["d /var/run/old 0700 root root 10d"], id="legacy-name-of-run"),
        pytest.param("/both", ["d /both 0700 root root 10d", "e /both - - - 10d"], id="both-kinds-clean"),
        pytest.param("/tmp/.X11-unix", ["e /tmp/.X11-unix - - - 10d"], id="what-is-made-at-boot-stays"),
    ],
)
def test_the_lines_for_a_path(path, expected):
    assert made(path) == expected


def test_systemd_before_230_knows_no_line_of_type_e():
    assert made("/new", version=219) == ["d /new - - - 10d"]
    assert made("/new", version=230) == ["e /new - - - 10d"]


@pytest.mark.parametrize(
    "path, reason",
    [
        ("/tmp/systemd-private-0123-a.service", "x /tmp/systemd-private-%b-\\*', which keeps"),
        ("/tmp/systemd-private-0123-a.service/tmp", "x /tmp/systemd-private-%b-\\*', which keeps"),
        ("/tmp/lock", "r! /tmp/lock', which the line for /tmp/lock would replace"),
        ("/tmp/file", "f /tmp/file', which the line"),
        ("/boot-and-age2", "D! /boot-and-age2 0700', which the new line would replace"),
    ],
)
def test_a_line_of_another_file_is_never_displaced(path, reason):
    with pytest.raises(OptionError, match=reason):
        made(path)


def test_a_file_that_is_read_before_is_named():
    ours = {tmpfiles_conf.OWN: "D /tmp 1777 root root 10d\n"}
    earlier = {"/etc/tmpfiles.d/00-admin.conf": "d /tmp 1777 root root 1h\n"}
    age_lines.refuse_what_loses(lines(dict(ours, **FILES)), ["/tmp"])
    with pytest.raises(
        OptionError, match="/etc/tmpfiles.d/00-admin.conf has the line 'd /tmp 1777 root root 1h' and is"
    ):
        age_lines.refuse_what_loses(lines(dict(earlier, **ours)), ["/tmp"])


def test_a_wildcard_that_cleans_sooner_is_found():
    files = {"/etc/tmpfiles.d/z.conf": "e /t* - - - 1h\ne /u* - - - 1h\ne /tm? - - - 30d\n"}
    assert [line.path for line in age_lines.sooner(lines(files), "/tmp", 864000)] == ["/t*"]


def test_the_text_of_release_0_1_0_is_known_only_as_it_was():
    text = (
        "# BEGIN of what memfacts.linux.tmpfs_limits has written\n"
        "D /tmp 1777 root root 7d\ne /var/tmp - - - 20d\n"
        "# END of what memfacts.linux.tmpfs_limits has written\n"
    )
    assert age_lines.is_of_0_1_0(text)
    for other in (
        text + "d /mine\n",
        "# mine\n" + text,
        text.replace("e /var", "# e /var"),
        "",
        text.replace("7d", ""),
    ):
        assert not age_lines.is_of_0_1_0(other)


@pytest.mark.parametrize(
    "text, seconds",
    [
        ("90", 90),
        ("1d12h", 129600),
        ("1d 12h", 129600),
        ("1.5h", 5400),
        ("2w", 1209600),
        ("1M", 2629800),
        ("5min 3", 303),
    ],
)
def test_time_spans_of_other_files(text, seconds):
    assert tmpfiles_conf.parse_span(text) == seconds


@pytest.mark.parametrize("text", ["", "d", "1x", "-1d", "1d,2h", "infinity"])
def test_what_is_no_time_span(text):
    assert tmpfiles_conf.parse_span(text) is None


def test_which_times_count():
    assert tmpfiles_conf.parse_age("bmA:1h") == tmpfiles_conf.Age(3600, False, frozenset("bm"), frozenset("a"))
    assert tmpfiles_conf.parse_age("~a:1h") is None
    assert tmpfiles_conf.parse_age("a:~1h") == tmpfiles_conf.Age(3600, True, frozenset("a"), frozenset("abm"))
