# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Memory of every kind is planted on this kernel and must be found under its own name; nothing else may move."""

import json
import os
import subprocess
import sys

import pytest

from tests import CHECKOUT
from tests.live import plants

SECONDS = 1200  # some attempts wait for a quiet moment of the host; only what hangs lasts so long
pytestmark = [
    pytest.mark.root,
    pytest.mark.skipif(os.geteuid() != 0, reason="planting memory takes root"),
]


@pytest.mark.parametrize("kind", ["healthy"] + list(plants.KINDS))
def test_planted_memory_is_found_under_its_own_name(kind, tmp_path):
    result = run(kind, tmp_path / "result.json")
    if result["skipped"]:
        pytest.skip(result["skipped"])
    assert result["complaints"] == {}


def run(kind, path):
    """The result of one kind: each in a process of its own, so that none of them inherits another's memory."""
    command = [sys.executable, "-m", "tests.live.planted", "--json", str(path), kind]
    done = subprocess.run(command, cwd=CHECKOUT, stderr=subprocess.PIPE, timeout=SECONDS, check=False)
    assert done.returncode in (0, 1), done.stderr.decode("utf-8", "replace")
    with open(str(path)) as stream:
        return json.load(stream)[0]
