# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which folders may be given an age. Mounts and homes are composed."""

import stat

import pytest

from ansible_collections.memfacts.linux.plugins.module_utils.memcore.errors import OptionError
from ansible_collections.memfacts.linux.plugins.module_utils.memcore.sources import mountinfo
from ansible_collections.memfacts.linux.plugins.module_utils.setters.tmpfs import age_place

MOUNTS = mountinfo.parse(
    """\
20 1 8:1 / / rw - ext4 /dev/sda1 rw
21 20 0:21 / /tmp rw - tmpfs tmpfs rw
22 20 0:22 / /run rw - tmpfs tmpfs rw
23 20 0:23 / /dev/shm rw - tmpfs tmpfs rw
24 20 0:24 / /data rw - nfs4 server:/data rw
25 20 0:25 / /var/lib/pods/pods/0a1b2c3d-0000-4000-8000-000000000000/volumes/kubernetes.io~secret/s rw - tmpfs tmpfs rw
26 20 0:26 / /people rw - tmpfs tmpfs rw
"""
)
HOMES = [
    age_place.Home("root", 0, "/root"),
    age_place.Home("daemon", 1, "/usr/sbin"),
    age_place.Home("app", 990, "/var/lib/app"),
    age_place.Home("anna", 1000, "/people/anna"),
    age_place.Home("tester", 1001, "/tmp"),
]
FOLDER = age_place.Step("folder", 0, stat.S_IFDIR | 0o755)


def place(path, not_tmpfs=False, **others):
    """Where the path is, with other kinds of steps by path."""
    return age_place.place(path, MOUNTS, HOMES, lambda step: others.get(step, FOLDER), not_tmpfs)


@pytest.mark.parametrize("path, plain", [("/tmp/", "/tmp"), ("/dev/shm", "/dev/shm"), ("/run/my-app", "/run/my-app")])
def test_one_plain_folder_is_taken(path, plain):
    assert age_place.plain(path) == plain


@pytest.mark.parametrize(
    "path",
    [
        "tmp",
        "",
        None,
        7,
        "/tmp/../home",
        "/tmp/..",
        "/./tmp",
        "/tmp//a",
        "//home",
        "/*",
        "/tmp/a?",
        "/tmp/[a]",
        "/tmp/{a,b}",
    ]
    + ["/tmp/%h", "%h", "/tmp/a b", "/tmp/a\tb", "/tmp/a\nd /home", "/tmp\n", '/tmp/"a"', "/tmp/'a'", "/tmp/\\x2f"]
    + ["/tmp/\xa0", "/tmp/\u2028a", "/tmp/a\0", "/tmp/\udcff", "/tmp/#", "/tmp/~root", "/tmp/$HOME"],
)
def test_what_may_be_read_as_another_folder_is_refused(path):
    with pytest.raises(OptionError):
        age_place.plain(path)


@pytest.mark.parametrize(
    "path",
    ["/", "///", "/etc", "/etc/ssh", "/home", "/home/anna", "/home/anna/tmp", "/root", "/usr/share", "/var", "/var/lib"]
    + [
        "/run",
        "/run/",
        "/run/systemd",
        "/run/user/1000",
        "/run/log/journal",
        "/run/lock",
        "/sys/fs/cgroup",
        "/proc/self",
    ]
    + ["/dev", "/dev/mqueue", "/boot", "/bin", "/lib64", "/var/lib/dpkg", "/var/lib/kubelet/pods", "/opt", "/srv"],
)
def test_system_folders_and_homes_are_refused(path):
    with pytest.raises(OptionError, match="an age is never allowed"):
        age_place.plain(path)


@pytest.mark.parametrize(
    "text, written", [("10d", "10d"), ("1h", "1h"), ("~10d", "~10d"), ("1d 12h", "1d12h"), ("60min", "60min")]
)
def test_an_age_is_written_without_blanks(text, written):
    assert age_place.age(text, "/tmp") == written


