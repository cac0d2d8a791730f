# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run the stages of stages.py: `run_stages.py [GROUP...]`, all of them without arguments.

One line a stage, the end of its output where it failed, then what was skipped and why, and last the count of tests.
"""

import collections
import concurrent.futures
import contextlib
import os
import pathlib
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
import typing
import xml.etree.ElementTree

from scripts import caches
from scripts.stages import STAGES, Stage

TAIL = 60  # lines shown of a stage that failed
LIMIT_SECONDS = 45 * 60  # a stage that takes longer hangs
FEW = 3  # of so many failed tests it is asked whether they fail alone, too; more are no accident
TIDY_SECONDS = 20  # for a test that was interrupted to remove what it planted
RUNNING = set()  # the processes of the stages that run now


class Result(typing.NamedTuple):
    """How a stage ended: `state` is "ok", "FAIL", "skip" or "again" (some failed at first, and passed alone)."""

    stage: Stage
    state: str
    seconds: float
    log: pathlib.Path
    again: list[str]  # the tests that were played again


class Tests(typing.NamedTuple):
    """What pytest counted, over all stages."""

    passed: int
    failed: int
    skips: list[tuple[str, str]]  # (reason, in which run)


def run(stage):
    """Run one stage with its output in a log of its own, and say at once how it went."""
    started = time.monotonic()
    log = caches.own_folder("logs") / (slug(stage.name) + ".txt")
    reason = stage.reason_to_skip()
    again = []
    if reason:
        log.write_text(f"skipped: {stage.name}: {reason}\n")
        state = "skip"
    else:
        log.write_text("")
        state = "FAIL" if execute(stage.command, environment(stage, results_folder()), log) else "ok"
    if state == "FAIL" and stage.kernels:
        again = failed_tests(results_folder() / (slug(stage.name) + ".xml"))
    if 0 < len(again) <= FEW:
        second = environment(stage, results_folder() / "again")
        state = "FAIL" if execute(stage.command + " --last-failed", second, log) else "again"
    result = Result(stage, state, time.monotonic() - started, log, again)
    print("\n".join(account(result)), flush=True)
    return result


def execute(command, variables, log):
    """The exit status of a command whose output is added to the log; nothing of it survives the time limit."""
    with open(log, "a", encoding="utf-8") as output:
        process = subprocess.Popen(
            shlex.split(command),
            cwd=caches.CHECKOUT,
            env=variables,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        RUNNING.add(process)
        try:
            return process.wait(LIMIT_SECONDS)
        except subprocess.TimeoutExpired:
            stop(process)
            output.write(f"\nstopped after {LIMIT_SECONDS // 60} minutes\n")
            return 1
        finally:
            RUNNING.discard(process)


def stop(process):
    """End a stage with all that it started."""
    for how in (signal.SIGINT, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, how)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(TIDY_SECONDS)


def stop_all(number, _frame):
    """Leave nothing running behind when the whole is interrupted."""
    while RUNNING:  # the pool goes on to start what is queued
        stop(next(iter(RUNNING)))
    shutil.rmtree(results_folder())
    os._exit(128 + number)


def environment(stage, results):
    """Both names of the core are found, and every pytest leaves its results in that folder, where `count` looks."""
    junit = shlex.quote(f"--junitxml={results / slug(stage.name)}.xml")
    remembers = "-o " + shlex.quote(f"cache_dir={results_folder() / 'pytest' / slug(stage.name)}")
    places = ("plugins/module_utils", "k8s", ".venv/collections")
    paths = [caches.CHECKOUT / place for place in places]
    return dict(
        os.environ,
        MEMFACTS_RESULTS=str(results),
        PYTEST_ADDOPTS=f"{remembers if stage.kernels else '-p no:cacheprovider'} {junit}",
        PYTHONPATH=os.pathsep.join(map(str, paths)),
        HYPOTHESIS_STORAGE_DIRECTORY=str(caches.folder("hypothesis", "here")),
    )


def results_folder():
    """Where this run, and no other of the same checkout, collects what pytest wrote."""
    return caches.own_folder("results", str(os.getpid()))


def slug(name):
    """A file name for a stage."""
    return name.replace(" ", "-")


def account(result):
    """The lines that say how a stage went."""
    yield f"{result.state:5} {result.stage.name:22} {result.seconds:6.1f} s"
    if result.state == "again":
        yield from (f"      | failed at first and passed alone: {name}" for name in result.again)
        yield f"      why: {result.log}"
    if result.state == "FAIL":
        lines = result.log.read_text(errors="replace").splitlines()
        yield from ("      | " + line for line in lines[-TAIL:])
        yield f"      all of it: {result.log}"


def cases(folder):
    """{(run, class, name): test} of what pytest wrote as JUnit XML; of one that was played again the second time."""
    found = {}
    for file in [*sorted(folder.glob("*.xml")), *sorted(folder.glob("again/*.xml"))]:
        where = file.stem.replace("-", " ")
        for case in xml.etree.ElementTree.parse(file).iter("testcase"):
            found[where, case.get("classname"), case.get("name")] = case
    return found


def has_failed(case):
    return case.find("failure") is not None or case.find("error") is not None


def failed_tests(file):
    """Names of the tests that failed, of a pytest that came as far as writing them down."""
    if not file.exists():
        return []
    tests = xml.etree.ElementTree.parse(file).iter("testcase")
    return [f"{case.get('classname')}.{case.get('name')}" for case in tests if has_failed(case)]


def count(folder):
    """Add up what pytest wrote."""
    passed, failed, skips = 0, 0, []
    for (where, _class, _name), case in cases(folder).items():
        skip = case.find("skipped")
        if has_failed(case):
            failed += 1
        elif skip is not None:
            skips.append((reason_of(skip), where))
        else:
            passed += 1
    return Tests(passed, failed, skips)


def reason_of(skip):
    """pytest's JUnit XML counts what is marked as known to fail among the skipped; say which it is."""
    known = "known to fail: " if skip.get("type") == "pytest.xfail" else ""
    return known + (skip.get("message") or "no reason given")


