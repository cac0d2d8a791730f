# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A cgroup whose processes are all at -998: what memfacts says before, and whom each kernel kills then."""

import json
import os

import pytest

from tests.lab import kernels, lab

pytestmark = pytest.mark.lab

SCRIPT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "guest", "oom_findings.py")
FLOORED = ("6.1-floored-first", "6.1-floored-last")
SIGNED = ("5.10-uml", "6.1-uml")


@pytest.fixture(scope="module")
def story(tmp_path_factory, after):
    """A function: (facts, pids by name, names in the order of the kills) of that kernel, booted once."""
    told = {}

    def of(kernel):
        if kernel not in told:
            folder = tmp_path_factory.mktemp(kernel)
            try:
                status = lab.run(kernel, SCRIPT, folder)
            except kernels.Unavailable as error:
                pytest.skip(str(error))
            assert status == 0, (folder / "console.txt").read_text(errors="replace")
            record = json.loads((folder / "findings.json").read_text())
            told[kernel] = (record["facts"], record["pids"], record["killed"])
            after[kernel] = record["after"]
        return told[kernel]

    return of


@pytest.fixture(scope="module")
def after():
    """The facts after the kill, by kernel."""
    return {}


@pytest.mark.parametrize("kernel", FLOORED + SIGNED)
def test_the_kernel_itself_tells_its_model(kernel, story):
    oom = story(kernel)[0]["oom"]

    assert oom["badness_model"] == ("floored" if kernel in FLOORED else "signed"), oom["badness_evidence"]
    assert "shows oom_score" in oom["badness_evidence"]


@pytest.mark.parametrize("kernel", FLOORED)
def test_tie_is_predicted_and_hog_survives(kernel, story):
    facts, pids, killed = story(kernel)

    (tie,) = [finding for finding in facts["findings"] if finding["id"] == "floored-tie-in-cgroup"]
    assert (tie["severity"], tie["evidence"]["pid"]) == ("critical", pids["hog"])
    row = facts["oom"]["same_adj_cgroups"][0]
    assert (row["cgroup"], row["processes"], row["biggest"]["pid"]) == ("/pod", 3, pids["hog"])
    assert row["next_count"] == 3  # the release of these kernels does not tell which of them
    assert killed[0] == ("pause" if kernel.endswith("first") else "writer")


@pytest.mark.parametrize("kernel", SIGNED)
def test_signed_kernel_kills_the_predicted_hog(kernel, story):
    facts, pids, killed = story(kernel)

    found = {finding["id"]: finding["severity"] for finding in facts["findings"]}
    assert found["same-negative-adj"] == "info"
    assert "floored-tie-in-cgroup" not in found
    assert [row["pid"] for row in facts["oom"]["same_adj_cgroups"][0]["next"]] == [pids["hog"]]
    assert killed[0] == "hog"


@pytest.mark.parametrize("kernel", FLOORED + SIGNED)
def test_other_findings_name_their_process(kernel, story, after):
    facts, pids, killed = story(kernel)

    found = {finding["id"]: finding["evidence"] for finding in facts["findings"]}
    assert (found["lifeline-unprotected"]["pid"], found["lifeline-unprotected"]["usual_adj"]) == (pids["sshd"], -1000)
    # not the script itself, which is at -1000, too, but asks
    assert [row["pid"] for row in found["unkillable-workload"]["processes"]] == [pids["database"]]
    assert found["declared-adj-differs"] == {
        "unit": "declared.service",
        "pid": pids["declared"],
        "comm": "declared",
        "declared_adj": -500,
        "oom_score_adj": 100,
        "declared_in": "/run/systemd/system/declared.service.d/oom.conf",
    }
    assert {"panic-on-oom", "kill-allocating-task"} <= set(found)
    assert "oom-kills" not in found
    (kills,) = [finding for finding in after[kernel]["findings"] if finding["id"] == "oom-kills"]
    assert kills["evidence"]["kills_since_boot"] >= len(killed) >= 1  # another may have followed since


@pytest.mark.parametrize("kernel", FLOORED + SIGNED)
def test_these_kernels_have_a_reaper(kernel, story):
    assert story(kernel)[0]["oom"]["reaper"] is True
