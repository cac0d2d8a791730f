# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run `ansible-test sanity` on the oldest and on the newest ansible-core, without one ignored complaint.

ansible-test must stand in a real folder .../ansible_collections/memfacts/linux that no git ignores, so a copy of the
checkout is tested, outside of it. Each run has a home of its own: nothing of the user's is read or left behind.
"""

import collections
import concurrent.futures
import os
import pathlib
import re
import shutil
import subprocess
import sys
import time
import urllib.request

from scripts import caches, interpreters

# Only 2.16 still reaches targets with Python 3.6, only the newest knows Python 3.13: no single run covers both.
Core = collections.namedtuple("Core", "requirements oldest newest")
OLDEST_CORE = Core("ansible-2.16", (3, 10), (3, 12))
NEWEST_CORES = [Core("ansible-newest", (3, 12), (3, 14)), Core("facts", (3, 11), (3, 13))]  # the first that can run

SKIP = re.compile(r"Skipping sanity test .*")
NO_INTERPRETER = re.compile(r"Skipping sanity test .* on Python (\S+) because it could not be found")
HARMLESS_SKIP = re.compile(r"could not be found|because it is unsupported")

# Stands in for the file that ansible-test fetches to get pip into an empty environment: Python has one aboard.
PIP_WITHOUT_NETWORK = """\
import ensurepip, os, runpy, sys
settings = dict(os.environ)
ensurepip.bootstrap()  # which turns pip's settings off
os.environ.clear()
os.environ.update(settings)
unwanted = ("--no-setuptools", "--no-wheel")
sys.argv = ["pip", "install"] + [word for word in sys.argv[1:] if word not in unwanted]
runpy.run_module("pip", run_name="__main__")
"""


def choose(core, found):
    """(core, interpreter) with the newest interpreter the core runs on, or None."""
    usable = [version for version in found if core.oldest <= version <= core.newest]
    return (core, found[max(usable)]) if usable else None


def copy_checkout(collections_root):
    """A copy of what git knows or could know; returns its folder."""
    target = pathlib.Path(collections_root, "ansible_collections", "memfacts", "linux")
    shutil.rmtree(target, ignore_errors=True)
    # safe.directory: the checkout may belong to somebody else, as in a mounted CI workspace.
    listing = ["git", "-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listing, cwd=caches.CHECKOUT, stdout=subprocess.PIPE, check=True).stdout
    for name in filter(None, names.split(b"\0")):
        source = caches.CHECKOUT / os.fsdecode(name)
        if source.exists() or source.is_symlink():
            copy = target / os.fsdecode(name)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, copy, follow_symlinks=False)
    return target


def make_home(home):
    """A home for one run, which knows the user's pip settings and nothing else."""
    for settings in (".config/pip", ".pip"):
        theirs, ours = pathlib.Path.home() / settings, home / settings
        ours.parent.mkdir(parents=True, exist_ok=True)
        if theirs.exists() and not ours.is_symlink():
            ours.symlink_to(theirs)


def seed_pip(home, venv):
    """Put into ansible-test's cache what it would fetch, or where that cannot be fetched, a stand-in."""
    internals = next((venv / "lib").glob("python3*/site-packages/ansible_test"))
    setup = (internals / "_util/target/setup/requirements.py").read_text()
    address = re.search(r"url = '(https://.*-)%s\.py'", setup).group(1)
    versions = re.findall(r"\bpip='([0-9.]+)'", (internals / "_internal/python_requirements.py").read_text())
    cache = home / ".ansible/test/cache"
    cache.mkdir(parents=True, exist_ok=True)
    reachable = True
    for version in versions:
        script = cache / f"get_pip_{version.replace('.', '_')}.py"
        if script.exists():
            continue
        try:
            content = _fetch(address + version + ".py") if reachable else b""
        except OSError:
            reachable, content = False, b""
        script.write_bytes(content or PIP_WITHOUT_NETWORK.encode())


