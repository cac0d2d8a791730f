# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files of a live host and of a captured tree: what is missing is said, and nothing outside is touched."""

import contextlib
import os
import shutil
import signal
import tempfile
import time

import pytest

from ansible_collections.memfacts.linux.plugins.module_utils.memcore.errors import RootError
from ansible_collections.memfacts.linux.plugins.module_utils.memcore.sources import host
from ansible_collections.memfacts.linux.plugins.module_utils.memcore.sources.captured import CapturedTree
from ansible_collections.memfacts.linux.plugins.module_utils.memcore.sources.host import (
    Deadline,
    Entry,
    Host,
    NotCaptured,
    Space,
)
from tests.support import hosttree

KIB = 1024
NOBODY = 65534

TREE = """\
Composed for these tests.
== etc/os-release -> ../usr/lib/os-release
== usr/lib/os-release
ID=debian
== etc/absolute -> /etc/passwd
== etc/relative -> ../../../../../../../../../../etc/passwd
== etc/inside -> /usr/lib/os-release
== etc/loop -> loop
== etc/nowhere -> gone
== proc/meminfo
MemTotal: 1024 kB
== proc/1/status
Name:\tinit
== proc/1/fd/0 -> /dev/null
== proc/1/task -> /proc/1/task
== proc/45/status
== proc/sys/vm/
== outside -> /etc
== sos_commands/filesys/df_-al_-x_autofs
Filesystem 1K-blocks Used Available Use% Mounted on
/dev/vda 1000 400 600 40% /
tmpfs 8 4 4 50% /run
tmpfs 0 0 0 - /unlimited
== sos_commands/filesys/df_-ali_-x_autofs
Filesystem Inodes IUsed IFree IUse% Mounted on
tmpfs 100 2 98 2% /run
"""


@pytest.fixture
def folder():
    """A folder that every user may enter (tmp_path is for its owner alone)."""
    path = tempfile.mkdtemp()
    os.chmod(path, 0o755)
    yield path
    shutil.rmtree(path)


@pytest.fixture
def tree(folder):
    hosttree.unpack(TREE, folder)
    return folder


