# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""`make experiment` on a signed and on a floored kernel: the table that a person sees."""

import re

import pytest

from tests.lab import experiment

pytestmark = pytest.mark.lab
ONE_MORE_DIED = re.escape("At index 4 diff: ('database', '-800', '5.', '5.', 'yes')")


@pytest.mark.flaky(reruns=2, only_rerun=[ONE_MORE_DIED])
@pytest.mark.parametrize(
    "kernel, model",
    [
        ("6.1-uml", "signed"),
        pytest.param("6.1-floored-first", "floored", marks=pytest.mark.proof),
        ("6.1-floored-last", "floored"),
    ],
)
def test_table_shows_predicted_and_actual_order_of_kills(kernel, model, capsys):
    """Played again only where one more died, the next of the order.

    The race of the kernel: since 5.18 it waits 2 s for the end of whom it killed. Where the machine holds the guest up
    for as long, it gives up waiting for the fourth (whose memory is locked, so that nobody else can free it) and takes
    the fifth.
    """
    status = experiment.main(kernel)
    said = capsys.readouterr()
    if status == 77:
        pytest.skip(said.err.strip())

    assert status == 0, said
    rows = [line.split() for line in said.out.splitlines() if line.startswith("  ")]
    assert rows[0] == list(experiment.HEAD)
    assert [(row[0], row[3], *row[5:]) for row in rows[1:]] == [
        ("browser", "1000", "1.", "1.", "yes"),
        ("batch", "300", "2.", "2.", "yes"),
        ("cache", "0", "3.", "3.", "yes"),
        ("web", "0", "4.", "4.", "yes"),
        ("database", "-800", "5.", "alive", "yes"),
        ("sshd", "-1000", "never", "alive", "yes"),
    ]
    assert f"Badness model: {model}" in said.out


def test_kernel_that_does_not_exist_is_one_sentence(capsys):
    assert experiment.main("2.6") == 77
    assert capsys.readouterr().err.startswith("skipped: 2.6: no such kernel in the table")
