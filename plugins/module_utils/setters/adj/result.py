# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""What a task brings back: of one entry, and of all of them together; no I/O."""

from ...memcore.sources.printable import printable


def of_entry(work):
    """The result of one entry."""
    part, drop_in, persistence = work.part, work.drop_in, work.persistence
    rows = [] if part is None else list(part.rows.values())
    reloaded = drop_in is not None and (drop_in.changed or drop_in.stale)
    unit = None if work.target is None else work.target.unit
    return {
        "changed": bool(_changed(rows)) or reloaded,
        "summary": work.skipped or _summary(rows, drop_in),
        "processes": rows,
        "left_out": [] if part is None else [dict(item._asdict()) for item in part.left_out],
        "vanished": 0 if part is None else part.vanished,
        "settled": part is None or part.settled,
        "unit": None if unit is None else unit.name,
        "drop_in": _path(drop_in),
        "reloaded": reloaded,
        "persistence": None if persistence is None else {"method": persistence.method, "reason": persistence.reason},
        "kept": work.kept(),
        "users": work.users(),
        "diff": _diff(rows, [drop_in]),
    }


def of_all(works):
    """The result of a list of entries."""
    entries = [dict(of_entry(work), title=work.title) for work in works]
    for entry in entries:
        del entry["diff"]  # the whole one is at the top
    rows = {(row["pid"], id(row)): row for entry in entries for row in entry["processes"]}
    drop_ins = {work.drop_in.path: work.drop_in for work in works if work.drop_in is not None}
    written = [drop_in for drop_in in drop_ins.values() if drop_in.changed]
    kept = {row["what"]: row for entry in entries for row in entry["kept"]}
    said = [_counted(rows.values())]
    if drop_ins:
        said.append(f"{len(written)} of {number(drop_ins, 'drop-in')} written or removed")
    if kept:
        said.append(f"{number(kept, 'thing')} kept, because somebody else has changed or made it")
    return {
        "changed": any(entry["changed"] for entry in entries),
        "summary": "; ".join(said),
        "entries": entries,
        "kept": list(kept.values()),
        "diff": _diff(rows.values(), drop_ins.values()),
    }


def _path(drop_in):
    """The drop-in that is there, or was until now."""
    if drop_in is None or (drop_in.before is None and drop_in.after is None):
        return None
    return drop_in.path


def number(counted, one, many=None):
    """How many there are, with the noun."""
    return f"{len(counted)} {one if len(counted) == 1 else many or one + 's'}"


def _changed(rows):
    return [row for row in rows if row["before"] != row["after"]]


def _counted(rows):
    return f"{len(_changed(rows))} of {number(rows, 'process', 'processes')} changed"


def _summary(rows, drop_in):
    text = _counted(rows)
    if drop_in is not None and drop_in.changed:
        text += f"; {drop_in.path} {'removed' if drop_in.after is None else 'written'}"
    if drop_in is not None and drop_in.kept:
        text += f"; {drop_in.path} left as it is"
    return text


def _diff(rows, drop_ins):
    parts = [
        {
            "before_header": "oom_score_adj",
            "after_header": "oom_score_adj",
            "before": _lines(rows, "before"),
            "after": _lines(rows, "after"),
        }
    ]
    for drop_in in drop_ins:
        if drop_in is not None and drop_in.changed:
            parts.append(
                {
                    "before_header": drop_in.path,
                    "after_header": drop_in.path,
                    "before": drop_in.before or "",
                    "after": drop_in.after or "",
                }
            )
    return parts


def _lines(rows, moment):
    # A name may have the end of a line in it.
    return "".join(f"{printable(row['comm'])} (pid {row['pid']}): {row[moment]}\n" for row in _changed(rows))