def _fetch(address):
    with urllib.request.urlopen(address, timeout=10) as answer:
        return answer.read()


def run(core, interpreter, found):
    """Run all of sanity on one ansible-core; return (name, complaint or None, output, its file, seconds)."""
    started = time.monotonic()
    venv = caches.venv("sanity-" + core.requirements, interpreter, core.requirements)
    with caches.lock("sanity-" + core.requirements):
        status, output, log = ansible_test(venv, caches.folder("sanity", core.requirements), found)
    return version_of(venv), complaint(status, output), output, log, time.monotonic() - started


def ansible_test(venv, root, found):
    """Run it in a copy below `root`; return (exit status, output, the file that has it)."""
    make_home(root / "home")
    seed_pip(root / "home", venv)
    path = [str(venv / "bin"), *(str(pathlib.Path(python).parent) for python in found.values()), os.environ["PATH"]]
    settings = {name: value for name, value in os.environ.items() if name not in ("ANSIBLE_CONFIG", "PYTHONPATH")}
    done = subprocess.run(
        [venv / "bin" / "ansible-test", "sanity", "--color", "no"],
        cwd=copy_checkout(root),
        env=dict(settings, HOME=str(root / "home"), PATH=os.pathsep.join(path)),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
    )
    log = caches.own_folder("logs") / (root.name + ".txt")
    log.write_text(done.stdout)
    return done.returncode, done.stdout, log


def version_of(venv):
    """What the environment runs, such as: ansible-core 2.16.19 on Python 3.12."""
    installed = next((venv / "lib").glob("python3*/site-packages/ansible_core-*.dist-info"))
    release = installed.name.removeprefix("ansible_core-").removesuffix(".dist-info")
    return f"ansible-core {release} on {installed.parent.parent.name.replace('python', 'Python ')}"


def complaint(status, output):
    """Why a run does not count as passed, or None; ansible-test exits 0 when it tested nothing at all."""
    if status != 0:
        return "failed"
    if "All targets skipped" in output or "Running sanity test" not in output:
        return "tested nothing"
    harmful = [skip for skip in SKIP.findall(output) if not HARMLESS_SKIP.search(skip)]
    return harmful[0] if harmful else None


def left_out(name, output):
    """What a run says it did not test: one line for all interpreters that are not there, and each other skip."""
    missing = list(dict.fromkeys(NO_INTERPRETER.findall(output)))
    if missing:
        yield f"{name} for targets with Python {', '.join(missing)}: not installed on this machine"
    yield from (f"{name}: {skip}" for skip in SKIP.findall(output) if not NO_INTERPRETER.match(skip))


def main():
    """Exit 1 unless each ansible-core passed."""
    ignored = [str(path) for path in (caches.CHECKOUT / "tests" / "sanity").glob("ignore*")]
    if ignored:
        print("no complaint may be ignored, remove " + ", ".join(ignored))
        return 1
    found = interpreters.find()
    newest = next(filter(None, (choose(core, found) for core in NEWEST_CORES)), None)
    chosen = [choice for choice in (choose(OLDEST_CORE, found), newest) if choice]
    skips, failed = [], False
    with concurrent.futures.ThreadPoolExecutor(max_workers=2) as pool:
        for name, wrong, output, log, seconds in pool.map(lambda choice: run(choice[0], choice[1], found), chosen):
            tests = output.count("Running sanity test")
            print(f"{name}: {wrong or 'passed'} ({tests} tests, {seconds:.0f} s)", flush=True)
            skips += left_out(name, output)
            if wrong:
                failed = True
                print("\n".join(line for line in output.splitlines() if line.startswith(("ERROR", "FATAL"))))
                print(f"all of it: {log}")
    if len(chosen) < 2:
        skips.append(
            "ansible-test on ansible-core 2.16: needs a Python 3.10 to 3.12, none is installed on this machine"
        )
    for skip in skips:
        print("skipped: " + skip)
    return 1 if failed or not chosen else 0


if __name__ == "__main__":
    sys.exit(main())
