# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A fake server, and what a client needs to talk to it."""

import pytest

from oomwatch.kube.client import Client
from oomwatch.kube.credentials import Access, Credentials
from tests.unit.k8s.kube.fake_server import Authority, Server, Tallies


@pytest.fixture(scope="session")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="session")
def other_authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("other"))


@pytest.fixture
def server(authority):
    one = Server(authority)
    yield one
    one.close()


@pytest.fixture
def tallies():
    return Tallies()


@pytest.fixture
def access(server, authority, tmp_path):
    token, ca = tmp_path / "token", tmp_path / "ca.crt"
    token.write_text("first\n")
    ca.write_text(authority.pem)
    return Access(server.url, ca_file=str(ca), token_file=str(token))


@pytest.fixture
def client(access, tallies):
    one = Client(Credentials(access), tallies, timeouts=(5.0, 30.0))
    yield one
    one.close()
