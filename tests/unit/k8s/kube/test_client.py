# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The HTTP client, against a server that fails in each way that a server can."""

import contextlib
import email.utils
import os
import socket
import socketserver
import threading
import time

import pytest

from oomwatch.kube.client import Answer, Client, Unreachable
from oomwatch.kube.credentials import Access, Credentials
from tests.unit.k8s.kube.fake_server import CLOSE, CUT, HANG, refused_port

PATH = "/api/v1/pods"


def test_answer_holds_json(server, client, tallies):
    answer = client.request("list", PATH, {"fieldSelector": "spec.nodeName=n 1"}, resource="pods")
    assert (answer.status, answer.body["kind"]) == (200, "PodList")
    method, path, headers = server.asked[0]
    assert (method, path) == ("GET", PATH + "?fieldSelector=spec.nodeName%3Dn+1")
    assert headers["Authorization"] == "Bearer first"
    assert tallies.requests() == {("list", "200"): 1}


@pytest.mark.parametrize("status", [400, 403, 404, 409, 410, 422, 429, 500, 502, 503, 504])
def test_status_is_an_answer(server, client, tallies, status):
    server.faults = [(status, {"kind": "Status", "message": "because\n of that"}, {"Retry-After": "7"})]
    answer = client.request("create", PATH, body={}, resource="events")
    assert (answer.status, answer.message, answer.retry_after) == (status, "because of that", 7.0)
    assert tallies.requests() == {("create", str(status)): 1}


def test_redirect_is_not_followed(server, client):
    server.faults = [(302, {}, {"Location": "https://127.0.0.1:1/"})]
    assert client.request("list", PATH).status == 302
    assert len(server.asked) == 1


@pytest.mark.parametrize("text, least, most", [("0", 0, 0), ("99999", 300, 300), ("-5", 0, 0), ("soon", None, None)])
def test_retry_after_is_bounded(server, client, text, least, most):
    server.faults = [(503, {}, {"Retry-After": text})]
    found = client.request("list", PATH).retry_after
    assert found is least if least is None else least <= found <= most


def test_retry_after_may_be_a_date(server, client):
    server.faults = [(503, {}, {"Retry-After": email.utils.formatdate(time.time() + 120, usegmt=True)})]
    assert 60 < client.request("list", PATH).retry_after <= 120


@pytest.mark.parametrize(
    "fault, words",
    [
        ((200, b'{"kind": "Pod'), "no JSON"),
        ((200, b"<html>sign in</html>", {"Content-Type": "text/html"}), "no JSON (text/html)"),
        ((200, b"x" * ((1 << 20) + 1)), "larger than 1 MiB"),
        (CUT, "gives no answer"),
        (CLOSE, "gives no answer"),
    ],
)
def test_what_is_no_answer(server, client, tallies, fault, words):
    server.faults = [fault]
    answer = client.request("list", PATH)
    assert isinstance(answer, Unreachable) and words in answer.reason
    assert tallies.requests() == {("list", "error"): 1}
    assert client.request("list", PATH).status == 200, "the next request has an answer of its own"


@pytest.mark.parametrize("status", [404, 502])
def test_refusal_without_json_is_an_answer(server, client, status):
    server.faults = [(status, b"404 page not found\n", {"Content-Type": "text/plain"})]
    assert client.request("create", PATH, body={}) == Answer(status, None, None, "")


def test_half_open_connection_times_out(server, access, tallies):
    server.faults = [HANG]
    client = Client(Credentials(access), tallies, timeouts=(5.0, 0.05))
    answer = client.request("list", PATH)
    assert isinstance(answer, Unreachable) and "timed out" in answer.reason


def test_nobody_listens(access, tallies):
    client = Client(Credentials(access._replace(server=f"https://127.0.0.1:{refused_port()}")), tallies)
    assert "Connection refused" in client.request("list", PATH).reason


def test_connection_is_kept_and_opened_again_when_the_server_closed_it(server, client, tallies):
    client.request("list", PATH)
    server.faults = [CLOSE]
    assert client.request("list", PATH).status == 200
    assert tallies.requests() == {("list", "200"): 2}


