# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""Rules about which processes the OOM killer may kill, and which it should."""

from typing import Dict, Iterator, Optional, Tuple

from ..models import lifelines
from ..models.badness import FLOORED, UNKNOWN
from ..models.size import human
from .phrases import counted, named, sized
from .rule import CHANGE, LOOK, RESTART, Command, Met, Rule

_NAMED = 5  # rows that evidence keeps of a long list
_MAKE_FIRST = (CHANGE, "echo 0 > /proc/{pid}/oom_score_adj")
_MAKE_KILLABLE = (CHANGE, "echo -900 > /proc/{pid}/oom_score_adj")


def _floored_tie(facts: Dict, threshold: float) -> Iterator[Met]:
    """A cgroup in which all scores are the same, so that the order of the scan decides, and not size."""
    rows = [row for row in facts["oom"]["same_adj_cgroups"] if row["all_tied"] and row["processes"] >= threshold]
    if not rows:
        return
    first = rows[0]
    tied = f"all {first['processes']} killable processes of {first['cgroup']} have the same score{_if_floored(facts)}"
    more = f"; {counted(len(rows) - 1, 'other cgroup')} with a limit have such a tie" if rows[1:] else ""
    evidence = {"count": len(rows), "cgroup": first["cgroup"], "pid": first["biggest"]["pid"], "cgroups": rows[:_NAMED]}
    yield Met(f"{tied}, so scan order, not size, decides which one dies{_who_dies(first)}{more}", evidence)


def _if_floored(facts):
    return " if this kernel rounds negative OOM scores up to 1" if facts["oom"]["badness_model"] == UNKNOWN else ""


def _who_dies(row):
    largest = row["biggest"]
    if not row["next"]:
        return f"; the largest is {sized(largest)}"
    first = row["next"][0]
    if row["next_count"] > 1:
        return f": {sized(first)} is as likely as the largest, {sized(largest)}"
    if first["pid"] == largest["pid"]:
        return f": {sized(first)}, which happens to be the largest"
    return f": {sized(first)} would die, and the largest, {sized(largest)}, would survive"


FLOORED_TIE = Rule(
    "floored-tie-in-cgroup",
    "critical",
    2.0,
    "processes of one cgroup",
    ("oom",),
    _floored_tie,
    "Raise the largest process's oom_score_adj so that it is killed first; the value lasts until the process restarts. "
    "For a lasting fix run Linux 5.9 or later, or give every process that may die an OOMScoreAdjust= of 0 or more (a "
    "pod: the QoS class Burstable).",
    (_MAKE_FIRST,),
)


def _floored_badness(facts: Dict, threshold: float) -> Iterator[Met]:
    """The kernel gives all that is below zero the same score, and workloads are below zero."""
    oom = facts["oom"]
    rows = oom["negative_workloads"]
    if oom["badness_model"] != FLOORED or not rows or len(rows) < threshold:
        return
    first = rows[0]
    summary = (
        f"this kernel rounds negative OOM scores up to 1, so it may not tell apart {counted(len(rows), 'workload')} "
        f"with a negative oom_score_adj; the largest is {sized(first)}"
    )
    evidence = {
        "evidence": oom["badness_evidence"],
        "count": len(rows),
        "pid": first["pid"],
        "processes": rows[:_NAMED],
    }
    yield Met(summary, evidence)


FLOORED_BADNESS = Rule(
    "floored-badness",
    "warning",
    1.0,
    "processes",
    ("oom",),
    _floored_badness,
    "Keep negative values for the services that the host needs, and give workloads an oom_score_adj of 0 or more. Set "
    "it in their units or pods as well, because a value written to /proc is lost at a restart. For a lasting fix run "
    "Linux 5.9 or later, or a vendor's kernel that has its fix.",
    (_MAKE_FIRST,),
)


def _same_negative_adj(facts: Dict, threshold: float) -> Iterator[Met]:
    """The same without harm on this kernel; one finding for all cgroups."""
    rows = [row for row in facts["oom"]["same_adj_cgroups"] if not row["all_tied"] and row["processes"] >= threshold]
    if not rows:
        return
    where = rows[0]["cgroup"] if len(rows) == 1 else f"{len(rows)} cgroups with a limit ({rows[0]['cgroup']} …)"
    summary = (
        f"all killable processes of {where} have a negative oom_score_adj, so the value does not decide which of them "
        "dies first"
    )
    yield Met(summary, {"count": len(rows), "cgroups": rows[:_NAMED]})


SAME_NEGATIVE_ADJ = Rule(
    "same-negative-adj",
    "info",
    2.0,
    "processes of one cgroup",
    ("oom",),
    _same_negative_adj,
    "Do nothing on this kernel, where size decides. Before such a workload moves to a kernel older than 5.9, where "
    "scan order would decide, give the processes that may die first an oom_score_adj of 0 or more.",
)


