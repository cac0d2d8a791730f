# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""Rules about OOM kills in a pod, and what its status makes of them."""

from typing import Dict, Iterator, List, Tuple

from ...models import exit_reading, tying
from ...models.pod_evidence import Death, PodOom
from ...models.size import human
from ..rule import LOOK, LOSS, Met
from .said import times
from .sheet import named, rule

_LOOP_SECONDS, _ZOMBIE_SECONDS, _RECENT_SECONDS = 1800, 600, 3600
_KERNEL = ("kernel", "counter")
_LOOK_AT_POD = ((LOOK, "kubectl -n {namespace} describe pod {pod}"),)


def _deaths(record: Dict, *roles: str) -> List[Tuple[PodOom, Death]]:
    """Kills by the kernel's OOM killer of those roles, the newest last."""
    return [
        (oom, death) for oom in record["ooms"] if oom.source in _KERNEL for death in oom.deaths if death.role in roles
    ]


def _by_container(pairs) -> Dict:
    found: Dict = {}
    for oom, death in pairs:
        if death.container is not None:
            found.setdefault(death.container, []).append((oom, death))
    return found


def _most_within(pairs, seconds: float) -> int:
    """The most kills in any time of that length."""
    times = sorted(oom.at for oom, _death in pairs if oom.at is not None)
    return max((sum(start <= at <= start + seconds for at in times) for start in times), default=0)


def _is_recent(record, pairs) -> bool:
    times = [oom.at for oom, _death in pairs if oom.at is not None]
    return bool(times) and record["at"] - max(times) <= _RECENT_SECONDS


def _pause_killed(record: Dict, _threshold) -> Iterator[Met]:
    """The pause process of the pod was OOM-killed, so that the whole pod was restarted."""
    pairs = [(oom, death) for oom, death in _deaths(record, tying.SANDBOX) if oom.limit_is_own]
    if pairs:
        oom = pairs[-1][0]
        size = "" if oom.limit_bytes is None else f" of {human(oom.limit_bytes)}"
        summary = (
            f"at the pod's own limit{size} the kernel killed pause ({times(len(pairs))}), so the whole pod was "
            "restarted with a new address, and the process that filled the limit was not the one that died"
        )
        evidence = {"count": len(pairs), "event": oom.id, "limit_bytes": oom.limit_bytes}
        yield Met(summary, dict(named(record["pod"]), **evidence))


PAUSE_KILLED = rule(
    "guaranteed-pause-killed",
    "critical",
    ("pod", "ooms"),
    _pause_killed,
    "Run a kernel with commit 9066e5cfb73c (Linux 5.9, late 5.4.y) on the node. Until then make the pod Burstable, so "
    "that size decides.",
)


def _pod_limit(record: Dict, _threshold) -> Iterator[Met]:
    """The limit of the pod as a whole was hit, not that of a container."""
    ooms = [one for one in record["ooms"] if one.limit_kind == "pod" and one.limit_is_own and one.source in _KERNEL]
    if ooms:
        last = ooms[-1]
        size = "" if last.limit_bytes is None else f" of {human(last.limit_bytes)}"
        tmpfs = "" if not last.shmem_bytes else f", of which {human(last.shmem_bytes)} was tmpfs and shared memory"
        summary = f"the limit of the pod as a whole{size} was hit {times(len(ooms))}{tmpfs}"
        evidence = {
            "count": len(ooms),
            "event": last.id,
            "limit_bytes": last.limit_bytes,
            "shmem_bytes": last.shmem_bytes,
        }
        yield Met(summary, evidence)


POD_LIMIT = rule(
    "pod-limit-oom",
    "info",
    ("pod", "ooms"),
    _pod_limit,
    "Nothing need be done for this alone. The pod's limit is the sum of its containers' limits, and files that earlier "
    "containers left in memory volumes count against it.",
)


