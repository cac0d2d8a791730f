# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the agent tells systemd, its locked memory and its own oom_score_adj."""

import os
import resource
import socket
import subprocess
import sys

import pytest

from oomwatch.agent import service


@pytest.mark.parametrize("address", ["path", "abstract"])
def test_systemd_is_told(tmp_path, address):
    place = str(tmp_path / "notify") if address == "path" else f"\0memfacts-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(place)
        environ = {"NOTIFY_SOCKET": place.replace("\0", "@")}
        assert service.notify("READY=1\nSTATUS=Reads /dev/kmsg…", environ) is True
        assert listener.recv(1000) == "READY=1\nSTATUS=Reads /dev/kmsg…".encode()


@pytest.mark.parametrize(
    "address", ["", "/nonexistent/notify", "@memfacts-nobody-listens", "vsock:2:1234", "@", "/" * 500]
)
def test_nobody_is_told_and_nothing_fails(address):
    assert service.notify("READY=1", {"NOTIFY_SOCKET": address}) is False
    assert service.notify("READY=1", {}) is False


def test_full_socket_is_not_waited_for(tmp_path):
    place = str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(place)
        told = [service.notify("WATCHDOG=1", {"NOTIFY_SOCKET": place}) for _time in range(5000)]
    assert told[0] is True and told[-1] is False


@pytest.mark.parametrize(
    "environ, seconds",
    [
        ({"WATCHDOG_USEC": "30000000"}, 30.0),
        ({"WATCHDOG_USEC": "500000", "WATCHDOG_PID": str(os.getpid())}, 0.5),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "1"}, None),
        ({"WATCHDOG_USEC": "0"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
        ({"WATCHDOG_USEC": "-5"}, None),
        ({}, None),
    ],
)
def test_time_of_the_watchdog(environ, seconds):
    assert service.watchdog_seconds(environ) == seconds


@pytest.fixture
def root(tmp_path):
    """A root whose /proc/self has the oom_score_adj that is written."""

    def write(text):
        (tmp_path / "proc" / "self").mkdir(parents=True)
        (tmp_path / "proc" / "self" / "oom_score_adj").write_text(text)
        return str(tmp_path)

    return write


@pytest.mark.parametrize("adj", [-999, -997, -900, -500])
def test_protected_agent_has_no_warning(root, adj):
    assert service.own_score(root(f"{adj}\n")) == (adj, None)


@pytest.mark.parametrize(
    "adj, sentence",
    [
        (-1000, "The agent's oom_score_adj is -1000, so it could never be killed, even if it used up all memory; set "),
        (-499, "The agent's oom_score_adj is -499, so the OOM killer may kill it before it can report an OOM; set "),
        (0, "The agent's oom_score_adj is 0, so the OOM killer may kill it before "),
        (1000, "The agent's oom_score_adj is 1000, so the OOM killer may kill it before "),
    ],
)
def test_score_that_is_wrong_for_an_agent(root, adj, sentence):
    found = service.own_score(root(f"{adj}\n"))
    assert found.adj == adj and found.warning.startswith(sentence)


@pytest.mark.parametrize("text", ["", "x", None])
def test_score_that_cannot_be_read(root, tmp_path, text):
    where = str(tmp_path) if text is None else root(text)
    found = service.own_score(where)
    assert found.adj is None
    assert found.warning.endswith(f"because {where}/proc/self/oom_score_adj cannot be read")


def test_own_score_of_this_process():
    with open("/proc/self/oom_score_adj") as stream:
        assert service.own_score().adj == int(stream.read())


_LOCK = """
import sys
from oomwatch.agent import service
service.use_one_heap()
print(service.lock_memory())
import threading
thread = threading.Thread(target=lambda: print("thread"))
thread.start()
thread.join()
with open("/proc/self/status") as stream:
    print(next(line.split()[1] for line in stream if line.startswith("VmLck:")) != "0")
"""


def test_memory_is_locked_where_it_may_be():
    done = subprocess.run(
        [sys.executable, "-c", _LOCK],
        stdout=subprocess.PIPE,
        env=dict(os.environ, PYTHONPATH=os.pathsep.join(sys.path)),
        text=True,
        check=True,
    )
    reason, *rest = done.stdout.splitlines()
    assert sorted(rest) == [str(reason == "None"), "thread"]
    assert reason == "None" or reason.startswith("The agent's memory is not locked, because ")


def test_memory_is_not_locked_where_later_mappings_would_fail(monkeypatch):
    monkeypatch.setattr(service.resource, "getrlimit", lambda _which: (8388608, 8388608))
    monkeypatch.setattr(service, "_has_capability", lambda _number: False)
    assert service.lock_memory() == (
        "The agent's memory is not locked, because RLIMIT_MEMLOCK is 8388608 bytes and CAP_IPC_LOCK is missing; "
        "set LimitMEMLOCK=infinity in its unit, or add the capability IPC_LOCK to its container"
    )


def test_capability_is_read_from_the_kernel():
    with open("/proc/self/status") as stream:
        held = int(next(line.split()[1] for line in stream if line.startswith("CapEff:")), 16)
    assert [service._has_capability(number) for number in range(41)] == [
        bool(held & 1 << number) for number in range(41)
    ]


def test_refusal_of_the_kernel_is_told(monkeypatch):
    """MCL_ONFAULT alone is no set of flags that the kernel takes (Linux 4.4 or newer)."""
    monkeypatch.setattr(service.resource, "getrlimit", lambda _which: (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    monkeypatch.setattr(service, "_MCL_CURRENT", 0)
    monkeypatch.setattr(service, "_MCL_FUTURE", 0)
    assert service.lock_memory() == ("The agent's memory is not locked, because mlockall(2) failed: invalid argument")


def test_function_that_the_c_library_lacks_is_told():
    assert service._call("no_such_function", 1) == "the C library has no no_such_function"