def _lifeline_unprotected(facts: Dict, threshold: float) -> Iterator[Met]:
    """A service that is needed to repair the host is as killable as any other."""
    rows = [row for row in facts["oom"]["lifelines"] if not row["protected"]]
    if not rows or len(rows) < threshold:
        return
    first = rows[0]
    others = sorted({row["name"] for row in rows} - {first["name"]})
    more = f"; also not protected: {', '.join(others)}" if others else ""
    summary = (
        f"{first['name']}, {first['role']}, is not protected from the OOM killer: pid {first['pid']} has oom_score_adj "
        f"{first['oom_score_adj']}, the usual value is {first['usual_adj']}{more}"
    )
    evidence = {key: first[key] for key in ("pid", "unit", "usual_adj", "oom_score_adj")}
    evidence["lasting"], commands = lasting(first["comm"], first["unit"], first["usual_adj"])
    now = (CHANGE, "echo {usual_adj} > /proc/{pid}/oom_score_adj")
    yield Met(summary, dict(evidence, lifelines=rows[:_NAMED]), (now,) + commands)


def lasting(comm: str, unit: Optional[str], adj: int) -> Tuple[str, Tuple[Command, ...]]:
    """What gives a lifeline its value at each start: a sentence, and commands with the blank `unit`."""
    line = lifelines.of_process(comm)
    if line is not None and line.protects_itself:
        # OpenSSH hands the value that it was started with on to each session.
        restart = f"restart {unit or 'its unit'}: {comm} sets its own value to {adj} at start"
        return f"{restart}; the same value in the unit would make every login unkillable", (
            (RESTART, "systemctl restart {unit}"),
        )
    edit = f"run systemctl edit {unit or 'UNIT'} and add OOMScoreAdjust={adj} under [Service]"
    return edit, ((CHANGE, "systemctl edit {unit}"),)


LIFELINE_UNPROTECTED = Rule(
    "lifeline-unprotected",
    "warning",
    1.0,
    "processes",
    ("oom",),
    _lifeline_unprotected,
    "Give the service its usual oom_score_adj. A value written to /proc lasts until the service restarts. To make it "
    "last, {lasting}.",
)


def _unkillable_workload(facts: Dict, threshold: float) -> Iterator[Met]:
    """Whatever leaks at -1000 makes the kernel kill everything else."""
    rows = facts["oom"]["unkillable_workloads"]
    if not rows or len(rows) < threshold:
        return
    first = rows[0]
    summary = (
        f"{counted(len(rows), 'process')} that the host does not need can never be killed, the largest {sized(first)}: "
        "if one of them leaks memory, the kernel kills all others"
    )
    yield Met(summary, {"count": len(rows), "pid": first["pid"], "unit": first["unit"], "processes": rows[:_NAMED]})


UNKILLABLE_WORKLOAD = Rule(
    "unkillable-workload",
    "warning",
    1.0,
    "processes",
    ("oom",),
    _unkillable_workload,
    "Make the process killable; at -900 it is still among the last to be killed. Then find out what set -1000: its "
    "unit, the program itself, or the shell that started it.",
    (_MAKE_KILLABLE, (LOOK, "systemctl cat {unit} | grep OOM")),
)


def _unkillable_exhausts(facts: Dict, threshold: float) -> Iterator[Met]:
    """What can never be killed already holds so much of the host that killing the rest may not help; or of a cgroup."""
    oom = facts["oom"]
    if oom["unkillable"] and oom["unkillable_percent"] >= threshold:
        first = oom["unkillable"][0]
        summary = (
            f"processes that can never be killed hold {human(oom['unkillable_bytes'])}, {oom['unkillable_percent']} % "
            f"of RAM and swap; the largest is {named(first)}; killing all others may not free enough"
        )
        evidence = {"unkillable_bytes": oom["unkillable_bytes"], "percent_of_total": oom["unkillable_percent"]}
        yield Met(summary, dict(evidence, cgroup=None, pid=first["pid"]))
    for row in oom["without_victim"]:
        if row["held_bytes"] * 100 >= threshold * row["limit_bytes"]:
            summary = (
                f"{row['cgroup']} has a limit of {human(row['limit_bytes'])}, and no process in it may be killed: once "
                f"it is full, its {counted(row['processes'], 'process')} can only wait or fail"
            )
            share = round(100.0 * row["held_bytes"] / row["limit_bytes"], 2)
            evidence = {"unkillable_bytes": row["held_bytes"], "percent_of_total": share, "cgroup": row["cgroup"]}
            yield Met(summary, dict(evidence, pid=row["pid"]))


UNKILLABLE_EXHAUSTS = Rule(
    "unkillable-exhausts",
    "critical",
    50.0,
    "percent of what may be used",
    ("oom",),
    _unkillable_exhausts,
    "Make the largest of these processes killable before memory runs out. If it must never be killed, give it a limit "
    "of its own (MemoryMax=) that leaves enough for the rest, and restart it at a quiet time.",
    (_MAKE_KILLABLE,),
)


