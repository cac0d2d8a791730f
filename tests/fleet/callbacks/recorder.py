# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible callback of the fleet's tests: one line of JSON for each result, in the file that $FLEET_RECORD names."""

import json
import os

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: recorder
type: aggregate
short_description: Records every result
description: One line of JSON for each result, in the file that C(FLEET_RECORD) names.
"""


class CallbackModule(CallbackBase):
    """Ansible finds it by this name."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "recorder"

    def v2_runner_on_ok(self, result):
        self._record(result, "changed" if result.is_changed() else "ok")

    def v2_runner_on_failed(self, result, ignore_errors=False):
        self._record(result, "ignored" if ignore_errors else "failed")

    def v2_runner_on_unreachable(self, result):
        self._record(result, "unreachable")

    def v2_runner_on_skipped(self, result):
        self._record(result, "skipped")

    def _record(self, result, state):
        row = {
            "host": result.host.get_name(),
            "task": result.task_name,
            "action": result.task.action,
            "state": state,
            "result": result.result,
        }
        with open(os.environ["FLEET_RECORD"], "a", encoding="utf-8") as stream:
            stream.write(json.dumps(row, default=str) + "\n")
