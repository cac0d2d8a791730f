# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The audit: what it asks for, what it does without an answer, what it tells, counts and reports."""

import json

import pytest

from oomwatch.agent import auditing, judging
from oomwatch.agent.auditing import Audited, Auditing, Auditor, Source
from oomwatch.agent.tallies import Tallies
from oomwatch.kube.pods import Failure

NODE = {"metadata": {"name": "node7", "uid": "n-1"}, "status": {"capacity": {"memory": "4Gi"}}}
AWAY = Failure("https://api gives no answer: refused", False)


def row(name, pod=None):
    one = None if pod is None else {"kind": "Pod", "namespace": "shop", "name": pod}
    return {
        "id": name,
        "severity": "warning",
        "summary": "it is so",
        "evidence": {},
        "remedy": "Do this.",
        "remedy_commands": [],
        "remedy_effect": "none",
        "ref": "docs/x.md#x",
        "object": one,
        "container": None,
        "uid": None,
    }


def source(pods=(), failure=None, node=NODE):
    def list_pods(take):
        for pod in pods:
            take(pod)
        return failure

    return Source(list_pods, lambda: node)


@pytest.fixture
def asked(monkeypatch):
    """What judge() is called with; it answers with a finding about the host and one for each pod."""
    calls = []

    def judge(root, node, pods, ooms, seen):
        calls.append((node, pods, seen))
        findings = [row("swap-full")] + [row("memory-emptydir-unsized", name) for name in pods or ()]
        return {"findings": findings, "suppressed": [], "skipped": [], "failures": [], "seen": f"{len(calls)}"}

    monkeypatch.setattr(judging, "judge", judge)
    return calls


def test_host_alone_has_no_pods(asked):
    found = Auditor("/", "node7", None).audit()
    assert [one["id"] for one in found.findings] == ["swap-full"]
    assert not found.has_pods and found.failures == []
    assert asked == [({}, None, "{}")]


def test_pods_and_node_are_handed_over(asked):
    auditor = Auditor("/", "node7", source(["cart"]))
    found = auditor.audit()
    assert found.has_pods and found.node == NODE and len(found.findings) == 2
    auditor.audit()
    assert [(node, pods) for node, pods, _seen in asked] == [(NODE, ["cart"])] * 2
    assert [seen for _node, _pods, seen in asked] == ["{}", "1"]


def test_pods_that_cannot_be_listed_are_no_empty_list(asked):
    found = Auditor("/", "node7", source(["half"], AWAY)).audit()
    assert not found.has_pods and found.failures == [AWAY.sentence]
    assert asked[0][1] is None


def test_node_that_cannot_be_read_is_known_by_its_name(asked):
    found = Auditor("/", "node7", source(["cart"], node=Failure("The agent has no right", True))).audit()
    assert found.has_pods and found.node == {} and found.failures == ["The agent has no right"]
    assert asked[0][0] == {"metadata": {"name": "node7"}}


def test_ooms_are_read_before_the_judging_is_forked(asked, monkeypatch):
    """A lock that another thread has at that moment stays locked in the child."""

    class Recent:
        is_forked = False

        def recent(self, _now):
            assert not self.is_forked
            return "recent"

    def run(call):
        ooms.is_forked = True
        return call()

    given = []
    judge = judging.judge
    monkeypatch.setattr(judging, "judge", lambda *words: given.append(words[3]) or judge(*words))
    ooms = Recent()
    Auditor("/", "node7", source(["cart"]), ooms, run).audit()
    assert given == ["recent"]


class Lines:
    def __init__(self):
        self.told = []

    def put(self, text):
        self.told.append(json.loads(text))


class Answers:
    """An auditor that gives these answers, one after the other."""

    def __init__(self, *answers):
        self.answers = list(answers)

    def audit(self):
        return self.answers.pop(0)


def audited(*findings, has_pods=True, failures=()):
    return Audited(list(findings), [], [], NODE if has_pods else {}, has_pods, list(failures))


def test_lines_metric_and_report_follow_each_audit():
    tallies, lines, reported = Tallies(), Lines(), []
    answers = Answers(
        audited(row("swap-full"), row("memory-emptydir-unsized", "cart")),
        audited(row("swap-full"), has_pods=False, failures=["away"]),
        audited(row("swap-full")),
        None,
    )
    auditing_thread = Auditing(answers, 600, tallies, lines, lambda found, now: reported.append(found))
    for told, trouble, reports in ((2, None, 1), (2, "away", 1), (3, None, 2), (3, "not judged", 2)):
        auditing_thread.once()
        assert len(lines.told) == told and len(reported) == reports
        assert (auditing_thread.trouble is None) if trouble is None else (trouble in auditing_thread.trouble)
    assert [(line["change"], line["id"]) for line in lines.told][-1] == ("gone", "memory-emptydir-unsized")
    assert tallies.value("oomwatch_findings", id="swap-full", severity="warning") == 1
    assert tallies.value("oomwatch_findings", id="memory-emptydir-unsized", severity="warning") == 0


def test_page_has_the_worst_first_and_says_how_many():
    found = audited(
        row("swap-full"), dict(row("memory-emptydir-unsized", "cart"), severity="critical", container="app")
    )
    assert auditing.page(found, "node7") == [
        "critical: Pod shop/cart, container app: it is so. Do this. [memory-emptydir-unsized]",
        "warning: host node7: it is so. Do this. [swap-full]",
        "2 findings.",
    ]
    assert auditing.page(audited(), "node7") == ["No findings."]


def test_judgement_of_this_host_is_json():
    found = judging.judge("/", {}, None, None, "{}")
    assert found["failures"] == [] and json.loads(json.dumps(found)) == found
    assert all(one["object"] is None for one in found["findings"])


def test_judgement_of_a_folder_that_is_no_host_says_so(tmp_path):
    found = judging.judge(str(tmp_path), {}, None, None, "{}")
    assert found["findings"] == [] and "was not judged" in found["failures"][0]