def test_renewed_token_is_shown_at_once_after_401(server, access, client, tallies, tmp_path):
    server.tokens = ["first"]
    assert client.request("list", PATH).status == 200
    server.tokens = ["other"]
    stamp = (tmp_path / "token").stat()
    (tmp_path / "token").write_text("other\n")  # as long as the first one, and of the same time
    os.utime(tmp_path / "token", ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    assert client.request("list", PATH).status == 200
    assert tallies.requests() == {("list", "200"): 2, ("list", "401"): 1}


def test_401_is_asked_again_once(server, client):
    server.always = 401
    assert client.request("list", PATH).status == 401
    assert len(server.asked) == 2


def test_authority_that_is_renewed(server, access, client, other_authority, tmp_path):
    assert client.request("list", PATH).status == 200
    server.use(other_authority)
    client.close()
    refused = client.request("list", PATH)
    assert isinstance(refused, Unreachable) and refused.is_certificate
    (tmp_path / "ca.crt").write_text(other_authority.pem + "\n")
    assert client.request("list", PATH).status == 200


def test_damaged_authority_leaves_the_earlier_one(server, access, tallies, tmp_path):
    credentials = Credentials(access)
    (tmp_path / "ca.crt").write_text("no certificate")
    assert Client(credentials, tallies).request("list", PATH).status == 200
    assert "ca.crt" in credentials.trouble


def test_token_is_not_sent_to_a_server_that_is_not_verified(server, access, tallies, other_authority, tmp_path):
    (tmp_path / "ca.crt").write_text(other_authority.pem)
    answer = Client(Credentials(access), tallies).request("list", PATH)
    assert answer.is_certificate
    assert server.asked == []


def test_name_in_the_certificate_may_be_given(server, access, tallies, tmp_path):
    wrong = Credentials(access._replace(server_name="api.example"))
    assert Client(wrong, tallies).request("list", PATH).is_certificate
    unchecked = Credentials(Access(server.url, verify=False))
    assert Client(unchecked, tallies).request("list", PATH).status == 200


class _Proxy(socketserver.StreamRequestHandler):
    """CONNECT, then bytes in both directions."""

    def handle(self):
        head = list(iter(self.rfile.readline, b"\r\n"))
        self.server.heads.append(b"".join(head).decode())
        host, port = head[0].split()[1].decode().rsplit(":", 1)
        with socket.create_connection((host, int(port))) as beyond:
            self.wfile.write(b"HTTP/1.1 200 OK\r\n\r\n")
            back = threading.Thread(target=self._copy, args=(beyond, self.connection))
            back.start()
            self._copy(self.connection, beyond)
            back.join()

    @staticmethod
    def _copy(one, other):
        with contextlib.suppress(OSError):
            for data in iter(lambda: one.recv(65536), b""):
                other.sendall(data)
        with contextlib.suppress(OSError):
            other.shutdown(socket.SHUT_WR)


def test_proxy_sees_the_address_and_not_the_token(server, access, tallies):
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Proxy) as proxy:
        proxy.heads, proxy.daemon_threads = [], True
        threading.Thread(target=proxy.serve_forever, args=(0.01,), daemon=True).start()
        address = f"http://me:p%40ss@127.0.0.1:{proxy.server_address[1]}"
        client = Client(Credentials(access._replace(proxy=address)), tallies)
        assert client.request("list", PATH).status == 200
        assert client.request("list", PATH).status == 200
        client.close()
        proxy.shutdown()
    (head,) = proxy.heads
    assert head.startswith(f"CONNECT {access.server[8:]} HTTP/1.")
    assert "Basic bWU6cEBzcw==" in head  # me:p@ss
    assert "Bearer" not in head


@pytest.mark.parametrize("proxy", ["https://127.0.0.1:1", "socks5://127.0.0.1:1"])
def test_proxy_of_another_kind_is_named(access, tallies, proxy):
    answer = Client(Credentials(access._replace(proxy=proxy)), tallies).request("list", PATH)
    assert f"The proxy is {proxy}, and only an address that begins with http:// can be used" in answer.reason


def test_address_with_a_path(server, access, tallies):
    client = Client(Credentials(access._replace(server=f"{server.url}/k8s/clusters/c-1")), tallies)
    client.request("list", PATH)
    assert server.asked[0][1] == f"/k8s/clusters/c-1{PATH}"
