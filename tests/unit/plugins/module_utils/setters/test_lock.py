# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One run of a setter at a time, whatever other users lock."""

import fcntl
import os
import stat
import subprocess
import sys

import pytest

from ansible_collections.memfacts.linux.plugins.module_utils.memcore.errors import MemfactsError
from ansible_collections.memfacts.linux.plugins.module_utils.setters import lock

# A process that locks the file of its argument, says so, and waits for its input to be closed.
HOLDER = """
import fcntl, sys
stream = open(sys.argv[1], "r+")
fcntl.flock(stream, fcntl.LOCK_EX)
print("locked", flush=True)
sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def path(tmp_path, monkeypatch):
    monkeypatch.setattr(lock, "PATH", str(tmp_path / "memfacts.lock"))
    return tmp_path / "memfacts.lock"


@pytest.fixture
def holder(path):
    """Another process that has the lock."""
    path.touch(0o600)
    command = [sys.executable, "-c", HOLDER, str(path)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    process.stdout.readline()
    yield process
    process.communicate()


def test_only_root_can_open_the_file_and_it_stays(path):
    with lock.held(0):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    inode = path.stat().st_ino
    with lock.held(0):
        assert path.stat().st_ino == inode


def test_holder_is_named_when_the_time_is_over(holder):
    with pytest.raises(MemfactsError) as error:
        with lock.held(0.2):
            pytest.fail("two runs have the lock")
    assert f"process {holder.pid}, python" in str(error.value)
    assert "lock_timeout" in str(error.value)


def test_lock_is_free_again_when_its_holder_is_killed(holder):
    holder.kill()
    holder.wait()
    with lock.held(0):
        pass


def test_lock_is_held_until_the_end_of_the_block(path):
    with lock.held(0):
        with open(str(path), "r+") as stream, pytest.raises(OSError):
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)


@pytest.mark.parametrize("kind", ["link", "folder", "fifo", "readable by all"])
def test_file_that_others_may_open_is_refused(path, tmp_path, kind):
    if kind == "link":
        (tmp_path / "other").touch(0o600)
        path.symlink_to(tmp_path / "other")
    elif kind == "folder":
        path.mkdir()
    elif kind == "fifo":
        os.mkfifo(str(path), 0o600)
    else:
        path.touch()
        path.chmod(0o644)
    with pytest.raises(MemfactsError) as error:
        with lock.held(0):
            pytest.fail("the lock was taken")
    assert str(path) in str(error.value) and "move it away" in str(error.value)
