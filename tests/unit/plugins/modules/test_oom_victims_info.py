# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module oom_victims_info on captured hosts: results are what its RETURN block says, errors are one sentence."""

import pathlib
import re

import pytest

from tests.support import hosttree, module_docs

FIXTURES = pathlib.Path(__file__).resolve().parents[2] / "fixtures"
POD = "/kubepods/podf1c273d3-9b36-11ea-b3df-246e9693c184"
TYPES = {"str": str, "int": int, "bool": bool, "float": float, "list": list, "dict": dict}
# What Ansible adds to every result.
ANSIBLES = {"changed", "invocation", "warnings", "deprecations"}


@pytest.fixture
def pod(tmp_path):
    """The pod of the kernel's commit."""
    text = (FIXTURES / "oom" / "pod-9066e5cfb73c.tree").read_text(encoding="utf-8")
    hosttree.unpack(text, str(tmp_path / "host"))
    return str(tmp_path / "host")


@pytest.fixture
def captured(tmp_path):
    """A guest with a cgroup whose limit is near."""
    path = FIXTURES / "hosts" / "captured-6.12.tree"
    text = path.read_text(encoding="utf-8", errors="surrogateescape")
    hosttree.unpack(text, str(tmp_path / "host"))
    return str(tmp_path / "host")


def complaints(value, documented, place=""):
    """What a result has that its documentation has not, or the other way round, as sentences."""
    for name in sorted(set(value) ^ set(documented)):
        yield f"{place}.{name} is only {'returned' if name in value else 'documented'}"
    for name in sorted(set(value) & set(documented)):
        entry, found, path = documented[name], value[name], f"{place}.{name}"
        if found is None:
            text = entry["description"] if isinstance(entry["description"], str) else " ".join(entry["description"])
            if not re.search(r"V\(null\) (if|where) ", text):
                yield f"{path} is null"
        elif not isinstance(found, TYPES[entry["type"]]):
            yield f"{path} is {found!r}"
        for item in [found] if entry["type"] == "dict" else found if entry.get("contains") else []:
            if item is not None and entry.get("contains"):
                yield from complaints(item, entry["contains"], path)


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param([], id="no-change"),
        pytest.param(
            [
                {"change": "oom_score_adj", "name": "plain_user", "value": 100},
                {"change": "gone", "name": "in_cgroup"},
                {"change": "tmpfs_resized", "mount": "/run/spool", "size": "128M"},
                {"change": "limit", "cgroup": "/workload", "size": "32M"},
            ],
            id="changes",
        ),
    ],
)
def test_the_result_is_what_is_documented(run_module, captured, changes):
    pytest.importorskip("yaml")
    result, succeeded = run_module("oom_victims_info", root=captured, what_if=changes)
    assert succeeded and result["changed"] is False
    documented = module_docs.block("oom_victims_info", "RETURN")
    shown = {name: value for name, value in result.items() if name not in ANSIBLES}
    assert list(complaints(shown, documented)) == []


def test_a_captured_guest(run_module, captured):
    result, dummy = run_module("oom_victims_info", root=captured)
    assert (result["badness_model"], result["tie_rule"]) == ("signed", "last")
    assert [row["cgroup"] for row in result["by_cgroup"]] == ["/workload"]
    assert [row["comm"] for row in result["by_cgroup"][0]["next"]] == ["in_cgroup"]
    assert result["summary"].startswith("If the host runs out of memory the kernel ")


def test_the_pod_of_the_kernels_commit(run_module, pod):
    result, dummy = run_module("oom_victims_info", root=pod, top=3)
    assert (result["badness_model"], result["tie_rule"]) == ("floored", "first")
    domain = result["by_cgroup"][0]
    assert (domain["cgroup"], domain["next_count"]) == (POD, 21)
    assert [row["comm"] for row in domain["signed_next"]] == ["data_sim"]
    assert domain["signed_next"][0]["frees_bytes"] == (3967322 + 9058) * 4096
    assert "one of 21 processes with the same points dies (pause (pid 5740), " in result["summary"]
    assert "while Linux 5.9 or later would kill data_sim (pid 58406), which frees up to 15.2 GiB" in result["summary"]


def test_check_mode_is_the_same_run(run_module, pod):
    arguments = {"root": pod, "cgroup": POD, "what_if": [{"change": "gone", "name": "data_sim"}]}
    normal, succeeded = run_module("oom_victims_info", **arguments)
    checked, checked_too = run_module("oom_victims_info", check=True, **arguments)
    assert succeeded and checked_too
    assert normal == checked


@pytest.mark.parametrize(
    "arguments, expected",
    [
        ({"root": "/nonexistent"}, "root '/nonexistent' holds no host: /nonexistent/proc/meminfo is missing;"),
        ({"top": 0}, "top is 0, but a list needs room for at least 1 entry;"),
        ({"cgroup": "/nowhere"}, "there is no memory cgroup '/nowhere' here;"),
        (
            {"what_if": [{"change": "gone", "name": "nobody"}]},
            "what_if (gone): no process with memory of its own has name 'nobody' here;",
        ),
    ],
)
def test_a_wrong_option_fails_with_one_sentence(run_module, assert_one_sentence, pod, arguments, expected):
    result, succeeded = run_module("oom_victims_info", **dict({"root": pod}, **arguments))
    assert not succeeded
    assert result["msg"].startswith("Cannot predict the next kill: " + expected)
    assert_one_sentence(result["msg"])
    assert "exception" not in result


def test_an_unknown_change_is_named_with_the_valid_ones(run_module, pod):
    result, succeeded = run_module("oom_victims_info", root=pod, what_if=[{"change": "reboot"}])
    assert not succeeded
    assert "reboot" in result["msg"] and "tmpfs_emptied" in result["msg"]
