# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What takes real privileges: values below the one a process was born with, and -1000."""

import json
import os

import pytest

from tests.lab import kernels, lab

pytestmark = pytest.mark.lab

SCRIPT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "guest", "lower.py")


@pytest.fixture(scope="module")
def told():
    """What each kernel brought, by name."""
    return {}


@pytest.fixture(params=["5.10-uml", "6.1-uml"])
def steps(request, told, tmp_path):
    """The steps on that kernel, booted once, or once more where it died: that is the news of one test only."""
    if request.param not in told:
        try:
            status = lab.run(request.param, SCRIPT, tmp_path)
        except kernels.Unavailable as error:
            pytest.skip(str(error))
        assert status == 0, (tmp_path / "console.txt").read_text(errors="replace")
        contained = json.loads((tmp_path / "contained.json").read_text())
        told[request.param] = dict(json.loads((tmp_path / "lower.json").read_text()), contained=contained)
    return told[request.param]


def test_root_lowers_a_value_and_restores_the_first_one(steps):
    assert steps["lowered"] == {"changed": True, "value": -500}
    assert steps["lowered more"] == {"changed": True, "value": -900}
    assert steps["given back"] == {"changed": True, "value": 0}


def test_only_a_lifeline_or_a_purpose_makes_unkillable(steps):
    assert steps["unkillable"]["value"] == 0
    assert "may not be set to -1000, since an unkillable process that leaks" in steps["unkillable"]["failed"]
    assert steps["unkillable on purpose"] == {"changed": True, "value": -1000}
    assert steps["killable again"] == {"changed": True, "value": 0}
    assert steps["lifeline"] == {"changed": True, "value": -1000}
    assert steps["all given back"] == {"changed": True, "value": 0}


def test_root_in_user_namespace_gets_the_reason_of_refusal(steps):
    refused = steps["contained"]
    assert refused["value"] == 0
    assert "this run is in a user namespace" in refused["failed"] and "CAP_SYS_RESOURCE" in refused["failed"]
