# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The probe tells this kernel's model whoever asks and from wherever, as a shell that looks for itself does."""

import json
import os
import pathlib
import re
import subprocess
import sys

import pytest

from tests.live.users import NOBODY

pytestmark = [
    pytest.mark.root,
    pytest.mark.skipif(os.geteuid() != 0, reason="other users, namespaces and values below 0 take root"),
]
MODULE_UTILS = str(pathlib.Path(__file__).resolve().parents[2] / "plugins" / "module_utils")
# A process that changed its user hides its own /proc files from itself, one that logged in does not.
ASK = """
import ctypes, json, os, sys
sys.path.insert(0, sys.argv[1])
from memcore.gather.badness_probe import probe
from memcore.sources.host import Host
if sys.argv[3] != "root":
    os.setgroups([])
    os.setgid(int(sys.argv[4]))
    os.setuid(int(sys.argv[4]))
    PR_SET_DUMPABLE = 4
    ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, int(sys.argv[3] == "nobody"), 0, 0, 0)
json.dump(probe(Host("/"), may_fork=sys.argv[2] == "fork"), sys.stdout)
"""


def ask(fork="fork", user="root", before=None, wrapper=()):
    """(model, evidence) of a Python of its own, which `before` prepares; user: root, nobody or hidden-nobody."""
    command = [*wrapper, sys.executable, "-c", ASK, MODULE_UTILS, fork, user, str(NOBODY.pw_uid)]
    done = subprocess.run(
        command, preexec_fn=before, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=600, check=False
    )
    assert (done.returncode, done.stderr.decode()) == (0, "")
    return json.loads(done.stdout.decode())


def set_adj(value):
    """A function for the child: its oom_score_adj is `value`."""

    def write():
        with open("/proc/self/oom_score_adj", "w") as stream:
            stream.write(str(value))

    return write


@pytest.fixture(scope="module")
def model():
    """What a shell at 500 sees of itself: about 500 on a floored kernel, 1000 on a signed one."""
    command = ["sh", "-c", "echo 500 > /proc/self/oom_score_adj; exec cat /proc/self/oom_score"]
    score = int(subprocess.run(command, stdout=subprocess.PIPE, timeout=600, check=True).stdout)
    return "signed" if score > 750 else "floored"


def figures(evidence):
    """The adj and the three scores of a sentence of evidence."""
    pattern = r"oom_score_adj (-?\d+), \d+/1000 .* oom_score (\d+), where a signed kernel shows (\d+) and .* one (\d+)"
    return [int(text) for text in re.search(pattern, evidence).groups()]


def test_root_is_told_with_the_figures_that_prove_it(model):
    told, evidence = ask()

    assert told == model
    _adj, score, signed, floored = figures(evidence)
    assert abs(score - (signed if model == "signed" else floored)) <= 20


@pytest.mark.parametrize("fork", ["fork", "no-fork"])
@pytest.mark.parametrize("user", ["root", "nobody", "hidden-nobody"])
@pytest.mark.parametrize("adj", [0, 900])
def test_whoever_asks_is_told(fork, user, adj, model):
    assert ask(fork, user, set_adj(adj))[0] == model


@pytest.mark.parametrize("value", [-500, -998, -1000])
def test_protected_process_probes_with_a_child(value, model):
    try:
        done = subprocess.run(
            ["sh", "-c", f"echo {value} > /proc/self/oom_score_adj"], stderr=subprocess.DEVNULL, check=False
        )
    except OSError:
        done = None
    if done is None or done.returncode:
        pytest.skip("needs CAP_SYS_RESOURCE to lower an oom_score_adj")

    told, evidence = ask(before=set_adj(value))

    assert told == model
    assert evidence.startswith("this process" if model == "signed" and value > -900 else "a child process")


@pytest.mark.parametrize("fork", ["fork", "no-fork"])
def test_the_first_process_of_a_container_is_told(fork, model):
    wrapper = ["unshare", "--mount", "--pid", "--fork", "--mount-proc"]
    if subprocess.run([*wrapper, "true"], stderr=subprocess.DEVNULL, check=False).returncode:
        pytest.skip("needs the right to make a pid namespace")

    told, evidence = ask(fork, wrapper=wrapper)

    # Its pid is 1, of which nobody but the kernel knows that it is not the host's first.
    assert told == (model if fork == "fork" else "unknown"), evidence
