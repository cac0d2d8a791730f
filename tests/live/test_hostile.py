# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Situations on the running kernel in which a collector hangs, fails or tells a lie; ours must say what it left out."""

import json
import os
import re
import subprocess
import sys

import pytest

from tests import CHECKOUT
from tests.live import holder, planted, plants, syscalls
from tests.live.users import NOBODY

pytestmark = [
    pytest.mark.root,
    pytest.mark.skipif(os.geteuid() != 0, reason="making these situations takes root"),
]

MIB = plants.MIB
HANG = 600
LONG = 300  # seconds for the search through files: on a busy host nobody knows how long it takes
# To look at so many files takes about half a second, ten times the budget of the test below.
MANY = 100000


def collect(*arguments, **options):
    """{facts, entries} of a collector in a process of its own: one that hangs is killed and fails the test.

    It cuts no list short: other tests on this host may have tmpfs and processes that are larger than ours.
    """
    options = dict({"top": 100000}, **options)
    pairs = [f"{name}={value}" for name, value in options.items()]
    child = subprocess.Popen(
        [sys.executable, "-m", "tests.live.collect", *arguments, *pairs],
        cwd=CHECKOUT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    try:
        output, errors = child.communicate(timeout=HANG)
    except subprocess.TimeoutExpired:
        child.kill()
        child.communicate()
        pytest.fail(f"the collector hangs: no answer within {HANG} s")
    assert child.returncode == 0, errors.decode("utf-8", "replace")
    return json.loads(output)


def reasons(facts, word):
    """What `incomplete` says of sources with this word in their name."""
    return [item["reason"] for item in facts["incomplete"] if word in item["source"]]


def fill(path, size):
    """Write a file of `size` bytes."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT)
    try:
        holder.write_file(descriptor, size)
    finally:
        os.close(descriptor)


@pytest.fixture(scope="module", params=["one-folder", "thousand-folders"])
def crowded_tmpfs(request):
    folders = 1 if request.param == "one-folder" else 1000
    with holder.own_tmpfs("nr_inodes=0") as mount:
        for number in range(folders):
            os.mkdir(f"{mount}/{number}")
        for number in range(MANY):
            with open(f"{mount}/{number % folders}/file{number}", "w"):
                pass
        fill(f"{mount}/0/big", MIB)
        yield mount


def test_search_of_crowded_tmpfs_stops_in_time_and_is_reported(crowded_tmpfs):
    answer = collect(scan_seconds=0.05)
    assert reasons(answer["facts"], crowded_tmpfs)
    assert plants.tmpfs_row(answer["facts"], crowded_tmpfs)["files"] is None
    # It stopped on its way: neither this tmpfs nor a folder of it was listed to the end.
    assert answer["entries"] < MANY


def test_crowded_tmpfs_is_counted_completely(crowded_tmpfs):
    answer = collect(scan_seconds=LONG)
    facts = answer["facts"]
    row = plants.tmpfs_row(facts, crowded_tmpfs)
    assert answer["entries"] > MANY
    assert (row["files"], reasons(facts, crowded_tmpfs)) == (MANY + 1, [])
    assert [(os.path.basename(file["path"]), file["bytes"]) for file in row["top_files"]] == [("big", MIB)]


@pytest.mark.parametrize(
    "name, shown",
    [
        pytest.param(b"two\nlines", "two\\nlines", id="newline"),
        pytest.param(b"not\xffutf-8", "not\\xffutf-8", id="not-utf-8"),
        pytest.param(b"\x1b[2Jclear", "\\x1b[2Jclear", id="escape-sequence"),
        pytest.param("größe".encode(), "größe", id="utf-8"),
    ],
)
def test_a_strange_file_name_is_shown_and_can_be_printed(name, shown):
    with holder.own_tmpfs() as mount:
        fill(os.path.join(os.fsencode(mount), name), 8 * MIB)
        facts = collect(scan_seconds=LONG)["facts"]
        files = plants.tmpfs_row(facts, mount)["top_files"]
    assert [(file["path"], file["bytes"]) for file in files] == [(f"{mount}/{shown}", 8 * MIB)]
    json.dumps(facts, ensure_ascii=False).encode("utf-8")


def test_a_mount_point_with_blanks_and_backslashes_is_found():
    with holder.own_tmpfs() as mount:
        strange = f"{mount}/a b\\040c\td"
        os.mkdir(strange)
        syscalls.mount("planted", strange, "tmpfs")
        fill(f"{strange}/file", 8 * MIB)
        rows = [row for row in collect()["facts"]["tmpfs"] if row["mount"].startswith(f"{mount}/a b")]
        syscalls.umount(strange)
    assert [row["used_bytes"] for row in rows] == [8 * MIB]


@pytest.mark.parametrize(
    "comm, shown",
    [
        pytest.param(b"a) R (b", "a) R (b", id="parentheses"),
        pytest.param(b"two\nlines", "two\\nlines", id="newline"),
        pytest.param(b"not\xffutf-8", "not\\xffutf-8", id="not-utf-8"),
    ],
)
def test_a_strange_process_name_is_shown_and_can_be_printed(comm, shown):
    with holder.holding("strange_comm", 32 * MIB, *comm) as child:
        child.take()
        facts = collect()["facts"]
    row = plants.row_of(facts["processes"]["top"], pid=child.pid)
    assert row["comm"] == shown
    assert row["anon_bytes"] >= 32 * MIB
    json.dumps(facts, ensure_ascii=False).encode("utf-8")


def test_exiting_processes_are_not_a_failure():
    """A process of the host that may not be read can come or go meanwhile; a gap that the storm makes always comes."""
    for _attempt in range(5):
        quiet = [_refusals(collect()["facts"])]
        with holder.holding("fork_storm") as storm:
            storm.take()
            stormy = [collect()["facts"] for _dummy in range(3)]
        quiet.append(_refusals(collect()["facts"]))
        assert [planted.balance_complaints(facts) for facts in stormy] == [{}] * 3
        strange = [found for found in map(_refusals, stormy) if found not in quiet]
        if not strange:
            return
    pytest.fail(f"among processes that exit {strange[0]} is left out, without them {quiet}")


def _refusals(facts):
    """What `incomplete` says of processes, without of how many."""
    return [re.sub(r" of \d+ ", " ", reason) for reason in reasons(facts, "PID")]


def test_a_dead_mount_is_never_touched():
    if not os.path.exists("/dev/fuse"):
        pytest.skip("this kernel has no FUSE")
    with holder.own_folder() as folder, holder.holding("dead_fuse", folder) as child:
        child.take()
        for answer in (collect(), collect("--mounts-of", str(child.pid))):
            row = plants.tmpfs_row(answer["facts"], f"{folder}/alive")
            assert row["used_bytes"] == MIB
            below = plants.tmpfs_row(answer["facts"], f"{folder}/dead/folder")
            assert below["used_bytes"] is None
            assert reasons(answer["facts"], f"{folder}/dead/folder")


def test_ordinary_user_gets_null_with_a_reason():
    with holder.holding("memfd", MIB) as child:
        child.take()
        facts = collect("--uid", str(NOBODY.pw_uid))["facts"]
    assert planted.balance_complaints(facts) == {}
    assert facts["shmem"]["memfd_bytes"] is None
    assert reasons(facts, "/proc/PID/fd")


def test_hidepid_gives_null_with_a_reason():
    if _release() < (5, 8):
        pytest.skip("before 5.8 hidepid belongs to the pid namespace: it would hide processes from the whole host")
    with holder.holding("memfd", MIB) as child:
        child.take()
        facts = collect("--hidepid", "--uid", str(NOBODY.pw_uid))["facts"]
    assert any("hidepid" in reason for reason in reasons(facts, "/proc"))
    assert planted.balance_complaints(facts) == {}
    # The process with the memfd cannot even be seen, so 0 would be a lie.
    assert facts["shmem"]["memfd_bytes"] is None
    assert facts["processes"]["count"] is None


def test_root_sees_through_hidepid():
    if _release() < (5, 8):
        pytest.skip("before 5.8 hidepid belongs to the pid namespace: it would hide processes from the whole host")
    with holder.holding("memfd", MIB) as child:
        child.take()
        facts = collect("--hidepid")["facts"]
    assert [child.pid] in [row["holders"] for row in facts["shmem"]["memfd"]]
    assert not any("hidepid" in reason for reason in reasons(facts, "/proc"))


def _release():
    return tuple(int(part) for part in os.uname().release.split("-")[0].split(".")[:2])
