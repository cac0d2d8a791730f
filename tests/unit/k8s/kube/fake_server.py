# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A server with TLS on the loopback address that keeps Events and pods, and can be told to fail in a given way.

Only for faults that a real API server cannot be made to have; what Kubernetes itself does is tested against a real one.
"""

import contextlib
import datetime
import http.server
import ipaddress
import json
import socket
import ssl
import threading

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

HANG, LATE = "accept and never answer", "do what is asked and never answer"
CLOSE, CUT = "close without an answer", "close in the middle of the answer"
DAY = datetime.timedelta(days=1)


class Authority:
    """A certificate authority, and a server certificate for 127.0.0.1 that it signed, as files of a folder."""

    def __init__(self, folder, names=("127.0.0.1",)):
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "fake authority")])
        certificate = _certificate(subject, subject, key.public_key(), key, x509.BasicConstraints(True, None))
        self.pem = certificate.public_bytes(serialization.Encoding.PEM).decode()
        own = ec.generate_private_key(ec.SECP256R1())
        leaf = _certificate(
            x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "server")]),
            subject,
            own.public_key(),
            key,
            x509.SubjectAlternativeName([_general(name) for name in names]),
        )
        self.leaf_pem = leaf.public_bytes(serialization.Encoding.PEM).decode()
        self.key_pem = own.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ).decode()
        self.chain = folder / "server.pem"
        self.chain.write_text(self.leaf_pem + self.key_pem)


def _general(name):
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _certificate(subject, issuer, public_key, signer, extension):
    now = datetime.datetime.now(datetime.timezone.utc)
    builder = x509.CertificateBuilder(issuer, subject, public_key, x509.random_serial_number(), now - DAY, now + DAY)
    return builder.add_extension(extension, critical=False).sign(signer, hashes.SHA256())


class Tallies:
    """Counts as the agent's do, in a dict. observed: what observe() was given."""

    def __init__(self):
        self.counts = {}
        self.observed = []
        self._lock = threading.Lock()

    def add(self, name, amount=1, **labels):
        with self._lock:
            key = (name, *sorted(labels.items()))
            self.counts[key] = self.counts.get(key, 0) + amount

    def set(self, name, value, **labels):
        self.counts[(name, *sorted(labels.items()))] = value

    def observe(self, name, seconds):
        self.observed.append((name, seconds))

    def value(self, name, **labels):
        return self.counts.get((name, *sorted(labels.items())), 0)

    def requests(self):
        """{(verb, code): how many}"""
        found = {}
        for (name, *labels), count in self.counts.items():
            if name == "oomwatch_api_requests_total":
                labels = dict(labels)
                found[labels["verb"], labels["code"]] = found.get((labels["verb"], labels["code"]), 0) + count
        return found


class Server:
    """events: {(namespace, name): Event}; created: names in the order of creation; asked: (method, path, headers).

    faults: taken one a request, first: None, a status, (status, body), (status, body, headers), or a word above.
    always: a fault for all requests. pods: the items of each list of pods, page: how many at once.
    """

    def __init__(self, authority):
        self.events, self.created, self.asked, self.bodies = {}, [], [], []
        self.faults, self.always, self.pods, self.page, self.tokens = [], None, [], None, None
        self.changed = threading.Condition()
        self._over = threading.Event()
        handler = type("Handler", (_Handler,), {"server_": self})
        self._http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler, bind_and_activate=True)
        self._http.daemon_threads = True
        self._http.block_on_close = False
        self.use(authority)
        self._listening = self._http.socket
        self._http.socket = _TlsListener(self._http.socket, self)
        self.url = f"https://127.0.0.1:{self._http.server_address[1]}"
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()

    def use(self, authority):
        """Show the certificate of this authority from now on."""
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(authority.chain)

    def close(self):
        """End it, and what hangs."""
        self._over.set()
        self._http.shutdown()
        self._listening.close()

    def hang(self):
        """Keep a request waiting until the server ends."""
        self._over.wait(60)

    def wait(self, condition, seconds=60):
        """Wait until condition() holds after a request."""
        with self.changed:
            assert self.changed.wait_for(condition, seconds), "the server never saw it"

    def counts(self):
        """{(namespace, name): occurrences that the Event stands for}"""
        return {name: (event.get("series") or {}).get("count", 1) for name, event in self.events.items()}


