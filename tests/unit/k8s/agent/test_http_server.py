# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The agent's HTTP server over the loopback: answers, refusals and bounds."""

import http.client
import socket

import pytest

from memcore.errors import OptionError
from oomwatch.agent import http_server
from oomwatch.agent.http_server import Server
from oomwatch.agent.tallies import Tallies


class Agent:
    """What the server asks."""

    def __init__(self):
        self.health = self.readiness = (True, "")
        self.collected = 0
        self.tallies = Tallies()

    def collect(self):
        self.collected += 1
        self.tallies.set("oomwatch_spool_length", self.collected)


def serve(agent, listen="127.0.0.1:0"):
    return Server(listen, agent.tallies, lambda: agent.health, lambda: agent.readiness, agent.collect)


@pytest.fixture
def agent(monkeypatch):
    monkeypatch.setattr(http_server, "_LOOK", 0.02)  # the server ends at its next look
    found = Agent()
    found.server = serve(found)
    found.server.start()
    yield found
    found.server.stop()


def ask(agent, path, method="GET"):
    connection = http.client.HTTPConnection("127.0.0.1", agent.server.port, timeout=30)
    connection.request(method, path)
    answer = connection.getresponse()
    content = answer.read().decode()
    connection.close()
    return answer.status, content, answer.headers


def raw(agent, data):
    with socket.create_connection(("127.0.0.1", agent.server.port), timeout=30) as client:
        client.sendall(data)
        return b"".join(iter(lambda: client.recv(65536), b""))


def test_metrics_are_collected_once_for_scrapes_that_follow_closely(agent):
    status, content, headers = ask(agent, "/metrics?x=1")
    assert (status, headers["Content-Type"]) == (200, "text/plain; version=0.0.4; charset=utf-8")
    assert "\noomwatch_spool_length 1.0\n" in content
    ask(agent, "/metrics")
    assert agent.collected == 1


def test_probes_say_why(agent):
    assert ask(agent, "/healthz")[:2] == ask(agent, "/readyz")[:2] == (200, "ok\n")
    agent.readiness = (False, "the kernel's log\ncannot be read")
    assert ask(agent, "/readyz")[:2] == (503, "the kernel's log cannot be read\n")
    assert ask(agent, "/healthz")[0] == 200


def test_head_has_no_content(agent):
    status, content, headers = ask(agent, "/healthz", "HEAD")
    assert (status, content, headers["Content-Length"]) == (200, "", "3")


@pytest.mark.parametrize("method", ["POST", "DELETE", "BREW"])
def test_other_methods_are_refused(agent, method):
    status, content, headers = ask(agent, "/metrics", method)
    assert (status, content, headers["Allow"]) == (405, "The methods are GET and HEAD\n", "GET, HEAD")


def test_other_paths_are_not_there(agent):
    assert ask(agent, "/")[:2] == (404, "The paths are /metrics, /healthz and /readyz\n")


def test_fault_of_ours_is_one_line_and_the_server_goes_on(agent):
    agent.health = None
    status, content, _headers = ask(agent, "/healthz")
    assert (status, content) == (500, "This failed with TypeError, which is a fault of oomwatch\n")
    assert ask(agent, "/readyz")[0] == 200


def test_nonsense_is_refused(agent):
    assert b" 400 " in raw(agent, b"\x16\x03\x01 x y z\r\n\r\n")


def test_more_slow_clients_than_places_do_not_keep_a_probe_out(agent):
    clients = [socket.create_connection(("127.0.0.1", agent.server.port)) for _number in range(12)]
    for client in clients:
        client.sendall(b"GET /healthz HTTP/1.0\r\n")
    assert ask(agent, "/healthz")[0] == 200
    for client in clients:
        client.close()


def test_address_in_use_is_one_sentence(agent):
    address = f"127.0.0.1:{agent.server.port}"
    with pytest.raises(OptionError) as caught:
        serve(Agent(), address)
    assert str(caught.value) == (
        f"--listen is {address}, but another program uses this address already; stop it, or give another port"
    )


def test_address_of_another_host_is_one_sentence():
    with pytest.raises(OptionError, match="but this host does not have that address"):
        serve(Agent(), "192.0.2.1:0")


def test_all_addresses():
    agent = Agent()
    agent.server = serve(agent, ":0")
    agent.server.start()
    try:
        assert ask(agent, "/healthz")[0] == 200
    finally:
        agent.server.stop()
