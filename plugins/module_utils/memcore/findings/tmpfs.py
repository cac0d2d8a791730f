# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""Rules about tmpfs mounts and the files in them."""

from typing import Dict, List

from ..models.size import human, percent
from .rule import Finding, finding

# The kubelet writes these once and small, though each may grow to the node's size on paper.
_KUBELET_WRITTEN = ("secret/", "projected/", "downward-api/")
_A_DAY = 86400


def dominates(facts: Dict, threshold: float) -> List[Finding]:
    """All tmpfs together take a large share of RAM, not counting those that are full on purpose."""
    rows = [row for row in facts["tmpfs"] if row["used_bytes"] and not _on_purpose(row, facts)]
    used, total = sum(row["used_bytes"] for row in rows), facts["memory"]["total_bytes"]
    if not rows or percent(used, total) < threshold:
        return []
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
    summary = f"tmpfs holds {human(used)}, {percent(used, total)} % of RAM; {most}"
    return [finding("tmpfs-dominates", summary, evidence)]


def nearly_full(facts: Dict, threshold: float) -> List[Finding]:
    """A tmpfs is about to answer its writers with ENOSPC."""
    return [
        finding(
            "tmpfs-nearly-full",
            f"{row['mount']} is {row['used_percent']} % full, {human(row['used_bytes'])} of {human(row['size_bytes'])}",
            {
                key: row[key]
                for key in ("mount", "used_bytes", "size_bytes", "used_percent", "owner", "top_files", "deleted_bytes")
            },
        )
        for row in facts["tmpfs"]
        if (row["used_percent"] or 0) >= threshold and "ro" not in row["options"] and not _on_purpose(row, facts)
    ]


def unbounded(facts: Dict, threshold: float) -> List[Finding]:
    """Nothing stops tmpfs from taking all RAM: one has no limit, or all limits add up to several times RAM."""
    rows = [row for row in facts["tmpfs"] if row["fstype"] == "tmpfs" and "ro" not in row["options"]]
    unlimited = [row["mount"] for row in rows if row["unlimited"] and not _kubelet_wrote(row)]
    # Units' own: /run/user/UID, which logind makes for each user who logs in, and /run/credentials.
    limited = [row for row in rows if row["size_bytes"] and row["owner"]["kind"] != "unit" and not _kubelet_wrote(row)]
    limits = sum(row["size_bytes"] for row in limited)
    share = percent(limits, facts["memory"]["total_bytes"])
    if not unlimited and not (limited and share >= threshold):
        return []
    mount = unlimited[0] if unlimited else max(limited, key=lambda row: row["size_bytes"])["mount"]
    evidence = {"unlimited": unlimited, "limits_bytes": limits, "percent_of_ram": share, "mount": mount}
    if unlimited:
        summary = f"{', '.join(unlimited)} has no size limit, so files in it can take all RAM"
    else:
        summary = f"the limits of {len(limited)} tmpfs add up to {human(limits)}, {share} % of RAM"
    return [finding("tmpfs-unbounded", summary, evidence)]


def deleted_files(facts: Dict, threshold: float) -> List[Finding]:
    """Files without a name still take memory, because somebody holds them open."""
    rows = [row for row in facts["tmpfs"] if row["deleted_bytes"]]
    held, total = sum(row["deleted_bytes"] for row in rows), facts["memory"]["total_bytes"]
    if not rows or percent(held, total) < threshold:
        return []
    files = facts.get("shmem", {}).get("deleted") or []
    holders = files[0]["holders"] if files else []
    evidence = {
        "deleted_bytes": held,
        "percent_of_ram": percent(held, total),
        "mounts": [row["mount"] for row in rows],
        "files": files,
        "pid": holders[0] if holders else None,
    }
    who = f", most by {files[0]['comm']} (pid {holders[0]})" if holders else ""
    return [
        finding(
            "tmpfs-deleted-files",
            f"deleted files still hold {human(held)} of tmpfs{who}; `du` cannot see them",
            evidence,
        )
    ]


def dead_pod(facts: Dict, threshold: float) -> List[Finding]:
    """The tmpfs volume of a pod that no longer has a cgroup or a process."""
    return [
        finding(
            "tmpfs-dead-pod",
            f"{row['mount']} holds {human(row['used_bytes'])} for pod {row['owner']['pod_uid']}, which is gone",
            {"mount": row["mount"], "used_bytes": row["used_bytes"], "pod": row["owner"]["pod_uid"]},
        )
        for row in facts["tmpfs"]
        if row["owner"]["pod_alive"] is False and (row["used_bytes"] or 0) >= threshold * (1 << 20)
    ]


def journal_in_run(facts: Dict, threshold: float) -> List[Finding]:
    """journald keeps its journal in memory and has been given too much of it."""
    return [
        finding(
            "journal-in-run",
            f"the journal holds {human(row['journal_bytes'])} of {row['mount']}, "
            f"{percent(row['journal_bytes'], row['size_bytes'])} % of its size",
            {key: row[key] for key in ("mount", "journal_bytes", "used_bytes", "size_bytes", "owner")},
        )
        for row in facts["tmpfs"]
        if row["journal_bytes"] and row["size_bytes"] and percent(row["journal_bytes"], row["size_bytes"]) >= threshold
    ]


def _on_purpose(row, facts):
    """Somebody gave it its size in fstab and nobody has written to it for a day: a RAM disk, not a leak."""
    return row["declared"] and (row["newest_mtime"] is None or row["newest_age_seconds"] > _A_DAY)


def _kubelet_wrote(row):
    return (row["owner"]["volume"] or "").startswith(_KUBELET_WRITTEN)
