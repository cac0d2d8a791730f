# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""What a node shows of itself and of the pods that run on it, for the rules about pods (models/pod_evidence.py)."""

import re
from typing import Dict, List, NamedTuple, Optional, Tuple

from ..models import owner, pod_path
from ..models.pod_evidence import (
    MAX,
    Cgroup,
    ContainerNow,
    Earlier,
    Evidence,
    Kernel,
    NodeNow,
    PodNow,
    Process,
    Size,
)
from ..models.tying import is_sandbox_process
from ..sources import keyed, number
from . import host_identity, oom_domains
from .survey import Survey

_SYSCTLS = ("panic_on_oom", "oom_kill_allocating_task", "overcommit_memory")
_KUBEPODS = ("/kubepods.slice", "/kubepods")
_FULL = re.compile(r"^full avg10=([0-9]+\.[0-9]+)", re.MULTILINE)
_OWN_NAMESPACE = re.compile(
    rb"\nNSpid:(?:\t[0-9]+)+\t([0-9]+)\n"
)  # since Linux 4.1; one number: no namespace of its own
_COUNTED = ("workingset_refault_file", "workingset_refault_anon", "pgmajfault")
_SAMPLES_SECONDS = 1800.0


class Seen(NamedTuple):
    """What is remembered of a cgroup until the next look: counters of memory.events, those of memory.stat that rules
    compare, and samples of (when, current less inactive file). at: Unix time in seconds."""

    at: float
    events: Dict[str, int]
    stat: Dict[str, int]
    samples: Tuple[Tuple[float, int], ...]


def of_json(row: List) -> Seen:
    """Seen as JSON has it: a list of its fields."""
    at, events, stat, samples = row
    return Seen(at, events, stat, tuple((when, size) for when, size in samples))


class Known(NamedTuple):
    """What the caller knows of the kernel (docs/kernel.md)."""

    badness_model: Optional[str] = None
    tie_rule: Optional[str] = None


def gather(
    survey: Survey, known: Known, at: float, before: Optional[Dict[str, Seen]] = None
) -> Tuple[Evidence, Dict[str, Seen]]:
    """(evidence without OOMs, what to hand over as `before` the next time).

    at: Unix time in seconds. before: by path of the cgroup.
    """
    tree = oom_domains.Tree(survey)
    reader = _Reader(survey, tree, at, before or {})
    pods: Dict[str, _Pod] = {}
    mixed = set()
    for place in tree.places:
        for found in pod_path.pods(place.path)[:1]:
            pod = pods.setdefault(found.uid, _Pod())
            pod.add(place, found)
            if found.driver == "mixed":
                mixed.add(found.uid)
    of_pods = {pid for pod in pods.values() for rows in pod.pids.values() for pid in rows}
    evidence = Evidence(
        at,
        NodeNow(
            _kernel(survey, known, at),
            kubepods=next((reader.cgroup(path) for path in _KUBEPODS if reader.has(path)), None),
            processes=_others(survey, reader, of_pods),
            driver_mixed=tuple(sorted(mixed)),
        ),
        {uid: pod.now(uid, reader) for uid, pod in pods.items()},
        own_uid=next((uid for uid, pod in pods.items() if survey.own_pid in pod.all_pids()), None),
    )
    return evidence, reader.seen


class _Pod:
    """The cgroups of a pod: its own, those of its containers by id, and the pids of each."""

    def __init__(self) -> None:
        self.path: Optional[str] = None
        self.containers: Dict[str, str] = {}
        self.pids: Dict[Optional[str], List[int]] = {}  # by container, None: in the pod's own cgroup

    def add(self, place: oom_domains.Place, found: pod_path.PodPath) -> None:
        if found.container_id is None:
            is_monitor = owner.is_monitor(place.path)
            if not is_monitor and (self.path is None or len(place.path) < len(self.path)):
                self.path = place.path
            self.pids.setdefault(None, []).extend([] if is_monitor else place.pids)
            return
        self.containers[found.container_id] = found.container_cgroup or place.path
        self.pids.setdefault(found.container_id, []).extend(place.pids)

    def all_pids(self) -> List[int]:
        return [pid for rows in self.pids.values() for pid in rows]

    def now(self, uid: str, reader: "_Reader") -> PodNow:
        is_whole = not self.pids.get(None)
        containers, sandbox = [], None
        for identifier, path in self.containers.items():
            pids = self.pids[identifier]
            rows = [(pid, reader.process(pid)) for pid in pids]
            is_whole = is_whole and all(process is not None for _pid, process in rows)
            processes = [process for _pid, process in rows if process is not None]
            if len(processes) == 1 and is_sandbox_process(processes[0].comm, processes[0].oom_score_adj):
                sandbox = processes[0]
                continue
            first = next((process for process in processes if reader.is_first(process.pid, pids)), None)
            others = tuple(process for process in processes if process is not first)
            containers.append(ContainerNow(identifier, reader.cgroup(path), first, others))
        path = self.path
        cgroup = None if path is None else reader.cgroup(path)
        return PodNow(uid, path, cgroup, tuple(containers), sandbox, is_whole)