def _declared_adj_differs(facts: Dict, threshold: float) -> Iterator[Met]:
    """A unit says one value, its process has another."""
    names = ("unit", "pid", "comm", "declared_adj", "oom_score_adj", "declared_in")
    for row in facts["oom"]["units"]:
        if not row["agrees"] and abs(row["declared_adj"] - row["oom_score_adj"]) >= threshold:
            summary = (
                f"{row['unit']} declares OOMScoreAdjust={row['declared_adj']} ({row['declared_in']}), but {named(row)} "
                f"has oom_score_adj {row['oom_score_adj']}"
            )
            yield Met(summary, {name: row[name] for name in names})


DECLARED_ADJ_DIFFERS = Rule(
    "declared-adj-differs",
    "warning",
    1.0,
    "points of difference",
    ("oom",),
    _declared_adj_differs,
    "Give the process the declared value, or restart {unit}. If the process has the right value, declare that one "
    "instead: run systemctl edit {unit} and add OOMScoreAdjust={oom_score_adj} under [Service].",
    (
        (LOOK, "systemctl show -p OOMScoreAdjust,MainPID {unit}"),
        (CHANGE, "echo {declared_adj} > /proc/{pid}/oom_score_adj"),
    ),
)


def _panic_on_oom(facts: Dict, threshold: float) -> Iterator[Met]:
    """The kernel panics where it could kill one process."""
    value = facts["oom"]["sysctls"]["panic_on_oom"]
    if value and value >= threshold:
        when = "the host runs" if value == 1 else "the host, or a single cgroup or NUMA node, runs"
        yield Met(f"vm.panic_on_oom is {value}: the kernel panics when {when} out of memory", {"panic_on_oom": value})


PANIC_ON_OOM = Rule(
    "panic-on-oom",
    "warning",
    1.0,
    "as the value of vm.panic_on_oom",
    ("oom",),
    _panic_on_oom,
    "Turn the panic off unless a cluster manager relies on it, and remove the line from the file that sets it. While "
    "kernel.panic is 0, a host that has panicked stays down until somebody resets it.",
    (
        (CHANGE, "sysctl vm.panic_on_oom=0"),
        (LOOK, "grep -rs panic_on_oom /etc/sysctl.conf /etc/sysctl.d /usr/lib/sysctl.d"),
        (LOOK, "sysctl kernel.panic"),
    ),
)


def _kill_allocating_task(facts: Dict, threshold: float) -> Iterator[Met]:
    """The process that requests memory at the wrong moment dies, whatever its size and its score."""
    value = facts["oom"]["sysctls"]["oom_kill_allocating_task"]
    if value and value >= threshold:
        summary = (
            f"vm.oom_kill_allocating_task is {value}: when the host runs out of memory, the kernel kills the next "
            "process that requests memory, not the largest"
        )
        yield Met(summary, {"oom_kill_allocating_task": value})


KILL_ALLOCATING_TASK = Rule(
    "kill-allocating-task",
    "warning",
    1.0,
    "as the value of vm.oom_kill_allocating_task",
    ("oom",),
    _kill_allocating_task,
    "Let the score decide again, and remove the line from the file that sets this sysctl.",
    (
        (CHANGE, "sysctl vm.oom_kill_allocating_task=0"),
        (LOOK, "grep -rs oom_kill_allocating /etc/sysctl.conf /etc/sysctl.d /usr/lib/sysctl.d"),
    ),
)


def _no_reaper(facts: Dict, _threshold: Optional[float]) -> Iterator[Met]:
    """Before 4.6 nobody takes a stuck victim's memory."""
    if facts["oom"]["reaper"] is False:
        release = facts["host"]["kernel_release"]
        summary = (
            f"this kernel ({release}) has no OOM reaper: a killed process that waits for a lock keeps its memory, and "
            "the host may hang"
        )
        yield Met(summary, {"kernel_release": release})


NO_OOM_REAPER = Rule(
    "no-oom-reaper",
    "info",
    None,
    "",
    ("oom",),
    _no_reaper,
    "Leave some memory free and limit the large services (MemoryLimit=), because only a reset helps once the host "
    "hangs. Plan an update to Linux 4.6 or later.",
)


def _kills(facts: Dict, threshold: float) -> Iterator[Met]:
    """The OOM killer has been here."""
    count = facts["oom"]["kills_since_boot"]
    if count and count >= threshold:
        yield Met(f"the OOM killer has killed {counted(count, 'process')} since boot", {"kills_since_boot": count})


OOM_KILLS = Rule(
    "oom-kills",
    "warning",
    1.0,
    "kills since boot",
    ("oom",),
    _kills,
    "Look in the kernel's log for the processes that were killed. The module oom_events_info shows whether each kill "
    "was right and what had filled the memory.",
    (
        (LOOK, "journalctl -k -b | grep -i 'killed process'"),
        (LOOK, "dmesg -T | grep -i 'killed process'"),
    ),
)

RULES = (
    FLOORED_TIE,
    FLOORED_BADNESS,
    SAME_NEGATIVE_ADJ,
    LIFELINE_UNPROTECTED,
    UNKILLABLE_WORKLOAD,
    UNKILLABLE_EXHAUSTS,
    DECLARED_ADJ_DIFFERS,
    PANIC_ON_OOM,
    KILL_ALLOCATING_TASK,
    NO_OOM_REAPER,
    OOM_KILLS,
)