def _tmpfs_loop(record: Dict, threshold) -> Iterator[Met]:
    """A container is OOM-killed soon after each start, because files in memory outlive it."""
    pod, cgroup = record["pod"], record["pod_cgroup"]
    shmem, limit = (cgroup.stat or {}).get("shmem"), cgroup.limit_bytes
    if not pod.volumes or shmem is None or not isinstance(limit, int) or shmem * 100 <= threshold * limit:
        return
    for name, pairs in _by_container(_deaths(record, tying.CONTAINER, tying.UNKNOWN)).items():
        row = next((one for one in pod.containers if one.name == name), None)
        if row is None or len(pairs) < 2 or (row.status.restarts or 0) < 2:  # noqa: PLR2004
            continue
        young = [
            one
            for one in row.status.ended
            if one.started is not None and one.finished is not None and one.finished - one.started < 120  # noqa: PLR2004
        ]
        if young and _is_recent(record, pairs):
            summary = (
                f"{name} is OOM-killed soon after each start ({times(len(pairs))}), and {human(shmem)} of the pod's "
                f"{human(limit)} are files in memory, which a restart does not free"
            )
            evidence = {
                "container": name,
                "count": len(pairs),
                "shmem_bytes": shmem,
                "limit_bytes": limit,
                "formula": f"{shmem} / {limit} = {100 * shmem // limit} % > {threshold:g} %",
                "volumes": [one.name for one in pod.volumes],
            }
            yield Met(summary, dict(named(pod), **evidence))


TMPFS_LOOP = rule(
    "tmpfs-restart-loop",
    "high",
    ("pod", "ooms", "at", "pod_cgroup"),
    _tmpfs_loop,
    "Delete the pod: its memory volumes, and all files in them, end with it. Then give {volumes} a sizeLimit, or let "
    "the program clean up at its start.",
    threshold=30.0,
    unit="percent of the pod's limit",
    commands=((LOSS, "kubectl -n {namespace} delete pod {pod}"),),
    confidence="medium",
)


def _invisible(record: Dict, _threshold) -> Iterator[Met]:
    """Processes of a container that still runs were OOM-killed, which Kubernetes does not show."""
    known = _by_container(_deaths(record, tying.PROCESS)) if "ooms" in record else {}
    for one in record["running"]:
        events = one.now.cgroup.events if one.now.cgroup is not None else None
        kills = (events or {}).get("oom_kill", 0)
        if kills > 0:
            pairs = known.get(one.claim.name, [])
            comm = pairs[-1][1].comm if pairs else None
            last = "" if comm is None else f", the last one {comm}"
            summary = (
                f"the kernel OOM-killed {kills} process{'' if kills == 1 else 'es'} of {one.claim.name} since it was "
                f"started{last}; the container runs on, and Kubernetes shows nothing of it"
            )
            evidence = {"container": one.claim.name, "count": kills, "comm": comm, "cgroup": one.now.cgroup.path}
            yield Met(summary, dict(named(record["pod"]), **evidence))


INVISIBLE = rule(
    "child-oom-invisible",
    "high",
    ("pod", "running"),
    _invisible,
    "See whether {container} still does its work without that process, and what it used the memory for. With cgroup v2 "
    "and Kubernetes 1.28 or later (singleProcessOOMKill not set) the whole container dies instead, which is visible.",
)


def _readings(record: Dict) -> List[exit_reading.Reading]:
    return exit_reading.of_pod(
        record["pod"], record.get("ooms"), record.get("now"), record.get("watched_since"), record.get("booted")
    )


def _unreported(record: Dict, _threshold) -> Iterator[Met]:
    """A container was OOM-killed, and its status says something else."""
    for one in _readings(record):
        if one.what == exit_reading.OOM_CONTAINER and one.shown == exit_reading.HIDDEN and one.ended is not None:
            summary = (
                f"{one.container} was OOM-killed, but its status says {one.ended.reason} with exit code "
                f"{one.ended.exit_code}"
            )
            evidence = {
                "container": one.container,
                "reason": one.ended.reason,
                "exit_code": one.ended.exit_code,
                "event": one.oom.id if one.oom is not None else None,
            }
            yield Met(summary, dict(named(record["pod"]), **evidence))


