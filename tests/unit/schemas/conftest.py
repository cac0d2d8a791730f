# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The schemas, and facts to hold against them: of this host, of captured trees and of a kernel with every field."""

import json
import os
import pathlib
import re
import subprocess
import sys

import jsonschema
import pytest
import referencing

from ansible_collections.memfacts.linux.plugins.module_utils.memcore.answers import facts
from ansible_collections.memfacts.linux.plugins.module_utils.memcore.gather import options
from ansible_collections.memfacts.linux.plugins.module_utils.memcore.sources import host
from tests.support import hosttree, oomtree

CHECKOUT = pathlib.Path(__file__).resolve().parents[3]
HOSTS = CHECKOUT / "tests" / "unit" / "fixtures" / "hosts"
TREES = sorted(HOSTS.rglob("*.tree"))
# Of these files a case gives only the lines that differ from its base.
_MERGED = ("proc/meminfo", "proc/vmstat")
_BASE = re.compile(r"composed, not captured: what differs from (\S+\.tree)")
_FLOORED = HOSTS.parent / "oom" / "pod-9066e5cfb73c.tree"  # a kernel whose points never fall below 1
_TREE = HOSTS / "captured-6.12.tree"  # it has huge pages and a cgroup

# Runs in namespaces of its own, so that the tmpfs and the segment are gone with it.
_PLANT_AND_COLLECT = """
import ctypes, json, mmap, os, subprocess, sys
from ansible_collections.memfacts.linux.plugins.module_utils.memcore.answers import facts
from ansible_collections.memfacts.linux.plugins.module_utils.memcore.gather import options
from ansible_collections.memfacts.linux.plugins.module_utils.memcore.sources import host

folder = sys.argv[1]
subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16m", "memfacts-test", folder], check=True)
subprocess.run(["ipcmk", "-M", "65536"], check=True, stdout=subprocess.DEVNULL)
kept = [open(os.path.join(folder, name), "w") for name in ("named", "gone")]
memory = ctypes.CDLL(None).memfd_create(b"planted", 0)
for stream in kept:
    stream.write("x" * 65536)
    stream.flush()
os.write(memory, b"x" * 65536)
os.unlink(os.path.join(folder, "gone"))
mapping = mmap.mmap(-1, 65536)
mapping.write(b"x" * 65536)
json.dump(facts.collect(host.at("/"), options.Options(top=1000)), sys.stdout)
"""

# Fields that most kernels do not have, or have at zero.
_SELDOM = {
    "proc/meminfo": "Bounce: 4 kB\nWritebackTmp: 4 kB\nHardwareCorrupted: 4 kB\n"
    "Zswap: 4 kB\nGPUActive: 4 kB\nFuture: 4 kB\n",
    "proc/vmstat": "nr_memmap_pages 1\n",
    "proc/spl/kstat/zfs/arcstats": "size 4 4096\n",
    # A process that the OOM killer spares, in a cgroup with a limit.
    "proc/4242/status": "Name:\tspared\nPPid:\t1\nUid:\t0\t0\t0\t0\nVmRSS:\t 4096 kB\nVmPTE:\t 8 kB\n",
    "proc/4242/oom_score_adj": "-1000\n",
    "sys/fs/cgroup/workload/cgroup.procs": "4242\n",
    # A lifeline whose unit declares another value, and two cgroups in which the score has nothing to say.
    "proc/4243/status": "Name:\tsshd\nPPid:\t1\nUid:\t0\t0\t0\t0\nVmRSS:\t 4096 kB\nVmPTE:\t 8 kB\n",
    "proc/4243/oom_score_adj": "0\n",
    "proc/4243/cgroup": "0::/system.slice/ssh.service\n",
    "etc/systemd/system/ssh.service": "[Service]\nOOMScoreAdjust=-900\n",
    "proc/4244/status": "Name:\tpause\nPPid:\t1\nUid:\t0\t0\t0\t0\nVmRSS:\t 4 kB\nVmPTE:\t 8 kB\n",
    "proc/4244/oom_score_adj": "-998\n",
    "proc/4245/status": "Name:\thog\nPPid:\t1\nUid:\t0\t0\t0\t0\nVmRSS:\t 4096 kB\nVmPTE:\t 8 kB\n",
    "proc/4245/oom_score_adj": "-998\n",
    "sys/fs/cgroup/pod/cgroup.procs": "4244\n4245\n",
    "sys/fs/cgroup/pod/memory.current": "8388608\n",
    "sys/fs/cgroup/pod/memory.max": "16777216\n",
    "proc/4246/status": "Name:\tstuck\nPPid:\t1\nUid:\t0\t0\t0\t0\nVmRSS:\t 4096 kB\nVmPTE:\t 8 kB\n",
    "proc/4246/oom_score_adj": "-1000\n",
    "sys/fs/cgroup/stuck/cgroup.procs": "4246\n",
    "sys/fs/cgroup/stuck/memory.current": "8388608\n",
    "sys/fs/cgroup/stuck/memory.max": "8388608\n",
    "proc/allocinfo": "allocinfo - version: 1.0\n 4096 1 mm/slub.c:2425 func:alloc_slab_page \n",
}


