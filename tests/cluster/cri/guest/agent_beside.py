# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The agent beside a scene: started before it, ready before anything dies, ended by SIGTERM after it."""

import os
import subprocess
import time
import urllib.error
import urllib.request

LISTEN = "127.0.0.1:8765"
READY_SECONDS = 120
END_SECONDS = 60


class Agent:
    """`options` are those of `oomwatch run`; its lines and its errors are in two files of `folder`."""

    def __init__(self, folder, options, variables):
        command = ["/usr/bin/python3", "-m", "oomwatch", "run", "--listen", LISTEN, *options]
        with open(f"{folder}/agent.jsonl", "wb") as lines, open(f"{folder}/agent-errors.txt", "wb") as errors:
            self.process = subprocess.Popen(
                ["choom", "-n", "-999", "--", *command],
                stdin=subprocess.DEVNULL,
                stdout=lines,
                stderr=errors,
                env={**os.environ, **variables},
            )

    def wait_until_ready(self):
        """Whether it says that it is ready, and what it said."""
        end = time.monotonic() + READY_SECONDS
        said = "nothing"
        while time.monotonic() < end and self.process.poll() is None:
            try:
                return True, _fetch("/readyz")
            except urllib.error.HTTPError as error:
                said = f"{error.code} {error.read().decode(errors='replace')}"
            except OSError as error:
                said = str(error)
            time.sleep(0.1)
        return False, said

    def finish(self):
        """Its metrics, memory and exit status; None for what it does not give."""
        record = {"metrics": None, "rss_kB": None}
        try:
            record["metrics"] = _fetch("/metrics")
            with open(f"/proc/{self.process.pid}/status", encoding="utf-8") as stream:
                fields = dict(line.split(":", 1) for line in stream)
            record["rss_kB"] = int(fields["VmRSS"].split()[0])
        except (OSError, KeyError) as error:
            record["trouble"] = str(error)
        self.process.terminate()
        try:
            record["status"] = self.process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            record["status"] = f"it had to be killed after {END_SECONDS} s"
        return record


def _fetch(path):
    with urllib.request.urlopen(f"http://{LISTEN}{path}", timeout=30) as answer:
        return answer.read().decode()
