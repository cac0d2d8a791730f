# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""Which processes a caller means by a pid, name, pattern, user, unit, cgroup or container; records in, records out."""

import re
from typing import Dict, Iterable, List, NamedTuple, Optional, Set, Tuple

from ...memcore.errors import OptionError
from ...memcore.models import owner

KINDS = ("pid", "name", "pattern", "user", "unit", "cgroup", "container")
LOWEST, HIGHEST = -1000, 1000
OWN_RUN = "belongs to this run of Ansible"  # why it is left out
_COMM = 15  # TASK_COMM_LEN less the final NUL: the kernel cuts longer names
_CONTAINER_ID = re.compile(r"[0-9a-f]{6,64}$")


class Candidate(NamedTuple):
    """A user process as it was read. pid and starttime together name it for the whole boot.

    cgroups: its paths in the hierarchies of systemd and of the memory controller. arguments: the hash of its command
    line, to tell a fork from another program; titles: the last parts of its first two arguments, which a script's
    comm cuts; title: the first argument whole, in which sshd says what each of its processes is for. adj None: refused
    to be read.
    """

    pid: int
    ppid: int
    starttime: int
    comm: str
    executable: Optional[str]
    uid: int
    cgroups: Tuple[str, ...]
    adj: Optional[int]
    arguments: int = 0
    titles: Tuple[str, ...] = ()
    title: str = ""

    @property
    def key(self) -> Tuple[int, int]:
        """What no later process has, whatever pids come around again."""
        return self.pid, self.starttime

    @property
    def cgroup(self) -> str:
        """The one that names a unit or container: systemd's where there is one, or else the memory controller's."""
        named = (path for path in self.cgroups if owner.of_cgroup(path) != owner.HOST)
        return next(named, self.cgroups[0] if self.cgroups else "/")

    @property
    def owner(self) -> owner.Owner:
        """Whose it is, by its cgroup."""
        return owner.of_cgroup(self.cgroup)


class Selector(NamedTuple):
    """kind is one of KINDS. `wanted` is its value as asked for.

    uid, folders (cgroup paths) and containers (full ids) are what user, unit, cgroup and container were resolved to.
    main_pids: the main processes of the unit, as far as systemd knows them. uids: of users' units, whose processes the
    folder at the same place may hold; a user's manager that names a folder is believed no further.
    """

    kind: str
    wanted: str
    children: bool = False
    uid: Optional[int] = None
    folders: Tuple[str, ...] = ()
    containers: Tuple[str, ...] = ()
    only_roots: bool = False
    main_pids: Tuple[int, ...] = ()
    uids: Tuple[int, ...] = ()


class LeftOut(NamedTuple):
    """A process that was meant and is not touched, with the reason."""

    pid: int
    comm: str
    reason: str


class Selection(NamedTuple):
    """chosen: children before their parents, so that an interruption leaves the parent to tell that work remains."""

    chosen: List[Candidate]
    left_out: List[LeftOut]


def checked_value(value: int) -> int:
    """The value, or an OptionError where the kernel takes no such one."""
    if not LOWEST <= value <= HIGHEST:
        raise OptionError(
            f"value is {value}, but the kernel takes {LOWEST} (never killed) to {HIGHEST} (killed first)."
        )
    return value


def checked_kind(given: Dict[str, object], scope: str) -> str:
    """The one selector that is given (names with a value that is not None), or an OptionError."""
    kinds = [kind for kind in KINDS if given.get(kind) is not None]
    if kinds == ["user", "unit"] and scope == "user":
        return "unit"
    if len(kinds) != 1:
        said = "none of them is given" if not kinds else "given are " + " and ".join(kinds)
        raise OptionError(f"processes are selected by one of {', '.join(KINDS)}, but {said}; give exactly one.")
    kind = kinds[0]
    if kind != "pid" and not str(given[kind]).strip():
        raise OptionError(f"{kind} is empty, which would mean every process; give what to select.")
    if kind == "pid" and int(str(given[kind])) < 1:
        raise OptionError(f"pid is {given[kind]}, but process ids begin with 1; give the id of a running process.")
    return kind


def checked_pattern(text: str) -> str:
    """The regular expression, or an OptionError that says what is wrong with it."""
    try:
        expression = re.compile(text)
    except (re.error, RecursionError, OverflowError) as error:
        raise OptionError(f"pattern {text!r} is not a regular expression ({error}); see Python's re.") from None
    if expression.search(""):
        raise OptionError(f"pattern {text!r} matches an empty name and so every process; anchor it, as in ^nginx$.")
    return text


def checked_folder(path: str) -> str:
    """The cgroup's path from the root of its hierarchy, from any of the ways people write it; OptionError for all."""
    folder = re.sub(r"^/?sys/fs/cgroup(?:/(?:unified|systemd|memory))?(?=/|$)", "", path.strip())
    folder = "/" + folder.strip("/")
    if folder == "/" or ".." in folder.split("/"):
        raise OptionError(
            f"cgroup {path!r} means the whole host; give one below the root, as in /system.slice/x.service."
        )
    return folder


def containers(wanted: str, processes: Iterable[Candidate]) -> Set[str]:
    """The ids of running containers that `wanted` is: a prefix of an id, or the whole name where that is the id."""
    ids = {process.owner.container for process in processes}
    ids.discard(None)
    if wanted in ids:
        return {wanted}
    return {known for known in ids if known.startswith(wanted)} if _CONTAINER_ID.match(wanted) else set()


