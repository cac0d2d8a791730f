# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""Who dies next: in one sentence that a person reads first, as a short page, and as a part of the facts' page."""

from typing import Dict, List, Optional

from ..models import victims
from ..models.badness import FLOORED, UNKNOWN
from ..models.size import human, percent
from ..sources.printable import with_pid

_TIED = 3  # names of a tie that are spelled out
_ROWS = 10
_WIDE = 40
_SHORT = {
    victims.PANIC: "when memory runs out the kernel panics (vm.panic_on_oom)",
    victims.ALLOCATING: (
        "when memory runs out the kernel kills the process that requests memory (vm.oom_kill_allocating_task)"
    ),
    victims.NOBODY: "when memory runs out no process may be killed",
}
_MODEL = {
    FLOORED: "; this kernel rounds negative OOM scores up to 1",
    UNKNOWN: "; it is not known whether this kernel rounds negative OOM scores up to 1",
}


def summary(oom: Dict) -> str:
    """The host's outcome, in how many limited cgroups the outcome is known, and the model where it is a bad one."""
    parts = [f"If the host runs out of memory {outcome(oom)}"]
    rows = oom["by_cgroup"]
    if len(rows) == 1:
        parts.append(f"if {rows[0]['cgroup']} reaches its limit, {outcome(rows[0])}")
    elif rows:
        parts.append(f"{len(rows)} cgroups with a limit have their own next victim")
    if oom["badness_model"] == FLOORED:
        parts.append("this kernel rounds negative OOM scores up to 1")
    elif oom["badness_model"] == UNKNOWN:
        parts.append("it is not known whether this kernel rounds negative OOM scores up to 1")
    return "; ".join(parts) + "."


def outcome(domain: Dict) -> str:
    """What happens in one domain, as the second half of a sentence."""
    choice = domain["choice"]
    if choice != victims.HIGHEST:
        return _OTHERWISE[choice]
    names, count = domain["next"], domain["next_count"]
    if domain["group_sure"] and not domain["sure"]:
        text = f"the kernel kills all {domain['group_tasks']} processes of {domain['group_cgroup']}"
        return f"{text}, whichever of them it chooses{_freed(domain['group_frees_bytes'])}{_of_today(domain)}"
    if count > 1:
        return f"one of {count} processes with the same points dies ({_listed(names)}){_of_today(domain)}"
    first = names[0]
    verb = "the kernel kills" if domain["sure"] else "the kernel most likely kills"
    text = f"{verb} {name(first)}"
    if domain["chosen_pid"] is not None:
        text += f" in place of its parent (pid {domain['chosen_pid']})"
    if domain["group_cgroup"] is not None:
        text += f" and with it all {domain['group_tasks']} processes of {domain['group_cgroup']}"
        return text + _freed(domain["group_frees_bytes"]) + _of_today(domain)
    return text + _freed(first["frees_bytes"]) + _of_today(domain)


def _of_today(domain) -> str:
    """Whom a kernel without the floor would kill, where that is somebody else."""
    names = domain["signed_next"]
    if not names or names[0]["pid"] in [row["pid"] for row in domain["next"]] and domain["next_count"] == 1:
        return ""
    return f", while Linux 5.9 or later would kill {name(names[0])}{_freed(names[0]['frees_bytes'])}"


_OTHERWISE = {
    victims.ALLOCATING: (
        "the kernel kills the process that requests memory, whatever its score (vm.oom_kill_allocating_task is set)"
    ),
    victims.PANIC: "the kernel panics (vm.panic_on_oom is set)",
    victims.WAIT: "its processes sleep until memory is free (memory.oom_control turns the OOM killer off)",
    victims.NOBODY: "no process may be killed",
}


def changed(asked: Dict) -> str:
    """What the changes do, as the second half of a sentence."""
    places = [("on the host", asked["host"])] + [(f"in {row['cgroup']}", row) for row in asked["by_cgroup"]]
    moved = [
        f"next to die {where}: {_one(row, 'after')} instead of {_one(row, 'before')}{_open(row)}"
        for where, row in places
        if row["changed"]
    ]
    return "; ".join(moved[:_TIED]) if moved else "the next process to die stays the same"


