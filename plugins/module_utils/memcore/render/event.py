# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""An OOM event in the sentences that a person reads: who was killed, why, whether that was right, and what to do."""

from typing import Dict, List, Optional

from ..models import verdicts
from ..models.oom_rules import is_floored, version_of
from ..models.size import human
from ..sources.printable import one_line, with_pid
from . import event_cause, event_names, panic

_LACKS = "lacks the fix of Linux 5.9 (commit 9066e5cfb73c) and rounds negative OOM scores up to 1"
_UNFIXED = f"this kernel {_LACKS}"


def explanation(event: Dict) -> str:
    """Three to eight sentences."""
    return " ".join(paragraphs(event))


def paragraphs(event: Dict) -> List[str]:
    """Who and why, the cause, the verdict, what to do."""
    return [_who(event), event_cause.sentence(event), event["verdict"]["explanation"], advice(event)]


def headline(event: Dict) -> str:
    """The event in one line."""
    victim, freed = event["victim"], event["freed_bytes"]
    if event["outcome"] == "panic":
        return f"{panic.headline(event)}; {_why_short(event)}"
    if victim is None:
        return f"{_no_victim(event)}; {_why_short(event)}"
    what = f"{_named(victim)}{_short_place(victim)}{_with_others(event)}"
    what += "" if freed is None else f", freed {human(freed)}"
    return _judged(event, what) + f"; {_why_short(event)}"


def advice(event: Dict) -> str:
    """What to do: about the kernel where it killed the wrong process, else about the cause."""
    judged = event["verdict"]
    if event["outcome"] == "panic":
        return f"{panic.to_do(event)}. {event_cause.advice(event)}"
    if judged["model"] == "floored" and not judged["agrees"]:
        return (
            f"Update to a kernel with this fix, or raise the oom_score_adj of {_expected(event)} so that it is killed "
            "first. Then check whether it needs that much memory."
        )
    return event_cause.advice(event)


def verdict(event: Dict) -> str:
    """One to four sentences: was it right, why this process, and which one Linux 5.9 or later would kill."""
    judged = event["verdict"]
    if event["victim"] is None:
        reason = judged["reason"] or "the log ends between the kernel's choice and the kill"
        return f"No verdict: {reason}."
    if "allocating-task" in judged["why"]:
        how = (
            "The kernel killed it because it requested memory (vm.oom_kill_allocating_task=1), not because of its size."
        )
        return how + _better(event, "Without that setting Linux 5.9 or later would kill")
    if judged["reason"] is not None:
        return f"No verdict: {judged['reason']}."
    told = [_HOW[_first_of(judged["why"])](event)]
    if "child-sacrificed" in judged["why"]:
        told.append(
            f"The kernel chose its parent (pid {judged['chosen_pid']}) and killed the child in its place, "
            "as kernels up to 5.0 do."
        )
    if "group-kill" in judged["why"] and event["also_killed"]:
        told.append(f"{_others(event, capital=True)} died with it because memory.oom.group is set.")
    elif "larger-unkillable" in judged["why"]:
        told.append("A larger process was spared because its oom_score_adj is -1000 or it is init.")
    elif "vfork-child" in judged["why"]:
        told.append(
            "A process with a higher score was spared: its memory is that of another process to the page, so it seems "
            "to be a child in vfork, which the kernel skips."
        )
    elif "larger-dying" in judged["why"]:
        told.append("A larger process had been killed before and had not exited yet.")
    return " ".join(told[:2])


def _first_of(why):
    return next(reason for reason in why if reason in _HOW)


def _largest(event):
    judged = event["verdict"]
    candidates = event["candidates"]
    able = [row for row in candidates if row["spared"] is None]
    if len(able) == 1 and judged["by_rule"]["settle"] == verdicts.WHOLE_LOG:
        return "The log shows no other process that the kernel could kill, but lines of the report are lost."
    if len(able) == 1 and not event["truncated"]:
        return "It was the only process that the kernel could kill, so every kernel would kill it."
    if judged["margin_pages"] is not None and judged["margin_pages"] <= judged["slack_pages"]:
        return "It had the highest score, but by a margin too small to be certain that the kernel saw it so."
    if judged["model"] == "floored":
        return f"It had the highest score, but not the largest size: {_unfixed(event)}{_better(event)}"
    if judged["model"] == "signed":
        return f"It had the highest score by the rule since Linux 5.9, which this kernel follows.{_by_cause(event)}"
    if judged["floored"]["tied"]:
        return (
            "It had the highest score by the rule of Linux 5.9 and later. Without that fix "
            f"{_equals(event)} processes tie, and the order in which the kernel scans them decides.{_by_cause(event)}"
        )
    return f"It had the highest score, with and without the fix of Linux 5.9.{_by_cause(event)}"


