# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A real kube-apiserver with its etcd: started, stopped, frozen, and its certificates and keys exchanged.

    with ApiServer("/tmp/somewhere") as server:
        server.admin.create("/api/v1/namespaces", objects.namespace("shop"))
        token = server.agent_token()

It authorizes by RBAC and by node, as a cluster does, and signs tokens of service accounts. There is no controller, no
scheduler and no kubelet: nodes, pods and their status are what a test creates, unless a real node has joined.
"""

import contextlib
import os
import secrets
import shutil
import signal
import socket
import subprocess
from typing import Dict, Optional, Sequence

from tests.cluster import api, assets, certificates, objects
from tests.lab import debian

ISSUER = "https://kubernetes.default.svc"
START_SECONDS = 180  # each of these only ends what hangs
END_SECONDS = 60
LAST_LINES = 30
ENVIRONMENT = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8"}


class ServerFailed(Exception):
    """etcd or the API server ended, or does not answer in time; with the end of its log."""


class ApiServer:
    """One API server in `folder`, which the caller removes.

    address: the IP address to listen on. namespace: a network namespace by its name; ports are then always the same.
    nodes: names of the nodes whose kubelets may join, each with a token in `node_tokens`.
    """

    def __init__(self, folder: str, address: str = "127.0.0.1", namespace: Optional[str] = None, nodes: Sequence = ()):
        self.folder, self.address, self.namespace = os.path.abspath(folder), address, namespace
        self.node_tokens: Dict[str, str] = {name: secrets.token_hex(16) for name in nodes}
        self._admin_token = secrets.token_hex(16)
        self._processes: Dict[str, subprocess.Popen] = {}
        self.ports = (2379, 2380, 6443) if namespace else _free_ports(3)
        self.authority = os.path.join(self.folder, "ca.crt")

    def __enter__(self):
        self.open()
        return self

    def __exit__(self, *_):
        self.close()

    @property
    def place(self) -> api.Place:
        path = f"/run/netns/{self.namespace}" if self.namespace else None
        return api.Place(self.address, self.ports[2], self.authority, path)

    @property
    def url(self) -> str:
        return f"https://{self.address}:{self.ports[2]}"

    @property
    def admin(self) -> api.Client:
        """May do everything."""
        return api.Client(self.place, self._admin_token)

    def open(self) -> None:
        """Make keys, start both programs; returns when the server is ready. Raises assets.Unavailable."""
        try:
            os.makedirs(self.folder, exist_ok=True)
            certificates.make_authority(self.folder, "lab")
            certificates.make_server(self.folder, self.address)
            certificates.make_account_key(f"{self.folder}/accounts.key")
        except debian.PackageError as error:
            raise assets.Unavailable("certificates", error) from error
        self._write_tokens()
        try:
            self._start("etcd", *self._etcd_options())
            self.start()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """End both programs; the folder with their logs stays."""
        for name in ("kube-apiserver", "etcd"):
            self._end(name)
        shutil.rmtree(os.path.join(self.folder, "etcd"), ignore_errors=True)

    def start(self) -> None:
        """Start the API server, at the same address and with the same data as before."""
        self._start("kube-apiserver", *self._server_options())
        api.until(self._is_ready, "ready API server", START_SECONDS)

    def stop(self) -> None:
        """An outage: connections end at once, new ones are refused."""
        self._end("kube-apiserver")

    @contextlib.contextmanager
    def frozen(self):
        """Meanwhile connections stay open, new ones are taken by the kernel, and nothing answers."""
        process = self._processes["kube-apiserver"]
        process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            process.send_signal(signal.SIGCONT)

    def rotate_authority(self) -> None:
        """A new certificate authority and a new server certificate; clients must read `authority` again."""
        self.stop()
        certificates.make_authority(self.folder, "lab")
        certificates.make_server(self.folder, self.address)
        self.start()

    def rotate_account_key(self) -> None:
        """A new key for service accounts: every token that was given out before gets a 401."""
        self.stop()
        certificates.make_account_key(f"{self.folder}/accounts.key")
        self.start()

    def install_agent(self) -> None:
        """The namespace, the ServiceAccount and the rights of the agent."""
        admin, name = self.admin, objects.AGENT
        admin.create("/api/v1/namespaces", objects.namespace(objects.AGENT_NAMESPACE))
        accounts = f"/api/v1/namespaces/{objects.AGENT_NAMESPACE}/serviceaccounts"
        admin.create(accounts, objects.service_account(name))
        group = f"/apis/{objects.RBAC}/v1"
        admin.create(f"{group}/clusterroles", objects.cluster_role(name, objects.AGENT_RULES))
        binding = objects.cluster_role_binding(name, name, objects.AGENT_NAMESPACE, name)
        admin.create(f"{group}/clusterrolebindings", binding)

    def agent_token(self, seconds: int = 3600) -> str:
        """A token of the agent's ServiceAccount, as the kubelet would put it into its pod; at least 600 s."""
        path = f"/api/v1/namespaces/{objects.AGENT_NAMESPACE}/serviceaccounts/{objects.AGENT}/token"
        request = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest"}
        return self.admin.create(path, {**request, "spec": {"expirationSeconds": seconds}})["status"]["token"]

    def client(self, token: str) -> api.Client:
        return api.Client(self.place, token)

    def write_in_cluster(self, folder: str, seconds: int = 3600) -> Dict[str, str]:
        """Leave `token`, `ca.crt` and `namespace` of the agent in `folder`; the variables that name the server."""
        os.makedirs(folder, exist_ok=True)
        with open(self.authority, encoding="utf-8") as stream:
            files = {"ca.crt": stream.read(), "token": self.agent_token(seconds), "namespace": objects.AGENT_NAMESPACE}
        for name, text in files.items():
            _write(os.path.join(folder, name), text)
        return {"KUBERNETES_SERVICE_HOST": self.address, "KUBERNETES_SERVICE_PORT": str(self.ports[2])}

    def memory_bytes(self) -> int:
        """RSS of the API server."""
        with open(f"/proc/{self._processes['kube-apiserver'].pid}/statm", encoding="ascii") as stream:
            return int(stream.read().split()[1]) * os.sysconf("SC_PAGESIZE")

    def cpu_seconds(self) -> float:
        """Processor time of the API server and of its etcd so far."""
        total = 0
        for process in self._processes.values():
            with open(f"/proc/{process.pid}/stat", encoding="ascii") as stream:
                fields = stream.read().rpartition(")")[2].split()
            total += int(fields[11]) + int(fields[12])
        return total / os.sysconf("SC_CLK_TCK")

    def tail(self, name: str = "kube-apiserver") -> str:
        """The end of a program's log."""
        path = os.path.join(self.folder, f"{name}.log")
        if not os.path.exists(path):
            return "no log"
        with open(path, encoding="utf-8", errors="replace") as stream:
            return "".join(stream.readlines()[-LAST_LINES:])

    def _etcd_options(self):
        client, peer = (f"http://127.0.0.1:{port}" for port in self.ports[:2])
        return (
            *(f"--data-dir={self.folder}/etcd", "--name=lab", f"--initial-cluster=lab={peer}"),
            *(f"--listen-client-urls={client}", f"--advertise-client-urls={client}"),
            *(f"--listen-peer-urls={peer}", f"--initial-advertise-peer-urls={peer}"),
            "--unsafe-no-fsync",
        )

    def _server_options(self):
        return (
            f"--etcd-servers=http://127.0.0.1:{self.ports[0]}",
            *(f"--bind-address={self.address}", f"--advertise-address={self.address}"),
            *(f"--secure-port={self.ports[2]}", f"--cert-dir={self.folder}"),
            *(f"--tls-cert-file={self.folder}/server.crt", f"--tls-private-key-file={self.folder}/server.key"),
            *(f"--service-account-key-file={self.folder}/accounts.key", f"--service-account-issuer={ISSUER}"),
            f"--service-account-signing-key-file={self.folder}/accounts.key",
            *("--authorization-mode=RBAC,Node", f"--token-auth-file={self.folder}/tokens.csv"),
            *("--service-cluster-ip-range=10.96.0.0/16", "--endpoint-reconciler-type=none"),
            "--enable-admission-plugins=NodeRestriction",
            "--disable-admission-plugins=ServiceAccount",
        )

    def _write_tokens(self):
        rows = [f'{self._admin_token},admin,admin,"system:masters"']
        rows += [f'{token},system:node:{name},{name},"system:nodes"' for name, token in self.node_tokens.items()]
        _write(f"{self.folder}/tokens.csv", "\n".join(rows) + "\n")

    def _is_ready(self):
        for name in self._processes:
            if self._processes[name].poll() is not None:
                raise ServerFailed(f"{name} has ended with {self._processes[name].returncode}:\n{self.tail(name)}")
        try:
            return self.admin.ask("GET", "/readyz")[0] == 200
        except OSError:
            return False

    def _start(self, name, *options):
        inside = ("ip", "netns", "exec", self.namespace) if self.namespace else ()
        with open(f"{self.folder}/{name}.log", "ab") as log:
            self._processes[name] = subprocess.Popen(
                # Whoever starts them may be killed: they end with it.
                [*inside, "setpriv", "--pdeathsig", "KILL", assets.path(name), *options],
                cwd=self.folder,
                env={**ENVIRONMENT, "HOME": self.folder},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def _end(self, name):
        process = self._processes.pop(name, None)
        if process is not None:
            process.kill()
            process.wait(END_SECONDS)


def _free_ports(count):
    """Ports of the loopback that nobody listens on now."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _place in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return tuple(one.getsockname()[1] for one in sockets)


def _write(path, text):
    with open(path, "w", encoding="utf-8") as stream:
        stream.write(text)
    os.chmod(path, 0o600)
