# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""The HTTP server of the agent: /metrics, /healthz and /readyz, bounded in threads, bytes and time."""

import contextlib
import errno
import http.server
import socket
import socketserver
import threading
import time
from typing import Callable, Tuple

from memcore.errors import OptionError
from memcore.sources.host import reason
from oomwatch.agent import exposition
from oomwatch.agent.tallies import Tallies

_MOST_CONNECTIONS = 8
_MOST_BYTES = 16384  # of a request; http.server alone would keep 100 header lines of 64 KiB
_SILENCE = 5.0  # seconds without a byte after which a connection is closed
_WHOLE = 10.0  # seconds that a connection may take in all
_LOOK = 1.0  # seconds between two looks for connections that take too long
_GIVE_WAY = 1.0  # seconds that a connection gets to end where another takes its place
_COLLECT_EVERY = 5.0  # seconds
_PLAIN = "text/plain; charset=utf-8"

Answer = Tuple[int, str, bytes]  # status, type of the content, content


class Server:
    """Serves in threads of its own from start() to stop().

    listen: HOST:PORT as the option --listen has it. health, ready: (whether, one line that says why not).
    collect: refreshes the gauges before /metrics is rendered; called at most once in 5 s, by one thread at a time.
    OptionError where the address cannot be used.
    """

    def __init__(
        self,
        listen: str,
        tallies: Tallies,
        health: Callable[[], Tuple[bool, str]],
        ready: Callable[[], Tuple[bool, str]],
        collect: Callable[[], None],
    ) -> None:
        self._tallies = tallies
        self._collect = collect
        self._collected = None
        self._lock = threading.Lock()
        answers = {"/metrics": self._metrics, "/healthz": lambda: _probe(health), "/readyz": lambda: _probe(ready)}
        self._server = _bound(listen, answers)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(_LOOK,), name="http", daemon=True)

    @property
    def port(self) -> int:
        """The port it listens on, also where port 0 was asked for."""
        return self._server.server_address[1]

    def start(self) -> None:
        """Serve from now on."""
        self._thread.start()

    def stop(self) -> None:
        """Close the address; requests that are being answered end with the program."""
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
        self._server.server_close()

    def _metrics(self) -> Answer:
        with self._lock:
            now = time.monotonic()
            if self._collected is None or now >= self._collected + _COLLECT_EVERY:
                self._collect()
                self._collected = now
            return 200, exposition.CONTENT_TYPE, exposition.text(self._tallies)


def _probe(ask) -> Answer:
    is_well, why = ask()
    line = "ok" if is_well else " ".join(why.split()) or "not ok"
    return 200 if is_well else 503, _PLAIN, line.encode("utf-8", "backslashreplace") + b"\n"


def split(listen: str) -> Tuple[str, int]:
    """Host without brackets, and port, of a right HOST:PORT."""
    host, _colon, port = listen.rpartition(":")
    return host.strip("[]"), int(port)


def _bound(listen, answers):
    host, port = split(listen)
    try:
        if not host:
            with contextlib.suppress(OSError):  # a kernel without IPv6
                return _Listening(socket.AF_INET6, ("::", port), answers)
            return _Listening(socket.AF_INET, ("0.0.0.0", port), answers)
        family, _type, _protocol, _name, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        return _Listening(family, address, answers)
    except UnicodeError:  # a name with an empty or too long part
        raise OptionError(f"--listen is {listen}, whose host is no possible name; give another host") from None
    except OSError as error:
        raise OptionError(f"--listen is {listen}, but {_why(error)}") from None


def _why(error):
    if isinstance(error, socket.gaierror):
        return f"its host has no address ({reason(error)}); give an address of this host"
    return {
        errno.EADDRINUSE: "another program uses this address already; stop it, or give another port",
        errno.EADDRNOTAVAIL: "this host does not have that address; give one of its own, or :PORT for all",
        errno.EACCES: "this user may not use a port below 1024; give a higher port",
    }.get(error.errno, f"this address cannot be used ({reason(error)}); give another one")


