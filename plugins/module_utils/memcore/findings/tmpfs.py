# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""Rules about tmpfs mounts and the files in them."""

from typing import Dict, Iterator

from ..models.size import human, percent
from .phrases import counted, named, share
from .rule import CHANGE, LOOK, LOSS, Met, Rule

# The kubelet writes these once and small, though each may grow to the node's size on paper.
_KUBELET_WRITTEN = ("secret/", "projected/", "downward-api/")
_A_DAY = 86400
_REMOUNT = (CHANGE, "mount -o remount,size=SIZE {mount}")


def _dominates(facts: Dict, threshold: float) -> Iterator[Met]:
    """All tmpfs together take a large share of RAM, not counting those that are full on purpose."""
    rows = [row for row in facts["tmpfs"] if row["used_bytes"] and not _on_purpose(row)]
    used, total = sum(row["used_bytes"] for row in rows), facts["memory"]["total_bytes"]
    if not rows or percent(used, total) < threshold:
        return
    first = rows[0]
    files = first["top_files"] or []
    evidence = {
        "used_bytes": used,
        "percent_of_ram": percent(used, total),
        "mount": first["mount"],
        "mount_used_bytes": first["used_bytes"],
        "owner": first["owner"],
        "top_file": files[0] if files else None,
    }
    most = f"most of it in {first['mount']} ({human(first['used_bytes'])})"
    yield Met(f"tmpfs holds {share(used, total)}; {most}", evidence, enter=_enter(first))


DOMINATES = Rule(
    "tmpfs-dominates",
    "warning",
    25.0,
    "percent of RAM",
    ("tmpfs", "memory"),
    _dominates,
    "See what fills {mount} and delete the files that nobody needs. Then limit its size, and set the same size in "
    "/etc/fstab or in its mount unit, so that the limit lasts.",
    ((LOOK, "du -xh {mount} | sort -h | tail"), _REMOUNT),
)


def _nearly_full(facts: Dict, threshold: float) -> Iterator[Met]:
    """A tmpfs is about to answer its writers with ENOSPC."""
    names = ("mount", "used_bytes", "size_bytes", "used_percent", "owner", "top_files", "deleted_bytes")
    for row in facts["tmpfs"]:
        if (row["used_percent"] or 0) >= threshold and "ro" not in row["options"] and not _on_purpose(row):
            use = f"{human(row['used_bytes'])} of {human(row['size_bytes'])}"
            summary = f"{row['mount']} is {row['used_percent']} % full, {use}"
            yield Met(summary, {name: row[name] for name in names}, enter=_enter(row))


NEARLY_FULL = Rule(
    "tmpfs-nearly-full",
    "warning",
    90.0,
    "percent of the tmpfs's size",
    ("tmpfs",),
    _nearly_full,
    "Free space on {mount} before its writers fail with ENOSPC: see which files are large, and delete those that "
    "nobody needs. Raise the limit only if enough RAM is available.",
    ((LOOK, "du -xah {mount} | sort -h | tail"), _REMOUNT),
)


def _unbounded(facts: Dict, threshold: float) -> Iterator[Met]:
    """Nothing stops tmpfs from taking all RAM: one has no limit, or all limits add up to several times RAM."""
    rows = [row for row in facts["tmpfs"] if row["fstype"] == "tmpfs" and "ro" not in row["options"]]
    unlimited = [row for row in rows if row["unlimited"] and not _kubelet_wrote(row)]
    # Units' own: /run/user/UID, which logind makes for each user who logs in, and /run/credentials.
    limited = [row for row in rows if row["size_bytes"] and row["owner"]["kind"] != "unit" and not _kubelet_wrote(row)]
    limits = sum(row["size_bytes"] for row in limited)
    allowed = percent(limits, facts["memory"]["total_bytes"])
    if not unlimited and not (limited and allowed >= threshold):
        return
    first = unlimited[0] if unlimited else max(limited, key=lambda row: row["size_bytes"])
    mounts = [row["mount"] for row in unlimited]
    evidence = {"unlimited": mounts, "limits_bytes": limits, "percent_of_ram": allowed, "mount": first["mount"]}
    if unlimited:
        have = "has" if len(mounts) == 1 else "have"
        summary = f"{', '.join(mounts)} {have} no size limit, so files in tmpfs can take all RAM"
    else:
        summary = (
            f"the size limits of {counted(len(limited), 'tmpfs mount')} add up to {human(limits)}, {allowed} % of RAM"
        )
    # The kernel refuses to limit a mount that was made with size=0, and unmounting it would delete its files.
    yield Met(summary, evidence, () if unlimited else (_REMOUNT,), _enter(first))


