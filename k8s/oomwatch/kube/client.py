# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""A small HTTP client for Kubernetes: whatever a server does becomes an Answer or an Unreachable, not an exception."""

import contextlib
import json
import ssl
import threading
import time
from email.utils import parsedate_to_datetime
from http.client import HTTPException, IncompleteRead
from typing import Any, Callable, Dict, NamedTuple, Optional, Tuple, Union
from urllib.parse import urlencode, urlsplit

from memcore.errors import OptionError
from oomwatch import VERSION
from oomwatch.kube.connection import CLOSED, Connection
from oomwatch.kube.credentials import Credentials

CONNECT, READ = 3.0, 10.0  # seconds
_WHOLE = 60.0  # seconds for a body, so that a server that sends a byte now and then cannot hold a thread for ever
_IDLE = 30.0  # seconds. Firewalls forget idle connections without a word; a request on one would wait for READ
MOST_BYTES = 1 << 20  # of an answer
_CHUNK = 1 << 16
_MOST_RETRY_AFTER = 300.0
_METHODS = {"get": "GET", "list": "GET", "create": "POST", "update": "PUT", "patch": "PATCH", "apply": "PATCH"}
# Server-side apply takes YAML, of which JSON is a part.
_TYPES = {"patch": "application/merge-patch+json", "apply": "application/apply-patch+yaml"}


class Answer(NamedTuple):
    """body: the JSON, None where there is none; message: the server's own words, at most 300 characters."""

    status: int
    body: Any
    retry_after: Optional[float]  # seconds
    message: str


class Unreachable(NamedTuple):
    """No answer that can be used. reason: one sentence; is_certificate: the server's certificate was refused."""

    reason: str
    is_certificate: bool = False


class Client:
    """One connection, kept alive. Threads may share a client; a second request at the same time opens a connection."""

    def __init__(self, credentials: Credentials, tallies, timeouts: Tuple[float, float] = (CONNECT, READ)) -> None:
        self._credentials = credentials
        self._tallies = tallies
        self._timeouts = timeouts
        self._lock = threading.Lock()
        self._context: Optional[ssl.SSLContext] = None
        self._kept: Optional[Connection] = None  # that no request uses now
        self._used = 0.0
        self.server = credentials.access.server
        self._path = urlsplit(self.server).path.rstrip("/")

    def request(
        self,
        verb: str,
        path: str,
        query: Optional[Dict[str, str]] = None,
        body: Optional[Dict] = None,
        resource: str = "",
    ) -> Union[Answer, Unreachable]:
        """Ask once. verb: of Kubernetes (get, list, create, update, patch, apply); resource: for the metric."""
        return self._asked(verb, path, query, body, resource, None, MOST_BYTES)

    def stream(
        self, path: str, query: Dict[str, str], resource: str, take: Callable[[bytes], None], most_bytes: int
    ) -> Union[Answer, Unreachable]:
        """List, handing the body of a status 200 to take in pieces. take may raise ValueError: it is no such list."""
        return self._asked("list", path, query, None, resource, take, most_bytes)

    def close(self) -> None:
        """Close the connection."""
        self._keep(None)

    def _asked(self, verb, path, query, body, resource, take, most_bytes) -> Union[Answer, Unreachable]:
        url = self._path + path + ("?" + urlencode(query) if query else "")
        answer = self._tried(verb, url, body, take, most_bytes)
        self._count(verb, resource, answer)
        if isinstance(answer, Answer) and answer.status == 401:
            # The token may have been renewed a moment ago.
            try:
                self._credentials.token(anew=True)
            except OptionError:
                return answer
            answer = self._tried(verb, url, body, take, most_bytes)
            self._count(verb, resource, answer)
        return answer

    def _count(self, verb: str, resource: str, answer: Union[Answer, Unreachable]) -> None:
        code = str(answer.status) if isinstance(answer, Answer) else "error"
        self._tallies.add("oomwatch_api_requests_total", verb=verb, resource=resource, code=code)

    def _tried(self, verb, url, body, take, most_bytes) -> Union[Answer, Unreachable]:
        try:
            connection, response = self._sent(verb, url, body)
        except (OptionError, HTTPException, OSError, ValueError) as error:
            return self._unreachable(error)
        try:
            answer = _answer(response, take, most_bytes)
        except (HTTPException, OSError, ValueError, RecursionError) as error:
            connection.close()  # what is left of an answer that is not read must not become the next answer
            return self._unreachable(error)
        self._keep(connection)
        return answer

    def _unreachable(self, error: Exception) -> Unreachable:
        return Unreachable(f"{self.server} gives no answer: {_reason(error)}", _is_certificate(error))

    def _sent(self, verb: str, url: str, body: Optional[Dict]):
        """A connection, and the response on it whose body is to be read."""
        data = None if body is None else json.dumps(body, separators=(",", ":")).encode()
        arguments = _METHODS[verb], url, data, self._headers(verb, body)
        context = self._credentials.context()
        kept = self._taken(context)
        if kept is not None:
            # All requests here may be sent twice: events have names, counts are absolute.
            with contextlib.suppress(*CLOSED):
                return kept, _asked(kept, *arguments)
        connection = Connection(self._credentials.access, context, self._timeouts)
        return connection, _asked(connection, *arguments)

    def _headers(self, verb: str, body: Optional[Dict]) -> Dict[str, str]:
        headers = {"Accept": "application/json", "User-Agent": f"oomwatch/{VERSION}"}
        token = self._credentials.token()
        if token:
            headers["Authorization"] = "Bearer " + token
        if body is not None:
            headers["Content-Type"] = _TYPES.get(verb, "application/json")
        return headers

    def _taken(self, context: ssl.SSLContext) -> Optional[Connection]:
        """The connection that is kept, which is now this request's; None where there is none, or an old one."""
        with self._lock:
            connection, self._kept = self._kept, None
            is_usable = context is self._context and time.monotonic() - self._used <= _IDLE
            self._context = context
        if connection is not None and not is_usable:
            connection.close()
            return None
        return connection

    def _keep(self, connection: Optional[Connection]) -> None:
        with self._lock:
            other, self._kept = self._kept, connection
            self._used = time.monotonic()
        if other is not None:
            other.close()


