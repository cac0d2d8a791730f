# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A process that delivers is killed with SIGKILL at many moments: each kill is told exactly once in the end."""

import os
import pathlib
import subprocess
import sys

import pytest

from tests.unit.k8s.kube.fake_server import HANG, LATE, event

CHECKOUT = pathlib.Path(__file__).resolve().parents[4]
PLACES = [CHECKOUT, CHECKOUT / "k8s", CHECKOUT / "plugins" / "module_utils"]
# Puts what it is told, each with a byte of output, from the first on, as an agent does that reads its log again.
PROGRAM = """
import os, sys, time
from oomwatch.kube import delivery, series
from oomwatch.kube.client import Client
from oomwatch.kube.credentials import Access, Credentials
from oomwatch.kube.spool import Spool
from tests.unit.k8s.kube.fake_server import Tallies, event

server, ca, folder, own, of_one, seconds = sys.argv[1:]
delivery._BETWEEN_UPDATES = 0.0
tallies = Tallies()
client = Client(Credentials(Access(server, ca_file=ca)), tallies)
one = delivery.Delivery(client, Spool(folder, tallies), tallies)
one.start()
for number in range(int(own) + int(of_one)):
    pod = f"web-{number}" if number < int(own) else "hog"
    one.put(delivery.Item(str(number), "kill", [event(number, pod=pod)], time.time()))
    os.write(1, b".")
one.close(float(seconds))
"""
OWN, OF_ONE = 12, 100


class Delivering:
    def __init__(self, server, ca, folder):
        environment = dict(os.environ, PYTHONPATH=os.pathsep.join(map(str, PLACES)))
        arguments = [server.url, str(ca), str(folder), str(OWN), str(OF_ONE), "60"]
        self._process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, *arguments], stdout=subprocess.PIPE, env=environment
        )

    def kill_after_puts(self, count):
        self._process.stdout.read(count)
        self._process.kill()
        self._process.communicate()

    def kill_in_request(self, server, number):
        """While the server has that request, which it did or did not do."""
        server.wait(lambda: len(server.asked) == number)
        self._process.kill()
        self._process.communicate()

    def finish(self):
        self._process.communicate()
        assert self._process.returncode == 0


@pytest.mark.slow
def test_killed_at_many_moments(server, authority, tmp_path):
    ca = tmp_path / "ca.crt"
    ca.write_text(authority.pem)
    server.always = 503
    for puts in (3, OWN + OF_ONE):
        Delivering(server, ca, tmp_path).kill_after_puts(puts)
    with server.changed:
        server.always = None
    # 30 Events and a series wait, of which these take 13.
    for count, fault in ((2, LATE), (0, HANG), (4, HANG), (0, LATE), (7, LATE)):
        server.faults = [None] * count + [fault]
        number = len(server.asked) + count + 1
        Delivering(server, ca, tmp_path).kill_in_request(server, number)
    Delivering(server, ca, tmp_path).finish()
    assert len(server.created) == len(set(server.created))
    for number in range(OWN):
        assert server.events["shop", f"web-{number}.{number:08x}"] == event(number, pod=f"web-{number}")
    counts = {name: count for (_namespace, name), count in server.counts().items() if name.startswith("hog.")}
    assert sum(counts.values()) == OF_ONE
    assert len(server.created) < OWN + OF_ONE, "some were counted in a series"