UNBOUNDED = Rule(
    "tmpfs-unbounded",
    "warning",
    300.0,
    "percent of RAM, sum of all size limits",
    ("tmpfs", "memory"),
    _unbounded,
    "Give each tmpfs the limit that it needs, and set the same size in /etc/fstab or in its mount unit. A tmpfs that "
    "was mounted with size=0 cannot be limited by a remount: unmount it, which deletes its files, then mount it again "
    "with a size.",
    ((LOOK, "du -xsh {mount}"),),
)


def _deleted_files(facts: Dict, threshold: float) -> Iterator[Met]:
    """Files without a name still take memory, because somebody holds them open."""
    rows = [row for row in facts["tmpfs"] if row["deleted_bytes"]]
    held, total = sum(row["deleted_bytes"] for row in rows), facts["memory"]["total_bytes"]
    if not rows or percent(held, total) < threshold:
        return
    files = facts.get("shmem", {}).get("deleted") or []
    holders = files[0]["holders"] if files else []
    evidence = {
        "deleted_bytes": held,
        "percent_of_ram": percent(held, total),
        "mounts": [row["mount"] for row in rows],
        "files": files,
        "pid": holders[0] if holders else None,
    }
    who = f", most of it through {named(dict(files[0], pid=holders[0]))}" if holders else ""
    yield Met(f"deleted files still hold {human(held)} of tmpfs{who}; `du` cannot see them", evidence)


DELETED_FILES = Rule(
    "tmpfs-deleted-files",
    "warning",
    2.0,
    "percent of RAM",
    ("tmpfs", "memory"),
    _deleted_files,
    "Restart the process that holds the deleted files, or let it reopen them. Emptying one through /proc/PID/fd/N "
    "frees its memory at once, but its content is lost, and the process must be able to bear that.",
    ((LOOK, "ls -l /proc/{pid}/fd | grep deleted"), (LOSS, ": > /proc/{pid}/fd/N")),
)


def _dead_pod(facts: Dict, threshold: float) -> Iterator[Met]:
    """The tmpfs volume of a pod that no longer has a cgroup or a process."""
    for row in facts["tmpfs"]:
        if row["owner"]["pod_alive"] is False and (row["used_bytes"] or 0) >= threshold * (1 << 20):
            pod = row["owner"]["pod_uid"]
            summary = (
                f"{row['mount']} still holds {human(row['used_bytes'])} for pod {pod}, of which no process is left"
            )
            evidence = {"mount": row["mount"], "used_bytes": row["used_bytes"], "pod": pod}
            yield Met(summary, evidence, enter=_enter(row))


DEAD_POD = Rule(
    "tmpfs-dead-pod",
    "warning",
    1.0,
    "MiB",
    ("tmpfs",),
    _dead_pod,
    "Check that the container runtime no longer knows pod {pod}. If so, unmount its volume, which deletes the files in "
    "it, and remove the empty folder. Restart the kubelet if it leaves more such volumes behind.",
    ((LOOK, "crictl pods -o json | grep -F {pod}"), (LOSS, "umount {mount}")),
)


def _journal_in_run(facts: Dict, threshold: float) -> Iterator[Met]:
    """journald keeps its journal in memory and has been given too much of it."""
    names = ("mount", "journal_bytes", "used_bytes", "size_bytes", "owner")
    for row in facts["tmpfs"]:
        held, size = row["journal_bytes"], row["size_bytes"]
        if held and size and percent(held, size) >= threshold:
            summary = f"the journal holds {human(held)} of {row['mount']}, {percent(held, size)} % of its size"
            yield Met(summary, {name: row[name] for name in names}, enter=_enter(row))


JOURNAL_IN_RUN = Rule(
    "journal-in-run",
    "warning",
    25.0,
    "percent of the tmpfs's size",
    ("tmpfs",),
    _journal_in_run,
    "Shrink the journal now, which deletes its oldest entries. To keep it small, set RuntimeMaxUse=64M under [Journal] "
    "in a file below /etc/systemd/journald.conf.d, then restart systemd-journald.",
    (
        (LOOK, "journalctl --disk-usage"),
        (LOSS, "journalctl --vacuum-size=64M"),
    ),
)

RULES = (DOMINATES, NEARLY_FULL, UNBOUNDED, DELETED_FILES, DEAD_POD, JOURNAL_IN_RUN)


def _on_purpose(row):
    """Somebody gave it its size in fstab and nobody has written to it for a day: a RAM disk, not a leak."""
    return row["declared"] and (row["newest_mtime"] is None or row["newest_age_seconds"] > _A_DAY)


def _kubelet_wrote(row):
    return (row["owner"]["volume"] or "").startswith(_KUBELET_WRITTEN)


def _enter(row):
    """A mount of a container's own has the same path as one of the host, which must not be changed in its place."""
    return "" if row["pid"] is None else f"nsenter -t {row['pid']} -m -- "
