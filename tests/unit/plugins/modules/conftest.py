# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run a module in this process, without the seconds that a whole ansible call takes; see test_through_ansible.py."""

import importlib
import importlib.util
import json
import re

import pytest


@pytest.fixture
def run_module(tmp_path, monkeypatch, capsys):
    """run_module(name, check=False, **arguments) -> (the result, whether the module ended as a success)."""
    if importlib.util.find_spec("ansible") is None:
        pytest.skip("no Ansible in this environment; the tests of answers/ test what the module stands on")
    from ansible.module_utils import basic

    def run(name, check=False, **arguments):
        module = importlib.import_module(f"ansible_collections.memfacts.linux.plugins.modules.{name}")
        settings = {"_ansible_check_mode": check, "_ansible_remote_tmp": str(tmp_path)}
        given = json.dumps({"ANSIBLE_MODULE_ARGS": dict(arguments, **settings)})
        monkeypatch.setattr(basic, "_ANSIBLE_ARGS", given.encode())
        monkeypatch.setattr(basic, "_ANSIBLE_PROFILE", "legacy")
        capsys.readouterr()
        with pytest.raises(SystemExit) as end:
            module.main()
        printed, complaints = capsys.readouterr()
        assert complaints == ""
        result = json.loads(printed)
        succeeded = end.value.code == 0
        assert succeeded is not result.get("failed", False)
        return dict({"changed": False}, **result), succeeded  # as Ansible completes it

    return run


@pytest.fixture
def assert_one_sentence():
    """assert_one_sentence(message): its only full stop is at its end (no blank follows those of names and numbers)."""

    def check(message):
        assert re.fullmatch(r"(?:(?!\. )[^\n])*\.", message) and "Traceback" not in message

    return check
