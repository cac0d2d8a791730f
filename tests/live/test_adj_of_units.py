# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""oom_score_adj of units: processes, cgroups and files are real, and only what systemctl answers is made up."""

import json
import os
import pathlib
import pwd
import random
import re
import signal
import subprocess
import tempfile
import time
import types

import pytest

from ansible_collections.memfacts.linux.plugins.module_utils.memcore.errors import MemfactsError
from ansible_collections.memfacts.linux.plugins.module_utils.setters import as_user, systemd, unit_properties
from ansible_collections.memfacts.linux.plugins.module_utils.setters.adj import drop_in_text, release_1, target, task
from tests.live import adj
from tests.live.adj import running
from tests.live.users import NOBODY

pytestmark = adj.MARKS
NAME = "adj-test.service"
OWN = 100  # what the unit's own file says
DEFAULTS = dict.fromkeys(["pid", "name", "pattern", "user", "unit", "cgroup", "container", "value"])
DEFAULTS.update(scope="system", children=False, allow_unkillable=False, persist="auto", missing="fail")


class Unit:
    """Runs tasks on one unit that is made up.

    warnings are those of the last task; commands what systemctl was asked in it; refuses: a command that fails.
    Its files are read at daemon-reload, as systemd's are.
    """

    def __init__(self, folder):
        self.folder = folder
        self.main_pid = 0
        self.fragment = folder / NAME
        self.fragment.write_text(f"[Service]\nOOMScoreAdjust={OWN}\n")
        self.drop_in = pathlib.Path(drop_in_text.path(str(folder), NAME))
        self.warnings = []
        self.commands = []
        self.refuses = None
        self.move = os.rename
        self._read = []

    def task(self, check=False, **options):
        """The result of a task on the unit."""
        return self.run(check, **dict({"unit": NAME}, **options))

    def run(self, check=False, **options):
        """The result of a task."""
        self.warnings, self.commands = [], []
        params = dict(DEFAULTS, entries=None, state="present", lock_timeout=60, unsafe_writes=False)
        module = types.SimpleNamespace(
            params=dict(params, **options),
            check_mode=check,
            tmpdir=str(self.folder.parent),
            warn=self.warnings.append,
            add_cleanup_file=lambda path: None,
            atomic_move=lambda source, target, **dummy: self.move(source, target),
            get_bin_path=lambda name, **dummy: name,
            run_command=lambda command, **dummy: self._answer(command),
        )
        return task.run(module)

    def files(self):
        """{path: text} of all that is in the unit's folders."""
        return {str(path): path.read_text() if path.is_file() else None for path in self.folder.rglob("*")}

    def run_reload(self):
        """What systemd does at daemon-reload."""
        folders = (NAME + ".d", "service.d")
        found = [path for folder in folders for path in self.folder.glob(folder + "/*.conf")]
        self._read = sorted(found, key=lambda path: path.name)

    def _answer(self, command):
        verb = "show" if "show" in command else command[-1]
        self.commands.append(verb)
        if verb == self.refuses:
            return 1, "", "made up refusal"
        if verb == "daemon-reload":
            self.run_reload()
        if verb != "show":
            return 0, "", ""
        value = OWN
        for path in self._read:
            said = re.search("Adjust=(.*)", path.read_text()) if path.is_file() else None
            value = int(said.group(1)) if said else value
        return (
            0,
            f"Id={NAME}\nLoadState=loaded\nActiveState=active\nControlGroup=/system.slice/{NAME}\nMainPID="
            f"{self.main_pid}\nOOMScoreAdjust={value}\nDropInPaths={' '.join(map(str, self._read))}\n"
            f"FragmentPath={self.fragment}\n",
            "",
        )


@pytest.fixture
def unit(tmp_path, monkeypatch):
    monkeypatch.setattr(systemd, "is_running", lambda: True)
    monkeypatch.setattr(drop_in_text, "SYSTEM_FOLDER", str(tmp_path / "system"))
    monkeypatch.setattr(drop_in_text, "USERS_FOLDER", str(tmp_path / "user"))
    (tmp_path / "system").mkdir()
    return Unit(tmp_path / "system")


def start(pid, value):
    """As systemd starts a process with its unit's value."""
    pathlib.Path(f"/proc/{pid}/oom_score_adj").write_text(str(value))


