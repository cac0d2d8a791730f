# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs Ansible against a fleet, from within its network, and brings back each result as data."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from typing import NamedTuple, Tuple

from tests import CHECKOUT
from tests.fleet import environment, fleet

CALLBACKS = os.path.join(fleet.HERE, "callbacks")
RUN_SECONDS = 1200  # only to stop what hangs
ANSWER_SECONDS = 120  # how long a busy host may take for a login; by itself Ansible waits 10 s


class Failed(Exception):
    """ansible-playbook ended with another status than expected; with all it said."""


class Result(NamedTuple):
    """What one task said on one host; `state`: ok, changed, failed, ignored, unreachable, skipped.

    action: the full name of the module, or of what runs on the control node alone.
    """

    host: str
    task: str
    action: str
    state: str
    data: dict


class Run(NamedTuple):
    """One run of ansible-playbook."""

    status: int
    output: str
    results: Tuple[Result, ...]

    def changed(self):
        """(host, task) of what changed, or would have in check mode."""
        return [(result.host, result.task) for result in self.results if result.state == "changed"]

    def of(self, host):
        """The results of one host."""
        return [result for result in self.results if result.host == host]

    def modules(self, host):
        """The collection's modules that ran on the host, in order."""
        names = [result.action.split(".") for result in self.of(host) if result.state != "skipped"]
        return [name[-1] for name in names if name[:-1] == ["memfacts", "linux"]]

    def messages(self):
        """{host: the messages of all its tasks that failed, in order}."""
        told = {}
        for result in self.results:
            if result.state == "failed":
                told.setdefault(result.host, []).append(_message(result.data))
        return {host: " ".join(messages) for host, messages in told.items()}

    def diffs(self, host):
        """All that the host's tasks showed as their difference, in order: what --diff prints."""
        return [diff for result in self.of(host) for diff in _diffs(result.data)]


def _message(data):
    failed = [item["msg"] for item in data.get("results", ()) if item.get("failed")]
    return " ".join(failed) or data.get("msg", "")


def _diffs(data):
    for part in data.get("results") or [data]:
        diff = part.get("diff") or []
        shown = [diff] if isinstance(diff, dict) else diff
        yield from (each for each in shown if each.get("before") != each.get("after"))


class Controller:
    """Ansible of this environment with the fleet's inventory."""

    def __init__(self, running):
        self.fleet = running

    def playbook(self, name, limit=None, check=False, expect=0, **extra):
        """Run a playbook of the collection (memfacts.linux.NAME) or of a path; `extra` are its variables.

        `expect` is the status of ansible-playbook: 0 all well, 2 a host failed, 4 unreachable, None any.
        """
        process = self.begin(name, limit, check, **extra)
        return self.end(process, expect)

    def task(self, module, limit=None, check=False, expect=0, **arguments):
        """Run one task with a module of the collection, or with any by its full name."""
        return self.tasks([(module, arguments)], limit, check, expect)

    def tasks(self, wanted, limit=None, check=False, expect=0):
        """Run tasks, [(module, arguments)], each of them whether or not the one before it failed."""
        calls = [(module if "." in module else f"memfacts.linux.{module}", arguments) for module, arguments in wanted]
        goes_on = {"ignore_errors": len(calls) > 1}
        return self.play(
            {"tasks": [dict(goes_on, name=name, **{name: arguments}) for name, arguments in calls]},
            limit,
            check,
            expect,
        )

    def play(self, content, limit=None, check=False, expect=0):
        """Run a play over all hosts that is made of `content`."""
        with tempfile.NamedTemporaryFile("w", suffix=".json", prefix="play-", dir=self.fleet.scratch) as stream:
            json.dump([dict({"hosts": "all", "gather_facts": False}, **content)], stream)
            stream.flush()
            return self.playbook(stream.name, limit, check, expect)

    def begin(self, name, limit=None, check=False, **extra):
        """Start a run; end() waits for it. Who kills it kills its process group."""
        record = tempfile.mkstemp(suffix=".jsonl", prefix="record-", dir=self.fleet.scratch)[1]
        command = [_ansible_playbook(), "--diff", "-i", self.fleet.inventory, "-e", json.dumps(extra)]
        command += ["--limit", ",".join([limit] if isinstance(limit, str) else limit)] if limit else []
        command += ["--check"] if check else []
        process = subprocess.Popen(
            [*self.fleet.inside, *command, name if "/" in name else f"memfacts.linux.{name}"],
            cwd=CHECKOUT,
            env=self._environment(FLEET_RECORD=record),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
        )
        process.record = record
        return process

    def end(self, process, expect=0):
        """The Run that begin() started."""
        try:
            output = self._output(process)
        except BaseException:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            raise
        with open(process.record, encoding="utf-8") as stream:
            rows = [json.loads(line) for line in stream]
        os.unlink(process.record)
        results = tuple(Result(row["host"], row["task"], row["action"], row["state"], row["result"]) for row in rows)
        if expect is not None and process.returncode != expect:
            for guest in self.fleet.guests.values():
                guest.must_live(output)
            raise Failed(f"status {process.returncode} and not {expect} of {' '.join(process.args)}\n{output}")
        return Run(process.returncode, output, results)

    def _output(self, process):
        """All that the run says; it is over when a host has died, which Ansible would wait for."""
        end = time.monotonic() + RUN_SECONDS
        while True:
            try:
                return process.communicate(timeout=2)[0]
            except subprocess.TimeoutExpired as error:
                said = (error.output or b"").decode(errors="replace")
                for guest in self.fleet.guests.values():
                    guest.must_live(said)
                if time.monotonic() > end:
                    raise Failed(f"not done in {RUN_SECONDS} s: {' '.join(process.args)}\n{said}") from error

    def _environment(self, **words):
        return environment.made(
            self.fleet.scratch,
            ANSIBLE_CONFIG=os.path.join(CHECKOUT, "ansible.cfg"),
            ANSIBLE_HOME=os.path.join(self.fleet.scratch, "ansible"),
            ANSIBLE_CALLBACK_PLUGINS=CALLBACKS,
            ANSIBLE_CALLBACKS_ENABLED="recorder",
            ANSIBLE_FORKS=str(len(self.fleet.guests)),
            ANSIBLE_NOCOLOR="1",
            ANSIBLE_RETRY_FILES_ENABLED="0",
            ANSIBLE_TIMEOUT=str(ANSWER_SECONDS),
            **words,
        )


def _ansible_playbook():
    beside = os.path.join(os.path.dirname(sys.executable), "ansible-playbook")
    return beside if os.path.exists(beside) else shutil.which("ansible-playbook")
