# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How to make a host measure a value for a rule: MEASURES of the test file of each subject, gathered."""

import os
import runpy

FOLDER = os.path.join("tests", "unit", "plugins", "module_utils", "memcore", "findings")
CHECKOUT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SUBJECTS = ("tmpfs", "shmem", "kernel", "memory", "cgroups", "oom")


def of_all_rules():
    """{id of a rule: measure(value, healthy_host.Host), which lets the host measure so much in the rule's unit}."""
    found = {}
    for subject in SUBJECTS:
        # By its path: pytest gives test files no package that another file could import them from.
        found.update(runpy.run_path(os.path.join(CHECKOUT, FOLDER, f"test_{subject}.py"))["MEASURES"])
    return found
