# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""docs/findings.md has a section for each rule, with threshold and evidence; docs/facts.md names the ledger's parts."""

import pathlib
import re

import pytest

from ansible_collections.memfacts.linux.plugins.module_utils.memcore.findings import catalogue
from ansible_collections.memfacts.linux.plugins.module_utils.memcore.findings.judge import judge
from ansible_collections.memfacts.linux.plugins.module_utils.memcore.gather import options
from ansible_collections.memfacts.linux.plugins.module_utils.memcore.models import ledger
from tests.support import healthy_host, measures

DOCS = pathlib.Path(__file__).resolve().parents[3] / "docs"
RULES = [pytest.param(rule, id=rule.id) for rule in catalogue.every()]
MEASURES = measures.of_all_rules()


@pytest.fixture(scope="module")
def sections():
    """The text of each section of findings.md by its heading."""
    parts = re.split(r"^## (.+)\n", (DOCS / "findings.md").read_text(), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2]))


def raised(rule):
    """The finding of a host that measures the rule's threshold."""
    host = healthy_host.Host()
    MEASURES[rule.id](rule.threshold, host)
    [found] = judge(host.facts, [rule])
    return found._asdict()


def test_sections_are_the_rules_in_their_order(sections):
    assert [name for name in sections if not name.startswith("What a finding")] == [
        rule.id for rule in catalogue.every()
    ]


@pytest.mark.parametrize("rule", RULES)
def test_section_tells_the_default_threshold_with_its_unit(sections, rule):
    text = " ".join(sections[rule.id].split())
    told = "none" if rule.threshold is None else f"{rule.threshold:g} ({rule.unit})"
    assert f" Threshold: {told}" in text
    assert f"**Raised.** {rule.severity.capitalize()}" in text


@pytest.mark.parametrize("rule", RULES)
def test_section_says_all_a_reader_asks(sections, rule):
    parts = re.findall(r"^\*\*(.+?)\.\*\*", sections[rule.id], re.MULTILINE)
    assert parts == ["Means", "Raised", "Evidence", "Why it matters", "What to do", "Not to be confused with"]


@pytest.mark.parametrize("rule", RULES)
def test_section_names_the_subsets_its_rule_needs(sections, rule):
    raised = sections[rule.id].split("**Raised.**")[1].split("**Evidence.**")[0]
    needs = re.search(r"Needs ([^.;]*)", " ".join(raised.split()))[1]
    assert set(rule.needs) == set(re.findall(r"`(\w+)`", needs)) - {"scan_files"}


@pytest.mark.parametrize("rule", RULES)
def test_section_names_all_the_evidence(sections, rule):
    text = sections[rule.id].split("**Evidence.**")[1].split("**Why")[0]
    assert set(raised(rule)["evidence"]) <= set(re.findall(r"`([a-z_]+)`", text))


@pytest.mark.parametrize("rule", RULES)
def test_finding_satisfies_the_schema(problems, seldom_facts, rule):
    assert problems(dict(seldom_facts, findings=[raised(rule)])) == []


def test_page_of_facts_names_every_subset():
    text = (DOCS / "facts.md").read_text()
    for name in options.SUBSETS:
        assert f"`{name}`" in text, name


def test_page_of_facts_has_a_row_for_every_part_with_its_label():
    rows = re.findall(r"^\| `(\w+)` \| ([^|`]+) \|", (DOCS / "facts.md").read_text(), re.MULTILINE)
    labels = {part.name: part.label for part in ledger.PARTS}
    assert {name: label for name, label in rows if name in labels} == labels


def test_page_of_facts_names_the_parts_that_are_caches(sections):
    text = (DOCS / "facts.md").read_text()
    hidden = text.split("## Hidden memory")[1].split("less the part of shmem")[0]
    told = set(re.findall(r"\b[a-z]+(?:_[a-z]+)*\b", hidden))
    for part in ledger.PARTS:
        assert (part.name in told) == (part.reclaimable or part.in_processes), part.name


def test_every_part_of_the_schema_is_in_the_table_of_parts(schemas):
    described = schemas["facts.schema.json"]["$defs"]["memory"]["properties"]["ledger"]
    names = [part.name for part in ledger.PARTS]
    assert set(described["properties"]) <= set(names)
    assert described["required"] == names[: len(described["required"])]


def test_links_between_pages_lead_somewhere():
    for page in (DOCS / "findings.md", DOCS / "facts.md"):
        for target in re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text()):
            assert (DOCS / target).exists(), f"{page.name}: {target}"