def page(oom: Dict) -> List[str]:
    """The summary, then a table for the host and each cgroup."""
    lines = [summary(oom)] + _table("Host", oom)
    for row in oom["by_cgroup"]:
        lines += _table(row["cgroup"], row)
    return lines + _changes(oom.get("what_if"))


def in_facts(oom: Dict) -> List[str]:
    """Sentences, not yet wrapped."""
    found = [f"on this host: {_outcome(oom)}"]
    full = [row for row in oom["by_cgroup"] if row["used_bytes"]]
    if full:
        row = full[0]
        share = percent(row["used_bytes"], row["limit_bytes"])
        found.append(f"in {row['cgroup']} ({share} % of {human(row['limit_bytes'])} used): {_outcome(row)}")
    return found + [_so_far(oom)]


def in_short(oom: Dict) -> str:
    """The host's next victim in a few words, for the summary."""
    if oom["choice"] != victims.HIGHEST:
        return _SHORT[oom["choice"]]
    if oom["next_count"] > 1:
        return f"the OOM killer would kill one of {oom['next_count']} processes with the same score"
    return f"the OOM killer would kill {name(oom['next'][0])}"


def decides(domain: Dict) -> List[str]:
    """What decides among those that could die; empty where nobody else could have the most points."""
    others = domain["could_die_instead"]
    if not others or domain["choice"] != victims.HIGHEST or domain["group_sure"]:
        return []
    first = domain["next"][0]
    if domain["next_count"] > 1:
        it, dies = f"one of the {domain['next_count']} with the same points", "is chosen"
        parts = [f"{it} {dies} if nobody else grows"]
    elif domain["chosen_pid"] is not None:
        it, dies = f"pid {domain['chosen_pid']}", "is chosen"
        parts = [f"{name(first)} dies if its parent, {it}, goes on growing"]
    else:
        it, dies = name(first), "dies"
        parts = [f"{it} dies if it goes on growing"]
    for row in others[:_TIED]:
        grows = row["grows_bytes"]
        how = f"by {human(grows)} more than {it} does" if grows else f"while {it} does not"
        parts.append(f"{name(row)} {dies} if it grows {how}")
    more = domain["could_die_count"] - len(others[:_TIED])
    if more > 0:
        parts.append(f"{more} other process{'' if more == 1 else 'es'} could grow enough, too")
    return parts


def doubt(domain: Dict) -> Optional[str]:
    """That a victim may be a child of vfork(), and who dies in that case; None where nothing looks like it."""
    if not domain["maybe_vfork"] or domain["group_sure"]:
        return None
    pids = ", ".join(map(str, domain["maybe_vfork"][:_TIED]))
    then = domain["without_vfork"]
    text = f"pid {pids} has exactly its parent's memory"
    text += ": if it is a child of vfork() that still uses it, the kernel skips it"
    if not then:
        return f"{text} and finds nobody to kill"
    return f"{text} and kills {'one of ' if len(then) > 1 else ''}{_listed(then)}"


def by_nodes(domain: Dict) -> List[str]:
    """What happens instead where only some memory nodes are full, to which cpusets confine processes."""
    return [_of_nodes(row) for row in domain["by_nodes"][:_TIED]]


def _of_nodes(row) -> str:
    nodes, count, names = row["nodes"], row["processes"], row["next"]
    full = f"memory node {nodes} is full" if nodes.isdigit() else f"memory nodes {nodes} are full"
    whose = f"to which a cpuset confines {count} process{'' if count == 1 else 'es'}"
    if row["choice"] != victims.HIGHEST:
        return f"if only {full}, {whose}, {_OTHERWISE[row['choice']]}"
    who = f"{'one of ' if len(names) > 1 else ''}{_listed(names)}"
    return f"if only {full}, {whose}, the kernel most likely kills {who}"


def sharers(domain: Dict) -> Optional[str]:
    """That others may use the same memory as the victim and die with it; None where nothing looks like it."""
    others = domain["may_die_too"]
    if not others:
        return None
    pids = ", ".join(map(str, others[:_TIED])) + (" …" if others[_TIED:] else "")
    what = "uses as much memory" if len(others) == 1 else "use as much memory"
    return f"pid {pids} {what} as {name(domain['next'][0])}, to the page: if it is the same memory, all of them die"