@contextlib.contextmanager
def ordinary_user():
    """Root may read everything; be nobody for a while."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


@contextlib.contextmanager
def at_most(seconds):
    """A hang becomes a failure."""

    def stop(_number, _frame):
        raise AssertionError(f"still busy after {seconds} s")

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def write(folder, path, data=b"x"):
    full = os.path.join(os.fsencode(folder), os.fsencode(path))
    os.makedirs(os.path.dirname(full), exist_ok=True)
    with open(full, "wb") as stream:
        stream.write(data)
    return full


# What is what.


def test_the_running_host_is_live():
    found = host.at("/")
    assert (type(found), found.live, found.root) == (Host, True, "/")
    assert found.text("proc/meminfo").startswith("MemTotal:")
    assert os.getpid() in found.pids()
    assert found.incomplete == {}


def test_a_folder_with_a_meminfo_is_a_captured_tree(tree):
    found = host.at(tree)
    assert (type(found), found.live) == (CapturedTree, False)


def test_a_captured_tree_with_a_folder_of_its_reader_is_not_live(tree):
    os.symlink("1", os.path.join(tree, "proc", "self"))
    assert host.at(tree).live is False


@pytest.mark.parametrize("name", ["a\nb", "a\0b", "\ud800"], ids=["newline", "nul", "half-a-character"])
def test_a_root_that_cannot_be_shown_as_it_is_is_refused_on_one_line(folder, name):
    with pytest.raises(RootError) as error:
        host.at(os.path.join(folder, name))
    assert repr(os.path.join(folder, name, "proc", "meminfo")) + " is missing; " in str(error.value)
    assert str(error.value).isprintable()


@pytest.mark.parametrize("name", ["", "proc", "missing"])
def test_a_root_without_a_meminfo_is_refused_with_the_path_that_is_missing(folder, name):
    os.mkdir(os.path.join(folder, "proc"))
    root = os.path.join(folder, name)
    with pytest.raises(RootError) as error:
        host.at(root)
    assert str(error.value) == (
        f"root {root!r} holds no host: {os.path.join(root, 'proc', 'meminfo')} is missing; "
        "give / or a folder that has proc/ and sys/ in it, such as an unpacked sosreport."
    )


# What cannot be read is None and noted once, in words.


@pytest.fixture(params=[Host, CapturedTree])
def any_host(request, tree):
    return request.param(tree)


def test_a_missing_file_is_none_and_noted_once(any_host):
    assert (any_host.text("proc/vmstat"), any_host.text("proc/vmstat"), any_host.data("proc/vmstat")) == (
        None,
        None,
        None,
    )
    assert any_host.incomplete == {"/proc/vmstat": "no such file or directory"}


def test_a_file_that_a_kernel_may_lack_is_none_and_not_noted(any_host):
    assert (
        any_host.optional("proc/allocinfo"),
        any_host.optional("proc/meminfo/x"),
        any_host.names("proc/nothing"),
    ) == (None, None, [])
    assert any_host.incomplete == {}


def test_the_first_reason_stays(any_host):
    any_host.lacks("a", "one")
    any_host.lacks("a", "two")
    assert any_host.incomplete == {"a": "one"}


def test_a_refused_file_or_folder_is_none_and_noted_in_words(any_host, tree):
    os.chmod(os.path.join(tree, "proc", "meminfo"), 0)
    os.chmod(os.path.join(tree, "proc", "sys"), 0)
    os.chmod(os.path.join(tree, "proc", "45"), 0)
    with ordinary_user():
        assert any_host.text("proc/meminfo") is None
        assert any_host.optional("proc/sys/vm/swappiness") is None
        assert any_host.names("proc/45") == []
        assert any_host.folders("proc/sys") == []
    assert set(any_host.incomplete.values()) == {"permission denied"}
    assert {"/proc/meminfo", "/proc/45", "/proc/sys"} <= set(any_host.incomplete)


def test_a_folder_in_place_of_a_file_is_noted(any_host):
    assert any_host.text("proc/sys") is None
    assert any_host.incomplete == {"/proc/sys": "is a directory"}


@pytest.mark.parametrize("verb", ["whole", "brief", "link", "listing"])
def test_verbs_for_what_may_vanish_raise(any_host, verb):
    with pytest.raises(FileNotFoundError):
        getattr(any_host, verb)("proc/4711/status")
    assert any_host.incomplete == {}


def test_a_pipe_in_place_of_a_file_does_not_hang(any_host, tree):
    os.mkfifo(os.path.join(tree, "proc", "vmstat"))
    with at_most(10):
        assert any_host.text("proc/vmstat") == ""
        writer = os.open(os.path.join(tree, "proc", "vmstat"), os.O_RDWR)
        assert any_host.optional("proc/vmstat") is None
        os.close(writer)
    assert any_host.incomplete == {"/proc/vmstat": "resource temporarily unavailable"}


# What is read comes unharmed.


def test_a_file_of_many_pieces_is_read_to_its_end(any_host, tree):
    data = os.urandom(300000)
    write(tree, "proc/big", data)
    assert any_host.data("proc/big") == any_host.whole("proc/big") == data


def test_bytes_that_are_not_utf8_survive_as_text(any_host, tree):
    write(tree, "proc/odd", b"a\xff\xc3\x28\0\r\n")
    assert any_host.text("proc/odd").encode("utf-8", "surrogateescape") == b"a\xff\xc3\x28\0\r\n"


def test_names_with_a_newline_or_without_utf8_survive(any_host, tree):
    names = [b"a\nb", b"\xff\xfe", b" ", b"-rf"]
    for name in names:
        write(tree, b"run/" + name, name)
    found = any_host.names("run")
    assert sorted(map(os.fsencode, found)) == sorted(names)
    assert sorted(any_host.data("run/" + name) for name in found) == sorted(names)
    assert sorted(any_host.listing("run")) == sorted(found)


def test_folders_are_told_from_files_and_links(any_host):
    assert sorted(any_host.folders("proc")) == ["1", "45", "sys"]
    assert any_host.folders("proc/1/fd") == any_host.folders("gone") == []


def test_only_decimal_names_are_processes(any_host, tree):
    for name in ("\u00b2", "\u0663", "12a", "-1"):
        os.mkdir(os.path.join(tree, "proc", name))
    assert sorted(any_host.pids()) == [1, 45]


# A live host also answers for sizes.


def test_entries_of_a_folder_have_what_stat_tells(folder):
    file = write(folder, "run/file", b"x" * 5000)
    os.link(file, os.path.join(os.fsencode(folder), b"run", b"again"))
    os.symlink("/etc", os.path.join(folder, "run", "link"))
    os.mkdir(os.path.join(folder, "run", "sub"))
    found = {entry.path: entry for entry in Host(folder).children("run", skip=())}
    status = os.stat(file)
    device = f"{os.major(status.st_dev)}:{os.minor(status.st_dev)}"
    expected = Entry(
        "run/file", device, status.st_ino, status.st_blocks * 512, status.st_mtime, status.st_uid, False, 2
    )
    assert set(found) == {"run/file", "run/again", "run/link", "run/sub"}
    assert found["run/file"] == expected == found["run/again"]._replace(path="run/file")
    assert (found["run/link"].is_directory, found["run/sub"].is_directory) == (False, True)
    assert Host(folder).entry("run/file") == expected


def test_what_is_to_be_skipped_is_left_out(folder):
    os.makedirs(os.path.join(folder, "run", "mounted"))
    write(folder, "run/file")
    assert [entry.path for entry in Host(folder).children("run", skip={"run/mounted"})] == ["run/file"]


@pytest.fixture
def folder_that_ages():
    """An empty folder of root or whoever runs this, last accessed in 1970, where a plain listing would change that."""
    try:
        path = tempfile.mkdtemp(dir="/dev/shm")
    except OSError:
        pytest.skip("needs a tmpfs at /dev/shm that it may write to")
    os.chmod(path, 0o755)
    os.utime(path, (1000, 1000))
    os.listdir(path)
    aged = os.stat(path).st_atime
    os.utime(path, (1000, 1000))
    yield path
    os.rmdir(path)
    if aged == 1000:
        pytest.skip("/dev/shm is mounted with noatime, so that no access shows")


def test_looking_into_a_folder_does_not_count_as_access(folder_that_ages):
    assert list(Host("/").children(folder_that_ages[1:], skip=())) == []
    assert os.stat(folder_that_ages).st_atime == 1000


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to look into the folder of another user")
def test_a_folder_of_another_user_is_looked_into_though_that_counts_as_access(folder_that_ages):
    file = write(folder_that_ages, "file")
    with ordinary_user():
        found = [entry.path for entry in Host("/").children(folder_that_ages[1:], skip=())]
    os.unlink(file)
    assert found == [folder_that_ages[1:] + "/file"]


def test_names_are_the_same_where_scandir_takes_no_descriptor(folder, monkeypatch):
    for name in ("one", "two/three"):
        write(folder, "run/" + name)
    monkeypatch.setattr(host, "_SCANDIR_TAKES_A_DESCRIPTOR", False)
    found = {entry.path: entry.is_directory for entry in Host(folder).children("run", skip=())}
    assert found == {"run/one": False, "run/two": True}


def test_an_open_folder_is_closed_when_the_search_ends_early(folder):
    write(folder, "run/file")
    search = Host(folder).children("run", skip=())
    before = os.listdir("/proc/self/fd")
    next(search)
    assert len(os.listdir("/proc/self/fd")) > len(before)
    search.close()
    assert os.listdir("/proc/self/fd") == before


def test_the_space_of_a_mount_is_what_statvfs_says(folder):
    status = os.statvfs(folder)
    space = Host("/").space(folder.lstrip("/"))
    assert space.size_bytes == status.f_blocks * status.f_frsize
    assert space.inodes == status.f_files
    assert 0 <= space.used_bytes <= space.size_bytes


def test_a_file_system_without_blocks_has_no_limit():
    # statvfs(3) of proc says 0 blocks, as does that of a tmpfs with size=0.
    assert Host("/").space("proc") == Space(None, None, None, None, None)


def test_links_are_read_and_not_followed(tree):
    assert Host(tree).link("etc/os-release") == CapturedTree(tree).link("etc/os-release") == "../usr/lib/os-release"
    assert Host(tree).link("proc/1/fd/0") == CapturedTree(tree).link("proc/1/fd/0") == "/dev/null"


# A captured tree has only what was captured.


def test_a_link_inside_the_tree_is_followed(tree):
    assert CapturedTree(tree).text("etc/os-release") == "ID=debian\n"


@pytest.mark.parametrize(
    "path", ["etc/absolute", "etc/relative", "etc/inside", "outside/passwd", "../../../../etc/passwd"]
)
def test_a_link_never_leads_out_of_the_tree(tree, path):
    found = CapturedTree(tree)
    assert (found.text(path), found.optional(path)) == (None, None)
    for verb in (found.whole, found.brief):
        with pytest.raises(FileNotFoundError):
            verb(path)
    assert found.incomplete == {"/" + path: "leads out of the captured tree"}


@pytest.mark.parametrize("path", ["outside", "proc/1/task"])
def test_a_link_to_a_folder_never_leads_out_of_the_tree(tree, path):
    found = CapturedTree(tree)
    assert (found.names(path), found.folders(path)) == ([], [])
    for verb, name in ((found.listing, path), (found.link, path + "/1"), (found.whole, path + "/passwd")):
        with pytest.raises(FileNotFoundError, match="leads out of the captured tree"):
            verb(name)


def test_a_tree_beside_of_the_same_first_letters_is_outside(folder):
    hosttree.unpack(TREE, os.path.join(folder, "host"))
    write(folder, "host-2/secret")
    os.symlink("../../host-2/secret", os.path.join(folder, "host", "etc", "beside"))
    assert CapturedTree(os.path.join(folder, "host")).text("etc/beside") is None


@pytest.mark.parametrize("path", ["etc/loop", "etc/nowhere"])
def test_a_link_that_leads_nowhere_is_missing(tree, path):
    assert CapturedTree(tree).text(path) is None


def test_a_tree_may_be_named_through_a_link(tree, folder):
    os.symlink(tree, os.path.join(folder, "alias"))
    assert host.at(os.path.join(folder, "alias")).text("etc/os-release") == "ID=debian\n"


@pytest.mark.parametrize(
    "path, expected",
    [
        ("", Space(1000 * KIB, 400 * KIB, 600 * KIB, None, None)),
        ("run", Space(8 * KIB, 4 * KIB, 4 * KIB, 100, 2)),
        ("run/", Space(8 * KIB, 4 * KIB, 4 * KIB, 100, 2)),
        ("unlimited", Space(None, None, None, None, None)),
    ],
)
def test_the_space_of_a_captured_mount_is_what_df_said(tree, path, expected):
    assert CapturedTree(tree).space(path) == expected


@pytest.mark.parametrize(
    "ask",
    [lambda h: h.space("gone"), lambda h: h.entry("proc/meminfo"), lambda h: h.children("proc", ())],
    ids=["space", "entry", "children"],
)
def test_what_only_the_live_host_could_say_is_not_captured(tree, ask):
    with pytest.raises(NotCaptured) as error:
        ask(CapturedTree(tree))
    assert host.reason(error.value) == "not part of a captured tree"


# Small things.


def test_a_deadline_passes_when_its_time_is_over():
    assert Deadline(0).passed()
    later = Deadline(0.02)
    assert not Deadline(60).passed()
    time.sleep(0.03)
    assert later.passed()


@pytest.mark.parametrize(
    "error, expected",
    [
        (PermissionError(13, "Permission denied", "/x"), "permission denied"),
        (OSError("odd"), "odd"),
        (OSError(), ""),
    ],
)
def test_a_reason_has_no_path_and_no_number(error, expected):
    assert host.reason(error) == expected


def test_a_device_is_named_as_in_mountinfo():
    assert host.device_name(os.makedev(254, 1048575)) == "254:1048575"
