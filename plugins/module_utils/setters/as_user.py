# Copyright (c) 2026 the memfacts authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Touch a user's files with that user's rights, so that no link there leads root to a file of somebody else."""

import json
import os

from ..memcore.errors import MemfactsError


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
    with os.fdopen(readable, "rb") as stream:
        answer = stream.read()
    os.waitpid(child, 0)
    try:
        result, error = json.loads(answer.decode("utf-8"))
    except ValueError:
        raise MemfactsError(f"the files of user {user.pw_name} cannot be used: the process for it died.") from None
    if error is not None:
        raise MemfactsError(f"{error} (as user {user.pw_name})")
    return result


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
