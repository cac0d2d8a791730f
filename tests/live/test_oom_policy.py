# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role oom_policy and its playbooks on this host, which may not lower a value: the fleet has real lifelines."""

import json
import os
import re
import shutil
import subprocess
import sys
import tarfile

import pytest

from tests import CHECKOUT
from tests.live import adj
from tests.live.adj import running
from tests.support import plays

pytestmark = [
    pytest.mark.root,
    pytest.mark.skipif(os.geteuid() != 0, reason="setting other processes' values takes root"),
]

PLAYBOOK = os.path.join(os.path.dirname(sys.executable), "ansible-playbook")
COUNTS = re.compile(r"^(\S+) +: ok=(\d+) +changed=(\d+) .*failed=(\d+)", re.MULTILINE)


@pytest.fixture
def play(tmp_path):
    """Run a playbook of the collection on two names of this host; give {host: (ok, changed, failed)} and the output."""
    inventory = tmp_path / "inventory"
    local = "ansible_connection=local ansible_become=false ansible_python_interpreter=" + sys.executable
    inventory.write_text(f"one {local}\ntwo {local}\n")
    environment = dict(
        os.environ,
        ANSIBLE_CONFIG=os.path.join(CHECKOUT, "ansible.cfg"),
        ANSIBLE_LOCAL_TEMP=str(tmp_path / "local"),
        ANSIBLE_REMOTE_TEMP=str(tmp_path / "remote"),
        ANSIBLE_NOCOLOR="1",
        ANSIBLE_FORKS="1",
    )

    def ansible_playbook(name, *flags, **variables):
        command = [PLAYBOOK, "-i", str(inventory), "memfacts.linux." + name, "-e", json.dumps(variables), *flags]
        done = subprocess.run(
            command,
            cwd=CHECKOUT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=600,
            check=False,
        )
        output = done.stdout.decode()
        counts = {host: tuple(map(int, numbers)) for host, *numbers in COUNTS.findall(output)}
        assert counts, output
        return counts, output

    return ansible_playbook


@pytest.fixture
def program(tmp_path):
    path = tmp_path / "adj-policy"
    shutil.copy(os.path.realpath(shutil.which("sleep")), path)
    return str(path)


@pytest.fixture(autouse=True)
def record(born_at_zero):
    with adj.own_record():
        yield


def policy_for(program, value):
    # A text that a template gives, which is what a group_vars file often has.
    return {
        "oom_policy_lifelines": [],
        "oom_policy_workloads": [{"name": program, "value": "{{ wanted }}"}],
        "wanted": value,
    }


def changed(counts):
    return [numbers[1] for numbers in counts.values()]


def failed(counts):
    return [numbers[2] for numbers in counts.values()]


def test_a_policy_is_previewed_applied_and_taken_back(play, program):
    policy = policy_for(program, 350)
    with running(program, "600") as pid:
        line = f"+adj-policy (pid {pid}): 350"
        counts, output = play("protect", "--check", "--diff", **policy)
        assert (changed(counts), failed(counts), output.count(line)) == ([1, 1], [0, 0], 2)
        assert adj.of(pid) == 0 and not os.path.exists(adj.RECORD)
        counts, output = play("protect", "--diff", **policy)
        # Both names are this host, so the second has nothing left to do.
        assert (sorted(changed(counts)), failed(counts), output.count(line)) == ([0, 1], [0, 0], 1)
        assert adj.of(pid) == 350
        counts, _output = play("protect", **policy)
        assert (changed(counts), failed(counts)) == ([0, 0], [0, 0])
        counts, _output = play("undo", **policy)
        assert (sorted(changed(counts)), failed(counts)) == ([0, 1], [0, 0])
        assert adj.of(pid) == 0 and not os.path.exists(adj.RECORD)


def test_undo_needs_no_policy_to_find_what_was_set(play, program):
    with running(program, "600") as pid, running(program, "601") as other:
        adj.run(pid=pid, value=100)
        adj.run(pid=other, value=200)
        counts, output = play("undo", "--check", "-l", "one")
        assert (changed(counts), failed(counts)) == ([1], [0])
        assert (adj.of(pid), adj.of(other)) == (100, 200)
        counts, output = play("undo", "-l", "one")
        assert (changed(counts), failed(counts)) == ([1], [0]), output
        assert (adj.of(pid), adj.of(other)) == (0, 0)
        assert not os.path.exists(adj.RECORD)


def test_wrong_policy_of_one_host_stops_all_hosts(play, program):
    with running(program, "600") as pid:
        # Only the second host has the wrong one.
        right = [{"name": program, "value": 350}]
        wrong = [{"name": "x", "value": 350, "urgency": "high"}]
        workloads = "{{ wrong if inventory_hostname == 'two' else right }}"
        _counts, output = play(
            "protect", oom_policy_lifelines=[], oom_policy_workloads=workloads, wrong=wrong, right=right
        )
        assert "oom_policy.workloads[0] has the unknown key 'urgency'; known are" in output
        assert adj.of(pid) == 0 and "Set the oom_score_adj of every entry of the policy" not in output


def test_entries_that_contradict_on_the_host_are_refused_there(play, program):
    with running(program, "600") as pid:
        entries = [{"name": program, "value": 350}, {"pattern": "^adj-policy$", "value": 400}]
        counts, output = play("protect", "-l", "one", oom_policy_lifelines=[], oom_policy_workloads=entries)
        assert (changed(counts), failed(counts)) == ([0], [1])
        assert f"name {program}" in output and "pattern ^adj-policy$" in output
        assert adj.of(pid) == 0 and not os.path.exists(adj.RECORD)


def test_where_nothing_was_set_undo_changes_nothing(play):
    counts, output = play("undo", "-l", "one")
    assert (changed(counts), failed(counts)) == ([0], [0]), output


@pytest.mark.skipif(os.path.isdir("/run/systemd/system"), reason="this host runs systemd; the fleet's tests show it")
def test_a_host_without_systemd_is_fine(play):
    counts, output = play("protect")
    assert (changed(counts), failed(counts)) == ([0, 0], [0, 0])
    assert output.count("This host has none of the services and processes that the policy names.") == 2


def test_the_audit_reports_and_changes_nothing(play):
    counts, output = play("audit", "--check")
    assert (changed(counts), failed(counts)) == ([0, 0], [0, 0])
    assert "Where MemTotal" in output and "out of memory" in output


SHIPPED = ("plugins", "roles", "playbooks", "meta", "k8s")


@pytest.mark.parametrize("playbook", ["protect", "undo", "limit_tmpfs", "audit", "where_did_it_go"])
def test_archive_works_with_ansible_core_alone(built, tmp_path, playbook):
    environment = plays.environment_for(tmp_path, built)
    command = [PLAYBOOK, "-i", plays.inventory_of(tmp_path, ["here"]), "--check", f"memfacts.linux.{playbook}"]
    done = subprocess.run(
        command,
        cwd=tmp_path,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0 and "failed=0" in done.stdout, done.stdout


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """A folder of collections with what is in the archive, less all that Ansible does not look into."""
    folder = tmp_path_factory.mktemp("built")
    galaxy = os.path.join(os.path.dirname(sys.executable), "ansible-galaxy")
    subprocess.run([galaxy, "collection", "build", "--output-path", str(folder), CHECKOUT], check=True)
    (archive,) = folder.glob("memfacts-linux-*.tar.gz")
    with tarfile.open(str(archive)) as content:
        files = [member for member in content.getmembers() if member.name.split("/")[0] in SHIPPED]
        content.extractall(str(folder / "ansible_collections" / "memfacts" / "linux"), files)
    return folder
