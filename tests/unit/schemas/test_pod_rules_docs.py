# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""docs/pod-rules.md has a section and a row for each rule about pods; docs/audit.md names every option."""

import argparse
import importlib.util
import pathlib
import re

import pytest

from ansible_collections.memfacts.linux.plugins.module_utils.memcore.findings.pods import catalogue
from oomwatch.audit import command

DOCS = pathlib.Path(__file__).resolve().parents[3] / "docs"
TESTS = DOCS.parent / "tests/unit/plugins/module_utils/memcore/findings/pods"
RULES = [pytest.param(rule, id=rule.id) for rule in catalogue.RULES]


@pytest.fixture(scope="module")
def page():
    return (DOCS / "pod-rules.md").read_text()


@pytest.fixture(scope="module")
def sections(page):
    parts = re.split(r"^## (.+)\n", page, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2]))


def test_sections_are_the_rules_in_their_order(sections):
    assert list(sections) == [rule.id for rule in catalogue.RULES]


@pytest.mark.parametrize("rule", RULES)
def test_section_tells_severity_threshold_and_needs(sections, rule):
    text = " ".join(sections[rule.id].split())
    told = "none" if rule.threshold is None else f"{rule.threshold:g} ({rule.unit})"
    needs = ", ".join(f"`{name}`" for name in rule.needs)
    assert f"**Raised.** {rule.severity.capitalize()}. Threshold: {told}. Needs {needs}." in text


@pytest.mark.parametrize("rule", RULES)
def test_section_says_all_a_reader_asks(sections, rule):
    parts = re.findall(r"^\*\*(.+?)\.\*\*", sections[rule.id], re.MULTILINE)
    assert parts == ["Means", "Raised", "Why it matters", "What to do", "Not to be confused with"]


@pytest.mark.parametrize("rule", RULES)
def test_table_has_a_row_for_the_rule(page, rule):
    needs = ", ".join(f"`{name}`" for name in rule.needs)
    assert f"| [{rule.id}](#{rule.id}) | {rule.severity} | {needs} |" in page


def test_table_names_tests_that_exist(page):
    """For each rule one that makes it speak and one that keeps it silent; both have a case of that name."""
    rows = re.findall(
        r"^\| \[([a-z0-9-]+)\]\(#.+\| `(\w+\.py)::(\w+)\[(.+?)\]` \| `(\w+\.py)::(\w+)\[(.+?)\]` \|$", page, re.M
    )
    assert [row[0] for row in rows] == [rule.id for rule in catalogue.RULES]
    known = {name: _cases(TESTS / name) for name in {row[1] for row in rows} | {row[4] for row in rows}}
    for name, speaks, speaking, speaking_case, silent, silencing, silent_case in rows:
        assert (speaking, silencing) == ("test_rule_speaks", "test_rule_is_silent")
        assert speaking_case == silent_case == name
        assert name in known[speaks][speaking], name
        assert name in known[silent][silencing], name


def _cases(path):
    """{test: names of its parameters} of a file of tests, as pytest would collect them."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    found = {}
    for name, test in vars(module).items():
        for mark in getattr(test, "pytestmark", []) if name.startswith("test_") else []:
            if name in ("test_rule_speaks", "test_rule_is_silent"):
                found[name] = set(mark.args[1])
    assert all(module.CASES[one][2] for one in module.CASES), "a rule has no scene that keeps it silent"
    return found


def test_page_explains_every_figure_that_a_rule_needs(page):
    told = set(re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE))
    assert told == {name for rule in catalogue.RULES for name in rule.needs}


def test_page_of_the_audit_names_every_option():
    parser = argparse.ArgumentParser()
    command.add_parser(parser.add_subparsers())
    options = parser._subparsers._group_actions[0].choices["audit"]._actions
    text = (DOCS / "audit.md").read_text()
    for option in options:
        assert any(f"`{name}" in text for name in option.option_strings) or "-h" in option.option_strings, option
