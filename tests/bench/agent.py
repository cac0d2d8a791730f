# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What `oomwatch run` costs: memory after 1,000 OOMs of 110 pods, processor time when idle and in a flood.

The reports are captured ones, written to a file that the agent follows; the pods are those of a fake API server, since
a real one takes more of the machine than what is measured.
"""

import compileall
import contextlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time
from typing import Iterator, List, NamedTuple, Sequence

from tests.bench import kernel_log, places
from tests.bench.figures import Figure
from tests.bench.row import Row, Setting
from tests.support import log_formats

_MIB = 1 << 20
_PODS, _POD_BYTES = 110, 15 << 10
_EVENTS, _FLOOD = 1000, 4500
_IDLE_SECONDS, _FLOOD_SECONDS = 60.0, 60.0
_BUDGET_MIB, _BUDGET_IDLE, _BUDGET_FLOOD = 32.0, 0.3, 15.0
_WAIT_SECONDS = 300  # ends what hangs
_TICK = os.sysconf("SC_CLK_TCK")
_UID = re.compile(rb"pod[0-9a-f]{8}([-_])[0-9a-f]{4}[-_][0-9a-f]{4}[-_][0-9a-f]{4}[-_][0-9a-f]{12}")
_OF_POD = re.compile(rb"oom-kill:constraint=CONSTRAINT_MEMCG.*task_memcg=/kubepods\S*/pod")
_LIBRARIES = "import http.client, json, ssl; print(open('/proc/self/status').read())"


def rows() -> List[Row]:
    """Memory first, since it is no time."""
    return [
        Row("agent-memory", f"agent: RSS after {_EVENTS} OOMs, {_PODS} pods", 60, _memory),
        Row("agent-idle", "agent: share of a core while nothing happens", 70, _idle),
        Row("agent-flood", f"agent: share of a core with {_FLOOD} reports a minute", 80, _flood),
    ]


class Running(NamedTuple):
    """A running agent: its process, the file that it follows, and the file with its lines."""

    process: subprocess.Popen
    log: pathlib.Path
    out: pathlib.Path

    def lines(self) -> int:
        """How many OOM events it has printed; lines about findings and risks begin with their type."""
        return sum(not line.startswith(b'{"type"') for line in self.out.read_bytes().splitlines())

    def rss_mib(self) -> float:
        """VmRSS."""
        return _rss_mib(pathlib.Path(f"/proc/{self.process.pid}/status").read_text())

    def cpu_seconds(self) -> float:
        """Of its whole life, children left out."""
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICK

    def wait_for(self, lines: int) -> None:
        """Until it has printed so many lines."""
        end = time.monotonic() + _WAIT_SECONDS
        while self.lines() < lines:
            if time.monotonic() > end or self.process.poll() is not None:
                raise RuntimeError(f"the agent has printed {self.lines()} of {lines} lines")
            time.sleep(0.05)


@contextlib.contextmanager
def running(pods: int = _PODS, *options: str) -> Iterator[Running]:
    """`oomwatch run` with a fake API server that has so many pods, once it watches."""
    from tests.unit.k8s.kube.fake_server import Authority, Server

    with tempfile.TemporaryDirectory(prefix="bench-agent-") as name:
        folder = pathlib.Path(name)
        authority = Authority(folder)
        (folder / "ca").write_text(authority.pem)
        server = Server(authority)
        server.pods = [_pod(number) for number in range(pods)]
        (folder / "kubeconfig").write_text(_kubeconfig(server.url, str(folder / "ca")))
        log, out = folder / "log", folder / "out"
        log.touch()
        words = ["--kernel-log", str(log), "--kube", str(folder / "kubeconfig"), "--node", "node-1", "--output", "json"]
        words += ["--listen", "127.0.0.1:0"]
        environ = dict(os.environ, PYTHONPATH=str(_installed(folder)))
        command = [sys.executable, "-m", "oomwatch", "run", *words, *options]
        with open(out, "wb") as lines, open(folder / "err", "wb") as errors:
            process = subprocess.Popen(command, stdout=lines, stderr=errors, env=environ)
        try:
            while b" watches " not in (folder / "err").read_bytes():
                if process.poll() is not None:
                    raise RuntimeError((folder / "err").read_text())
                time.sleep(0.05)
            yield Running(process, log, out)
        finally:
            process.terminate()
            process.wait(30)
            server.close()


def _installed(folder: pathlib.Path) -> pathlib.Path:
    """The agent with its bytecode, as an installation has it: to compile it at each start takes memory."""
    site = folder / "site"
    for package in (places.CHECKOUT / "k8s" / "oomwatch", places.CORE / "memcore"):
        shutil.copytree(package, site / package.name, ignore=shutil.ignore_patterns("__pycache__"))
    compileall.compile_dir(site, quiet=1)
    return site


def reports(count: int, uids: Sequence[bytes] = ()) -> List[bytes]:
    """So many captured reports of OOMs in pods, each as the text of its lines, and each of a moment of its own.

    uids: of the pods, one after the other; without them those of the fake API server.
    """
    known = [report for report in kernel_log.reports_of_logs() if _is_of_pod(report) and len(report) < 140]
    uids = uids or [_uid(number) for number in range(_PODS)]
    found, usec = [], 1_000_000
    for number in range(count):
        records = []
        uid = uids[number % len(uids)]
        for record in known[number % len(known)]:
            usec += 50
            text = _UID.sub(lambda match, uid=uid: b"pod" + uid.replace(b"-", match[1]), record.text)
            records.append(record._replace(sequence=usec, usec=usec, text=text))
        found.append(b"".join(log_formats.kmsg(records)))
        usec += 10_000
    return found


def _is_of_pod(report):
    texts = [one.text for one in report]
    return any(b"Killed process" in text for text in texts) and any(_OF_POD.search(text) for text in texts)


def _memory(setting: Setting) -> List[Figure]:
    return setting.tries.best(lambda: _memory_once(setting), timed=False).value


def _memory_once(setting):
    libraries = _rss_mib(subprocess.check_output([sys.executable, "-c", _LIBRARIES], text=True))
    count = 10 if setting.quick else _EVENTS
    with running() as agent:
        time.sleep(1 if setting.quick else 15)  # the pods are listed within 10 s
        before = agent.rss_mib()
        written = reports(count)
        for report in written:
            with open(agent.log, "ab") as stream:
                stream.write(report)
            time.sleep(0.02)
        agent.wait_for(count)
        time.sleep(5)
        after = agent.rss_mib()
    return [
        Figure(f"RSS after {count} OOMs", [after], "MiB", budget=_BUDGET_MIB),
        Figure("RSS before", [before], "MiB"),
        Figure("RSS after : Python with http.client, json and ssl", [after / libraries], "x"),
    ]


def _idle(setting: Setting) -> List[Figure]:
    with running() as agent:
        time.sleep(1 if setting.quick else 15)
        seconds = 1.0 if setting.quick else _IDLE_SECONDS
        share = setting.tries.best(lambda: _share(agent, seconds)).value
    return [Figure("share of a core while nothing happens", [share], "%", "CPU", _BUDGET_IDLE)]


def _flood(setting: Setting) -> List[Figure]:
    return setting.tries.best(lambda: _flood_once(setting)).value


def _flood_once(setting):
    count, seconds = (20, 1.0) if setting.quick else (_FLOOD, _FLOOD_SECONDS)
    written = reports(count)
    begun = time.process_time()
    _read(written)
    reading = time.process_time() - begun
    with running() as agent:
        time.sleep(1 if setting.quick else 12)
        before, start = agent.cpu_seconds(), time.monotonic()
        for number, report in enumerate(written):
            time.sleep(max(0.0, start + number * seconds / count - time.monotonic()))
            with open(agent.log, "ab") as stream:
                stream.write(report)
        agent.wait_for(count)
        spent, took = agent.cpu_seconds() - before, time.monotonic() - start
    return [
        Figure(
            f"share of a core with {count} reports in {took:.0f} s", [100 * spent / took], "%", "CPU", _BUDGET_FLOOD
        ),
        Figure("CPU : reading the same reports with oom_report.read", [spent / reading], "x", "CPU"),
    ]


def _read(written):
    from memcore.sources.oomlog import oom_report

    for _report in oom_report.read(b"".join(written).splitlines(True)):
        pass


def _share(agent, seconds):
    before, start = agent.cpu_seconds(), time.monotonic()
    time.sleep(seconds)
    return 100 * (agent.cpu_seconds() - before) / (time.monotonic() - start)


def _rss_mib(status: str) -> float:
    return int(re.search(r"VmRSS:\s+(\d+)", status).group(1)) * 1024 / _MIB


def _uid(number: int) -> bytes:
    return b"-".join((b"%08d" % number, b"aaaa", b"4bbb", b"8ccc", b"%012d" % number))


def _pod(number: int) -> dict:
    """Made up, and as large as a real one, most of which are managed fields."""
    names = [f"app{one}" for one in range(3)]
    amount = {"limits": {"memory": "64Mi", "cpu": "1"}, "requests": {"memory": "64Mi"}}
    variables = [{"name": f"E{one}", "value": "v" * 40} for one in range(20)]
    owner = {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "web-abc", "controller": True}
    pod = {
        "metadata": {
            "name": f"web-{number}",
            "namespace": "shop",
            "uid": _uid(number).decode(),
            "ownerReferences": [owner],
            "labels": {"pod-template-hash": "abc"},
            "managedFields": [],
        },
        "spec": {
            "nodeName": "node-1",
            "containers": [{"name": name, "resources": amount, "env": variables} for name in names],
        },
        "status": {
            "qosClass": "Burstable",
            "containerStatuses": [
                {"name": name, "containerID": f"containerd://{number * 3 + one:064x}"} for one, name in enumerate(names)
            ],
        },
    }
    fields = {f'k:{{"type":"X{one}"}}': {".": {}, "f:lastProbeTime": {}, "f:status": {}} for one in range(6)}
    field = {"manager": "kubelet", "operation": "Update", "fieldsV1": {"f:status": {"f:conditions": fields}}}
    lacking = _POD_BYTES - len(json.dumps(pod))
    pod["metadata"]["managedFields"] = [field] * max(0, lacking // len(json.dumps(field)))
    return pod


def _kubeconfig(url: str, authority: str) -> str:
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "bench",
        "contexts": [{"name": "bench", "context": {"cluster": "bench", "user": "agent"}}],
        "clusters": [{"name": "bench", "cluster": {"server": url, "certificate-authority": authority}}],
        "users": [{"name": "agent", "user": {"token": "none"}}],
    }
    return json.dumps(config)
