# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run the unit tests of what goes to targets on every Python from 3.6 up that this machine has.

Hosts of the oldest kernels have the oldest Pythons, so a syntax or a module that came later must show here.
No Ansible is installed in these environments: the collection's full import path is made of plain folders.
"""

import collections
import concurrent.futures
import os
import pathlib
import subprocess
import sys
import time

from scripts import caches, interpreters

TARGET_TESTS = ["tests/unit/plugins/module_utils", "tests/unit/plugins/modules"]
COLLECTIONS = caches.CHECKOUT / ".venv" / "collections"

TAIL = 40  # lines shown of a run that failed; eight interpreters often fail alike

Outcome = collections.namedtuple("Outcome", "version passed seconds output")


def requirements_for(version):
    """The newest list that is not newer than the interpreter: units-3.10 serves all that came after it."""
    lists = (caches.CHECKOUT / "requirements").glob("units-*.txt")
    versions = [tuple(int(part) for part in path.stem[len("units-") :].split(".")) for path in lists]
    return "units-" + interpreters.text(max(known for known in versions if known <= version))


def run(version, interpreter, tests):
    """Run `tests` (folders) on one interpreter."""
    started = time.monotonic()
    name = interpreters.text(version)
    try:
        venv = caches.venv("units-" + name, interpreter, requirements_for(version))
    except subprocess.CalledProcessError as error:
        return Outcome(version, False, time.monotonic() - started, f"no environment for Python {name}: {error}")
    command = [venv / "bin" / "python", "-m", "pytest", "-q", "-p", "no:cacheprovider", *tests]
    if os.environ.get("MEMFACTS_RESULTS"):
        junit = pathlib.Path(os.environ["MEMFACTS_RESULTS"], f"python-{name}.xml")
        command += ["--junitxml", junit, "-o", "junit_suite_name=Python " + name]
    done = subprocess.run(
        command,
        cwd=caches.CHECKOUT,
        env=dict(
            os.environ,
            PYTHONPATH=str(COLLECTIONS),
            PYTHONDONTWRITEBYTECODE="1",
            HYPOTHESIS_STORAGE_DIRECTORY=str(caches.folder("hypothesis", name)),
        ),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
    )
    return Outcome(version, done.returncode == 0, time.monotonic() - started, done.stdout.strip())


def main():
    """Exit 1 if a test failed anywhere, or if there was nothing to run."""
    tests = [folder for folder in TARGET_TESTS if (caches.CHECKOUT / folder).is_dir()]
    found = interpreters.find()
    if not tests or not found:
        print("nothing to run: " + ("no interpreter from 3.6 up was found" if tests else "no " + TARGET_TESTS[0]))
        return 1
    failed = []
    with concurrent.futures.ThreadPoolExecutor(max_workers=2) as pool:
        for outcome in pool.map(lambda item: run(item[0], item[1], tests), found.items()):
            last = outcome.output.splitlines()[-1] if outcome.output else "no output"
            print(f"Python {interpreters.text(outcome.version):5} {last.strip('= ')}", flush=True)
            if not outcome.passed:
                failed.append(outcome)
    for outcome in failed:
        print(f"\n--- Python {interpreters.text(outcome.version)}")
        print("\n".join(outcome.output.splitlines()[-TAIL:]))
    for version in interpreters.KNOWN:
        if version not in found:
            print(f"skipped: unit tests on Python {interpreters.text(version)}: not installed on this machine")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