UNREPORTED = rule(
    "oom-unreported-by-status",
    "medium",
    ("pod", "ooms"),
    _unreported,
    "Count OOM kills of {container} by the agent's events, not by the status. Newer container runtimes (containerd "
    "2.3) lose fewer of them.",
    commands=_LOOK_AT_POD,
)


def _unreliable(record: Dict, _threshold) -> Iterator[Met]:
    """A container's status says OOMKilled, and the kernel killed no process of the pod."""
    cgroup, booted = record["pod_cgroup"], record["booted"]
    if cgroup.is_local is not False or (cgroup.events or {}).get("oom_kill") != 0:
        return
    for one in record["pod"].containers:
        for ended in one.status.ended:
            if ended.reason == "OOMKilled" and ended.finished is not None and ended.finished > booted:
                summary = (
                    f"the status of {one.name} says OOMKilled, but the kernel has not killed any process of the pod "
                    "since it was made"
                )
                evidence = {"container": one.name, "exit_code": ended.exit_code, "formula": "oom_kill of the pod = 0"}
                yield Met(summary, evidence)


UNRELIABLE = rule(
    "status-reason-unreliable",
    "medium",
    ("pod", "pod_cgroup", "booted"),
    _unreliable,
    "Do not raise the memory limit of {container} for this. The runtime sets the reason when an allocation failed at a "
    "limit, or for every container of the pod at once; see what ended its first process.",
)


def _not_oom(record: Dict, _threshold) -> Iterator[Met]:
    """A container ended with exit code 137, and the kernel's OOM killer did not do it."""
    for one in _readings(record):
        if (
            one.what == exit_reading.NOT_OOM
            and one.sure
            and one.why == exit_reading.NO_KILL_COUNTED
            and one.ended is not None
        ):
            summary = (
                f"{one.container} was killed by SIGKILL (exit code 137), but not by the OOM killer: the kernel counts "
                "no OOM kill in this pod"
            )
            evidence = {"container": one.container, "reason": one.ended.reason, "formula": "oom_kill of the pod = 0"}
            yield Met(summary, dict(named(record["pod"]), **evidence))


NOT_OOM = rule(
    "exit137-not-oom",
    "info",
    ("pod", "pod_cgroup", "booted"),
    _not_oom,
    "Do not raise the memory limit of {container} for this. Look for failed liveness probes and for whoever "
    "stopped it.",
    commands=_LOOK_AT_POD,
)


def _group(record: Dict, threshold) -> Iterator[Met]:
    """A whole container died for a process that was not its first one."""
    for oom in reversed(record["ooms"]):
        if not oom.group_kill or not oom.limit_is_own or oom.limit_bytes is None:
            continue
        for name, pairs in _by_container([(oom, death) for death in oom.deaths]).items():
            chosen = pairs[0][1]
            first = min((death for _oom, death in pairs if death.pid is not None), key=_pid, default=None)
            if len(pairs) < 2 or first is None or first.pid == chosen.pid or first.rss_bytes is None:  # noqa: PLR2004
                continue
            if first.rss_bytes * 100 < threshold * oom.limit_bytes:
                summary = (
                    f"all {len(pairs)} processes of {name} died because of {chosen.comm}: memory.oom.group is on; the "
                    f"oldest of them, {first.comm}, used only {human(first.rss_bytes)}"
                )
                evidence = {
                    "container": name,
                    "event": oom.id,
                    "count": len(pairs),
                    "comm": chosen.comm,
                    "rss_bytes": first.rss_bytes,
                    "limit_bytes": oom.limit_bytes,
                }
                yield Met(summary, evidence)
                return


def _pid(death) -> int:
    return death.pid


GROUP = rule(
    "group-kill-surprise",
    "low",
    ("pod", "ooms"),
    _group,
    "If {container} can go on without a worker, set singleProcessOOMKill: true in the kubelet's configuration "
    "(Kubernetes 1.32 or later), or run the workers in containers of their own.",
    threshold=20.0,
    unit="percent of the limit that the first process used",
    confidence="medium",
)


