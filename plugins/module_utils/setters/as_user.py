# Copyright (c) 2026 the memfacts authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Touch a user's files with that user's rights, so that no link there leads root to a file of somebody else.

And not for ever: a file system of the user's own (FUSE) may never answer.
"""

import contextlib
import json
import os
import select
import signal
import time

from ..memcore.errors import MemfactsError

_SECONDS = 30
_CHUNK = 1 << 16
_LONGEST_ANSWER = 1 << 24
_LAST_SECONDS = 1
_PAUSE_SECONDS = 0.02


def call(user, function, *arguments):
    """What the function returns, which must fit into JSON, from a child that is this user (a passwd entry).

    MemfactsError for whatever goes wrong in it. Without a user it is simply called.
    """
    if user is None:
        return function(*arguments)
    readable, writable = os.pipe()
    child = os.fork()
    if child == 0:
        _answer(writable, user, function, arguments)
    os.close(writable)
    try:
        answer = _read(readable, user)
    finally:
        os.close(readable)
        _end(child)
    try:
        result, error = json.loads(answer.decode("utf-8"))
    except ValueError:
        raise MemfactsError(
            f"the files of user {user.pw_name} cannot be used, because the process that reads and writes them died."
        ) from None
    if error is not None:
        raise MemfactsError(f"{error} (as user {user.pw_name})")
    return result


def _read(readable, user):
    answer, end = b"", time.monotonic() + _SECONDS
    while select.select([readable], [], [], max(0, end - time.monotonic()))[0]:
        chunk = os.read(readable, _CHUNK)
        if not chunk:
            return answer
        answer += chunk
        if len(answer) > _LONGEST_ANSWER:
            raise MemfactsError(f"a file of user {user.pw_name} is too long to be a file of systemd; look at it.")
    raise MemfactsError(f"the files of user {user.pw_name} cannot be read or written within {_SECONDS} seconds.")


def _end(child):
    """Reap it, having killed it; one that waits for a file system that never answers cannot be, and is left."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(child, signal.SIGKILL)
    end = time.monotonic() + _LAST_SECONDS
    while os.waitpid(child, os.WNOHANG)[0] == 0 and time.monotonic() < end:
        time.sleep(_PAUSE_SECONDS)


def _answer(writable, user, function, arguments):
    """In the child, which ends here and runs nothing that its parent has still to do.

    It must import nothing: the user may not be allowed to read where root's modules are.
    """
    try:
        try:
            os.initgroups(user.pw_name, user.pw_gid)
            os.setgid(user.pw_gid)
            os.setuid(user.pw_uid)
            answer = [function(*arguments), None]
        except Exception as error:
            answer = [None, str(error)]
        with os.fdopen(writable, "wb") as stream:
            stream.write(json.dumps(answer).encode("utf-8"))
    finally:
        os._exit(0)
