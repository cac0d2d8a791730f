# Copyright (c) 2026 the memfacts authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run a command that might never end: with a limit of its time and of its output, and without leaving processes.

AnsibleModule.run_command has no time limit, and runuser(1) opens a PAM session, which may wait for ever too.
"""

import contextlib
import os
import select
import signal
import subprocess
import time
from typing import NamedTuple

from ..memcore.errors import MemfactsError

_LONGEST_ANSWER = 1 << 20
_CHUNK = 1 << 16
_LAST_SECONDS = 1
_PAUSE_SECONDS = 0.02


class Answer(NamedTuple):
    """The exit status, and what it wrote (text, any bytes kept)."""

    status: int
    output: str
    errors: str


def run(command, environment, seconds, user=None):
    """The answer of a command with just this environment, which runs as `user` (a passwd entry) or as we do.

    MemfactsError where it does not end in time, writes too much, or cannot be started.
    """
    try:
        # run_command has no time limit.
        child = subprocess.Popen(  # pylint: disable=ansible-bad-function
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd="/",
            env=environment,
            preexec_fn=None if user is None else _become(user),
            start_new_session=True,
        )
    except (OSError, subprocess.SubprocessError) as error:
        whose = "" if user is None else f" as user {user.pw_name}"
        raise MemfactsError(f"{command[0]} cannot be run{whose} ({error})") from None
    try:
        end = time.monotonic() + seconds
        output, errors = _read(child, end)
        in_time = _has_ended(child, end)
    finally:
        _end(child)
    if not in_time:
        raise MemfactsError(f"it gave no answer within {seconds} seconds")
    return Answer(child.returncode, output, errors)


def _become(user):
    groups = os.getgrouplist(user.pw_name, user.pw_gid)  # here: a child that waits for a name service is not ended

    def become():
        os.setgroups(groups)
        os.setgid(user.pw_gid)
        os.setuid(user.pw_uid)

    return become


def _read(child, end):
    """All that it writes until it closes both ends, or until the time is over."""
    texts = {child.stdout: b"", child.stderr: b""}
    waiting = list(texts)
    while waiting and time.monotonic() < end:
        ready = select.select(waiting, [], [], max(0, end - time.monotonic()))[0]
        for stream in ready:
            chunk = os.read(stream.fileno(), _CHUNK)
            texts[stream] += chunk
            if not chunk:
                waiting.remove(stream)
        if sum(len(text) for text in texts.values()) > _LONGEST_ANSWER:
            raise MemfactsError(f"it answered with more than {_LONGEST_ANSWER} bytes")
    return [text.decode("utf-8", "surrogateescape") for text in texts.values()]


def _has_ended(child, end):
    """Whether it ends in time; it is not reaped, so that its process group is not another's yet."""
    while os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
        if time.monotonic() >= end:
            return False
        time.sleep(_PAUSE_SECONDS)
    return True


def _end(child):
    """Kill all of its group and reap it; what waits for a file system that never answers is left to itself."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)
    end = time.monotonic() + _LAST_SECONDS
    while child.poll() is None and time.monotonic() < end:
        time.sleep(_PAUSE_SECONDS)
    child.stdout.close()
    child.stderr.close()