def _table(title, domain) -> List[str]:
    used = "" if domain["used_bytes"] is None else f", {human(domain['used_bytes'])} used"
    lines = ["", f"{title} ({human(domain['limit_bytes'])}{used}): {outcome(domain)}"]
    if domain["rivals"] and not domain["group_sure"]:
        drift = (
            "" if domain["drift_bytes"] is None else f" (kernel counters may be off by {human(domain['drift_bytes'])})"
        )
        pids = ", ".join(map(str, domain["rivals"][:_ROWS]))
        lines.append(f"  too close to call{drift}; could also be killed first: pid {pids}")
    open_points = decides(domain) + by_nodes(domain) + [text for text in (doubt(domain), sharers(domain)) if text]
    if open_points:
        lines += ["  not certain yet:", *(f"    {text}" for text in open_points)]
    if domain["victims"]:
        lines.append(f"  {'rank':>4} {'pid':>8}  {'name':<16} {'adj':>5} {'points':>12} {'frees':>10}  unit or cgroup")
    for row in domain["victims"][:_ROWS]:
        tied = f" (tied with {row['tied_with']})" if row["tied_with"] else ""
        freed = "?" if row["frees_bytes"] is None else human(row["frees_bytes"])
        whose = _cut(row["unit"] or row["cgroup"] or "")
        figures = f"{row['oom_score_adj']:>5} {row['badness']:>12} {freed:>10}"
        lines.append(f"  {row['rank']:>4} {row['pid']:>8}  {row['comm']:<16} {figures}  {whose}{tied}".rstrip())
    if domain["killable"] > len(domain["victims"][:_ROWS]):
        lines.append(f"  … and {domain['killable'] - len(domain['victims'][:_ROWS])} more")
    if domain["unkillable"]:
        held = f"{human(domain['unkillable_bytes'])}, {domain['unkillable_percent']} %"
        names = ", ".join(name(row) for row in domain["unkillable"][:_TIED])
        lines.append(f"  never killed (they hold {held}): {names}{' …' if domain['unkillable'][_TIED:] else ''}")
    return lines


def _changes(asked: Optional[Dict]) -> List[str]:
    if not asked:
        return []
    lines = ["", "What if: " + "; ".join(change["summary"] for change in asked["changes"])]
    for row in [asked["host"]] + asked["by_cgroup"]:
        place = "Host" if row["cgroup"] is None else row["cgroup"]
        was, now = (_one(row, when) for when in ("before", "after"))
        lines.append(f"  {place}: {now} instead of {was}" if row["changed"] else f"  {place}: still {now}")
        lines[-1] += _open(row)
        for move in row["order"][:_ROWS]:
            ranks = " -> ".join(_rank(move[f"rank_{when}"]) for when in ("before", "after"))
            lines.append(f"    {ranks:>10} {move['pid']:>8}  {move['comm']}")
    return lines


def _one(row, when) -> str:
    if row[f"choice_{when}"] is None:
        return "no limit"
    return _listed(row[f"next_{when}"]) or row[f"choice_{when}"]


def _open(row) -> str:
    """Behind an answer of what if: whether somebody else could die as well."""
    is_open = row["choice_after"] == victims.HIGHEST and not row["sure_after"]
    return ", but this is not certain" if is_open else ""


def _rank(value) -> str:
    return "-" if value is None else str(value)


def _listed(names) -> str:
    return ", ".join(name(row) for row in names[:_TIED]) + (" …" if names[_TIED:] else "")


def name(row: Dict) -> str:
    """A process as a sentence calls it."""
    return with_pid(row["comm"], row["pid"])


def _freed(amount) -> str:
    return "" if amount is None else f", which frees up to {human(amount)}"


def _cut(text):
    return text if len(text) <= _WIDE else "…" + text[-(_WIDE - 1) :]


def _outcome(row):
    if not row["rivals"] or row["group_sure"]:
        return outcome(row)
    pids = ", ".join(map(str, row["rivals"][:_TIED]))
    return f"{outcome(row)}; too close to call, could also be killed first: pid {pids}"


def _so_far(oom):
    kills, model = oom["kills_since_boot"], _MODEL.get(oom["badness_model"], "")
    if kills is None:
        return f"this kernel does not count OOM kills{model}"
    return f"since boot the OOM killer has killed {kills or 'no'} process{'es' if kills > 1 else ''}{model}"