@pytest.mark.parametrize(
    "text, reason",
    [
        ("0", "give a number with"),
        ("0d", "which is 0 seconds; give at least 1h"),
        ("1s", "which is 1 seconds"),
        ("10", "give a number with"),
        ("59min", "which is 3540 seconds"),
        ("10m", "which is 600 seconds"),
        ("3600000ms", None),
        ("1d\n", "give a number with"),
        ("1d -\nR /", "give a number with"),
        ("am:1d", "give a number with"),
        ("-1d", "give a number with"),
        ("1.5d", "give a number with"),
        ("infinity", "give a number with"),
        ("", "give a number with"),
        (None, "give a number with"),
        (86400, "give a number with"),
        ("999999999w", "more than ten years"),
        ("\u0661d", "give a number with"),
    ],
)
def test_invalid_or_short_age_is_refused(text, reason):
    if reason is None:
        assert age_place.age(text, "/tmp") == text
        return
    with pytest.raises(OptionError, match=reason):
        age_place.age(text, "/tmp")


def test_a_folder_on_disk_takes_an_explicit_wish():
    with pytest.raises(OptionError, match="/var/tmp, which is on ext4 and not on a tmpfs.*not_tmpfs: true"):
        place("/var/tmp")
    assert place("/var/tmp", not_tmpfs=True) == age_place.Place("/var/tmp", False)
    assert place("/tmp") == age_place.Place("/tmp", True)
    assert place("/run/app") == age_place.Place("/run/app", True)


@pytest.mark.parametrize("not_tmpfs", [False, True])
@pytest.mark.parametrize(
    "path, reason",
    [
        ("/people", "/people/anna is the home of anna"),
        ("/people/anna", "is the home of anna"),
        ("/people/anna/cache", "is the home of anna"),
        ("/var/lib/app", "is the home of app"),
        ("/data/x", "crosses a nfs4 mount"),
        (
            "/var/lib/pods/pods/0a1b2c3d-0000-4000-8000-000000000000/volumes/kubernetes.io~secret/s/x",
            "belongs to a pod",
        ),
    ],
)
def test_homes_pods_and_hanging_mounts_are_refused_with_not_tmpfs(path, reason, not_tmpfs):
    with pytest.raises(OptionError, match=reason):
        place(path, not_tmpfs=not_tmpfs)


def test_what_lies_in_the_home_of_a_program_is_not_a_home():
    assert place("/var/lib/app/spool", not_tmpfs=True).on_tmpfs is False


def test_a_symbolic_link_on_the_way_is_refused():
    link = age_place.Step("link", 0, stat.S_IFLNK | 0o777)
    for step in ("/tmp/a", "/tmp/a/b"):
        with pytest.raises(OptionError, match=f"{step} is a symbolic link"):
            place("/tmp/a/b", **{step: link})


def test_replaceable_parent_folder_is_refused():
    for uid, mode in ((1000, 0o755), (0, 0o777), (0, 0o775)):
        step = age_place.Step("folder", uid, stat.S_IFDIR | mode)
        with pytest.raises(OptionError, match="users other than root can replace folders in /tmp/a"):
            place("/tmp/a/b", **{"/tmp/a": step})
        assert place("/tmp/a", **{"/tmp/a": step}).on_tmpfs  # the last step is never followed as a link
    assert place("/tmp/a", **{"/tmp": age_place.Step("folder", 0, stat.S_IFDIR | 0o1777)}).on_tmpfs


def test_a_folder_that_is_missing_is_told_apart():
    with pytest.raises(age_place.Missing, match="there is no /tmp/a"):
        place("/tmp/a", **{"/tmp/a": None})
    with pytest.raises(OptionError, match="/tmp/a is not a folder"):
        place("/tmp/a", **{"/tmp/a": age_place.Step("other", 0, stat.S_IFREG)})
