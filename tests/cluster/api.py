# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A small client of an API server for the tests, by the standard library; the agent has a client of its own."""

import ctypes
import http.client
import json
import os
import ssl
import threading
import time
from typing import Any, Callable, Dict, Iterator, NamedTuple, Optional, Tuple

JSON = "application/json"
MERGE_PATCH = "application/merge-patch+json"
ANSWER_SECONDS = 60  # ends what hangs
CLONE_NEWNET = 0x40000000


class ApiError(Exception):
    """The server refused; `status` is its HTTP status."""

    def __init__(self, verb, path, status, answer):
        super().__init__(f"{verb} {path}: {status} {answer.get('message', answer)}")
        self.status = status


class Place(NamedTuple):
    """Where a server listens; `namespace` is the path of a network namespace, None for this process's own."""

    address: str
    port: int
    authority: str
    namespace: Optional[str] = None


class Client:
    """Requests with one bearer token. Paths begin with /api or /apis; bodies and answers are dictionaries."""

    def __init__(self, place: Place, token: str):
        self.place, self.token = place, token

    def ask(self, verb: str, path: str, body: Any = None, content: str = JSON) -> Tuple[int, Dict]:
        """(HTTP status, answer), whatever the status is. Raises OSError when there is no server."""
        connection = self._connect(ANSWER_SECONDS)
        try:
            status, raw = self._exchange(connection, verb, path, body, content)
            text = raw.read()
        finally:
            connection.close()
        try:
            return status, json.loads(text)
        except ValueError:
            return status, {"message": text.decode(errors="replace")}

    def do(self, verb: str, path: str, body: Any = None, content: str = JSON) -> Dict:
        """The answer. Raises ApiError when the server refuses."""
        status, answer = self.ask(verb, path, body, content)
        if status >= 400:
            raise ApiError(verb, path, status, answer)
        return answer

    def get(self, path: str) -> Dict:
        return self.do("GET", path)

    def create(self, path: str, body: Dict) -> Dict:
        return self.do("POST", path, body)

    def patch(self, path: str, body: Dict) -> Dict:
        """A merge patch."""
        return self.do("PATCH", path, body, MERGE_PATCH)

    def replace(self, path: str, body: Dict) -> Dict:
        return self.do("PUT", path, body)

    def delete(self, path: str) -> Dict:
        return self.do("DELETE", path)

    def watch(self, path: str, seconds: int = 600) -> Iterator[Tuple[float, Dict]]:
        """(wall clock at which it came, watch event) until the server ends the watch."""
        mark = "&" if "?" in path else "?"
        connection = self._connect(seconds + ANSWER_SECONDS)
        try:
            _status, raw = self._exchange(
                connection, "GET", f"{path}{mark}watch=1&timeoutSeconds={seconds}", None, JSON
            )
            for line in raw:
                yield time.time(), json.loads(line)
        finally:
            connection.close()

    def _exchange(self, connection, verb, path, body, content):
        headers = {"Authorization": f"Bearer {self.token}", "Accept": JSON}
        if body is not None:
            headers["Content-Type"] = content
        connection.request(verb, path, None if body is None else json.dumps(body), headers)
        answer = connection.getresponse()
        return answer.status, answer

    def _connect(self, seconds):
        context = ssl.create_default_context(cafile=self.place.authority)
        connection = http.client.HTTPSConnection(self.place.address, self.place.port, timeout=seconds, context=context)
        if self.place.namespace is None:
            connection.connect()
        else:
            in_namespace(self.place.namespace, connection.connect)
        return connection


def in_namespace(path: str, call: Callable[[], Any]) -> Any:
    """call() in a network namespace: sockets made there stay in it. A thread of its own enters it, and ends."""
    result, trouble = [], []

    def enter():
        try:
            descriptor = os.open(path, os.O_RDONLY)
            try:
                libc = ctypes.CDLL(None, use_errno=True)
                if libc.setns(descriptor, CLONE_NEWNET):
                    raise OSError(ctypes.get_errno(), f"cannot enter {path}")
            finally:
                os.close(descriptor)
            result.append(call())
        except Exception as error:  # is raised in the caller's thread
            trouble.append(error)

    thread = threading.Thread(target=enter)
    thread.start()
    thread.join()
    if trouble:
        raise trouble[0]
    return result[0]


def until(call: Callable[[], Any], wanted: str, seconds: float = 120, every: float = 0.1) -> Any:
    """The first true result of call(); raises AssertionError with its last result after `seconds`."""
    end = time.monotonic() + seconds
    while True:
        result = call()
        if result:
            return result
        if time.monotonic() > end:
            raise AssertionError(f"no {wanted} in {seconds:.0f} s; the last look gave {result!r}")
        time.sleep(every)
