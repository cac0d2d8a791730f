# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The drop-in below a user's home: root touches it with that user's rights only."""

import os
import tempfile
import types

import pytest

from ansible_collections.memfacts.linux.plugins.module_utils.memcore.errors import MemfactsError
from ansible_collections.memfacts.linux.plugins.module_utils.memcore.sources.unit_properties import Unit
from ansible_collections.memfacts.linux.plugins.module_utils.setters import as_user, text_file
from ansible_collections.memfacts.linux.plugins.module_utils.setters.adj.drop_in import DropIn
from ansible_collections.memfacts.linux.plugins.module_utils.setters.adj.target import Target
from tests.live.users import NOBODY

pytestmark = [
    pytest.mark.root,
    pytest.mark.setter,
    pytest.mark.skipif(os.geteuid() != 0, reason="taking another user's identity takes root"),
]

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


def drop_in(home, value, unit=UNIT, owner=NOBODY):
    path = home + "/.config/systemd/user/x.service.d/90-memfacts-oom-score-adj.conf"
    return DropIn(types.SimpleNamespace(tmpdir=home), Target(None, None, unit, [], path, owner, NOBODY), value)


def test_the_file_and_its_folders_are_the_user_s_and_go_again(home):
    file = drop_in(home, 5)
    file.check()
    folders = file.folders()
    assert len(folders) == 4
    file.apply(())
    seen = [os.stat(path) for path in (file.path, *folders)]
    assert {(one.st_uid, one.st_gid) for one in seen} == {(NOBODY.pw_uid, NOBODY.pw_gid)}
    assert seen[0].st_mode & 0o777 == 0o644
    assert drop_in(home, 5).changed is False
    assert drop_in(home, None).apply(folders) == folders
    assert os.listdir(home) == []


def test_a_link_leads_neither_reading_nor_writing_to_another_s_file(home, secret):
    file = drop_in(home, 5)
    os.makedirs(os.path.dirname(file.path))
    os.symlink(secret, file.path)
    with pytest.raises(MemfactsError, match="Permission denied.*as user"):
        drop_in(home, 5)
    os.unlink(file.path)
    os.rmdir(os.path.dirname(file.path))
    os.symlink(os.path.dirname(secret), os.path.dirname(file.path))
    with pytest.raises(MemfactsError, match="cannot be written"):
        file.check()
    with pytest.raises(MemfactsError, match="Permission denied"):
        file.apply(())
    assert os.listdir(os.path.dirname(secret)) == ["secret"]
    assert os.stat(secret).st_uid == 0


def test_a_file_that_the_user_s_manager_names_is_read_as_that_user(home, secret):
    file = drop_in(home, 5, UNIT._replace(drop_ins=(secret[:-6] + "zz.conf",), fragment=secret), None)
    os.rename(secret, secret[:-6] + "zz.conf")
    with pytest.raises(MemfactsError, match="Permission denied"):
        file.check()
    with pytest.raises(MemfactsError, match="Permission denied"):
        file.value_without()


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir])
def test_what_is_no_regular_file_is_refused_and_does_not_hang(tmp_path, make):
    path = str(tmp_path / "odd")
    make(path)
    with pytest.raises(MemfactsError, match="odd is no regular file; move it away"):
        text_file.read(path)


def test_a_masked_file_is_empty(tmp_path):
    os.symlink(os.devnull, str(tmp_path / "masked"))
    assert text_file.read(str(tmp_path / "masked")) == ""


def test_what_happens_in_the_child_is_told_or_said_to_be_unknown():
    assert as_user.call(NOBODY, os.getresuid) == [NOBODY.pw_uid] * 3
    assert as_user.call(NOBODY, os.getresgid) == [NOBODY.pw_gid] * 3
    assert 0 not in as_user.call(NOBODY, os.getgroups)
    with pytest.raises(MemfactsError, match="the process for it died"):
        as_user.call(NOBODY, os._exit, 1)