class _Reader:
    def __init__(self, survey: Survey, tree: oom_domains.Tree, at: float, before: Dict[str, Seen]) -> None:
        self._survey, self._tree, self._at, self._before = survey, tree, at, before
        self._paths = {place.path: place for place in tree.places}
        self.seen: Dict[str, Seen] = {}

    def has(self, path: str) -> bool:
        return path in self._paths

    def process(self, pid: int) -> Optional[Process]:
        """None where it has ended or its oom_score_adj cannot be read."""
        found = self._survey.by_pid.get(pid)
        try:
            text = self._survey.host.brief(f"proc/{pid}/oom_score_adj")
        except OSError:
            return None
        adj = number.parse(text.decode("ascii", "replace"))
        if found is None or adj is None:
            return None
        path = self._tree.of_pid.get(pid)
        return Process(pid, self._survey.comm_of(pid), adj, found.status.rss_bytes, None, path)

    def is_first(self, pid: int, together: List[int]) -> bool:
        """Whether it has pid 1 in a pid namespace of its own. Its parent is outside of the container."""
        found = self._survey.by_pid.get(pid)
        if found is None or found.status.ppid in together:
            return False
        try:
            shown = _OWN_NAMESPACE.search(self._survey.host.brief(f"proc/{pid}/status"))
        except OSError:
            return False
        return shown is not None and shown[1] == b"1"

    def cgroup(self, path: str) -> Optional[Cgroup]:
        place = self._paths.get(path)
        if place is None:
            return None
        read = _V2(self._survey, place.folder) if self._tree.is_v2 else _V1(self._survey, place.folder)
        events, stat, current = read.events(), read.keyed("memory.stat"), read.bytes(read.current)
        before = self._before.get(path)
        earlier, samples = self._earlier(before, stat, current, read.inactive)
        counted = {name: stat[name] for name in _COUNTED if name in stat}
        self.seen[path] = Seen(self._at, events, counted, samples)
        return Cgroup(
            path,
            current,
            read.size(read.limit),
            read.size("memory.high"),
            read.size("memory.swap.max"),
            read.bytes("memory.swap.current"),
            path in self._tree if self._tree.is_v2 else None,
            read.is_local,
            events or None,
            stat or None,
            read.pressure(),
            earlier,
            tuple((self._at - when, size) for when, size in samples),
        )

    def _earlier(self, before, stat, current, inactive):
        samples = () if before is None else before.samples
        samples = tuple(one for one in samples if self._at - _SAMPLES_SECONDS <= one[0] < self._at)
        if current is not None and inactive in stat:
            samples += ((self._at, max(0, current - stat[inactive])),)
        if before is None or before.at >= self._at:
            return None, samples
        return Earlier(self._at - before.at, before.events, before.stat), samples


class _Files:
    """A cgroup's files; what there is none of is None or empty."""

    def __init__(self, survey: Survey, folder: str) -> None:
        self._host, self._folder = survey.host, folder

    def text(self, name: str) -> Optional[str]:
        return self._host.optional(f"{self._folder}/{name}")

    def keyed(self, name: str) -> Dict[str, int]:
        return keyed.parse(self.text(name) or "")

    def bytes(self, name: str) -> Optional[int]:
        return number.size(self.text(name))

    def size(self, name: str) -> Size:
        """MAX where the file says that there is no limit."""
        text = self.text(name)
        if text is None:
            return None
        found = number.size(text)
        return MAX if found is None else found


class _V2(_Files):
    limit, current, inactive, is_local = "memory.max", "memory.current", "inactive_file", False

    def events(self) -> Dict[str, int]:
        return self.keyed("memory.events")

    def pressure(self) -> Optional[float]:
        shown = _FULL.search(self.text("memory.pressure") or "")
        return float(shown[1]) if shown is not None else None


class _V1(_Files):
    limit, current, inactive, is_local = "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file", True

    def events(self) -> Dict[str, int]:
        return self.keyed("memory.oom_control")

    def pressure(self) -> Optional[float]:
        return None


def _kernel(survey: Survey, known: Known, at: float) -> Kernel:
    info = survey.meminfo
    sysctls = {f"vm.{name}": number.parse(survey.host.text(f"proc/sys/vm/{name}")) for name in _SYSCTLS}
    uptime = (survey.host.text("proc/uptime") or "").split()
    return Kernel(
        host_identity.release_of(survey.host),
        known.badness_model,
        known.tie_rule,
        host_identity.gather(survey)["cgroup_version"],
        info.get("MemTotal"),
        info.get("MemAvailable"),
        info.get("SwapTotal"),
        at - float(uptime[0]) if uptime and survey.host.live else None,
        None if None in sysctls.values() else sysctls,
    )


def _others(survey: Survey, reader: _Reader, of_pods) -> Optional[Tuple[Process, ...]]:
    """The processes outside of pods; None where some cannot be seen."""
    if not survey.table.complete:
        return None
    found = []
    for pid in (process.pid for process in survey.table.user):
        process = None if pid in of_pods else reader.process(pid)
        if process is not None:
            found.append(process._replace(unit=survey.owner_of(pid).unit))
    return tuple(found)
