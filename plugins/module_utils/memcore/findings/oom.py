# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""Rules about whom the OOM killer may take, and whom it should."""

from typing import Dict, List, Optional

from ..models import lifelines, unkillable
from ..models.badness import FLOORED, UNKNOWN
from ..models.size import human
from .rule import Finding, finding

_NAMED = 5  # rows that evidence keeps of a long list


def floored_tie(facts: Dict, threshold: float) -> List[Finding]:
    """A cgroup in which all scores are the same, so that the order of the scan takes one, however small."""
    rows = [row for row in facts["oom"]["same_adj_cgroups"] if row["all_tied"] and row["processes"] >= threshold]
    if not rows:
        return []
    first = rows[0]
    more = f" (and so in {len(rows) - 1} more cgroups)" if rows[1:] else ""
    tied = f"all {first['processes']} killable processes of {first['cgroup']} have the same score"
    summary = f"{tied}{_if_floored(facts)}{_who_dies(first)}{more}"
    evidence = {"count": len(rows), "cgroup": first["cgroup"], "pid": first["biggest"]["pid"], "cgroups": rows[:_NAMED]}
    return [finding("floored-tie-in-cgroup", summary, evidence)]


def floored_badness(facts: Dict, threshold: float) -> List[Finding]:
    """The kernel takes all that is below zero for the same, and workloads are below zero."""
    oom = facts["oom"]
    rows = oom["negative_workloads"]
    if oom["badness_model"] != FLOORED or not rows or len(rows) < threshold:
        return []
    first = rows[0]
    summary = (
        f"this kernel gives every process whose oom_score_adj outweighs its size the same score; {len(rows)} "
        f"workload{_s(rows)} may be among them, the biggest {_name(first)} with {human(first['held_bytes'])}"
    )
    evidence = {
        "evidence": oom["badness_evidence"],
        "count": len(rows),
        "pid": first["pid"],
        "processes": rows[:_NAMED],
    }
    return [finding("floored-badness", summary, evidence)]


def same_negative_adj(facts: Dict, threshold: float) -> List[Finding]:
    """The same without harm on this kernel; one finding for all cgroups."""
    rows = [row for row in facts["oom"]["same_adj_cgroups"] if not row["all_tied"] and row["processes"] >= threshold]
    if not rows:
        return []
    where = rows[0]["cgroup"] if len(rows) == 1 else f"{len(rows)} cgroups with a limit ({rows[0]['cgroup']} …)"
    summary = (
        f"all killable processes of {where} have a negative oom_score_adj, so that it says nothing about their order"
    )
    return [finding("same-negative-adj", summary, {"count": len(rows), "cgroups": rows[:_NAMED]})]


def lifeline_unprotected(facts: Dict, threshold: float) -> List[Finding]:
    """A service that one needs to repair the host is as killable as any other."""
    rows = [row for row in facts["oom"]["lifelines"] if not row["protected"]]
    if not rows or len(rows) < threshold:
        return []
    first = rows[0]
    others = sorted({row["name"] for row in rows} - {first["name"]})
    more = f"; nor is {', '.join(others)}" if others else ""
    summary = (
        f"{first['name']}, {first['role']}, is not protected from the OOM killer: pid {first['pid']} has oom_score_adj "
        f"{first['oom_score_adj']}, usual is {first['usual_adj']}{more}"
    )
    evidence = {key: first[key] for key in ("pid", "unit", "usual_adj", "oom_score_adj")}
    evidence["lasting"] = lasting(first["comm"], first["unit"], first["usual_adj"])
    return [finding("lifeline-unprotected", summary, dict(evidence, lifelines=rows[:_NAMED]))]


def lasting(comm: str, unit: Optional[str], adj: int) -> str:
    """What gives a lifeline its value at each start, as the end of a sentence."""
    if unkillable.protects_itself(lifelines.of_process(comm)):
        # OpenSSH hands the value that it was started with on to each session.
        return f"restart {unit or 'it'}, which sets itself (a value in its unit would make every login unkillable)"
    return f"`systemctl edit {unit or 'UNIT'}`, there [Service] and OOMScoreAdjust={adj}"


def unkillable_workload(facts: Dict, threshold: float) -> List[Finding]:
    """Whatever leaks at -1000 makes the kernel kill everything else."""
    rows = facts["oom"]["unkillable_workloads"]
    if not rows or len(rows) < threshold:
        return []
    first = rows[0]
    summary = (
        f"{len(rows)} process{'es' if rows[1:] else ''} outside the host's lifelines can never be killed, "
        f"the biggest {_name(first)} with {human(first['held_bytes'])}: when such a one leaks, all others die for it"
    )
    evidence = {"count": len(rows), "pid": first["pid"], "unit": first["unit"], "processes": rows[:_NAMED]}
    return [finding("unkillable-workload", summary, evidence)]