def pytest_generate_tests(metafunc):
    if "tree_file" in metafunc.fixturenames:
        metafunc.parametrize("tree_file", TREES, ids=[path.stem for path in TREES])


@pytest.fixture(scope="session")
def schemas():
    """Each schema by its file name."""
    return {path.name: json.loads(path.read_text()) for path in (CHECKOUT / "schemas").glob("*.json")}


@pytest.fixture(scope="session")
def problems(schemas):
    """problems(facts) -> what the schema says against them, as `path: message`."""
    resources = [(name, referencing.Resource.from_contents(schema)) for name, schema in schemas.items()]
    registry = referencing.Registry().with_resources(resources)
    validator = jsonschema.Draft202012Validator(schemas["facts.schema.json"], registry=registry)

    def find(record):
        # Through JSON, since that is what a consumer gets.
        errors = validator.iter_errors(json.loads(json.dumps(record)))
        return [f"{error.json_path}: {error.message}" for error in errors]

    return find


@pytest.fixture(scope="session")
def collect():
    """collect(root, **options) -> the facts of the host or tree there; options as in options.Options."""

    def collect_at(root="/", **asked):
        return facts.collect(host.at(str(root)), options.Options(**asked))

    return collect_at


@pytest.fixture(scope="session")
def unpack():
    """unpack(tree file, folder) -> the folder with the tree in it; a case is laid over the tree that it names."""

    def unpack_into(tree_file, folder):
        text = tree_file.read_text(encoding="utf-8", errors="surrogateescape")
        base = _BASE.match(text)
        if base:
            unpack_into(HOSTS / base[1], folder)
        before = {name: lines_by_name(folder / name) for name in _MERGED if base}
        hosttree.unpack(text, str(folder))
        for name, lines in before.items():
            merged = {**lines, **lines_by_name(folder / name)}
            (folder / name).write_text("".join(merged.values()))
        return folder

    return unpack_into


def lines_by_name(path):
    """The lines of a file by their first word."""
    return {line.split()[0]: line for line in path.read_text().splitlines(True)}


@pytest.fixture(scope="session")
def planted_facts(tmp_path_factory):
    """The facts of this host with one of each kind of shared memory planted."""
    if os.geteuid() != 0:
        pytest.skip("needs root to plant shared memory of every kind")
    unshare = ["unshare", "--mount", "--ipc"]
    if subprocess.run([*unshare, "true"], stderr=subprocess.DEVNULL, check=False).returncode:
        pytest.skip("needs the right to make namespaces, to plant shared memory of every kind")
    folder = tmp_path_factory.mktemp("tmpfs")
    command = [*unshare, sys.executable, "-c", _PLANT_AND_COLLECT, str(folder)]
    environment = dict(os.environ, PYTHONPATH=os.pathsep.join(sys.path))
    return json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, env=environment).stdout)


@pytest.fixture(scope="session")
def seldom_facts(collect, unpack, tmp_path_factory):
    """The facts of a captured tree with the fields added that most kernels lack."""
    folder = unpack(_TREE, tmp_path_factory.mktemp("seldom"))
    for name, lines in _SELDOM.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        added = {line.split()[0]: line for line in lines.splitlines(True)}
        path.write_text("".join({**(lines_by_name(path) if path.exists() else {}), **added}.values()))
    return collect(folder)


@pytest.fixture(scope="session")
def floored_facts(collect, unpack, tmp_path_factory):
    """The facts of a composed host with the old badness model."""
    return collect(unpack(_FLOORED, tmp_path_factory.mktemp("floored")))


@pytest.fixture(scope="session")
def vfork_facts(collect, tmp_path_factory):
    """The facts of a composed host on which the next victim has exactly its parent's memory."""
    folder = tmp_path_factory.mktemp("vfork")
    same = {"rss": 500, "total_vm": 7000, "cgroup": "/p"}
    tasks = [oomtree.process(10, **same), oomtree.process(11, ppid=10, **same)]
    oomtree.lay(folder, tasks, [("/p", {"memory.max": 100 << 20}, [10, 11])])
    return collect(folder)


@pytest.fixture(scope="session")
def cpuset_facts(collect, unpack, tmp_path_factory):
    """The facts of a composed host with the old badness model, whose processes may use one of two memory nodes each."""
    folder = unpack(_FLOORED, tmp_path_factory.mktemp("cpuset"))
    for number, status in enumerate(sorted(folder.glob("proc/[0-9]*/status"))):
        with status.open("a") as stream:
            stream.write(f"Mems_allowed_list:\t{number % 2}\n")
    zone = "Node {}, zone   Normal\n  pages free     1\n        spanned  65438\n        present  65438\n"
    (folder / "proc/zoneinfo").write_text(zone.format(0) + zone.format(1))
    return collect(folder)