def _by_cause(event):
    """Whether it was also the one that used the memory up, with a leading blank; nothing where that is not known."""
    by_cause = event["verdict"]["by_cause"]
    if by_cause["result"] == "right":
        return " It also held most of the memory, so it was the right one."
    if by_cause["result"] == "wrong":
        return f" But {_holder(by_cause)} held most of the memory and lives on."
    return ""


def _holder(by_cause):
    return with_pid(by_cause["who"]["comm"], by_cause["who"]["pid"])


def _floored(which):
    def tell(event):
        adj = _adjs(event)
        such = "this" if _is_unfixed(event) else "such a"
        return (
            f"It was not the largest: {_unfixed(event)} {_equals(event)} processes whose oom_score_adj{adj} pushes "
            f"their score below zero tied; {such} kernel kills the {which} one it scans.{_better(event)}"
        )

    return tell


def _adjs(event):
    adj = event["victim"]["oom_score_adj"]
    return "" if adj is None else f" (here {adj})"


def _equals(event):
    floored = event["verdict"]["floored"]
    return floored["tied"] + 1 if floored else "Several"


def _middle(event):
    return (
        f"It was not the largest: {_unfixed(event)} {_equals(event)} processes tied, and the report does not show in "
        f"which order the kernel scanned them.{_better(event)}"
    )


def _unfixed(event):
    """What the kernel lacks, and where its release says otherwise, what else may explain the choice."""
    if _is_unfixed(event):
        return f"{_UNFIXED}."
    told = f"the choice is that of a kernel that {_LACKS}."
    release = event["kernel_release"]
    version = version_of(release)
    if version is not None and version.base >= (5, 9):
        told += (
            f" Linux {release} should have that fix: more swap than the report shows, or a larger process that was "
            "exiting or in vfork, would explain the choice too."
        )
    return told


def _is_unfixed(event):
    """Whether the release alone says that the kernel lacks the fix."""
    version = version_of(event["kernel_release"])
    return version is not None and is_floored(version)


def _near(event):
    return (
        "Another process has a slightly higher score in the task table, but by less than the figures may have changed "
        "since the kernel chose: the choice fits the kernel's rule."
    )


def _unexplained(event):
    return (
        f"No known rule explains this choice: {_expected(event)} has a higher score in the task table. The kernel "
        "prints that table after it has chosen, so the process may have grown in between."
    )


_HOW = {
    "largest": _largest,
    "floored-first-scanned": _floored("first"),
    "floored-last-scanned": _floored("last"),
    "tied-in-the-middle": _middle,
    "near-tie": _near,
    "unexplained": _unexplained,
}


def _better(event, lead="Linux 5.9 or later would kill"):
    """Whom a signed kernel kills, with a leading blank; nothing where it is the same."""
    judged = event["verdict"]
    if judged["expected_pid"] is None or judged["expected_pid"] == judged["chosen_pid"]:
        return ""
    name = _expected(event)
    if expected_died(event):
        return f" {lead} {name} first; it died all the same, with its group."
    frees = judged["would_free_bytes"]
    freed = event["freed_bytes"]
    told = f" {lead} {name}"
    if frees is not None:
        told += f", which frees {'up to ' * bool(judged['would_free_at_most'])}{human(frees)}"
        told += f" instead of {human(freed)}" if freed is not None else ""
    return told + "."


def expected_died(event: Dict) -> bool:
    """Whether the process that a signed kernel would have chosen died with the group of the one that was."""
    expected = event["verdict"]["expected_pid"]
    return any(row["killed"] and row["pid"] == expected for row in event["candidates"])


def _expected(event):
    judged = event["verdict"]
    return with_pid(judged["expected_comm"], judged["expected_pid"])


def _who(event) -> str:
    victim, when = event["victim"], _when(event)
    if event["outcome"] == "panic":
        ran_out = _ran_out(event)
        return f"{panic.what(event, when)}. {ran_out[0].upper()}{ran_out[1:]}."
    if victim is None:
        what = _no_victim(event)
        return f"{what[0].upper()}{what[1:]}: {_ran_out(event)}{when}."
    where = place(victim)
    comma = "," if where and when else ""
    return f"The kernel killed {_named(victim)}{where}{comma}{when}: {_ran_out(event)}{_freeing(event)}."


def _no_victim(event):
    judged = event["verdict"]
    if event["outcome"] == "unknown" and judged.get("chosen_comm") is not None:
        chosen = with_pid(judged["chosen_comm"], judged["chosen_pid"])
        return f"the kernel chose {chosen}, but the line of the kill is not in the log"
    return _NO_VICTIM.get(event["outcome"], "the log shows no kill")