def unkillable_exhausts(facts: Dict, threshold: float) -> List[Finding]:
    """What can never be killed already holds so much of the host that killing the rest may not help; or of a cgroup."""
    oom, found = facts["oom"], []
    if oom["unkillable"] and oom["unkillable_percent"] >= threshold:
        first = oom["unkillable"][0]
        summary = (
            f"processes that can never be killed hold {human(oom['unkillable_bytes'])}, {oom['unkillable_percent']} % "
            f"of RAM and swap, most of it {_name(first)}: killing all others may not be enough"
        )
        evidence = {"unkillable_bytes": oom["unkillable_bytes"], "percent_of_total": oom["unkillable_percent"]}
        found.append(finding("unkillable-exhausts", summary, dict(evidence, cgroup=None, pid=first["pid"])))
    for row in oom["without_victim"]:
        if row["held_bytes"] * 100 >= threshold * row["limit_bytes"]:
            many = "its 1 process" if row["processes"] == 1 else f"its {row['processes']} processes"
            limit = f"{row['cgroup']} has a limit of {human(row['limit_bytes'])}"
            summary = f"{limit} and nothing in it may be killed: when it is full {many} can only wait or fail"
            share = round(100.0 * row["held_bytes"] / row["limit_bytes"], 2)
            evidence = {"unkillable_bytes": row["held_bytes"], "percent_of_total": share, "cgroup": row["cgroup"]}
            found.append(finding("unkillable-exhausts", summary, dict(evidence, pid=row["pid"])))
    return found


def declared_adj_differs(facts: Dict, threshold: float) -> List[Finding]:
    """A unit says one value, its process has another."""
    return [
        finding(
            "declared-adj-differs",
            f"{row['unit']} declares OOMScoreAdjust={row['declared_adj']} ({row['declared_in']}), but {row['comm']} "
            f"(pid {row['pid']}) has oom_score_adj {row['oom_score_adj']}",
            {key: row[key] for key in ("unit", "pid", "comm", "declared_adj", "oom_score_adj", "declared_in")},
        )
        for row in facts["oom"]["units"]
        if not row["agrees"] and abs(row["declared_adj"] - row["oom_score_adj"]) >= threshold
    ]


def panic_on_oom(facts: Dict, threshold: float) -> List[Finding]:
    """The kernel panics where it could kill one process."""
    value = facts["oom"]["sysctls"]["panic_on_oom"]
    if not value or value < threshold:
        return []
    when = "the host is out of memory" if value == 1 else "the host, or a single cgroup or node, is out of memory"
    return [
        finding("panic-on-oom", f"vm.panic_on_oom is {value}: the kernel panics when {when}", {"panic_on_oom": value})
    ]


def kill_allocating_task(facts: Dict, threshold: float) -> List[Finding]:
    """Whoever asks for memory at the wrong moment dies, whatever its size and its score."""
    value = facts["oom"]["sysctls"]["oom_kill_allocating_task"]
    if not value or value < threshold:
        return []
    summary = f"vm.oom_kill_allocating_task is {value}: when the host is full, whoever asks next dies, not the biggest"
    return [finding("kill-allocating-task", summary, {"oom_kill_allocating_task": value})]


def no_reaper(facts: Dict, _threshold: Optional[float]) -> List[Finding]:
    """Before 4.6 nobody takes a stuck victim's memory."""
    if facts["oom"]["reaper"] is not False:
        return []
    release = facts["host"]["kernel_release"]
    summary = (
        f"this kernel ({release}) has no OOM reaper: a victim that waits for a lock keeps its memory, and all hangs"
    )
    return [finding("no-oom-reaper", summary, {"kernel_release": release})]


def kills(facts: Dict, threshold: float) -> List[Finding]:
    """The OOM killer has been here."""
    oom = facts["oom"]
    count = oom["kills_since_boot"]
    if not count or count < threshold:
        return []
    summary = f"the OOM killer has killed {count} process{'' if count == 1 else 'es'} since boot"
    return [finding("oom-kills", summary, {"kills_since_boot": count})]


def _if_floored(facts):
    return ", if this kernel is one of those" if facts["oom"]["badness_model"] == UNKNOWN else ""


def _who_dies(row):
    biggest = row["biggest"]
    held = f"{_name(biggest)} with {human(biggest['held_bytes'])}"
    if not row["next"]:
        return f"; the biggest is {held}"
    first = row["next"][0]
    small = f"{_name(first)} with {human(first['held_bytes'])}"
    if row["next_count"] > 1:
        return f": the order of the scan takes one of {row['next_count']}, as likely {small} as the biggest, {held}"
    if first["pid"] == biggest["pid"]:
        return f": the order of the scan takes {_name(first)}, which happens to be the biggest"
    return f": the order of the scan takes {small}, and {held} lives on"


def _name(row):
    return f"{row['comm']} (pid {row['pid']})"


def _s(rows):
    return "" if len(rows) == 1 else "s"