def left_out(results, tests):
    """One line for each reason, of stages, interpreters and tests."""
    own_words = re.compile(r"^skipped: (.*)$", re.MULTILINE)
    for result in results:
        yield from ("  " + skip for skip in own_words.findall(result.log.read_text(errors="replace")))
    runs = collections.defaultdict(list)
    for reason, where in tests.skips:
        runs[reason].append(where)
    for reason, places in sorted(runs.items()):
        where = ", ".join(dict.fromkeys(places)) if len(set(places)) < 4 else f"{len(set(places))} runs"
        yield f"  {reason} ({len(places)} in {where})"


def main(groups):
    """Exit 1 if anything failed."""
    known = sorted({stage.group for stage in STAGES})
    unknown = set(groups) - set(known)
    if unknown:
        print(f"no such group: {', '.join(unknown)}; there are {', '.join(known)}")
        return 2
    started = time.monotonic()
    chosen = [stage for stage in STAGES if not groups or stage.group in groups]
    with concurrent.futures.ThreadPoolExecutor(max_workers=2) as pool:
        results = list(pool.map(run, [stage for stage in chosen if not stage.alone]))
    results += [run(stage) for stage in chosen if stage.alone]
    tests = count(results_folder())
    shutil.rmtree(results_folder())
    skips = list(left_out(results, tests))
    print("\nSkipped, and why:" if skips else "\nNothing was skipped.")
    print("\n".join(skips))
    broken = [result.stage.name for result in results if result.state == "FAIL"]
    if broken:
        print(f"Failed: {', '.join(broken)}\n")
    print(f"{time.monotonic() - started:.0f} s; every stage in full: {caches.own_folder('logs')}")
    # A stage can fail without a failed test (a linter, a crash); it must not hide behind "0 failed".
    print(f"{tests.passed} passed, {max(tests.failed, len(broken))} failed, {len(tests.skips)} skipped")
    return 1 if broken else 0


if __name__ == "__main__":
    for wanted in (signal.SIGINT, signal.SIGTERM):
        signal.signal(wanted, stop_all)
    sys.exit(main(sys.argv[1:]))
