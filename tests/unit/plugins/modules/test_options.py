# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the module may be asked for, on every Python; the one sentence for what it may not."""

import math

import pytest

from ansible_collections.memfacts.linux.plugins.module_utils.memcore.answers import asked
from ansible_collections.memfacts.linux.plugins.module_utils.memcore.errors import OptionError
from ansible_collections.memfacts.linux.plugins.module_utils.memcore.findings import catalogue
from ansible_collections.memfacts.linux.plugins.module_utils.memcore.gather import options

ALL = ("memory", "tmpfs", "shmem", "kernel", "processes", "cgroups", "oom")
TUNABLE = [rule.id for rule in catalogue.every() if rule.threshold is not None]


def checked(**changes):
    given = {
        "gather_subset": ["all"],
        "top": 10,
        "scan_files": True,
        "scan_seconds": 1.0,
        "namespaces": True,
    }
    given.update(changes)
    return asked.checked(**given)


def thresholds(**given):
    return asked.checked_thresholds(given, catalogue.every)


def test_the_defaults_of_the_module_ask_for_everything():
    assert checked() == options.Options(ALL, 10, {}, True, 1.0, True)


@pytest.mark.parametrize(
    "wanted, expected",
    [
        pytest.param(["all"], ALL, id="all"),
        pytest.param([], ALL, id="nothing-asked-means-all"),
        pytest.param(["oom", "memory"], ("memory", "oom"), id="names-in-the-order-of-the-facts"),
        pytest.param([" tmpfs ", "tmpfs"], ("tmpfs",), id="blanks-and-twice"),
        pytest.param(["!cgroups"], tuple(name for name in ALL if name != "cgroups"), id="only-an-exclusion"),
        pytest.param(["all", "!memory", "!oom"], ALL[1:-1], id="all-but-two"),
        pytest.param(["memory", "tmpfs", "!tmpfs"], ("memory",), id="an-exclusion-wins"),
        pytest.param(["!all"], (), id="none"),
        pytest.param(["!all", "shmem"], ("shmem",), id="only-what-is-named"),
        pytest.param(["all", "!all"], (), id="all-and-none"),
        pytest.param(["memory", "all"], ALL, id="a-name-and-all"),
    ],
)
def test_which_subsets_are_meant(wanted, expected):
    assert checked(gather_subset=wanted).subsets == expected


@pytest.mark.parametrize("name", ["hardware", "!hardware", "", "!", "Memory", "memory,tmpfs", "!!memory"])
def test_an_unknown_subset_is_named_with_the_valid_ones(name):
    with pytest.raises(OptionError) as error:
        checked(gather_subset=["memory", name])
    assert str(error.value) == (
        f"gather_subset {name!r} does not exist; valid are all, memory, tmpfs, shmem, kernel, processes, cgroups, oom, "
        "also with a leading '!'."
    )


def test_only_thresholds_that_are_given_are_passed_on():
    assert thresholds(**{"tmpfs-nearly-full": "80"}) == {"tmpfs-nearly-full": 80.0}
    assert checked(thresholds={"tmpfs-nearly-full": 80.0}).thresholds == {"tmpfs-nearly-full": 80.0}


def test_no_rule_is_read_where_no_threshold_is_given():
    def never():
        raise AssertionError("the rules were read")

    assert asked.checked_thresholds({}, never) == {}


@pytest.mark.parametrize("value, expected", [(80, 80.0), ("12.5", 12.5), (0, 0.0), (" 7 ", 7.0)])
def test_a_threshold_may_be_any_number(value, expected):
    assert thresholds(**{"vmalloc-high": value})["vmalloc-high"] == expected


@pytest.mark.parametrize("name", ["tmpfs-full", "", "TMPFS-NEARLY-FULL"])
def test_an_unknown_threshold_is_named_with_the_valid_ones(name):
    with pytest.raises(OptionError) as error:
        thresholds(**{name: 5})
    assert (
        str(error.value)
        == f"thresholds has {name!r}, which is no finding with a threshold; valid are {', '.join(sorted(TUNABLE))}."
    )


@pytest.mark.parametrize(
    "value",
    [
        pytest.param("full", id="word"),
        pytest.param("80%", id="percent-sign"),
        pytest.param(None, id="nothing"),
        pytest.param([80], id="list"),
        pytest.param({}, id="dict"),
        pytest.param("", id="empty"),
        pytest.param(-1, id="negative"),
        pytest.param(math.nan, id="nan"),
        pytest.param(math.inf, id="infinite"),
        pytest.param(10**400, id="beyond-any-float"),
    ],
)
def test_a_threshold_that_is_no_number_is_named_with_its_unit(value):
    with pytest.raises(OptionError) as error:
        thresholds(**{"tmpfs-nearly-full": value})
    text = str(error.value)
    assert text.startswith("thresholds.tmpfs-nearly-full is ")
    assert text.endswith(", but must be a number from 0 up (percent of the tmpfs's size).")


@pytest.mark.parametrize("top", [0, -1])
def test_a_list_of_no_entries_is_refused(top):
    with pytest.raises(OptionError) as error:
        checked(top=top)
    assert str(error.value) == f"top is {top}, but a list needs room for at least 1 entry; give 1 or more."


# Ansible's type float takes "nan" and "inf", and no deadline made of those ever passes.
@pytest.mark.parametrize("seconds", [-1.0, -0.001, -math.inf, math.nan, math.inf])
def test_a_time_that_never_ends_or_has_passed_before_is_refused(seconds):
    with pytest.raises(OptionError) as error:
        checked(scan_seconds=seconds)
    assert str(error.value) == f"scan_seconds is {seconds}, but must be a number from 0 up; give 1 for a second."


def test_no_time_and_one_entry_are_allowed():
    assert (checked(scan_seconds=0).scan_seconds, checked(top=1).top) == (0, 1)