def matches(selector: Selector, process: Candidate) -> bool:
    """Whether the process itself is what the selector says, its relatives aside."""
    return _MATCH[selector.kind](selector, process)


def select(
    selector: Selector,
    processes: List[Candidate],
    own_pid: int,
    known: Dict[Tuple[int, int], int],
    value: Optional[int],
) -> Selection:
    """What to set. `own_pid` is the asking process; `known` has the value before of processes that were set before."""
    by_pid = {process.pid: process for process in processes}
    meant = [process for process in processes if matches(selector, process)]
    left_out: List[LeftOut] = []
    if selector.kind == "unit" and not selector.children:
        meant, left_out = _of_service(selector, meant, by_pid, known, value)
    if selector.children:
        meant = _with_descendants(meant, processes)
    own = set() if selector.kind == "pid" and not selector.children else own_run(by_pid, own_pid)
    left_out += [LeftOut(process.pid, process.comm, OWN_RUN) for process in meant if process.pid in own]
    chosen = [process for process in meant if process.pid not in own]
    return Selection(sorted(chosen, key=lambda process: (-_depth(process, by_pid), process.pid)), left_out)


def own_run(by_pid: Dict[int, Candidate], own_pid: int) -> Set[int]:
    """The asking process, its ancestors up to the service that started the run, and their forks (Ansible's workers).

    The service itself (a child of process 1, such as the listening sshd) may be what the caller means.
    """
    found: List[Candidate] = []
    process = by_pid.get(own_pid)
    while process is not None and process not in found and (process.pid == own_pid or process.ppid > 1):
        found.append(process)
        process = by_pid.get(process.ppid)
    pids = {member.pid for member in found} | {own_pid}
    # A fork has the same program and command line; whatever else an ancestor started is another program.
    forked = {(member.pid, member.executable, member.arguments) for member in found}
    return pids | {other.pid for other in by_pid.values() if (other.ppid, other.executable, other.arguments) in forked}


def mains(selector: Selector, members: Iterable[Candidate]) -> List[Candidate]:
    """The main processes of a unit: what systemd says, and in a cgroup where it knows none what came from outside.

    Whoever was handed to process 1, as containerd's shims are, has no parent in the cgroup either and is none.
    """
    listed = list(members)
    found = [process for process in listed if process.pid in selector.main_pids]
    settled = [folder for folder in selector.folders if any(is_below(process, folder) for process in found)]
    rest = [process for process in listed if not any(is_below(process, folder) for folder in settled)]
    return found + _roots(rest)


def _of_service(selector, members, by_pid, known, value):
    """The main processes and those that run with their value; one with a value of its own was given it on purpose.

    PostgreSQL, for one, protects its main process and leaves its backends killable.
    """
    tops = mains(selector, members)
    if selector.only_roots:
        rest = [member for member in members if member not in tops]
        return tops, [LeftOut(member.pid, member.comm, "is a session, not the service") for member in rest]
    inherited = {top.adj for top in tops} | {known.get(top.key) for top in tops} | {value}
    taken, left_out = [], []
    for member in members:
        if member in tops or member.key in known or member.adj in inherited:
            taken.append(member)
        else:
            left_out.append(
                LeftOut(
                    member.pid, member.comm, f"has its own value ({member.adj}), which is not the value of its service"
                )
            )
    return taken, left_out


def _roots(processes):
    pids = {process.pid for process in processes}
    return [process for process in processes if process.ppid not in pids]


def _with_descendants(meant, processes):
    offspring: Dict[int, List[Candidate]] = {}
    for process in processes:
        offspring.setdefault(process.ppid, []).append(process)
    found = {process.key: process for process in meant}
    waiting = list(meant)
    while waiting:
        for child in offspring.get(waiting.pop().pid, ()):
            if child.key not in found:
                found[child.key] = child
                waiting.append(child)
    return list(found.values())


def _depth(process, by_pid):
    depth, seen = 0, set()
    while process is not None and process.pid not in seen:
        seen.add(process.pid)  # a pid that came around again while the list was read could close a circle
        process, depth = by_pid.get(process.ppid), depth + 1
    return depth


def _has_name(selector, process):
    name, path = selector.wanted, process.executable
    if name in (process.comm, path) or (path is not None and path.rpartition("/")[2] == name):
        return True
    return len(name) > _COMM and process.comm == name[:_COMM] and name in process.titles


def _fits_pattern(selector, process):
    expression = re.compile(selector.wanted)
    return bool(expression.search(process.comm) or (process.executable and expression.search(process.executable)))


def _is_inside(selector, process):
    owners = selector.uids or [process.uid] * len(selector.folders)
    return any(uid == process.uid and is_below(process, path) for path, uid in zip(selector.folders, owners))


def is_below(process: Candidate, folder: str) -> bool:
    """Whether the process is in the cgroup at the folder or in one below it."""
    return any(path == folder or path.startswith(folder + "/") for path in process.cgroups)


_MATCH = {
    "pid": lambda selector, process: process.pid == int(selector.wanted),
    "name": _has_name,
    "pattern": _fits_pattern,
    "user": lambda selector, process: process.uid == selector.uid,
    "unit": _is_inside,
    "cgroup": _is_inside,
    "container": lambda selector, process: process.owner.container in selector.containers,
}
