# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""oom_score_adj of the units of users: their managers and their files, which may fail, differ or be gone."""

import json
import os
import pathlib
import pwd
import tempfile
import types

from ansible_collections.memfacts.linux.plugins.module_utils.memcore.errors import MemfactsError
from ansible_collections.memfacts.linux.plugins.module_utils.setters import as_user, unit_properties
from ansible_collections.memfacts.linux.plugins.module_utils.setters.adj import drop_in_text, release_1, target
from tests.live import adj
from tests.live.made_up_unit import NAME, OWN, kept
from tests.live.users import NOBODY

pytestmark = adj.MARKS


class Manager:
    """A user's manager that has read the drop-in, or that refuses one of its commands."""

    adj = 100

    def __init__(self, user, value, refuses=None):
        self.user = user
        self._value = value
        self._refuses = refuses

    def show(self, unit):
        self._answer("show")
        return unit_properties.Unit(unit, "loaded", "active", None, None, self._value, (), None, ())

    def reload(self):
        self._answer("daemon-reload")

    def default_adj(self):
        return None

    def _answer(self, verb):
        if verb == self._refuses:
            raise MemfactsError(f"systemctl {verb} failed (made up)")


def test_failing_or_differing_user_manager_is_listed(unit, monkeypatch):
    names = ("root", "daemon", "bin")
    users = [pwd.getpwnam(name) for name in names]
    managers = [Manager(users[0], 300), Manager(users[1], 300, "daemon-reload"), Manager(users[2], 7)]
    monkeypatch.setattr(target, "_managers", lambda module, processes: managers)
    result = unit.task(scope="user", value=300)
    rows = {row["user"]: row["error"] for row in result["users"]}
    assert set(rows) == {"daemon", "bin"}
    assert "daemon-reload failed" in rows["daemon"] and "systemd shows 7" in rows["bin"]
    path = drop_in_text.path(drop_in_text.USERS_FOLDER, NAME)
    assert result["drop_in"] == path and os.path.exists(path)
    undone = unit.run(state="absent")
    assert [row["user"] for row in undone["entries"][0]["users"]] == ["daemon"]
    assert not os.path.exists(drop_in_text.USERS_FOLDER) and not os.path.exists(adj.RECORD)


def test_the_drop_in_of_a_user_is_undone_by_the_record(unit, monkeypatch):
    with tempfile.TemporaryDirectory(dir="/tmp") as home:
        user = types.SimpleNamespace(
            pw_name=NOBODY.pw_name, pw_uid=NOBODY.pw_uid, pw_gid=NOBODY.pw_gid, pw_dir=os.path.realpath(home)
        )
        known = pwd.getpwnam
        monkeypatch.setattr(pwd, "getpwnam", lambda name: user if name == user.pw_name else known(name))
        folder = pathlib.Path(user.pw_dir, drop_in_text.HOME_FOLDER)
        folder.mkdir(parents=True)
        (folder / NAME).write_text("[Service]\n")
        for path in (folder, *folder.parents):
            if str(path).startswith(user.pw_dir):
                os.chown(path, user.pw_uid, user.pw_gid)
        before = sorted(path for path in folder.rglob("*"))
        unit.task(scope="user", user=user.pw_name, value=300)
        (row,) = unit.run(state="listed")["record"]["drop_ins"]
        assert (row["user"], row["as_written"], row["value"]) == (user.pw_name, True, 300)
        assert os.stat(row["path"]).st_uid == user.pw_uid
        assert unit.run(state="absent")["changed"]
        assert sorted(path for path in folder.rglob("*")) == before
    assert not os.path.exists(adj.RECORD)


def test_hanging_user_files_do_not_stop_undo_of_others(unit, main, monkeypatch):
    def stubborn(user, function, *arguments):
        if user is not None:
            raise MemfactsError(f"the files of user {user.pw_name} did not answer")
        return function(*arguments)

    unit.task(value=300)
    monkeypatch.setattr(release_1, "_homes", lambda: [("/home/x/.config/systemd/user", NOBODY)])
    monkeypatch.setattr(as_user, "call", stubborn)
    assert "did not answer" in kept(unit.run(state="absent"))["/home/x/.config/systemd/user"]
    assert not unit.drop_in.exists() and adj.of(main) == OWN and not os.path.exists(adj.RECORD)


def test_drop_in_of_removed_user_is_named(unit, main, tmp_path):
    unit.task(value=300)
    home = tmp_path / "gone"
    path = pathlib.Path(drop_in_text.path(str(home / drop_in_text.HOME_FOLDER), NAME))
    path.parent.mkdir(parents=True)
    path.write_text("text")
    content = json.loads(adj.record_text())
    row = {"path": str(path), "sha256": "0" * 64, "before": None, "folders": [], "owner": "nobody-of-this-name"}
    content["files"].append({"written": row, "value": 3})
    pathlib.Path(adj.RECORD).write_text(json.dumps(content))
    result = unit.run(state="absent")
    assert "user 'nobody-of-this-name'" in kept(result)[str(path)]
    assert path.exists() and not unit.drop_in.exists() and adj.of(main) == OWN
    path.unlink()
    assert unit.run(state="absent")["kept"] == []
    assert not os.path.exists(adj.RECORD)
