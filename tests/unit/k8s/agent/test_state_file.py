# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The state on disk: whole or not at all, and one agent a folder."""

import errno
import json
import os
import signal
import subprocess
import sys

import pytest

from memcore.errors import OptionError
from oomwatch.agent import state_file
from oomwatch.agent.state_file import Lock, StateFile


@pytest.fixture
def folder(tmp_path):
    return str(tmp_path / "state")


def failing(monkeypatch, name, number):
    """Let a function of os fail as the kernel makes it fail."""

    def fail(*_arguments, **_more):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(state_file.os, name, fail)


def test_what_is_saved_is_loaded(folder):
    state = {"boot": "b", "counters": [1, 2.5, None, "größe", "\udcff"]}
    assert StateFile(folder, "state.json").save(state) is True
    found = StateFile(folder, "state.json")
    assert (found.load(), found.trouble) == (state, None)
    assert os.stat(folder).st_mode & 0o777 == 0o700
    assert os.stat(os.path.join(folder, "state.json")).st_mode & 0o777 == 0o600


def test_no_state_is_no_trouble(folder):
    found = StateFile(folder, "state.json")
    assert (found.load(), found.trouble) == (None, None)
    assert not os.path.exists(folder)


def test_folder_does_not_grow(folder):
    found = StateFile(folder, "state.json")
    for number in range(5):
        found.save({"number": number})
    assert sorted(os.listdir(folder)) == ["state.json", "state.json.before"]


@pytest.mark.parametrize("content", [b"", b'{"a": ', b"[1]", b"\xff\xfe", b"[" * 100000, b"null", b'{"a": \0}'])
def test_damaged_state_is_set_aside_and_the_one_before_is_used(folder, content):
    found = StateFile(folder, "state.json")
    path = os.path.join(folder, "state.json")
    found.save({"number": 1})
    found.save({"number": 2})
    with open(path, "wb") as stream:
        stream.write(content)
    assert found.load() == {"number": 1}
    assert found.trouble == (
        f"The state in {path} is damaged; it is set aside as {path}.damaged; the state before it is used"
    )
    with open(path + ".damaged", "rb") as stream:
        assert stream.read() == content
    assert found.save({"number": 3}) and found.trouble is None
    assert found.load() == {"number": 3}


def test_damaged_states_take_the_place_of_one(folder):
    found = StateFile(folder, "state.json")
    for number in range(3):
        found.save({"number": number})
        for name in ("state.json", "state.json.before"):
            with open(os.path.join(folder, name), "wb") as stream:
                stream.write(b"damaged %d" % number)
        assert found.load() is None
        assert found.trouble.startswith("The state in ")
    assert os.listdir(folder) == ["state.json.damaged"]


def test_state_that_is_too_large_is_neither_saved_nor_loaded(folder, monkeypatch):
    monkeypatch.setattr(state_file, "MOST_BYTES", 50)
    found = StateFile(folder, "state.json")
    found.save({"number": 1})
    assert found.save({"text": "x" * 50}) is False
    assert found.trouble == "The state is not saved, because it has 61 bytes and the limit is 50"
    assert found.load() == {"number": 1}
    with open(os.path.join(folder, "state.json"), "w") as stream:
        json.dump({"text": "x" * 50}, stream)
    assert found.load() is None
    assert "is damaged" in found.trouble


@pytest.mark.parametrize("make", [os.mkdir, os.mkfifo])
def test_what_is_no_file_is_set_aside(folder, make):
    os.mkdir(folder)
    make(os.path.join(folder, "state.json"))
    found = StateFile(folder, "state.json")
    assert found.load() is None
    assert "is damaged; it is set aside" in found.trouble
    assert found.save({"number": 1}) is True


