# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""docs/oomwatch.md follows the tables of options and metrics, and the package has the collection's version."""

import pathlib

from oomwatch import VERSION, options
from oomwatch.agent import metrics

CHECKOUT = pathlib.Path(__file__).resolve().parents[3]
PAGE = (CHECKOUT / "docs" / "oomwatch.md").read_text()


def rows(heading):
    section = PAGE.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("| `")]
    return [[cell.strip() for cell in line.strip("|").replace("\\|", "\0").split("|")] for line in lines]


def test_options_of_the_page_are_those_of_the_table():
    assert [[cell.replace("\0", "|") for cell in row] for row in rows("Options")] == [
        [
            f"`{option.flag}`",
            f"`{option.variable}`",
            f"`{option.key}`",
            "none" if option.default is None else f"`{str(option.default).lower()}`",
            option.help,
        ]
        for option in options.OPTIONS
    ]


def test_metrics_of_the_page_are_those_of_the_table():
    assert rows("Metrics") == [
        [f"`{metric.name}`", metric.kind, ", ".join(f"`{label}`" for label in metric.labels), metric.help]
        for metric in metrics.METRICS
    ]


def test_one_version():
    assert f"\nversion: {VERSION}\n" in (CHECKOUT / "galaxy.yml").read_text()
    package = (CHECKOUT / "pyproject.toml").read_text()
    assert '\ndynamic = ["version"]\n' in package and '\npath = "k8s/oomwatch/__init__.py"\n' in package
