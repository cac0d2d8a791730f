# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Kinds of OOM that real kernels play: what the kernel does, what memfacts said before, what it says of the report.

What is right to say of each report stands in tests/unit/fixtures/scenes/kinds.tsv, which also judges captured logs.
"""

import os

import pytest

from tests import CHECKOUT
from tests.lab import kernels, oom_kinds
from tests.support import event_expectations

pytestmark = [pytest.mark.lab, pytest.mark.timeout(1800, method="signal")]

SIGKILL, SIGTERM = 9, 15
EXPECTED = event_expectations.read(os.path.join(CHECKOUT, "tests/unit/fixtures/scenes/kinds.tsv"))
PLAYED = [(boot, scene) for boot, each in oom_kinds.BOOTS.items() for scene in each.scenes]

# Who died, and of which signal; who may have died too, because the memory of a killed process comes back late.
DIED = {
    "swap-limit": {"large": SIGKILL},
    "swap-limit-with-swap": {"raised": SIGKILL},
    "memsw": {"large": SIGKILL},
    "vfork": {"parent": SIGKILL, "in-vfork": SIGKILL},
    "sharer": {"owner": SIGKILL, "sharer": SIGKILL},
    "shared-anonymous": {"backend-3": SIGKILL, "backend-2": SIGKILL},
    "locked": {"leak": SIGKILL},
    "overtaken": {"grower": SIGKILL},
    "nobody": {"trigger": SIGKILL},  # by the player
    "moved-charge": {"moved": SIGKILL},
    "left-charge": {"small": SIGKILL},
    "earlyoom": {"leak": SIGTERM},
    "cpuset": {"on-one": SIGKILL},
    "huge-pages": {"leak": SIGKILL},
    "zram": {"leak": SIGKILL},
    "movable": {"victim": SIGKILL},
    ("floored-first", "tie"): {"first": SIGKILL},
    ("floored-last", "tie"): {"last": SIGKILL},
    # In the order in which they joined, whatever the order in which their cgroups were made.
    ("floored-first", "no-controller"): {"in-m": SIGKILL},
    ("floored-last", "no-controller"): {"in-z": SIGKILL},
}
ALSO = {"sharer": {"other"}}
# Whom memfacts must name, and be sure as soon as no other can grow past it: nothing that it cannot see decides.
SURE = {
    "swap-limit": "large",
    "swap-limit-with-swap": "raised",
    "memsw": "large",
    "sharer": "owner",
    "moved-charge": "moved",
    "left-charge": "small",
}


def of(table, boot, scene):
    """What a table has for that scene on that boot."""
    return table.get((boot, scene), table.get(scene))


@pytest.fixture(scope="module")
def story(tmp_path_factory):
    """A function: the scenes of that boot, by name, which is booted once."""
    told = {}

    def of_boot(name):
        if name not in told:
            try:
                told[name] = oom_kinds.play(oom_kinds.BOOTS[name], str(tmp_path_factory.mktemp(name)))
            except kernels.Unavailable as error:
                pytest.skip(str(error))
        return told[name]

    return of_boot


@pytest.mark.parametrize(("boot", "name"), PLAYED)
def test_kernel_does_what_the_scene_is_about(boot, name, story):
    scene = story(boot)[name]
    also = ALSO.get(name, set())
    assert {who: how for who, how in scene["died"].items() if who not in also} == of(DIED, boot, name)
    told = oom_kinds.killed(scene)
    # A process that shares the victim's memory dies without a line; earlyoom's kill is not the kernel's.
    assert not {"in-vfork", "sharer"} & told
    assert (told == set()) == (name in ("earlyoom", "nobody"))


@pytest.mark.parametrize(("boot", "name"), PLAYED)
def test_memfacts_is_never_wrong_while_it_is_sure(boot, name, story):
    scene = story(boot)[name]
    taken = oom_kinds.first_taken(scene)
    for told in scene["predictions"].values():
        if told["sure"] and taken is not None:
            assert [row["pid"] for row in told["next"]] == [taken]
        if told["sure"] and taken is None:
            assert told["choice"] == "nobody"


@pytest.mark.parametrize(("boot", "name"), [one for one in PLAYED if of(SURE, *one)])
def test_memfacts_is_sure_where_it_can_be(boot, name, story):
    scene = story(boot)[name]
    right = scene["pids"][of(SURE, boot, name)]
    before = scene["predictions"]["before"]
    assert [row["pid"] for row in before["next"]] == [right]
    assert before["sure"] or before["could_die_instead"]
    full = scene["predictions"].get("full", before)
    assert (full["sure"], [row["pid"] for row in full["next"]]) == (True, [right])


def test_memfacts_names_who_dies_where_only_the_nodes_of_a_cpuset_are_full(story):
    scene = story("nodes")["cpuset"]
    told = scene["predictions"]["before"]
    assert not told["sure"]
    assert [(row["nodes"], [one["pid"] for one in row["next"]]) for row in told["by_nodes"]] == [
        ("1", [scene["pids"]["on-one"]])
    ]


@pytest.mark.parametrize(("boot", "name"), PLAYED)
def test_memfacts_says_of_the_report_what_is_right(boot, name, story):
    found = oom_kinds.events_of(oom_kinds.log_of(story(boot)[name]))
    wrong = event_expectations.wrong(found, EXPECTED, name)
    wrong += event_expectations.wrong(found, EXPECTED, f"{boot}_{name}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("kernel", oom_kinds.PANICS)
def test_panic_is_what_memfacts_tells_first(kernel, tmp_path):
    try:
        console = oom_kinds.play_panic(kernel, str(tmp_path))
    except kernels.Unavailable as error:
        pytest.skip(str(error))
    wrong = event_expectations.wrong(oom_kinds.events_of(console), EXPECTED, "panic")
    assert not wrong, "\n".join(wrong)