@pytest.mark.parametrize(
    "number, words",
    [
        (errno.ENOSPC, "no space left on device; free space on that file system"),
        (errno.EROFS, "read-only file system; give a state_dir that can be written"),
        (errno.EIO, "input/output error"),
    ],
)
@pytest.mark.parametrize("name", ["open", "replace"])
def test_disk_that_takes_nothing_is_one_sentence_and_the_old_state_stays(folder, monkeypatch, number, words, name):
    found = StateFile(folder, "state.json")
    found.save({"number": 1})
    with monkeypatch.context() as broken:
        failing(broken, name, number)
        assert found.save({"number": 2}) is False
    assert found.trouble == f"Cannot save the state in {folder}/state.json: {words}"
    assert found.load() == {"number": 1}
    assert found.save({"number": 3}) is True
    assert (found.load(), found.trouble) == ({"number": 3}, None)
    assert not os.path.exists(os.path.join(folder, "state.json.new"))


def test_folder_that_is_a_file(tmp_path):
    (tmp_path / "state").write_text("x")
    found = StateFile(str(tmp_path / "state"), "state.json")
    assert found.save({}) is False
    assert found.trouble.endswith("; give a state_dir that is a folder")
    lock = Lock(str(tmp_path / "state"))
    assert lock.trouble.endswith("; give a state_dir that is a folder")


def test_file_that_cannot_be_read_is_not_set_aside(folder, monkeypatch):
    found = StateFile(folder, "state.json")
    found.save({"number": 1})
    with monkeypatch.context() as broken:
        failing(broken, "open", errno.EACCES)
        assert found.load() is None
    assert found.trouble == (
        f"Cannot read the state in {folder}/state.json: permission denied; give a state_dir that this user can write"
    )
    assert found.load() == {"number": 1}


_SAVE_FOR_EVER = """
import sys
from oomwatch.agent.state_file import StateFile
found = StateFile(sys.argv[1], "state.json")
number = 0
while True:
    number += 1
    assert found.save({"number": number, "padding": "x" * 20000})
    sys.stdout.write(f"{number}\\n")
    sys.stdout.flush()
"""


def test_kill_at_any_moment_leaves_the_newest_state(folder):
    path = os.pathsep.join(sys.path)
    for numbers_before_the_kill in (1, 2, 7, 20, 60):
        writer = subprocess.Popen(
            [sys.executable, "-c", _SAVE_FOR_EVER, folder],
            stdout=subprocess.PIPE,
            env=dict(os.environ, PYTHONPATH=path),
            text=True,
        )
        with writer:
            for _number in range(numbers_before_the_kill):
                writer.stdout.readline()
            writer.send_signal(signal.SIGKILL)
            saved = numbers_before_the_kill + len(writer.stdout.read().split())
        found = StateFile(folder, "state.json")
        # The next state may have been saved before its number was printed.
        assert found.load()["number"] in (saved, saved + 1)
        assert found.trouble is None


def test_second_agent_on_a_folder_is_refused(folder):
    first = Lock(folder)
    assert first.trouble is None
    with pytest.raises(OptionError) as caught:
        Lock(folder)
    assert str(caught.value) == (
        f"state_dir is {folder}, which another oomwatch uses; stop that one, or give another folder"
    )
    first.close()
    Lock(folder).close()


def test_lock_ends_with_its_process(folder):
    code = (
        "import os, sys; from oomwatch.agent.state_file import Lock; lock = Lock(sys.argv[1]); os.kill(os.getpid(), 9)"
    )
    path = os.pathsep.join(sys.path)
    done = subprocess.run([sys.executable, "-c", code, folder], env=dict(os.environ, PYTHONPATH=path), check=False)
    assert done.returncode == -signal.SIGKILL
    Lock(folder).close()


def test_folder_that_cannot_be_locked_is_trouble_and_no_end(folder, monkeypatch):
    failing(monkeypatch, "open", errno.EROFS)
    lock = Lock(folder)
    assert lock.trouble == (
        f"Cannot lock the state folder {folder}: read-only file system; give a state_dir that can be written"
    )
    lock.close()
