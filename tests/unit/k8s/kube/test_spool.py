# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The spool: its order, its bounds, and what is left of it after a kill or on a bad disk."""

import errno
import json
import os

import hypothesis
import hypothesis.strategies as st
import pytest

from oomwatch.kube import spool as module
from oomwatch.kube import spool_file
from oomwatch.kube.spool import Spool
from tests.unit.k8s.kube.fake_server import Tallies

NOTE = {"object": {"note": "x" * 1000}, "at": 1}


def filled(folder, tallies, count=3):
    one = Spool(str(folder), tallies)
    for number in range(count):
        one.put(f"shop/{number}", "kill", {"at": number, "object": {"n": number}})
    return one


@pytest.mark.parametrize("on_disk", [True, False])
def test_order_and_ends(tmp_path, tallies, on_disk):
    spool = Spool(str(tmp_path) if on_disk else None, tallies)
    for number in range(3):
        assert spool.put(f"shop/{number}", "kill", {"at": number, "object": {"n": number}})
    assert spool.names() == ["shop/0", "shop/1", "shop/2"]
    assert tallies.value("oomwatch_spool_length") == 3
    spool.done("shop/1")
    spool.done("shop/1")
    spool.put("shop/0", "kill", {"at": 9, "object": {"n": "new"}})  # replaced, and the last now
    assert spool.names() == ["shop/2", "shop/0"]
    assert spool.record("shop/0")["object"] == {"n": "new"} and spool.record("shop/1") is None
    assert "shop/1" not in spool and spool.has_seen("shop/1") and not spool.has_seen("shop/7")
    assert list(os.listdir(tmp_path)) == (["spool"] if on_disk else [])


def test_another_process_goes_on(tmp_path, tallies):
    filled(tmp_path, tallies).done("shop/0")
    again = Spool(str(tmp_path), tallies)
    assert again.names() == ["shop/1", "shop/2"] and again.has_seen("shop/0")
    assert again.record("shop/2") == {"at": 2, "object": {"n": 2}, "name": "shop/2", "kind": "kill", "of": "shop/2"}
    assert again.damaged == 0
    assert os.stat(tmp_path / "spool").st_mode & 0o777 == 0o600


@pytest.mark.parametrize("cut", range(1, 62, 6))
def test_last_line_that_was_cut_is_dropped_and_the_next_one_is_whole(tmp_path, tallies, cut):
    filled(tmp_path, tallies).close()
    text = (tmp_path / "spool").read_bytes()
    (tmp_path / "spool").write_bytes(text[:-cut])
    assert Spool(str(tmp_path), tallies).names() == ["shop/0", "shop/1"]
    Spool(str(tmp_path), tallies).put("shop/3", "kill", {"at": 3, "object": {}})
    assert Spool(str(tmp_path), tallies).names()[-2:] == (["shop/2", "shop/3"] if cut == 1 else ["shop/1", "shop/3"])


def test_damaged_lines_are_counted_and_skipped(tmp_path, tallies):
    filled(tmp_path, tallies).close()
    bad = [b"\x00\xff", b"[]", b"7", b"{}", b'{"done":[]}', b'{"seen":[1]}', b'{"name":[],"kind":"kill"}', b"[" * 5000]
    bad += [b'{"name":"a","kind":"kill","of":"a","object":{},"weight":"x"}', b'{"name":"a","kind":"other","object":{}}']
    with open(tmp_path / "spool", "ab") as file:
        file.write(b"\n".join(bad) + b"\n")
    spool = Spool(str(tmp_path), tallies)
    assert spool.names() == ["shop/0", "shop/1", "shop/2"] and spool.damaged == len(bad)


def test_findings_are_dropped_before_kills_and_old_ones_first(tallies):
    spool = Spool(None, tallies, most_bytes=5000)  # an entry costs 1,273 bytes and more
    spool.put("n/kill-1", "kill", NOTE)
    spool.put("n/finding-1", "finding", NOTE)
    spool.put("n/finding-2", "finding", NOTE)
    spool.put("n/kill-2", "kill", NOTE)
    assert spool.names() == ["n/kill-1", "n/finding-2", "n/kill-2"]
    spool.put("n/kill-3", "kill", NOTE)
    spool.put("n/kill-4", "kill", dict(NOTE, weight=7))
    assert spool.names() == ["n/kill-2", "n/kill-3", "n/kill-4"]
    spool.put("n/finding-3", "finding", NOTE)
    assert spool.names() == ["n/kill-2", "n/kill-3", "n/kill-4"], "a finding does not drive out a kill"
    for number in range(5, 8):
        spool.put(f"n/kill-{number}", "kill", NOTE)
    assert tallies.value("oomwatch_spool_dropped_total", kind="finding") == 3
    assert tallies.value("oomwatch_spool_dropped_total", kind="kill") == 3 + 7, "a series weighs what it counts"


def test_entry_that_is_too_large_is_dropped(tallies):
    spool = Spool(None, tallies)
    assert not spool.put("n/a", "kill", {"at": 1, "object": {"note": "x" * 70000}})
    assert len(spool) == 0 and tallies.value("oomwatch_spool_dropped_total", kind="kill") == 1


