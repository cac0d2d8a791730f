# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""`oomwatch run` as a process of this host, told of a test's API server by a kubeconfig."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from typing import Dict, Iterator, List, Tuple

from tests.cluster import agent, api


class Watching:
    """process: the agent; events(): the lines that it has printed so far, as records; words(): its standard error."""

    def __init__(self, folder: str, process: subprocess.Popen, listen: str) -> None:
        self.folder = folder
        self.process = process
        self.listen = listen

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

    def count_lines(self) -> int:
        """How many OOM events it has printed; lines about findings and risks begin with their type."""
        with open(f"{self.folder}/out", "rb") as stream:
            return sum(not line.startswith(b'{"type"') for line in stream)

    def ask(self, path: str) -> Tuple[int, str]:
        """Status and content of an answer of its HTTP server."""
        try:
            with urllib.request.urlopen(f"http://{self.listen}{path}", timeout=60) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def metrics(self) -> str:
        """What /metrics shows now."""
        return self.ask("/metrics")[1]

    def renew_token(self, server) -> None:
        """A new token in its file, as the kubelet renews it."""
        _write_token(server, self.folder)


def kubeconfig(server, folder: str) -> str:
    """A kubeconfig of the agent's account; its path."""
    token = _write_token(server, folder)
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


def _free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def _write_token(server, folder):
    path = f"{folder}/token"
    with open(f"{path}.new", "w", encoding="ascii") as stream:
        stream.write(server.agent_token())
    os.replace(f"{path}.new", path)
    return path


def start(server, folder: str, node: str, *options: str) -> subprocess.Popen:
    """The agent's process; its output is added to the files `out` and `err` of the folder."""
    os.makedirs(folder, exist_ok=True)
    environ = dict(os.environ, PYTHONPATH=":".join(f"{agent.checkout()}/{name}" for name in agent.CODE))
    words = ["-m", "oomwatch", "run", "--kube", kubeconfig(server, folder), "--node", node, "--output", "json"]
    with open(f"{folder}/out", "ab") as out, open(f"{folder}/err", "ab") as err:
        return subprocess.Popen([sys.executable, *words, *options], stdout=out, stderr=err, env=environ)


@contextlib.contextmanager
def watching(server, folder: str, node: str, *options: str) -> Iterator[Watching]:
    """The agent, once it watches; ended by SIGTERM, with exit status 0."""
    listen = f"127.0.0.1:{_free_port()}"
    os.makedirs(folder, exist_ok=True)
    begun = os.path.getsize(f"{folder}/err") if os.path.exists(f"{folder}/err") else 0
    process = start(server, folder, node, "--listen", listen, *options)
    found = Watching(folder, process, listen)
    try:
        api.until(lambda: " watches " in found.words()[begun:] or process.poll() is not None, "word of the agent", 120)
        assert process.poll() is None, found.words()
        yield found
    finally:
        process.send_signal(signal.SIGTERM)
        status = process.wait(60)
    assert status == 0, found.words()
