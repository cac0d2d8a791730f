# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""`oomwatch run` as a process of this host, told of a test's API server by a kubeconfig."""

import contextlib
import json
import os
import signal
import subprocess
import sys
from typing import Dict, Iterator, List

from tests.cluster import agent, api


class Watching:
    """process: the agent; events(): the lines that it has printed so far, as records; words(): its standard error."""

    def __init__(self, folder: str, process: subprocess.Popen) -> None:
        self.folder = folder
        self.process = process

    def events(self) -> List[Dict]:
        with open(f"{self.folder}/out", encoding="utf-8") as stream:
            lines = [json.loads(line) for line in stream if line.endswith("\n")]
        return [line for line in lines if "type" not in line]

    def notices(self) -> List[Dict]:
        """The lines about risks and findings."""
        with open(f"{self.folder}/out", encoding="utf-8") as stream:
            lines = [json.loads(line) for line in stream if line.endswith("\n")]
        return [line for line in lines if "type" in line]

    def words(self) -> str:
        with open(f"{self.folder}/err", encoding="utf-8") as stream:
            return stream.read()

    def metric(self, row: str) -> float:
        """The value of a row such as `oomwatch_spool_length`, 0 where there is none. It needs listen."""
        import urllib.request

        with open(f"{self.folder}/listen", encoding="ascii") as stream:
            address = stream.read()
        with urllib.request.urlopen(f"http://{address}/metrics", timeout=10) as answer:
            for line in answer.read().decode().splitlines():
                name, _space, value = line.rpartition(" ")
                if name == row:
                    return float(value)
        return 0.0


def kubeconfig(server, folder: str) -> str:
    """A kubeconfig of the agent's account; its path."""
    token = f"{folder}/token"
    with open(token, "w", encoding="ascii") as stream:
        stream.write(server.agent_token())
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "test",
        "contexts": [{"name": "test", "context": {"cluster": "test", "user": "agent"}}],
        "clusters": [{"name": "test", "cluster": {"server": server.url, "certificate-authority": server.authority}}],
        "users": [{"name": "agent", "user": {"tokenFile": token}}],
    }
    path = f"{folder}/kubeconfig"
    with open(path, "w", encoding="utf-8") as stream:
        json.dump(config, stream)
    return path


@contextlib.contextmanager
def watching(server, folder: str, node: str, *options: str) -> Iterator[Watching]:
    """The agent, once it watches; ended by SIGTERM, with exit status 0."""
    os.makedirs(folder, exist_ok=True)
    environ = dict(os.environ, PYTHONPATH=":".join(f"{agent.checkout()}/{name}" for name in agent.CODE))
    words = ["-m", "oomwatch", "run", "--kube", kubeconfig(server, folder), "--node", node, "--output", "json"]
    with open(f"{folder}/out", "ab") as out, open(f"{folder}/err", "ab") as err:
        process = subprocess.Popen([sys.executable, *words, *options], stdout=out, stderr=err, env=environ)
    found = Watching(folder, process)
    try:
        api.until(lambda: " watches " in found.words() or process.poll() is not None, "word of the agent", 60)
        assert process.poll() is None, found.words()
        yield found
    finally:
        process.send_signal(signal.SIGTERM)
        status = process.wait(30)
    assert status == 0, found.words()
