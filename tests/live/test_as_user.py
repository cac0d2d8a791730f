# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The drop-in below a user's home: root touches it with that user's rights only."""

import os
import tempfile
import time
import types

import pytest

from ansible_collections.memfacts.linux.plugins.module_utils.memcore.errors import MemfactsError
from ansible_collections.memfacts.linux.plugins.module_utils.setters import as_user, text_file
from ansible_collections.memfacts.linux.plugins.module_utils.setters.adj.drop_in import DropIn
from ansible_collections.memfacts.linux.plugins.module_utils.setters.adj.record import Record
from ansible_collections.memfacts.linux.plugins.module_utils.setters.adj.target import Target
from ansible_collections.memfacts.linux.plugins.module_utils.setters.unit_properties import Unit
from tests.live.users import NOBODY

pytestmark = [
    pytest.mark.root,
    pytest.mark.setter,
    pytest.mark.skipif(os.geteuid() != 0, reason="taking another user's identity takes root"),
]

NOTHING = Record("", {})
UNIT = Unit("x.service", "loaded", "active", None, None, None, (), None, ())


@pytest.fixture
def home():
    """A folder of the user's own, which is not below a folder that only root may enter."""
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        os.chown(folder, NOBODY.pw_uid, NOBODY.pw_gid)
        yield folder


@pytest.fixture
def secret():
    """A file that only root may read, in a folder that everybody may enter but not write to."""
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        os.chmod(folder, 0o755)
        path = os.path.join(folder, "secret")
        with open(path, "w") as stream:
            stream.write("secret")
        os.chmod(path, 0o600)
        yield path


def drop_in(home, value, unit=UNIT, owner=NOBODY, record=NOTHING):
    path = home + "/.config/systemd/user/x.service.d/90-memfacts-oom-score-adj.conf"
    target = Target(None, None, unit, [], path, owner, NOBODY)
    return DropIn(types.SimpleNamespace(tmpdir=home), target, value, record.at(path))


def test_file_and_folders_belong_to_the_user_and_are_removed(home):
    file = drop_in(home, 5)
    file.check()
    record = file.pending(NOTHING)
    folders = record.files[0].written.folders
    assert len(folders) == 4 and record.files[0].written.owner == NOBODY.pw_name
    file.apply()
    seen = [os.stat(path) for path in (file.path, *folders)]
    assert {(one.st_uid, one.st_gid) for one in seen} == {(NOBODY.pw_uid, NOBODY.pw_gid)}
    assert seen[0].st_mode & 0o777 == 0o644
    assert drop_in(home, 5, record=record).changed is False
    drop_in(home, None, record=record).apply()
    assert os.listdir(home) == []


def test_links_are_not_followed(home, secret):
    file = drop_in(home, 5)
    os.makedirs(os.path.dirname(file.path))
    os.symlink(secret, file.path)
    with pytest.raises(MemfactsError, match="Permission denied.*as user"):
        drop_in(home, 5).check()
    assert "Permission denied" in drop_in(home, None).kept
    os.unlink(file.path)
    os.rmdir(os.path.dirname(file.path))
    os.symlink(os.path.dirname(secret), os.path.dirname(file.path))
    with pytest.raises(MemfactsError, match="cannot be written"):
        file.check()
    with pytest.raises(MemfactsError, match="Permission denied"):
        file.apply()
    assert os.listdir(os.path.dirname(secret)) == ["secret"]
    assert os.stat(secret).st_uid == 0


def test_file_named_by_user_manager_is_read_as_that_user(home, secret):
    file = drop_in(home, 5, UNIT._replace(drop_ins=(secret[:-6] + "zz.conf",), fragment=secret), None)
    os.rename(secret, secret[:-6] + "zz.conf")
    with pytest.raises(MemfactsError, match="Permission denied"):
        file.check()
    with pytest.raises(MemfactsError, match="Permission denied"):
        file.value_without()


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir])
def test_non_regular_file_is_refused_without_hanging(tmp_path, make):
    path = str(tmp_path / "odd")
    make(path)
    with pytest.raises(MemfactsError, match="odd is not a regular file; move it away"):
        text_file.read(path)


def test_a_masked_file_is_empty(tmp_path):
    os.symlink(os.devnull, str(tmp_path / "masked"))
    assert text_file.read(str(tmp_path / "masked")) == ""


def test_files_that_do_not_answer_are_not_waited_for(monkeypatch):
    monkeypatch.setattr(as_user, "_SECONDS", 1)
    with pytest.raises(MemfactsError, match="cannot be read or written within 1 seconds"):
        as_user.call(NOBODY, time.sleep, 600)


def test_oversized_file_is_not_read(tmp_path):
    path = tmp_path / "large"
    with open(str(path), "wb") as stream:
        stream.truncate(1 << 40)
    with pytest.raises(MemfactsError, match="large has more than 16 MiB"):
        text_file.read(str(path))


def test_errors_in_the_child_are_reported():
    assert as_user.call(NOBODY, os.getresuid) == [NOBODY.pw_uid] * 3
    assert as_user.call(NOBODY, os.getresgid) == [NOBODY.pw_gid] * 3
    assert 0 not in as_user.call(NOBODY, os.getgroups)
    with pytest.raises(MemfactsError, match="the process that reads and writes them died"):
        as_user.call(NOBODY, os._exit, 1)
