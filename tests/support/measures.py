# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How to make a host measure a value for a rule: MEASURES of the test file of each subject, gathered."""

import importlib

FOLDER = "tests.unit.plugins.module_utils.memcore.findings"
SUBJECTS = ("tmpfs", "shmem", "kernel", "memory", "cgroups", "oom")


def of_all_rules():
    """{id of a rule: measure(value, healthy_host.Host), which lets the host measure so much in the rule's unit}."""
    found = {}
    for subject in SUBJECTS:
        found.update(importlib.import_module(f"{FOLDER}.test_{subject}").MEASURES)
    return found