@pytest.mark.parametrize("persist", ["auto", "none"])
def test_process_restarted_with_drop_in_gets_unit_value_back(unit, program, persist):
    with running(program, "600") as first, adj.cgroup(f"system.slice/{NAME}", first):
        start(first, OWN)
        assert adj.changes(unit.task(value=300)) == {first: (OWN, 300)}
    with running(program, "600") as second, adj.cgroup(f"system.slice/{NAME}", second):
        start(second, 300)
        assert adj.changes(unit.task(value=500, persist=persist)) == {second: (300, 500)}
        assert adj.changes(unit.task(state="absent")) == {second: (500, OWN)}
        assert not unit.drop_in.exists()


def test_an_orphan_with_its_own_value_is_left_alone(unit, program):
    with running(program, "600") as main, running(program, "601") as orphan:
        with adj.cgroup(f"system.slice/{NAME}", main):
            adj.join(adj.home_of(main), orphan)
            try:
                start(main, OWN)
                start(orphan, 700)
                unit.main_pid = main
                result = unit.task(value=300)
                assert adj.changes(result) == {main: (OWN, 300)}
                assert [row["pid"] for row in result["left_out"]] == [orphan]
            finally:
                adj.join(adj.home_of(os.getpid()), orphan)


def test_unit_without_processes_gives_a_warning(unit, program):
    unit.task(value=300)
    assert [text for text in unit.warnings if f"{NAME} is active but runs no process of its own" in text]
    with running(program, "600") as main, adj.cgroup(f"system.slice/{NAME}", main):
        unit.task(value=300)
        assert unit.warnings == []


@pytest.fixture
def main(unit, program):
    """The unit's main process."""
    with running(program, "600") as pid, adj.cgroup(f"system.slice/{NAME}", pid):
        start(pid, OWN)
        yield pid


def kept(result):
    return {row["what"]: row["reason"] for row in result["kept"]}


def test_listed_record_has_all_that_an_undo_needs(unit, main):
    unit.task(value=300)
    record = unit.run(state="listed")["record"]
    assert record["drop_ins"] == [
        {
            "path": str(unit.drop_in),
            "unit": NAME,
            "user": None,
            "value": 300,
            "folders": [str(unit.drop_in.parent)],
            "as_written": True,
        }
    ]
    (process,) = record["processes"]
    assert (process["pid"], process["comm"], process["before"]) == (main, adj.NAME, OWN)
    assert (process["set"], process["now"]) == (300, 300)


def test_the_whole_record_is_undone_in_one_run(unit, main, program):
    before = unit.files()
    with running(program, "601") as other:
        unit.run(entries=[dict(DEFAULTS, unit=NAME, value=300), dict(DEFAULTS, pid=other, value=7)])
        assert unit.commands.count("daemon-reload") == 1
        predicted = unit.run(check=True, state="absent")
        assert (adj.of(main), adj.of(other), unit.drop_in.exists()) == (300, 7, True)
        undone = unit.run(state="absent")
        assert (undone["changed"], undone["kept"]) == (True, [])
        assert (predicted["changed"], predicted["diff"]) == (True, undone["diff"])
        assert (adj.of(main), adj.of(other)) == (OWN, 0)
    assert unit.files() == before
    assert not os.path.exists(os.path.dirname(adj.RECORD))
    again = unit.run(state="absent")
    assert (again["changed"], again["diff"][0]["before"]) == (False, "")


def test_undo_with_unremovable_drop_in_restores_the_rest(unit, main):
    unit.task(value=300)
    folder = str(unit.drop_in.parent)
    subprocess.check_call(["mount", "--bind", folder, folder])
    try:
        subprocess.check_call(["mount", "-o", "remount,bind,ro", folder])
        with pytest.raises(task.NotUndone) as error:
            unit.run(state="absent")
    finally:
        subprocess.check_call(["umount", folder])
    assert f"{unit.drop_in} cannot be written: {folder} is read-only" in str(error.value)
    assert list(kept(error.value.result)) == [str(unit.drop_in)]
    assert adj.of(main) == OWN and unit.drop_in.exists()
    assert unit.run(state="absent")["kept"] == []
    assert not unit.drop_in.exists() and not os.path.exists(adj.RECORD)


def test_undo_restores_unit_value_after_somebody_removed_the_drop_in(unit, program):
    with running(program, "600") as first, adj.cgroup(f"system.slice/{NAME}", first):
        unit.task(value=300)
    unit.drop_in.unlink()
    with running(program, "600") as second, adj.cgroup(f"system.slice/{NAME}", second):
        start(second, 300)
        unit.run(state="absent")
        assert adj.of(second) == OWN


