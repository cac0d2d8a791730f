# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The case memfacts exists for, on real kernels: a pod at -998, a tiny first process, and two hogs.

memfacts says who dies before it happens; afterwards it says from the kernel's report whom a kernel with the fix of 5.9
had taken, and how much that had freed.
"""

import re

import pytest

from memcore.answers import events
from memcore.models.event_id import same_event
from memcore.render import event_page
from tests.lab import kernels, oom_fixed, oom_scenarios

pytestmark = pytest.mark.lab

MIB = 1 << 20
HOG_BYTES = 40 * MIB


def play(kernel, folder):
    """(names predicted, the whole prediction, names killed, memfacts' answer to the log) on a kernel."""
    boot = oom_scenarios.Boot(kernel, "v2", 0, 0, ())
    try:
        scene = oom_scenarios.scenes(boot, oom_fixed.pod(), str(folder))[1]
    except kernels.Unavailable as error:
        pytest.skip(str(error))
    names = {pid: name for name, pid in scene["pids"].items()}
    predicted = [names[pid] for pid in scene["prediction"]["victims"]]
    answer = events.of_lines([line.encode() for line in scene["kmsg"]], "the kernel's log", events.Asked())
    return predicted, scene["prediction"], [name for name, _signal in scene["died"]], answer


@pytest.mark.proof
def test_floored_first_kernel_kills_predicted_tiny_process(tmp_path):
    predicted, prediction, killed, answer = play("6.1-floored-first", tmp_path)

    assert prediction["rules"]["model"] == "floored", prediction["evidence"]
    assert "the first one scanned was killed" in prediction["evidence"][1]
    assert (predicted, prediction["sure"]) == (["pause"], True)
    # What it frees is nothing, so that another follows at once.
    assert killed[0] == "pause"
    event = answer.events[0]
    assert event["victim"]["comm"] == "pause"
    assert event["freed_bytes"] < MIB
    _says_that_the_hog_was_the_better_choice(event, answer)


def test_floored_last_kernel_kills_the_newest_process(tmp_path):
    predicted, prediction, killed, answer = play("6.1-floored-last", tmp_path)

    assert "the last one scanned was killed" in prediction["evidence"][1]
    assert (predicted, prediction["sure"], killed) == (["last"], True, ["last"])
    (event,) = answer.events
    assert event["verdict"]["tie_rule"] == "last"
    _says_that_the_hog_was_the_better_choice(event, answer)


def _says_that_the_hog_was_the_better_choice(event, answer):
    verdict = event["verdict"]
    assert (verdict["model"], verdict["agrees"]) == ("floored", False)
    assert verdict["expected_comm"] == "hog"
    assert HOG_BYTES <= verdict["would_free_bytes"] < HOG_BYTES + MIB
    page = "\n".join(event_page.render(answer))
    assert re.search(
        r"Linux\s+5\.9\s+or\s+later\s+would\s+kill\s+hog\s+\(pid\s+\d+\),\s+which\s+frees\s+up\s+to\s+40\.1\s+MiB", page
    ), page


@pytest.mark.parametrize("kernel", ["5.10-uml", "6.1-uml"])
def test_signed_kernel_kills_the_hog_and_memfacts_said_so(kernel, tmp_path):
    predicted, prediction, killed, answer = play(kernel, tmp_path)

    assert prediction["rules"]["model"] == "signed", prediction["evidence"]
    assert (predicted, prediction["sure"], killed) == (["hog"], True, ["hog"])
    (event,) = answer.events
    assert event["verdict"]["agrees"] is True
    assert HOG_BYTES <= event["freed_bytes"] < HOG_BYTES + MIB


@pytest.mark.parametrize("kernel", ["5.10-uml", "6.1-uml"])
def test_kill_read_from_kmsg_and_from_syslog_is_one_event(kernel, tmp_path):
    play(kernel, tmp_path)

    of_kmsg = list(events.read((tmp_path / "kmsg.txt").read_bytes().splitlines()))
    of_syslog = list(events.read((tmp_path / "syslog.txt").read_bytes().splitlines()))
    assert len(of_kmsg) >= 2  # at least one in each of the two scenes
    assert [event["id"] for event in of_kmsg] == [event["id"] for event in of_syslog]
    same = [[place for place, other in enumerate(of_syslog) if same_event(one, other)] for one in of_kmsg]
    assert same == [[place] for place in range(len(of_kmsg))]