def _zombie(record: Dict, threshold) -> Iterator[Met]:
    """One process after another of a container is OOM-killed, and the container stays ready."""
    known = _by_container(_deaths(record, tying.PROCESS))
    for one in record["running"]:
        cgroup, pairs = one.now.cgroup, known.get(one.claim.name, [])
        if cgroup is None or cgroup.oom_group is not False or not _is_recent(record, pairs):
            continue
        count = _most_within(pairs, _ZOMBIE_SECONDS)
        if count >= threshold:
            summary = (
                f"{count} processes of {one.claim.name} were OOM-killed within 10 minutes, one by one, and the "
                "container runs on: it may be ready without doing its work"
            )
            evidence = {"container": one.claim.name, "count": count, "formula": f"{count} in 600 s >= {threshold:g}"}
            yield Met(summary, dict(named(record["pod"]), **evidence))


ZOMBIE = rule(
    "single-process-oomkill-zombie",
    "medium",
    ("pod", "ooms", "at", "running"),
    _zombie,
    "Give {container} a liveness probe that needs the workers, or let the whole container die (memory.oom.group, the "
    "default with cgroup v2 from Kubernetes 1.28 on).",
    threshold=3.0,
    unit="kills in 10 minutes",
)


def _loop(record: Dict, threshold) -> Iterator[Met]:
    """A container is OOM-killed again and again."""
    for name, pairs in _by_container(_deaths(record, tying.CONTAINER)).items():
        ooms = list({oom.id: (oom, death) for oom, death in pairs}.values())  # a group is one kill
        count = _most_within(ooms, _LOOP_SECONDS)
        if count >= threshold and _is_recent(record, ooms):
            last = ooms[-1][0]
            size = "" if last.limit_bytes is None else f" at a limit of {human(last.limit_bytes)}"
            summary = f"{name} was OOM-killed {count} times within 30 minutes{size}"
            evidence = {
                "container": name,
                "count": count,
                "limit_bytes": last.limit_bytes,
                "limit_kind": last.limit_kind,
                "formula": f"{count} in 1800 s >= {threshold:g}",
            }
            yield Met(summary, dict(named(record["pod"]), **evidence))


LOOP = rule(
    "oom-restart-loop",
    "high",
    ("pod", "ooms", "at"),
    _loop,
    "Find out what {container} uses the memory for (oomwatch why {pod}); then fix the leak, or raise the limit.",
    threshold=3.0,
    unit="kills in 30 minutes",
)


def _of_kind(kind: str, told: str):
    def predicate(record: Dict, _threshold) -> Iterator[Met]:
        pairs = [pair for pair in _deaths(record, *_ANY) if pair[1].container_kind == kind]
        for name, rows in _by_container(pairs).items():
            count = len({oom.id for oom, _death in rows})
            summary = (
                f"the {told} {name} was hit by the OOM killer {times(count)}; the last victim was {rows[-1][1].comm}"
            )
            yield Met(summary, dict(named(record["pod"]), container=name, count=count, comm=rows[-1][1].comm))

    predicate.__doc__ = f"Processes of an {told} were OOM-killed."
    return predicate


_ANY = (tying.CONTAINER, tying.PROCESS, tying.UNKNOWN)
INIT = rule(
    "init-container-oom",
    "medium",
    ("pod", "ooms"),
    _of_kind("init", "init container"),
    "Give the init container {container} a limit that its work needs. Most tools look at other containers only.",
)
EPHEMERAL = rule(
    "exec-or-ephemeral-oom",
    "low",
    ("pod", "ooms"),
    _of_kind("ephemeral", "ephemeral container"),
    "Debug with less memory, or in a copy of the pod (kubectl debug --copy-to): what runs in {container} counts "
    "against the pod's limit.",
)

RULES = (
    PAUSE_KILLED,
    POD_LIMIT,
    TMPFS_LOOP,
    INVISIBLE,
    UNREPORTED,
    UNRELIABLE,
    NOT_OOM,
    GROUP,
    ZOMBIE,
    LOOP,
    INIT,
    EPHEMERAL,
)
