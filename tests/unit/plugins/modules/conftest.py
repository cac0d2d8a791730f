# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run a module as `ansible localhost -m` does."""

import importlib.util
import json
import os
import pathlib
import subprocess
import sys

import pytest

CHECKOUT = pathlib.Path(__file__).resolve().parents[4]
ANSIBLE = os.path.join(os.path.dirname(sys.executable), "ansible")


@pytest.fixture
def run_module(tmp_path):
    """run_module(name, *flags, **arguments) -> (the result, whether Ansible called it a success)."""
    if importlib.util.find_spec("ansible") is None or not os.path.exists(ANSIBLE):
        pytest.skip("no Ansible in this environment")
    settings = {
        "ANSIBLE_CONFIG": str(CHECKOUT / "ansible.cfg"),
        "ANSIBLE_LOCAL_TEMP": str(tmp_path / "local"),
        "ANSIBLE_REMOTE_TEMP": str(tmp_path / "remote"),
        "ANSIBLE_NOCOLOR": "1",
    }

    def run(name, *flags, **arguments):
        command = [ANSIBLE, "localhost", "-m", f"memfacts.linux.{name}", "-e"]
        command += ["ansible_python_interpreter=" + sys.executable, "-a", json.dumps(arguments), *flags]
        done = subprocess.run(
            command,
            cwd=str(CHECKOUT),
            check=False,
            env=dict(os.environ, **settings),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        output = done.stdout.decode()
        assert "=> " in output, (output, done.stderr.decode())
        return json.loads(output[output.index("=> ") + 3 :]), done.returncode == 0

    return run