_NO_VICTIM = {
    "no-killable-process": "the kernel found no process that it may kill",
    "already-exiting": "the chosen process was exiting already, so the kernel did not kill it",
}


def _freeing(event):
    freed, shmem = event["freed_bytes"], event["victim"]["shmem_bytes"]
    if freed is None:
        return ""
    survives = (
        f" (its {human(shmem)} of shared memory may stay in use)" if shmem and shmem > max(freed, 1 << 20) else ""
    )
    return f", and the kill freed {human(freed)}{survives}"


def _when(event):
    if event["time"] is not None:
        return f" at {event['time']}"
    uptime = event["uptime_seconds"]
    return "" if uptime is None else f" {_span(uptime)} after boot"


def _span(seconds):
    for size, unit in ((86400, "days"), (3600, "hours"), (60, "minutes")):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"


def _ran_out(event):
    owner, scope = event["limit_owner"], event["scope"]
    if scope is None:
        return "memory ran out, but the log does not show whose"
    if scope == "sysrq":
        return "someone requested it with sysrq-f"
    if scope == "memcg":
        return f"{_whose(event)} was at {event_names.limit(owner)}"
    if scope in ("cpuset", "mempolicy"):
        what = "cpuset" if scope == "cpuset" else "memory policy"
        return f"the memory nodes of its {what} were full"
    size = owner["limit_bytes"]
    swap = owner["swap_bytes"]
    told = "" if size is None else f" ({human(size)} of RAM{', no swap' if swap == 0 else ''})"
    much_free = event_cause.free_but_failed(event)
    if much_free is not None:
        return much_free
    return f"the host was out of memory{told}"


def _whose(event):
    owner, victim = event["limit_owner"], event["victim"]
    if victim is not None and victim["pod"] is not None and owner["kind"] == "pod":
        return event_names.limited_pod(event)
    if owner["is"] == "own":
        return "its own cgroup"
    if owner["cgroup"] is None:
        return "a memory cgroup"
    return f"the cgroup {one_line(owner['cgroup'])}" + " above it" * (owner["is"] == "ancestor")


def _why_short(event):
    owner = event["limit_owner"]
    where = {"memcg": "cgroup at its limit", "global": "host out of memory", "sysrq": "sysrq-f"}.get(
        event["scope"], event["scope"] or "memory ran out"
    )
    if event_cause.free_but_failed(event) is not None:
        where = "host could not serve a request"
    if event["scope"] == "memcg" and owner["limit_bytes"] is not None:
        where = f"cgroup at {event_names.limit(owner)}"
    return f"{where} ({event['cause']['class']})"


def _judged(event, what):
    judged = event["verdict"]
    if "allocating-task" in judged["why"]:
        return f"killed because it requested memory (vm.oom_kill_allocating_task=1): {what}"
    if judged["agrees"] is None or judged["expected_pid"] is None:
        return f"killed: {what}"
    if judged["agrees"]:
        by_cause = judged["by_cause"]
        if by_cause["result"] == "wrong":
            return f"killed: {what}, while {_holder(by_cause)}, which held most of the memory, lives on"
        return f"{'right one killed' if by_cause['result'] == 'right' else 'killed'}: {what}"
    if expected_died(event):
        return f"group killed: {what}"
    frees = judged["would_free_bytes"]
    size = "" if frees is None else human(frees)
    other = with_pid(judged["expected_comm"], judged["expected_pid"], size)
    if judged["model"] == "neither":
        return f"killed: {what}, though {other} had a higher score"
    return f"WRONG ONE killed: {what}, while {other} lives on"


def _named(victim):
    return with_pid(victim["comm"], victim["pid"])


def _with_others(event):
    return f" and {_others(event)} with it" if event["also_killed"] else ""


def _others(event, capital=False):
    """How many died with the victim; the list may be cut."""
    least = ("At least " if capital else "at least ") if "also_killed" in event["truncated"] else ""
    return least + _processes(len(event["also_killed"]))


def _processes(count: Optional[int]):
    return "1 process" if count == 1 else f"{count} processes"


def _short_place(victim):
    if victim["kind"] == "pod":
        return f" in pod {victim['pod_uid'][:8] if victim['pod'] is None else event_names.pod(victim)}"
    return place(victim)


def place(victim: Dict) -> str:
    """` in pod shop/cart-1, container app, Burstable`, ` of cron.service`; nothing for a process of the host."""
    if victim["kind"] == "pod":
        parts = [event_names.pod(victim), event_names.container(victim), victim["qos_class"]]
        return " in pod " + ", ".join(part for part in parts if part is not None)
    if victim["kind"] == "container":
        return f" in {event_names.container(victim)}"
    if victim["kind"] == "unit":
        return f" of {one_line(victim['unit'])}"
    return ""
