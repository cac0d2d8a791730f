# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What `make facts` prints of what ansible printed."""

import json

import pytest

from scripts import show_facts


def printed(state, **result):
    return f"localhost | {state} => {json.dumps(result, indent=4)}\n"


def test_the_report_is_shown_line_by_line():
    assert show_facts.show(printed("SUCCESS", report=["5 GiB of 16", "=> {"])) == (["5 GiB of 16", "=> {"], [])


def test_warnings_around_the_result_do_no_harm():
    text = "[WARNING]: deprecated\n" + printed("SUCCESS", report=["a"]) + "bye\n"
    assert show_facts.show(text) == (["a"], [])


@pytest.mark.parametrize("state", ["FAILED!", "UNREACHABLE!"])
def test_a_failure_is_its_one_sentence(state):
    assert show_facts.show(printed(state, msg="no such root: /x")) == ([], ["localhost: no such root: /x"])


def test_no_report_is_a_failure():
    assert show_facts.show(printed("SUCCESS")) == ([], ["localhost: the module returned no report"])


@pytest.mark.parametrize("text", ["", "Segmentation fault\n"])
def test_no_answer_is_a_failure(text):
    shown, wrong = show_facts.show(text)
    assert shown == []
    assert len(wrong) == 1
