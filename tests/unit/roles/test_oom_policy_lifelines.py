# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role's defaults and the list of lifelines are one list."""

import os

import yaml

from ansible_collections.memfacts.linux.plugins.module_utils.memcore.models import lifelines
from tests import CHECKOUT

DEFAULTS = os.path.join(CHECKOUT, "roles", "oom_policy", "defaults", "main.yml")


def test_role_protects_lifelines_with_shipped_values():
    with open(DEFAULTS) as stream:
        declared = [(row["unit"], row["value"]) for row in yaml.safe_load(stream)["oom_policy_lifelines"]]
    assert declared == [(unit, line.adj) for line in lifelines.LIFELINES if line.adj is not None for unit in line.units]