MINE = "[Service]\nOOMScoreAdjust=7\nNice=3\n"


def test_foreign_file_at_our_path_is_kept_and_named(unit, main):
    unit.drop_in.parent.mkdir()
    unit.drop_in.write_text(MINE)
    with pytest.raises(MemfactsError, match="somebody else wrote or changed it; move it away"):
        unit.task(value=300)
    assert adj.of(main) == OWN and not os.path.exists(adj.RECORD)
    for options in ({"unit": NAME, "state": "absent"}, {"unit": NAME, "value": OWN, "persist": "none"}):
        result = unit.run(**options)
        assert not result["changed"] and "somebody else wrote or changed it" in kept(result)[str(unit.drop_in)]
    assert unit.drop_in.read_text() == MINE


@pytest.mark.parametrize("how", ["whole", "unit"])
@pytest.mark.parametrize("lines", ["Nice=3\n", "", "OOMScoreAdjust=301\n"], ids=["added", "emptied", "other-value"])
def test_our_file_with_foreign_lines_is_kept_and_named(unit, main, how, lines):
    unit.task(value=300)
    unit.drop_in.write_text(unit.drop_in.read_text() + lines if lines else "")
    text = unit.drop_in.read_text()
    result = unit.run(state="absent") if how == "whole" else unit.task(state="absent")
    assert str(unit.drop_in) in kept(result)
    assert unit.drop_in.read_text() == text
    assert adj.of(main) == OWN
    # From then on it is somebody else's, and nothing is left to take back.
    assert not os.path.exists(adj.RECORD)


def test_existing_empty_folder_is_kept(unit, main):
    unit.drop_in.parent.mkdir()
    before = unit.files()
    unit.task(value=300)
    unit.task(value=400)
    unit.run(state="absent")
    assert unit.files() == before


