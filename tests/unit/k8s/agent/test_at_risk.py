# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is worth a warning, once for each situation; and the Event that says so."""

import json
import pathlib

import jsonschema
import pytest

from memcore.models.pods import Container, Pod
from oomwatch.agent import at_risk
from oomwatch.agent.at_risk import GROWS, IN_VAIN, TIE, Watch
from oomwatch.agent.outlook import HELPS, UNCLEAR, Domain, Forecast, Spared
from oomwatch.agent.outlook import IN_VAIN as VAIN
from oomwatch.kube import risk_event

CHECKOUT = pathlib.Path(__file__).resolve().parents[4]
MIB = 1 << 20
UID = "392bf93e-1fcf-11ea-9b5b-3cfdfe576498"
POD = f"/kubepods/pod{UID}"
HOG = Spared(15, "hog", 40 * MIB)
SAYS = "the kernel kills pause (pid 12), which frees up to 4.0 KiB"


def domain(hard, path=POD, helps=HELPS, spared=None, may_swap=False, names=("app",)):
    return Domain(
        path, hard * MIB, 100 * MIB, (12,), 1, SAYS, (), True, hard * MIB, helps, spared, names, (12,), may_swap
    )


def forecast(minute, *domains):
    return Forecast(60.0 * minute, domains, "signed", "last")


def kinds(watch, *looks):
    """The kinds of the new risks at each look, a minute apart."""
    return [[risk.kind for risk in watch.look(forecast(minute, *domains))] for minute, domains in enumerate(looks)]


@pytest.mark.parametrize(
    ("found", "kind"),
    [
        (domain(60, spared=HOG, helps=UNCLEAR), TIE),
        (domain(49, spared=HOG), None),  # it has time
        (domain(85, helps=VAIN), IN_VAIN),
        (domain(79, helps=VAIN), None),
        (domain(99), None),  # full, but the right one dies and it helps
        (domain(60, spared=HOG)._replace(hard=None), None),  # what can be freed is not known
        (domain(60, spared=HOG)._replace(pids=()), None),  # nobody is killed there
    ],
)
def test_kind_of_a_risk(found, kind):
    risk = at_risk.of_domain(found, None)
    assert (risk and risk.kind) == kind


def test_same_situation_is_told_once_however_the_figures_change():
    tied = [domain(size, spared=HOG) for size in (60, 61, 75)]
    assert kinds(Watch(), *[[one] for one in tied]) == [[TIE], [], []]


def test_other_victims_are_another_situation():
    first, then = domain(60, spared=HOG), domain(60, spared=HOG, names=("web",))
    assert kinds(Watch(), [first], [then], [then]) == [[TIE], [TIE], []]


def test_situation_that_ended_long_ago_is_told_again():
    tied, fine = domain(60, spared=HOG), domain(10)
    assert kinds(Watch(), [tied], [fine], [tied]) == [[TIE], [], []]  # it only moved about the threshold
    assert kinds(Watch(), [tied], *[[fine]] * 10, [tied])[-1] == [TIE]


def test_steady_growth_is_told_when_the_limit_is_near():
    looks = [[domain(size)] for size in (50, 52, 54, 56, 58, 60, 62)]
    # At the fifth look 42 MiB are left at 2 MiB a minute: 21 minutes.
    assert kinds(Watch(), *looks) == [[], [], [], [], [GROWS], [], []]


def test_slow_growth_is_not_told():
    # At the fifth look 46 MiB are left at 1 MiB a minute: 46 minutes.
    assert kinds(Watch(), *[[domain(size)] for size in (50, 51, 52, 53, 54)]) == [[]] * 5


def test_growth_is_not_told_where_swap_may_be_used():
    looks = [[domain(size, may_swap=True)] for size in (50, 60, 70, 80, 90)]
    assert kinds(Watch(), *looks) == [[]] * 5


def test_samples_of_a_cgroup_that_was_away_are_not_joined():
    looks = [[domain(size)] for size in (50, 52)] + [[]] + [[domain(size)] for size in (54, 56, 58)]
    assert kinds(Watch(), *looks) == [[]] * 6


def test_pod_and_its_container_are_one_owner_and_the_fuller_one_speaks():
    container = f"{POD}/{'c' * 64}"
    (risk,) = Watch().look(forecast(0, domain(60, spared=HOG), domain(70, container, spared=HOG)))
    assert (risk.domain.path, risk.owner) == (container, UID)


def test_words_say_what_who_and_what_to_do():
    watch = Watch()
    for minute, size in enumerate((80, 82, 84, 86)):
        watch.look(forecast(minute, domain(size)))
    (risk,) = watch.look(forecast(4, domain(88, helps=VAIN)))
    words = at_risk.sentences(risk, "The pod")
    assert words[0] == "The pod holds 88.0 MiB of its 100.0 MiB (88.0 %) for good, page cache left out"
    assert words[1] == f"At the limit {SAYS}"
    assert "frees less than 1 % of the limit" in words[2]
    assert words[3] == (
        "It grows steadily, by 2.0 MiB a minute, and reaches the limit in about 6 minutes if that goes on "
        "(95 % certain, by 5 samples in 240 s)"
    )
    assert words[4].startswith("Find out what holds the memory")


def test_record_has_figures_in_bytes_and_no_guess():
    risk = at_risk.of_domain(domain(60, spared=HOG, helps=UNCLEAR), None)
    found = at_risk.record(risk, {"namespace": "shop", "pod": "cart-1", "container": None})
    assert (found["type"], found["kind"], found["cgroup"], found["pod"]) == ("risk", "tie", POD, "cart-1")
    assert (found["limit_bytes"], found["not_reclaimable_bytes"]) == (100 * MIB, 60 * MIB)
    assert found["helps"] is None and found["reaches_limit_in_seconds"] is None


def test_record_follows_its_schema():
    schema = json.loads((CHECKOUT / "schemas" / "notice.schema.json").read_text())
    for growing in (False, True):
        watch = Watch()
        for minute in range(5):
            risks = watch.look(forecast(minute, domain(80 + minute * growing, path=None, helps=VAIN)))
            for risk in risks:
                found = at_risk.record(risk, {"namespace": None, "pod": None, "container": None})
                jsonschema.validate(json.loads(json.dumps(found)), schema)


def event(now=1000.0, situation=("tie", ("app",), "hog"), container=None, sentences=("A", "B")):
    pod = Pod(UID, None, "shop", "cart-1", None, None, "Guaranteed", "n", False, ())
    return risk_event.made(pod, container, sentences, situation, "node7", now)


def test_event_is_about_the_pod_and_the_node():
    found = event(container=Container("c" * 64, "app"))
    assert (found["reason"], found["action"], found["type"]) == ("OOMAtRisk", "Audit", "Warning")
    assert found["regarding"]["uid"] == UID and found["regarding"]["fieldPath"] == "spec.containers{app}"
    assert found["related"]["name"] == "node7" and found["metadata"]["namespace"] == "shop"
    assert (found["note"], found["eventTime"]) == ("A. B.", "1970-01-01T00:16:40.000000Z")


def test_same_warning_has_the_same_name_for_an_hour():
    names = [event(now)["metadata"]["name"] for now in (1000.0, 3000.0, 4000.0)]
    assert names[0] == names[1] != names[2]
    assert event(situation=("tie", ("web",), "hog"))["metadata"]["name"] != names[0]


def test_note_fits_into_an_event():
    assert len(event(sentences=["x" * 500] * 5)["note"].encode()) <= 1024
