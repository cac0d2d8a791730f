# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The agent, its log and the API server fail in turn, and every OOM is told once: with a real API server.

The reports are captured ones in a file that the agent follows, so that there can be thousands; each is of a pod of the
API server. kill -9 and SIGSTOP are real.
"""

import contextlib
import os
import random
import signal
import subprocess
import time

import pytest

from tests.bench import agent as reports_of
from tests.cluster import agent as agents
from tests.cluster import api, objects
from tests.cluster.watching import start, watching

pytestmark = pytest.mark.lab
NODE, NAMESPACE = "node-9", "outages"
EVENTS = f"/apis/events.k8s.io/v1/namespaces/{NAMESPACE}/events"
SECONDS = 900  # only ends what hangs


@pytest.fixture(scope="module")
def uids(server):
    """Of the pods of a node, which have no processes."""
    server.admin.create("/api/v1/namespaces", objects.namespace(NAMESPACE))
    server.admin.create("/api/v1/nodes", objects.node(NODE))
    path = f"/api/v1/namespaces/{NAMESPACE}/pods"
    pods = [server.admin.create(path, objects.guaranteed_pod(f"pod-{number}", NODE)) for number in range(4)]
    return [pod["metadata"]["uid"].encode() for pod in pods]


@pytest.fixture(autouse=True)
def without_events(server, uids):
    """Each test begins without Events."""
    for event in server.admin.get(EVENTS)["items"]:
        server.admin.delete(f"{EVENTS}/{event['metadata']['name']}")


def reports(count, uids):
    """Each is of one OOM, of one pod after the other."""
    return reports_of.reports(count, uids)


def append(path, texts):
    with open(path, "ab") as stream:
        stream.write(b"".join(texts))


def told(server):
    """{(reason, name of the pod): how many OOMs the Events tell of}, where each is of one OOM or counts a series."""
    found = {}
    for event in server.admin.get(EVENTS)["items"]:
        key = event["reason"], event["regarding"]["name"]
        found[key] = found.get(key, 0) + (event.get("series") or {}).get("count", 1)
    return found


def deaths(server):
    """How many OOMs the Events tell of; a wrong victim is said beside."""
    return sum(count for (reason, _pod), count in told(server).items() if reason != "OOMKilledWrongVictim")


def test_killed_at_200_random_moments(server, uids, tmp_path):
    """Nothing is lost and nothing is doubled at the API server."""
    log, state = str(tmp_path / "log"), str(tmp_path / "state")
    append(log, [])
    texts, chance = reports(400, uids), random.Random(12)
    options = ("--kernel-log", log, "--state-dir", state)
    with watching(server, str(tmp_path), NODE, *options):
        pass  # from now on the state says where the log is read
    words = tmp_path / "err"
    for number in range(200):
        begun = words.stat().st_size
        process = start(server, str(tmp_path), NODE, *options)
        if number % 4:  # the others are killed while they start
            api.until(lambda begun=begun: b" watches " in words.read_bytes()[begun:], "word of the agent", SECONDS)
        append(log, texts[2 * number : 2 * number + 1])
        time.sleep(chance.uniform(0.0, 1.0))
        append(log, texts[2 * number + 1 : 2 * number + 2])
        process.kill()
        process.wait()
    with watching(server, str(tmp_path), NODE, *options):
        api.until(lambda: deaths(server) >= 400, "400 OOMs in Events", SECONDS, 1)
        time.sleep(5)  # for what is too many
    assert deaths(server) == 400, told(server)


def test_api_server_that_is_away_for_a_whole_storm(server, uids, tmp_path):
    log = str(tmp_path / "log")
    append(log, [])
    texts = reports(304, uids)
    with watching(server, str(tmp_path), NODE, "--kernel-log", log, "--state-dir", str(tmp_path / "state")) as agent:
        append(log, texts[:4])  # so that the agent knows the pods
        api.until(lambda: deaths(server) == 4, "four Events", SECONDS)
        server.stop()
        try:
            append(log, texts[4:])
            api.until(lambda: len(agent.events()) == 304, "all lines", SECONDS)
        finally:
            server.start()
        api.until(lambda: deaths(server) >= 304, "all OOMs in Events", SECONDS, 1)
        assert 'oomwatch_spool_dropped_total{kind="kill"} 0.0' in agent.metrics()
    assert deaths(server) == 304
    # creationTimestamp is in whole seconds: what came in an earlier one is of an earlier OOM.
    groups = {}
    for event in server.admin.get(EVENTS)["items"]:
        groups.setdefault(event["metadata"]["creationTimestamp"], []).append(event["eventTime"])
    times = [groups[moment] for moment in sorted(groups)]
    assert all(max(early) <= min(late) for early, late in zip(times, times[1:]))


def test_4500_reports_through_a_followed_file(server, uids, tmp_path):
    log = str(tmp_path / "log")
    append(log, [])
    with watching(server, str(tmp_path), NODE, "--kernel-log", log, "--kube", "off") as agent:
        for text in reports(4500, uids):
            append(log, [text])
        api.until(lambda: agent.count_lines() == 4500, "4,500 lines", SECONDS, 1)
        rows = agent.metrics().splitlines()
    ids = {event["id"] for event in agent.events()}
    assert len(ids) == 4500
    counted = sum(float(row.rpartition(" ")[2]) for row in rows if row.startswith("oomwatch_incidents_total{"))
    assert counted == 4500
    assert "oomwatch_log_records_lost_total 0.0" in rows


def test_agent_that_is_stopped_for_a_while_goes_on(server, uids, tmp_path):
    log = str(tmp_path / "log")
    append(log, [])
    with watching(server, str(tmp_path), NODE, "--kernel-log", log) as agent:
        agent.process.send_signal(signal.SIGSTOP)
        append(log, reports(8, uids))
        time.sleep(5)
        agent.process.send_signal(signal.SIGCONT)
        api.until(lambda: deaths(server) == 8, "eight Events", SECONDS)
        assert agent.process.poll() is None


def test_log_that_is_rotated_while_the_agent_is_stopped(server, uids, tmp_path):
    log = str(tmp_path / "log")
    append(log, [])
    texts = reports(6, uids)
    with watching(server, str(tmp_path), NODE, "--kernel-log", log) as agent:
        append(log, texts[:2])
        api.until(lambda: deaths(server) == 2, "two Events", SECONDS)
        agent.process.send_signal(signal.SIGSTOP)
        append(log, texts[2:4])
        os.rename(log, f"{log}.1")
        append(log, texts[4:])
        agent.process.send_signal(signal.SIGCONT)
        api.until(lambda: deaths(server) == 6, "six Events", SECONDS)


def test_frozen_api_server_holds_up_no_line(server, uids, tmp_path):
    """Connections stay open, and nothing answers."""
    log = str(tmp_path / "log")
    append(log, [])
    texts = reports(12, uids)
    with watching(server, str(tmp_path), NODE, "--kernel-log", log) as agent:
        append(log, texts[:4])
        api.until(lambda: deaths(server) == 4, "four Events", SECONDS)
        with server.frozen():
            append(log, texts[4:])
            api.until(lambda: len(agent.events()) == 12, "all lines", SECONDS)
        api.until(lambda: deaths(server) == 12, "all Events", SECONDS)


def test_token_and_authority_that_are_exchanged(server, uids, tmp_path):
    log = str(tmp_path / "log")
    append(log, [])
    texts = reports(12, uids)
    with watching(server, str(tmp_path), NODE, "--kernel-log", log) as agent:
        append(log, texts[:4])
        api.until(lambda: deaths(server) == 4, "four Events", SECONDS)
        server.rotate_account_key()
        append(log, texts[4:8])
        api.until(lambda: "does not accept the agent's token" in agent.words(), "the refusal", SECONDS)
        agent.renew_token(server)
        api.until(lambda: deaths(server) == 8, "eight Events", SECONDS)
        server.rotate_authority()  # the file of the authority is the one that the agent's kubeconfig names
        append(log, texts[8:])
        api.until(lambda: deaths(server) == 12, "twelve Events", SECONDS)


@pytest.mark.parametrize("damage", [b"", b"{", b"\0" * 4096, b'{"kind": "oomwatch.state", "version": 1, "log": 7}'])
def test_damaged_state_and_spool(server, uids, tmp_path, damage):
    log, state = str(tmp_path / "log"), tmp_path / "state"
    append(log, [])
    state.mkdir()
    for name in ("state.json", "state.json.before", "spool"):
        (state / name).write_bytes(damage)
    with watching(server, str(tmp_path), NODE, "--kernel-log", log, "--state-dir", str(state)) as agent:
        append(log, reports(4, uids))
        api.until(lambda: deaths(server) == 4, "four Events", SECONDS)
        assert "Traceback" not in agent.words()


def test_full_state_disk(server, uids, tmp_path):
    """Events wait in memory, the agent says why, and is not ready."""
    log, state = str(tmp_path / "log"), str(tmp_path / "state")
    append(log, [])
    os.mkdir(state)
    with small_disk(state), watching(server, str(tmp_path), NODE, "--kernel-log", log, "--state-dir", state) as agent:
        append(log, reports(4, uids))
        api.until(lambda: deaths(server) == 4, "four Events", SECONDS)
        api.until(lambda: "No space left on device" in agent.words(), "the reason", SECONDS)
        status, said = agent.ask("/readyz")
        assert status == 503 and "No space left on device" in said


@contextlib.contextmanager
def small_disk(folder):
    """A tmpfs of this mount namespace without any room left."""
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", folder], check=True)
    try:
        with contextlib.suppress(OSError), open(f"{folder}/filler", "wb") as stream:
            while True:
                stream.write(bytes(4096))
                stream.flush()
        yield
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


def test_second_agent_on_the_same_state_is_refused(server, uids, tmp_path):
    log, state = str(tmp_path / "log"), str(tmp_path / "state")
    append(log, [])
    options = ("--kernel-log", log, "--state-dir", state)
    with watching(server, str(tmp_path), NODE, *options):
        second = start(server, str(tmp_path / "second"), NODE, *options)
        assert second.wait(SECONDS) == 2
    assert "which another oomwatch uses" in (tmp_path / "second" / "err").read_text()


def test_two_agents_on_one_node_write_each_event_once(server, uids, tmp_path):
    log = str(tmp_path / "log")
    append(log, [])
    first, second = str(tmp_path / "first"), str(tmp_path / "second")
    with watching(server, first, NODE, "--kernel-log", log) as one:
        with watching(server, second, NODE, "--kernel-log", log) as other:
            append(log, reports(8, uids))
            for agent in (one, other):
                api.until(lambda agent=agent: "oomwatch_spool_length 0.0" in agent.metrics(), "empty spool", SECONDS)
                api.until(lambda agent=agent: len(agent.events()) == 8, "eight lines", SECONDS)
            api.until(lambda: deaths(server) >= 8, "eight Events", SECONDS)
    assert deaths(server) == 8


# A user who sees no process of others: hidepid of this mount alone (Linux 5.8 and later).
HIDDEN = 'mount -t proc -o hidepid=2 proc /proc && exec setpriv --reuid=65534 --regid=65534 --clear-groups "$@"'


def test_user_who_sees_no_other_process(uids, tmp_path):
    """Neither root nor a cluster: the log that it may read is enough."""
    log, out = tmp_path / "log", tmp_path / "out"
    append(str(log), [])
    environ = {"PATH": "/usr/bin:/bin", **agents.variables(agents.checkout())}
    agent = ["/usr/bin/python3", "-m", "oomwatch", "run", "--kernel-log", str(log), "--output", "json"]
    for folder in (tmp_path, *tmp_path.parents[:3]):
        os.chmod(folder, os.stat(folder).st_mode | 0o055)
    with open(out, "wb") as lines, open(tmp_path / "err", "wb") as errors:
        process = subprocess.Popen(
            ["unshare", "--mount", "sh", "-c", HIDDEN, "sh", *agent], stdout=lines, stderr=errors, env=environ
        )
    words = (tmp_path / "err").read_text
    try:
        api.until(lambda: " watches " in words() or process.poll() is not None, "word of the agent", 120)
        append(str(log), reports(3, uids))
        api.until(lambda: out.read_bytes().count(b"\n") == 3, "three lines", SECONDS)
    finally:
        process.terminate()
        status = process.wait(60)
    assert status == 0 and "Traceback" not in words()