def test_a_drop_in_behind_a_symbolic_link_is_taken_back(unit, main, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    unit.drop_in.parent.symlink_to(tmp_path / "elsewhere")
    unit.task(value=300)
    assert os.listdir(tmp_path / "elsewhere") == [drop_in_text.NAME]
    unit.run(state="absent")
    assert os.listdir(tmp_path / "elsewhere") == [] and unit.drop_in.parent.is_symlink()


def test_persist_none_takes_back_an_earlier_drop_in(unit, main):
    unit.task(value=300)
    result = unit.task(value=400, persist="none")
    assert (result["reloaded"], result["persistence"]["method"]) == (True, "none")
    assert not unit.drop_in.parent.exists() and adj.of(main) == 400
    unit.run(state="absent")
    assert adj.of(main) == OWN


def full(source, target):
    raise Exception(f"Could not replace file: {source} to {target}: [Errno 28] No space left on device")


@pytest.mark.parametrize("trouble", ["full-disk", "daemon-reload", "unread-override", "unread-of-all", "unreadable"])
@pytest.mark.parametrize("earlier", [None, 300], ids=["new", "replaced"])
def test_a_drop_in_that_fails_late_leaves_nothing_changed(unit, main, trouble, earlier):
    if earlier is not None:
        unit.task(value=earlier)
    if trouble == "full-disk":
        unit.move = lambda source, target: full(source, target) if "90-mem" in target else os.rename(source, target)
    elif trouble == "daemon-reload":
        unit.refuses = trouble
    else:
        folder = unit.folder / "service.d" if trouble == "unread-of-all" else unit.drop_in.parent
        override = folder / "override.conf"
        override.parent.mkdir(exist_ok=True)
        override.write_text("[Service]\nOOMScoreAdjust=9\n")
        if trouble == "unreadable":
            unit.run_reload()
            override.unlink()
            override.mkdir()
    before = (unit.files(), adj.of(main), adj.record_text())
    with pytest.raises(MemfactsError) as caught:
        unit.task(value=500)
    assert (unit.files(), adj.of(main), adj.record_text()) == before
    assert "\n" not in str(caught.value)
    if trouble == "daemon-reload":
        assert "these could not be restored: systemctl daemon-reload failed" in str(caught.value)
    elif trouble == "unreadable":
        assert "override.conf is not a regular file" in str(caught.value)
    elif trouble == "unread-override":
        assert "override.conf sets OOMScoreAdjust after" in str(caught.value)
    else:
        assert str(caught.value).endswith("all old values were restored.")


def test_contradicting_entries_are_refused(unit, main, program):
    pairs = [
        ({"unit": NAME, "value": 300}, {"pid": main, "value": 7}, "'unit adj-test.service' sets process"),
        ({"unit": NAME, "value": 300}, {"unit": NAME, "value": 7, "persist": "none"}, "one entry gives"),
        ({"unit": NAME, "value": 300}, {"name": program, "value": 7}, "sets it to 7"),
    ]
    for first, second, said in pairs:
        with pytest.raises(MemfactsError, match=said):
            unit.run(entries=[dict(DEFAULTS, **first), dict(DEFAULTS, **second)])
    assert adj.of(main) == OWN and not unit.drop_in.exists() and not os.path.exists(adj.RECORD)


def test_what_release_0_1_0_has_written_is_undone(unit, main, tmp_path):
    # The record and the drop-in are as that release wrote them; the second drop-in is in a folder that was there.
    unit.task(value=300)
    (process,) = unit.run(state="listed")["record"]["processes"]
    row = {key: process[key] for key in ("pid", "starttime", "before", "set")}
    content = {"version": 1, "boot_id": adj.boot_id(), "folders": [str(unit.drop_in.parent)], "processes": [row]}
    pathlib.Path(adj.RECORD).write_text(json.dumps(content))
    other = pathlib.Path(drop_in_text.path(str(unit.folder), "other.service"))
    foreign = pathlib.Path(drop_in_text.path(str(unit.folder), "foreign.service"))
    for path in (other, foreign):
        path.parent.mkdir()
    other.write_text(drop_in_text.text("other.service", -5))
    foreign.write_text(drop_in_text.text("foreign.service", -5) + "Nice=3\n")
    paths = [row["path"] for row in unit.run(state="listed")["record"]["drop_ins"]]
    assert paths == [str(unit.drop_in), str(other)]
    unit.run(state="absent")
    assert adj.of(main) == OWN and not os.path.exists(adj.RECORD)
    assert not unit.drop_in.parent.exists()
    assert other.parent.exists() and not other.exists() and foreign.exists()


def test_an_undo_that_was_killed_is_completed_by_the_next(unit, main):
    before = unit.files()
    unit.task(value=300)
    unit.drop_in.unlink()
    unit.drop_in.parent.rmdir()
    unit.run(state="absent")
    assert unit.files() == before and adj.of(main) == OWN and not os.path.exists(adj.RECORD)


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


@pytest.mark.slow
def test_killed_at_100_moments_leaves_whole_files_and_undo_works(unit, main, program):
    chance = random.Random(17)
    before = unit.files()
    crowd = [subprocess.Popen([program, "600"]) for dummy in range(20)]
    entries = [dict(DEFAULTS, unit=NAME, value=300), dict(DEFAULTS, pattern=f"^{program}$", value=300)]
    more = [dict(entry, value=500) for entry in entries]
    steps = [{"entries": entries}, {"entries": more}, {"state": "absent"}]
    try:
        pids = [main, *(child.pid for child in crowd)]
        adj.wait_for(lambda: all(os.readlink(f"/proc/{pid}/exe") == program for pid in pids))
        whole = [seconds_of(unit, step) for step in steps]
        killed = 0
        for number in range(100):
            for step in steps[: number % 3]:
                unit.run(**step)
            killed += is_killed(unit, steps[number % 3], chance.uniform(0, whole[number % 3]))
            texts = [unit.drop_in.read_text()] if unit.drop_in.exists() else []
            assert all(drop_in_text.is_made(str(unit.drop_in), text) for text in texts)
            assert adj.record_text() is None or json.loads(adj.record_text())["version"] == 2
            assert {adj.of(pid) for pid in pids} <= {0, OWN, 300, 500}
            unit.run(state="absent")
            assert (adj.of(main), {adj.of(pid) for pid in pids[1:]}) == (OWN, {0})
            assert unit.files() == before and adj.record_text() is None
        assert killed > 50
    finally:
        for child in crowd:
            child.kill()
            child.wait()


def seconds_of(unit, step):
    """How long a run takes."""
    begin = time.monotonic()
    unit.run(**step)
    return time.monotonic() - begin


def is_killed(unit, step, seconds):
    """Let a run begin in a child and kill it after so many seconds; whether it was still running."""
    child = os.fork()
    if child == 0:
        try:
            unit.run(**step)
        finally:
            os._exit(0)
    time.sleep(seconds)
    os.kill(child, signal.SIGKILL)
    return os.WIFSIGNALED(os.waitpid(child, 0)[1])