class _Listening(socketserver.ThreadingMixIn, socketserver.TCPServer):
    """A thread for each connection, up to a limit. Not http.server's class, which asks DNS for the host's own name."""

    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False
    request_queue_size = 16

    def __init__(self, family, address, answers) -> None:
        self.address_family = family
        self.answers = answers
        self._free = threading.BoundedSemaphore(_MOST_CONNECTIONS)
        self._lock = threading.Lock()
        self._open = {}  # socket: since when, the oldest first
        super().__init__(address, _Handler)

    def server_bind(self) -> None:
        if self.address_family == socket.AF_INET6 and self.server_address[0] == "::":
            self.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)  # whatever net.ipv6.bindv6only says
        super().server_bind()

    def get_request(self):
        try:
            return super().get_request()
        except OSError:
            time.sleep(0.1)  # out of descriptors: the connection stays, so the loop would spin
            raise

    def process_request(self, request, client_address) -> None:
        # Slow clients must not keep the kubelet's probes out: where all places are taken, the oldest gives way.
        if not self._free.acquire(blocking=False):
            with self._lock:
                oldest = next(iter(self._open), None)
            _shut(oldest)
            if not self._free.acquire(timeout=_GIVE_WAY):
                self.shutdown_request(request)
                return
        with self._lock:
            self._open[request] = time.monotonic()
        try:
            super().process_request(request, client_address)
        except BaseException:  # no thread could be started
            self._release(request)
            raise

    def process_request_thread(self, request, client_address) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._release(request)

    def service_actions(self) -> None:
        """Called by the loop between two looks."""
        before = time.monotonic() - _WHOLE
        with self._lock:
            late = [request for request, since in self._open.items() if since < before]
        for request in late:
            _shut(request)

    def handle_error(self, request, client_address) -> None:
        """Say nothing: a client that went away is no news, and faults of ours are answered with 500."""

    def _release(self, request):
        with self._lock:
            del self._open[request]
        self._free.release()


def _shut(request):
    """End a connection that another thread works on, which then sees its end."""
    if request is not None:
        with contextlib.suppress(OSError):
            request.shutdown(socket.SHUT_RDWR)


class _Handler(http.server.BaseHTTPRequestHandler):
    """Answers one request and closes the connection (HTTP/1.0)."""

    timeout = _SILENCE
    server_version = "oomwatch"
    sys_version = ""

    def setup(self) -> None:
        super().setup()
        self.rfile = _Bounded(self.rfile)

    def do_GET(self) -> None:
        answer = self.server.answers.get(self.path.partition("?")[0])
        if answer is None:
            self.send_error(404, "The paths are /metrics, /healthz and /readyz")
            return
        try:
            found = answer()
        except Exception as error:
            self.send_error(500, f"This failed with {type(error).__name__}, which is a fault of oomwatch")
            return
        self._send(*found)

    do_HEAD = do_GET

    def send_error(self, code, message=None, explain=None) -> None:
        """One plain line. A method that is not known is refused like one that is not allowed."""
        code = 405 if code == 501 else code
        self.request_version = "HTTP/1.0"  # what cannot be read counts as 0.9, whose answers have no status
        line = "The methods are GET and HEAD" if code == 405 else message or "This request cannot be read"
        self._send(code, _PLAIN, line.encode("ascii", "backslashreplace") + b"\n")

    def _send(self, status, kind, content):
        self.close_connection = True
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        if status == 405:
            self.send_header("Allow", "GET, HEAD")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def log_message(self, format, *args) -> None:
        """Log nothing: a probe every few seconds is no news."""


class _Bounded:
    """The lines of a request; it ends after some bytes, whatever more is sent."""

    def __init__(self, stream) -> None:
        self._stream = stream
        self._left = _MOST_BYTES
        self.close = stream.close

    def readline(self, limit: int) -> bytes:
        """A line, or as much of it as there may be."""
        line = self._stream.readline(min(limit, self._left))
        self._left -= len(line)
        return line

    @property
    def closed(self) -> bool:
        """Whether it was closed."""
        return self._stream.closed
