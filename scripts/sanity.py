# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""`python -m scripts.sanity NAME [TEST...]`: run `ansible-test sanity` of this Python's ansible-core on the collection.

No complaint may be ignored. ansible-test must stand in a real folder .../ansible_collections/memfacts/linux that no git
ignores, so a copy of the checkout is tested, outside of it, in a folder NAME of the cache. It has a home of its own:
nothing of the user's is read or left behind.
"""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import time
import urllib.request

from scripts import caches

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


def seed_pip(home):
    """Put into ansible-test's cache what it would fetch, or where that cannot be fetched, a stand-in."""
    internals = next(pathlib.Path(sys.prefix, "lib").glob("python3*/site-packages/ansible_test"))
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


def ansible_test(root, tests):
    """Run it in a copy below `root`; return (exit status, output)."""
    make_home(root / "home")
    seed_pip(root / "home")
    # ansible-test looks for each Python itself, and pyenv's own commands answer for few of them.
    path = [os.path.dirname(sys.executable), *os.environ["PATH"].split(os.pathsep)]
    path.sort(key=lambda folder: folder.endswith("/shims"))
    settings = {name: value for name, value in os.environ.items() if name not in ("ANSIBLE_CONFIG", "PYTHONPATH")}
    done = subprocess.run(
        ["ansible-test", "sanity", "--color", "no", *(word for test in tests for word in ("--test", test))],
        cwd=copy_checkout(root),
        env=dict(settings, HOME=str(root / "home"), PATH=os.pathsep.join(path)),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
    )
    return done.returncode, done.stdout


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


def main(name, *tests):
    """Exit 1 unless all passed."""
    ignored = [str(path) for path in (caches.CHECKOUT / "tests" / "sanity").glob("ignore*")]
    if ignored:
        sys.exit("no complaint may be ignored, remove " + ", ".join(ignored))
    begun = time.monotonic()
    with caches.lock("sanity-" + name):
        status, output = ansible_test(caches.folder("sanity", name), tests)
    wrong = complaint(status, output)
    print(output)
    count = output.count("Running sanity test")
    print(f"{name}: {wrong or 'passed'} ({count} tests, {time.monotonic() - begun:.0f} s)")
    print("".join(f"skipped: {skip}\n" for skip in left_out(name, output)), end="")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