class _TlsListener:
    """accept() hands out a connection whose handshake is made by its own thread."""

    def __init__(self, plain, server):
        self._plain, self._server = plain, server

    def accept(self):
        connection, address = self._plain.accept()
        connection.settimeout(60)
        return self._server.context.wrap_socket(connection, server_side=True, do_handshake_on_connect=False), address

    def __getattr__(self, name):
        return getattr(self._plain, name)


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # a whole answer in one packet
    server_ = None

    def handle(self):
        with contextlib.suppress(OSError, ssl.SSLError):
            super().handle()

    def finish(self):
        with contextlib.suppress(OSError, ssl.SSLError, ValueError):
            super().finish()

    def log_message(self, *_arguments):
        """Nothing is logged."""

    def _answer(self):
        size = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(size)
        server = self.server_
        with server.changed:
            server.asked.append((self.command, self.path, dict(self.headers)))
            server.bodies.append(json.loads(body) if body else None)
            fault = server.faults.pop(0) if server.faults else server.always
            if fault is None and server.tokens is not None:
                given = self.headers.get("Authorization")
                fault = None if given in [f"Bearer {token}" for token in server.tokens] else 401
            reply = None
            if fault in (None, LATE):
                reply = self._served(json.loads(body) if body else None)
            server.changed.notify_all()
            if fault is not None:
                reply = self._fault(fault)
        if reply is not None:
            self._send(*reply)

    do_GET = do_POST = do_PATCH = _answer

    def _fault(self, fault):
        if fault in (HANG, LATE):
            self.server_.changed.release()
            self.server_.hang()
            self.server_.changed.acquire()
        elif fault == CUT:
            self.send_response(201)
            self.send_header("Content-Length", "1000")
            self.end_headers()
            self.wfile.write(b'{"kind": "Eve')
        if fault in (HANG, LATE, CLOSE, CUT):
            self.close_connection = True
            return None
        status, body, headers = (*((fault,) if isinstance(fault, int) else fault), {}, {})[:3]
        return status, body, headers

    def _served(self, body):
        server, path = self.server_, self.path.partition("?")[0].split("/")
        if self.command == "GET":
            return 200, self._pods(), {}
        if self.command == "POST":
            name = body["metadata"]["namespace"], body["metadata"]["name"]
            if name in server.events:
                return 409, {"kind": "Status", "reason": "AlreadyExists", "message": "exists"}, {}
            server.events[name] = body
            server.created.append(name)
            return 201, body, {}
        name = path[-3], path[-1]
        if name not in server.events:
            return 404, {"kind": "Status", "reason": "NotFound", "details": {"kind": "events"}}, {}
        server.events[name] = dict(server.events[name], **body)
        return 200, server.events[name], {}

    def _pods(self):
        server, pods, meta = self.server_, self.server_.pods, {"resourceVersion": "1"}
        if server.page:
            begin = int(dict(p.split("=") for p in self.path.partition("?")[2].split("&")).get("continue", 0))
            pods = pods[begin : begin + server.page]
            if begin + server.page < len(server.pods):
                meta["continue"] = str(begin + server.page)
        return {"kind": "PodList", "apiVersion": "v1", "metadata": meta, "items": pods}

    def _send(self, status, body, headers):
        text = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        for name, value in dict({"Content-Type": "application/json"}, **headers).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)
        self.wfile.flush()


def refused_port():
    """A port of the loopback address on which nothing listens."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def event(number, namespace="shop", pod="web-1", reason="OOMKilledProcess"):
    """An Event, made up for these tests."""
    return {
        "apiVersion": "events.k8s.io/v1",
        "kind": "Event",
        "metadata": {"namespace": namespace, "name": f"{pod}.{number:08x}"},
        "regarding": {"kind": "Pod", "namespace": namespace, "name": pod, "uid": f"uid-of-{pod}"},
        "reason": reason,
        "note": f"kill {number}",
    }
