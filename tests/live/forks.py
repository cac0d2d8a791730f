# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Python programs that run in forks of one process, which has imported already what they all import.

These imports take most of the time of a module that changes one value, and nearly every test runs several modules.
All else is the program's own: its process, environment, working folder, streams and exit.
Run as a module this is that process: a line of JSON for each program, the wait status of its process as the answer.
"""

import atexit
import functools
import importlib
import json
import os
import runpy
import signal
import subprocess
import sys
import tempfile

from tests import CHECKOUT

COLLECTIONS = os.path.join(CHECKOUT, ".venv", "collections")


def run(program, *arguments):
    """subprocess.CompletedProcess of a Python program, which is a path."""
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        # By way of /proc, so that these files have no name that a killed run would leave behind.
        streams = [f"/proc/{os.getpid()}/fd/{stream.fileno()}" for stream in (output, errors)]
        asked = {"argv": [program, *arguments], "env": dict(os.environ), "cwd": os.getcwd(), "streams": streams}
        status = _status_of(asked)
        output.seek(0)
        errors.seek(0)
        return subprocess.CompletedProcess(asked["argv"], status, output.read(), errors.read())


def _status_of(asked):
    """The exit status of the program when it has ended; if the wait for it is given up, it is killed."""
    process = _process()
    try:
        process.stdin.write(json.dumps(asked).encode() + b"\n")
        process.stdin.flush()
        return os.waitstatus_to_exitcode(int(process.stdout.readline()))
    except BaseException:
        os.killpg(process.pid, signal.SIGKILL)
        _process.cache_clear()
        raise


@functools.lru_cache(maxsize=None)
def _process():
    path = os.pathsep.join([COLLECTIONS, *filter(None, sys.path[1:])])
    process = subprocess.Popen(
        [sys.executable, "-B", "-m", "tests.live.forks"],
        cwd=CHECKOUT,
        env=dict(os.environ, PYTHONPATH=path),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,
    )
    atexit.register(process.communicate)  # the end of its input ends it
    return process


def _serve():
    """The next program, in the process that is to run it; None at the end of the input."""
    for line in sys.stdin.buffer:
        child = os.fork()
        if child == 0:
            return json.loads(line)
        os.write(1, b"%d\n" % os.waitpid(child, 0)[1])
    return None


def _become(asked):
    """Run the program as if this process had been started for it."""
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    for number, path in enumerate(asked["streams"], 1):
        stream = os.open(path, os.O_WRONLY)
        os.dup2(stream, number)
        os.close(stream)
    os.environ.clear()
    os.environ.update(asked["env"])
    os.chdir(asked["cwd"])
    sys.argv = asked["argv"]
    runpy.run_path(sys.argv[0], run_name="__main__")


if __name__ == "__main__":
    for name in ("oom_score_adj", "tmpfs_size"):
        importlib.import_module(f"ansible_collections.memfacts.linux.plugins.modules.{name}")
    program = _serve()
    if program is not None:
        _become(program)