def _asked(connection: Connection, *arguments):
    try:
        return connection.ask(*arguments)
    except BaseException:
        connection.close()
        raise


def _answer(response, take: Optional[Callable[[bytes], None]], most_bytes: int) -> Answer:
    retry_after = _seconds(response.headers.get("Retry-After"))
    if take is not None and response.status == 200:
        for piece in _pieces(response, most_bytes):
            take(piece)
        return Answer(200, None, retry_after, "")
    text = b"".join(_pieces(response, MOST_BYTES))
    try:
        body = json.loads(text)
    except (ValueError, RecursionError):
        if response.status < 400:
            kind = response.headers.get("Content-Type", "no content type")
            raise ValueError(f"its answer {response.status} is no JSON ({kind[:80]})") from None
        body = None
    message = body.get("message") if isinstance(body, dict) else None
    return Answer(response.status, body, retry_after, " ".join(str(message or "").split())[:300])


def _pieces(response, most_bytes: int):
    size, until = 0, time.monotonic() + _WHOLE
    while True:
        piece = response.read(_CHUNK)
        if not piece:
            if response.length:  # http.client takes a body for whole that was cut
                raise IncompleteRead(b"", response.length)
            return
        size += len(piece)
        if size > most_bytes:
            raise ValueError(f"its answer is larger than {most_bytes >> 20} MiB")
        if time.monotonic() > until:
            raise ValueError(f"its answer took longer than {_WHOLE:.0f} seconds")
        yield piece


def _seconds(text: Optional[str]) -> Optional[float]:
    """Retry-After in seconds from now: it holds seconds or a date. At most 300."""
    if not text:
        return None
    try:
        seconds = float(int(text))
    except ValueError:
        try:
            seconds = parsedate_to_datetime(text).timestamp() - time.time()
        except (TypeError, ValueError, OverflowError):
            return None
    return min(max(seconds, 0.0), _MOST_RETRY_AFTER)


def _is_certificate(error: Exception) -> bool:
    return isinstance(error, ssl.SSLCertVerificationError)


def _reason(error: Exception) -> str:
    """In one line."""
    text = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return " ".join(text.split())[:200]
