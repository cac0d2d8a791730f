# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The stages of `make test` and `make test-all`. `nox -l` lists them, `nox -s live -- -k memfd` runs a part of one."""

import glob
import hashlib
import os
import pathlib
import shlex
import shutil
import sys
import time

import nox

HERE = pathlib.Path(__file__).resolve().parent
PINS = HERE / "requirements"
# pyenv answers only for the versions that are switched on, unless it finds their folders on the PATH as well.
PYENV = os.path.expanduser(os.environ.get("PYENV_ROOT", "~/.pyenv"))
os.environ["PATH"] = os.pathsep.join([os.environ["PATH"], *glob.glob(f"{PYENV}/versions/*/bin")])
os.environ["ANSIBLE_CONFIG"] = str(HERE / "ansible.cfg")
# Hundreds of tests start a process each, and compiling takes half of what such a process takes.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
KNOWN = [f"3.{minor}" for minor in range(6, 15)]  # what targets may have
FOUND = [version for version in KNOWN if shutil.which(f"python{version}")]
SHORT = list(dict.fromkeys((FOUND[0], FOUND[-1])))  # those of them that the short check has
TARGETS = ("tests/unit/plugins/module_utils", "tests/unit/plugins/modules")  # tests that need no Ansible
# {list of requirements: (Pythons that run it, Pythons of the targets it reaches)}: no single core reaches all targets.
CORES = {"ansible-2.16": (KNOWN[4:7], KNOWN[:7]), "ansible-newest": (KNOWN[6:], KNOWN[3:])}

# Environments are kept outside of the checkout, and made anew when one of the lists changes.
every_pin = b"".join(path.read_bytes() for path in sorted(PINS.glob("*.txt")))
CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "memfacts"
nox.options.envdir = str(CACHE / "nox" / hashlib.sha256(every_pin).hexdigest()[:12])
nox.options.sessions = ["lint", "unit"]
# Hypothesis computes tables of Unicode for seconds, once in a folder.
os.environ.setdefault("HYPOTHESIS_STORAGE_DIRECTORY", str(CACHE / "hypothesis"))
nox.options.reuse_venv = "yes"
nox.options.default_venv_backend = "venv"
nox.options.download_python = "never"
nox.options.error_on_missing_interpreters = False  # tally.py says which are missing


def pytest(session, *words, python=sys.executable, **settings):
    """Run tests, each attempt with a log of its own; tests/conftest.py leaves out what passed in an earlier one."""
    patience = {"interrupt_timeout": 60, "terminate_timeout": 60}  # who is interrupted removes what was planted
    if "MEMFACTS_RESULTS" in os.environ:
        logs = os.path.join(os.environ["MEMFACTS_RESULTS"], session.name)
        words = (*words, f"--report-log={logs}.{time.time_ns()}.jsonl")
        settings["MEMFACTS_PASSED_IN"] = logs + ".*.jsonl"
        patience["success_codes"] = [0, 5] if glob.glob(logs + ".*.jsonl") else [0]  # 5: no test was left to run
    session.run(python, "-m", "pytest", "-q", *words, *session.posargs, env=settings, external=True, **patience)


@nox.session(tags=["lint", "test", "test-all"], venv_backend="none")
def lint(session):
    """Format, imports, licences, documentation, the public CI file, build and install."""
    for command in (HERE / "scripts" / "lint.txt").read_text().splitlines():
        if not command.startswith("#"):
            session.run(*shlex.split(command), external=True, silent=True)


@nox.session(tags=["unit", "test", "test-all", "long"], venv_backend="none")
def unit(session):
    """Unit tests on the checkout's own Python, but for those that take long."""
    pytest(session, "tests/unit", "-m", "not slow")


@nox.session(tags=["unit", "test-all"], venv_backend="none", name="unit-slow")
def unit_slow(session):
    """Those that take long; `targets-slow-…` has the ones of what goes to targets."""
    pytest(session, "tests/unit", "-m", "slow", *(f"--ignore={folder}" for folder in TARGETS))


def targets(session, which="not slow", share=1):
    """Unit tests of what goes to targets, without Ansible; `share` is 3 if a third of all examples is enough."""
    older = KNOWN[: KNOWN.index(session.python) + 1]
    pins = [path for path in (PINS / f"units-{version}.txt" for version in older) if path.exists()]
    session.install("-qq", "--no-deps", "-r", str(pins[-1]))
    pytest(session, *TARGETS, "-m", which, python="python", MEMFACTS_EXAMPLES_SHARE=str(share))


def targets_short(session):
    """The same with a third of the examples of property tests; `targets-slow-…` has all of them."""
    targets(session, share=3)


def targets_slow(session):
    """Those that take long: hostile sizes, each report under each damage, and property tests with all examples."""
    targets(session, "slow or hypothesis")


for version in KNOWN:
    if version not in SHORT:
        nox.session(targets, python=version, tags=["targets", "test-all"], name=f"targets-{version}")
        continue
    nox.session(targets_short, python=version, tags=["targets", "test-all", "test"], name=f"targets-{version}")
    nox.session(targets_slow, python=version, tags=["targets", "test-all"], name=f"targets-slow-{version}")


def ansible(core, tests):
    """A stage: ansible-test with one ansible-core, or some of its tests; with all, also the same answer as others."""

    def run(session):
        session.install("-qq", "--no-deps", "-r", str(PINS / f"{core}.txt"))
        session.run("python", "-m", "scripts.sanity", core, *tests)
        if not tests:
            reached = [shutil.which(f"python{version}") for version in FOUND if version in CORES[core][1]]
            where = {"MEMFACTS_ANSIBLE": f"{session.bin}/ansible", "MEMFACTS_TARGETS": f"{reached[0]}:{reached[-1]}"}
            pytest(session, "tests/answers", **where)

    return run


for name, core, tests, tags in (
    ("ansible-short", "ansible-newest", ["import", "compile", "validate-modules"], ["test"]),
    ("ansible-newest", "ansible-newest", [], ["test-all", "sanity"]),
    ("ansible-oldest", "ansible-2.16", [], ["test-all", "sanity"]),
):
    runs_on = [version for version in FOUND if version in CORES[core][0]] or CORES[core][0]
    nox.session(ansible(core, tests), python=runs_on[-1], tags=tags, name=name)


def on_kernels(package, fetch, words):
    """A stage: tests that boot kernels or change this host. What they need is fetched first: no test waits for it."""

    def run(session):
        if fetch:  # of what cannot be had the tests say so themselves
            session.run(sys.executable, "-m", package, *fetch, external=True, success_codes=[0, 1])
        pytest(session, package.replace(".", "/"), *words)

    return run


for name, package, fetch, words, *tags in (
    ("proof", "tests.lab", ["--fetch", "6.1-floored-first"], ["-m", "proof"], "test"),
    ("setters", "tests.live", [], ["-m", "setter and not slow"], "test", "long"),
    ("live", "tests.live", [], [], "test-all", "alone"),
    ("lab", "tests.lab", ["--fetch"], [], "test-all", "alone"),
    ("fleet-test", "tests.fleet", ["fetch"], [], "test-all", "alone"),
    ("cluster", "tests.cluster", ["fetch"], [], "test-all", "alone"),
    ("bench-check", "tests.bench", [], [], "test-all", "alone"),
):
    nox.session(on_kernels(package, fetch, words), venv_backend="none", tags=[name, *tags], name=name)