OPERATIONS = st.lists(
    st.tuples(
        st.sampled_from(["put", "put", "put", "done", "drop", "tidy", "restart"]),
        st.integers(0, 12),
        st.sampled_from(["kill", "finding"]),
        st.integers(0, 1500),
    ),
    max_size=40,
)


@hypothesis.settings(max_examples=15)
@hypothesis.given(OPERATIONS)
def test_bound_holds_and_nothing_is_lost_uncounted(tmp_path_factory, operations):
    """Whatever is done in whatever order, entries are kept, ended, replaced or counted as dropped."""
    folder, tallies, most = tmp_path_factory.mktemp("spool"), Tallies(), 6000
    spool, expected, ended = Spool(str(folder), tallies, most), set(), 0
    for what, number, kind, size in operations:
        name = f"n/{number}"
        before = set(spool.names())
        if what == "put":
            spool.put(name, kind, {"at": 1, "object": {"x": "x" * size}})
            expected = before | {name}
        elif what == "restart":
            spool.close()
            spool = Spool(str(folder), tallies, most)
            assert set(spool.names()) == before
        elif what == "tidy":
            spool._tried = -1e9
            spool._file.trouble = "as if the disk had been full"
            spool.tidy()
            assert spool.trouble is None
        else:
            getattr(spool, what)(name)
            expected = before - {name}
        if what == "put":
            dropped = len(expected) - len(spool)
            ended += dropped
        elif what == "drop":
            ended += name in before
        assert spool.bytes <= most
        counted = sum(tallies.value("oomwatch_spool_dropped_total", kind=kind) for kind in ("kill", "finding"))
        assert counted == ended
        assert set(Spool(str(folder), Tallies(), most).names()) == set(spool.names()), "the file says the same"
    spool.close()


def test_file_is_written_anew_when_most_of_it_is_done(tmp_path, tallies, monkeypatch):
    monkeypatch.setattr(module, "_SLACK", 2000)
    spool = filled(tmp_path, tallies)
    for number in range(100):
        spool.put(f"n/{number}", "kill", NOTE)
        spool.done(f"n/{number}")
        spool.tidy()
        assert (tmp_path / "spool").stat().st_size < 12000
    again = Spool(str(tmp_path), tallies)
    assert again.names() == ["shop/0", "shop/1", "shop/2"] and again.has_seen("n/5")


def test_entries_that_come_while_the_file_is_written_anew_are_in_it(tmp_path, tallies, monkeypatch):
    spool = filled(tmp_path, tallies)
    write = spool_file.SpoolFile.write

    def busy(self, lines):
        spool.put("late/1", "kill", {"at": 1, "object": {}})
        spool.done("shop/0")
        descriptor = write(self, lines)
        spool.put("late/2", "kill", {"at": 1, "object": {}})
        return descriptor

    monkeypatch.setattr(spool_file.SpoolFile, "write", busy)
    monkeypatch.setattr(module, "_SLACK", -100000)
    spool.tidy()
    spool.put("late/3", "kill", {"at": 1, "object": {}})
    assert Spool(str(tmp_path), tallies).names() == ["shop/1", "shop/2", "late/1", "late/2", "late/3"]


def test_full_disk_says_so_and_catches_up(tmp_path, tallies, monkeypatch):
    """The disk takes half of a line and then nothing, as a full one does."""
    spool = filled(tmp_path, tallies, 1)
    real, is_full = os.write, True

    def write(descriptor, text):
        if is_full and len(text) > 20:
            return real(descriptor, text[:20])
        if is_full:
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(descriptor, text)

    monkeypatch.setattr(spool_file.os, "write", write)
    for number in range(1, 4):
        spool.put(f"shop/{number}", "kill", {"at": 1, "object": {"note": "x" * 10}})
    spool.tidy()
    assert "No space left on device" in spool.trouble and str(tmp_path) in spool.trouble
    assert spool.names() == [f"shop/{number}" for number in range(4)]
    is_full = False
    spool.put("shop/4", "kill", {"at": 1, "object": {}})
    assert spool.trouble is not None, "what the disk refused is not there yet"
    assert Spool(str(tmp_path), tallies).names() == ["shop/0", "shop/4"]
    spool._tried = -1e9
    spool.tidy()
    assert spool.trouble is None
    assert Spool(str(tmp_path), tallies).names() == [f"shop/{number}" for number in range(5)]


def test_folder_that_cannot_be_written_leaves_a_spool_in_memory(tmp_path, tallies):
    (tmp_path / "file").write_text("no folder")
    spool = Spool(str(tmp_path / "file"), tallies)
    spool.put("n/a", "kill", {"at": 1, "object": {}})
    assert spool.names() == ["n/a"] and "wait in memory" in spool.trouble
    spool.tidy()
    spool.done("n/a")
    assert len(spool) == 0


def test_what_was_seen_is_bounded(tallies, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "_MOST_SEEN", 100)
    spool = Spool(str(tmp_path), tallies)
    for number in range(300):
        spool.put(f"n/{number}", "kill", {"at": 1, "object": {}})
        spool.done(f"n/{number}")
    monkeypatch.setattr(module, "_SLACK", 0)
    spool.tidy()
    assert [json.loads(line).keys() for line in (tmp_path / "spool").read_bytes().splitlines()] == [{"seen": 0}.keys()]
    assert [Spool(str(tmp_path), tallies).has_seen(f"n/{number}") for number in (199, 200, 299)] == [False, True, True]
