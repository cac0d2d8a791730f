# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Drop-ins of oom_score_adj for made-up units: what is written, what of others is kept, and what a failure leaves."""

import json
import os
import pathlib
import subprocess

import pytest

from ansible_collections.memfacts.linux.plugins.module_utils.memcore.errors import MemfactsError
from ansible_collections.memfacts.linux.plugins.module_utils.setters.adj import drop_in_text, task
from tests.live import adj
from tests.live.made_up_unit import NAME, OWN, kept

pytestmark = adj.MARKS


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


@pytest.mark.parametrize("how", ["whole", "unit"])
@pytest.mark.parametrize("came_to_the_folder", [False, True])
def test_an_undo_that_was_killed_is_completed_by_the_next(unit, main, how, came_to_the_folder):
    before = unit.files()
    unit.task(value=300)
    unit.drop_in.unlink()
    if came_to_the_folder:
        unit.drop_in.parent.rmdir()
    unit.run(state="absent", **({} if how == "whole" else {"unit": NAME}))
    assert unit.files() == before and adj.of(main) == OWN and not os.path.exists(adj.RECORD)
