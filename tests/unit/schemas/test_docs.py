# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""docs/findings.md has a section for each rule, with threshold and evidence; docs/facts.md names the ledger's parts."""

import copy
import pathlib
import re

import pytest

from ansible_collections.memfacts.linux.plugins.module_utils.memcore.answers import asked
from ansible_collections.memfacts.linux.plugins.module_utils.memcore.findings import judge
from ansible_collections.memfacts.linux.plugins.module_utils.memcore.findings import rule as rules
from ansible_collections.memfacts.linux.plugins.module_utils.memcore.gather import options

DOCS = pathlib.Path(__file__).resolve().parents[3] / "docs"
GIB = 1 << 30
RULES = [pytest.param(rule, id=rule.id) for rule in rules.RULES]

# A row of tmpfs in which everything is wrong.
SICK_TMPFS = {
    "fstype": "tmpfs",
    "options": ["rw"],
    "declared": False,
    "unlimited": False,
    "size_bytes": 40 * GIB,
    "used_bytes": 38 * GIB,
    "used_percent": 95.0,
    "journal_bytes": 20 * GIB,
    "deleted_bytes": 4 * GIB,
}


@pytest.fixture(scope="module")
def sections():
    """The text of each section of findings.md by its heading."""
    parts = re.split(r"^## (.+)\n", (DOCS / "findings.md").read_text(), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2]))


@pytest.fixture(scope="module")
def sick_facts(seldom_facts):
    """Facts with all that is wrong anywhere, in the shape of a captured host's."""
    facts = copy.deepcopy(seldom_facts)
    memory, shmem, kernel, cgroups = (facts[name] for name in ("memory", "shmem", "kernel", "cgroups"))
    memory.update(total_bytes=8 * GIB, unaccounted_bytes=4 * GIB, unaccounted_percent=50.0, page_takers=["xe"])
    memory["ledger"] = dict.fromkeys(memory["ledger"], 4 * GIB)
    memory["ledger"]["gpu"] = 4 * GIB
    pool = dict.fromkeys(("total_bytes", "free_bytes"), 4 * GIB)
    memory["hugepages"] = [dict(pool, page_bytes=1 << 21, reserved_bytes=0, surplus_bytes=0)]
    facts["tmpfs"][0].update(SICK_TMPFS)
    facts["tmpfs"][0]["owner"].update(kind="pod", pod_uid="u", pod_alive=False)
    shmem.update(unattributed_bytes=4 * GIB, processes_refused=0, sysv_orphan_bytes=4 * GIB)
    shmem["sysv"][0].update(bytes=4 * GIB, attached=0, creator_alive=False, orphan=True)
    kernel.update(bpf_jit_bytes=99, bpf_jit_limit_bytes=100)
    kernel["sockets"]["tcp_bytes"] = 4 * GIB
    sizes = ("anon", "file", "shmem", "kernel", "slab_reclaimable", "slab_unreclaimable")
    row = dict({f"{name}_bytes": GIB for name in sizes}, path="/a", current_bytes=GIB, limit_bytes=GIB, oom_kills=3)
    cgroups.update(dying=5000, count=10, near_limit=[row])
    oom = facts["oom"]
    harmless = dict(oom["same_adj_cgroups"][0], all_tied=False)
    oom.update(badness_model="floored", reaper=False, kills_since_boot=3, unkillable_percent=60.0)
    oom["sysctls"].update(panic_on_oom=1, oom_kill_allocating_task=1)
    oom["same_adj_cgroups"] = [harmless, dict(harmless, all_tied=True)]
    return facts


@pytest.fixture(scope="module")
def raised(sick_facts):
    """The findings of the sick host by id."""
    found = judge.judge(sick_facts, asked.checked_thresholds({}))
    return {finding.id: finding for finding in found}


def test_sections_are_the_rules_in_their_order(sections):
    assert list(sections) == [rule.id for rule in rules.RULES]


@pytest.mark.parametrize("rule", RULES)
def test_section_tells_the_default_threshold_with_its_unit(sections, rule):
    text = " ".join(sections[rule.id].split())
    told = "There is no threshold." if rule.threshold is None else f"{rule.threshold:g} {rule.unit}"
    assert told in text
    assert f"**Raised.** {rule.severity.capitalize()}" in text


@pytest.mark.parametrize("rule", RULES)
def test_section_says_all_a_reader_asks(sections, rule):
    parts = re.findall(r"^\*\*(.+?)\.\*\*", sections[rule.id], re.MULTILINE)
    assert parts == ["Means", "Raised", "Evidence", "Why it matters", "Type", "Is not"]


@pytest.mark.parametrize("rule", RULES)
def test_section_names_the_subsets_its_rule_needs(sections, rule):
    raised = sections[rule.id].split("**Raised.**")[1].split("**Evidence.**")[0]
    needs = re.search(r"Needs ([^.;]*)", " ".join(raised.split()))[1]
    assert set(judge._RULES[rule.id][0]) == set(re.findall(r"`(\w+)`", needs)) - {"scan_files"}


@pytest.mark.parametrize("rule", RULES)
def test_section_names_all_the_evidence(sections, raised, rule):
    text = sections[rule.id].split("**Evidence.**")[1].split("**Why")[0]
    assert set(raised[rule.id].evidence) <= set(re.findall(r"`([a-z_]+)`", text))


@pytest.mark.parametrize("rule", RULES)
def test_finding_satisfies_the_schema_and_links_its_section(problems, sick_facts, raised, rule):
    finding = raised[rule.id]._asdict()
    assert problems(dict(sick_facts, findings=[finding])) == []
    assert finding["ref"] == f"docs/findings.md#{rule.id}"
    assert "{" not in finding["remedy"]


def test_page_of_facts_names_every_part_and_subset(schemas):
    text = (DOCS / "facts.md").read_text()
    parts = schemas["facts.schema.json"]["$defs"]["memory"]["properties"]["ledger"]["properties"]
    for name in (*parts, *options.SUBSETS):
        assert f"`{name}`" in text, name


def test_links_between_pages_lead_somewhere():
    for page in (DOCS / "findings.md", DOCS / "facts.md"):
        for target in re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text()):
            assert (DOCS / target).exists(), f"{page.name}: {target}"
