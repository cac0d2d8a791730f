# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""What is believed of a user's manager: nothing that would lead root to processes or files of anybody else.

Whoever owns /run/user/UID can put a manager of his own there, so each answer is only text that this user wrote.
"""

import re
from typing import Dict, Iterable, List, Optional, Tuple

from ..unit_properties import Unit
from . import selection
from .selection import Candidate

_MANAGER = re.compile(r"/user@(?P<uid>[0-9]{1,10})\.service/init\.scope$", re.ASCII)
_MOST_DROP_INS = 32  # each is a file to read with the user's rights


def managers(processes: Iterable[Candidate]) -> Dict[int, int]:
    """{uid: oom_score_adj} of the users' managers that run, as the kernel shows them.

    A user may move other processes to the manager's cgroup and raise any of them, but can lower none.
    """
    found: Dict[int, int] = {}
    for process in processes:
        match = _MANAGER.search(process.cgroup)
        if match and int(match["uid"]) == process.uid and process.executable and process.adj is not None:
            found[process.uid] = min(process.adj, found.get(process.uid, process.adj))
    return found


def believed(told: Unit, name: str, uid: int, processes: Iterable[Candidate]) -> Unit:
    """The unit `name` of the user, with a cgroup below the user's manager and a main process of the user's in it.

    Its files are only to be read with that user's rights.
    """
    folder = told.control_group if _is_below_manager(told.control_group, uid) else None
    return told._replace(
        name=name,
        control_group=folder,
        main_pid=told.main_pid if folder and _is_member(told.main_pid, folder, uid, processes) else None,
        fragment=told.fragment if told.fragment and told.fragment.startswith("/") else None,
        drop_ins=tuple(path for path in told.drop_ins if path.startswith("/"))[:_MOST_DROP_INS],
        programs=(),
    )


def only_of_root(unit: Unit, folders: Tuple[str, ...]) -> Unit:
    """The unit with none of its files but those below folders of root's, which are the same for all users."""
    own = [path for path in unit.drop_ins if _is_in(path, folders)]
    return unit._replace(
        fragment=unit.fragment if unit.fragment and _is_in(unit.fragment, folders) else None, drop_ins=tuple(own)
    )


def instances(told: Iterable[Unit], template: str, uid: int, processes: List[Candidate]) -> List[Unit]:
    """The units of the template, as far as they are believed."""
    start, end = template.split("@", 1)[0] + "@", "." + template.rpartition(".")[2]
    named = [unit for unit in told if unit.name.startswith(start) and unit.name.endswith(end)]
    return [believed(unit, unit.name, uid, processes) for unit in named]


def _is_below_manager(path: Optional[str], uid: int) -> bool:
    if path is None or not path.startswith("/"):
        return False
    parts = path.split("/")
    manager = f"user@{uid}.service"
    return manager in parts[1:-1] and not any(part in ("", ".", "..") for part in parts[1:])


def _is_member(pid, folder, uid, processes):
    return any(one.pid == pid and one.uid == uid and selection.is_below(one, folder) for one in processes)


def _is_in(path, folders):
    return ".." not in path.split("/") and path.startswith(tuple(folder + "/" for folder in folders))
