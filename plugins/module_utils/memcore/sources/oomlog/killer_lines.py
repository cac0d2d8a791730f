# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""The lines of the programs that kill before the kernel has to, each by itself: what it says, as fields of a Decision.

systemd 248 to 258 (src/oom/oomd-manager.c, src/core/unit.c), earlyoom 1.0 to 1.8 (main.c, kill.c), nohang 0.1 to 0.2,
Android's lowmemorykiller driver and lmkd, Talos 1.12 and 1.13 (internal/app/machined/pkg/controllers/runtime/oom.go).
The kubelet's are in eviction_lines.py. Command lines, which earlyoom and Talos print, are never taken.
"""

import json
import re
from typing import Any, Dict, Optional

from ..printable import printable
from . import killer_records as records
from .killer_records import Part

_MIB, _KIB = 1 << 20, 1 << 10
_LONGEST_SAID = 300
_LONGEST_NAME = 64
_NUMBER = r"([0-9]{1,10}(?:\.[0-9]{1,6})?)"
_BYTES = r"\(([0-9]{1,20})\)"

_OOMD = re.compile(r"(?:Killed|Marked) (/[^ ]{0,4000}|-\.slice)(?: for killing)? due to (.{1,8000})")
_PRESSURE = re.compile(
    rf"memory pressure for ([^ ]{{1,4000}}) being {_NUMBER}% > {_NUMBER}%"
    r"(?: for > (.{1,40}?)(?: with reclaim activity|$))?"
)
_MEMORY_USED = re.compile(
    rf"memory used {_BYTES} / total {_BYTES} and swap used {_BYTES} / total {_BYTES} being more than {_NUMBER}%"
)
_SWAP_USED = re.compile(rf"swap used {_BYTES} / total {_BYTES} being more than {_NUMBER}%")
_SPAN = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,6})?) ?(us|ms|s|min|h|d)(?![a-z])")
_SPANS = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "min": 60.0, "h": 3600.0, "d": 86400.0}
_UNIT = re.compile(r"([^\s:]{1,300}): systemd-oomd killed ([0-9]{1,9}) process\(es\) in this unit")


def systemd_oomd(text: str) -> Optional[Part]:
    """Of systemd-oomd, and of systemd, which counts the unit's processes that it killed."""
    match = _UNIT.match(text)
    if match:
        return Part(records.AFTER, {"unit": printable(match[1]), "processes": int(match[2]), "signal": "SIGKILL"})
    match = _OOMD.match(text)
    if match is None:
        return None
    fields: Dict[str, Any] = {"cgroup": printable(match[1]), "signal": "SIGKILL"}
    why = match[2]
    fields.update(_pressure(why) or _memory_used(why) or _swap_used(why) or {})
    fields["said"] = _said(why)
    return Part(records.KILL, fields)


def _pressure(why):
    match = _PRESSURE.match(why)
    if match is None:
        return None
    return {
        "reason": records.PRESSURE,
        "measured_in": printable(match[1]),
        "measured_percent": float(match[2]),
        "threshold_percent": float(match[3]),
        "for_seconds": _seconds(match[4]),
    }


def _memory_used(why):
    match = _MEMORY_USED.match(why)
    if match is None:
        return None
    return {
        "reason": records.USED,
        "measured_bytes": int(match[1]),
        "measured_percent": _share(match[1], match[2]),
        "threshold_percent": float(match[5]),
        "swap_measured_percent": _share(match[3], match[4]),
        "swap_threshold_percent": float(match[5]),
    }


def _swap_used(why):
    match = _SWAP_USED.match(why)
    if match is None:
        return None
    return {
        "reason": records.SWAP_USED,
        "swap_measured_percent": _share(match[1], match[2]),
        "swap_threshold_percent": float(match[3]),
    }


_LOW = re.compile(
    rf"(?i)low memory! at or below SIG(?:TERM|KILL) limits(?:[: (]{{1,3}}mem:? +{_NUMBER} ?%, swap:? +{_NUMBER} ?%)?"
)
_AVAILABLE = re.compile(
    rf"mem avail: *([0-9]{{1,12}}) of *[0-9]{{1,12}} MiB \( *{_NUMBER} ?%\)"
    rf"(?:, swap free: *[0-9]{{1,12}} of *([0-9]{{1,12}}) MiB \( *{_NUMBER} ?%\))?"
)
_SENDING = re.compile(
    r'sending (SIGTERM|SIGKILL) to process ([0-9]{1,10})(?: uid ([0-9]{1,10}))? "(.{0,64}?)"(?:: |$)(.{0,400})', re.S
)
_ADJ = re.compile(r"(?<![a-z_])oom_score_adj (-?[0-9]{1,5})(?![0-9])")
_VM_RSS = re.compile(r"VmRSS ([0-9]{1,12}) MiB")
_CMDLINE = re.compile(r',? cmdline[ :="].*$', re.S)
_ESCALATING = re.compile(r"escalating to SIGKILL")
_DRY_RUN = re.compile(r"dryrun, not actually sending any signal")


def earlyoom(text: str) -> Optional[Part]:
    """Of earlyoom: the limits, what is left, and the process."""
    text = without_command_line(text)
    match = _SENDING.match(text)
    if match:
        return Part(
            records.KILL,
            {
                "signal": match[1],
                "pid": int(match[2]),
                "uid": _int(match[3]),
                "comm": _name(match[4]),
                "adj": _int(_group(_ADJ.search(match[5]))),
                "rss_bytes": _times(_group(_VM_RSS.search(match[5])), _MIB),
            },
        )
    match = _LOW.match(text)
    if match:
        fields = {
            "reason": records.AVAILABLE,
            "threshold_percent": _float(match[1]),
            "swap_threshold_percent": _float(match[2]),
            "said": _said(match[0]),
        }
        return Part(records.BEFORE, fields)
    match = _AVAILABLE.match(text)
    if match:
        # Without swap it prints 0 of 0 MiB, of which nothing is a share.
        swap = match[4] if match[3] and int(match[3]) else None
        fields = {
            "measured_bytes": int(match[1]) * _MIB,
            "measured_percent": float(match[2]),
            "swap_measured_percent": _float(swap),
        }
        return Part(records.BEFORE, fields)
    if _ESCALATING.match(text):
        return Part(records.AFTER, {"signal": "SIGKILL"})
    return Part(records.CANCEL, {}) if _DRY_RUN.match(text) else None


_NOHANG_MEMORY = re.compile(
    rf"MemAvailable \[([0-9]{{1,12}}) MiB, {_NUMBER} ?%\] <= \w{{1,40}} \[([0-9]{{1,12}}) MiB, {_NUMBER} ?%\]"
)
_NOHANG_SWAP = re.compile(
    rf"SwapFree \[[0-9]{{1,12}} MiB, {_NUMBER} ?%\] <= \w{{1,40}} \[[0-9]{{1,12}} MiB, {_NUMBER} ?%\]"
)
_NOHANG_PSI = re.compile(rf"PSI avg (?:value )?\(?{_NUMBER}\)? >= \w{{1,40}} \(?{_NUMBER}\)?")
_NOHANG_VICTIM = re.compile(r"PID: ([0-9]{1,10}), [Nn]ame: (.{0,64}?), badness: -?[0-9]{1,10}")
_NOHANG_CACHED = re.compile(r"New victim is cached victim ([0-9]{1,10}) \((.{0,64})\)")
_NOHANG_RSS = re.compile(r"VmRSS: +([0-9]{1,12}) MiB")
_NOHANG_UID = re.compile(r"EUID: +([0-9]{1,10})$")
_NOHANG_SENDING = re.compile(r"(?:Implementing a corrective action: *)?Sending (SIGTERM|SIGKILL) to (.{1,100})", re.S)
_NOHANG_NAMED = re.compile(r"(?:process |pid |PID )?([0-9]{1,10})?,? ?\(?([^()]{0,64})\)?$")


def nohang(text: str) -> Optional[Part]:
    """Of nohang, whose decision has a line for each figure."""
    text = text.strip()
    match = _NOHANG_SENDING.match(text)
    if match:
        fields: Dict[str, Any] = {"signal": match[1]}
        named = _NOHANG_NAMED.match(match[2])
        if not match[2].startswith("the victim") and named and named[1]:
            fields.update(pid=int(named[1]), comm=_name(named[2]))
        return Part(records.KILL, fields)
    match = _NOHANG_VICTIM.search(text) or _NOHANG_CACHED.match(text)
    if match:
        return Part(records.BEFORE, {"pid": int(match[1]), "comm": _name(match[2])})
    for pattern, read in _NOHANG_FIGURES:
        match = pattern.match(text)
        if match:
            return Part(records.BEFORE, read(match))
    return Part(records.CANCEL, {}) if text.startswith("Cannot send a signal: ") else None


def _nohang_memory(match):
    return {
        "reason": records.AVAILABLE,
        "said": _said(match[0]),
        "measured_bytes": int(match[1]) * _MIB,
        "measured_percent": float(match[2]),
        "threshold_bytes": int(match[3]) * _MIB,
        "threshold_percent": float(match[4]),
    }


def _nohang_psi(match):
    return {
        "reason": records.PRESSURE,
        "said": _said(match[0]),
        "measured_percent": float(match[1]),
        "threshold_percent": float(match[2]),
        "measured_bytes": None,
        "threshold_bytes": None,
    }


_NOHANG_FIGURES = (
    (_NOHANG_MEMORY, _nohang_memory),
    (_NOHANG_SWAP, lambda match: {"swap_measured_percent": float(match[1]), "swap_threshold_percent": float(match[2])}),
    (_NOHANG_PSI, _nohang_psi),
    (_NOHANG_RSS, lambda match: {"rss_bytes": int(match[1]) * _MIB}),
    (_NOHANG_UID, lambda match: {"uid": int(match[1])}),
)

_DRIVER = re.compile(
    r"(?:lowmemorykiller: )?(?:send sigkill to|Killing) '?(.{0,64}?)'? \(([0-9]{1,10})\)(.{0,2000})", re.S
)
_TGID = re.compile(r"\(tgid ([0-9]{1,10})\)")
_ANY_ADJ = re.compile(r"(?<![a-z_])(oom_score_adj|score_adj|adj) (-?[0-9]{1,5})(?![0-9])")
_TO_FREE = re.compile(r"to free ([0-9]{1,15}) ?kB")
_CACHE = re.compile(
    r"cache ([0-9]{1,15})kB is below limit ([0-9]{1,15})kB(?: for (?:oom_score_adj|adj|oom_adj) -?[0-9]{1,5})?"
)
_LMKD = re.compile(
    r"(?:(?:lowmemorykiller|lmkd) ?: )?Kill(?:ing)? '([^']{0,200})' \(([0-9]{1,10})\), uid ([0-9]{1,10}),? "
    r"(oom_score_adj|oom_adj|adj) (-?[0-9]{1,5})(.{0,1000})",
    re.S,
)
_LMKD_REASON = re.compile(r"; reason: (.{1,300})", re.S)
_FIRST_WORD = re.compile(r"[^\s]{1,64}")


def lmkd(text: str) -> Optional[Part]:
    """Of Android's lmkd, and of the driver before it, which is a part of the kernel."""
    match = _LMKD.match(text)
    if match:
        why = _group(_LMKD_REASON.search(match[6]))
        # lmkd reads the name from the process's command line, of which only the program is kept.
        fields = {
            "pid": int(match[2]),
            "comm": _name(_whole(_FIRST_WORD.match(match[1]))),
            "uid": int(match[3]),
            "adj": int(match[5]) if match[4] == "oom_score_adj" else None,
            "signal": "SIGKILL",
            "rss_bytes": _times(_group(_TO_FREE.search(match[6])), _KIB),
            "said": _said(why) if why else None,
        }
        return Part(records.KILL, dict(fields, **_cache(match[6])))
    match = _DRIVER.match(text)
    if match:
        tgid = _TGID.search(match[3])
        adjs = dict(_ANY_ADJ.findall(match[3].partition(" for oom_score_adj")[0]))
        fields = {
            "pid": int(tgid[1]) if tgid else int(match[2]),
            "comm": _name(match[1]),
            "adj": _int(adjs.get("oom_score_adj") or adjs.get("score_adj") or adjs.get("adj")),
            "signal": "SIGKILL",
            "rss_bytes": _times(_group(_TO_FREE.search(match[3])), _KIB),
        }
        return Part(records.KILL, dict(fields, **_cache(match[3])))
    free, cache = _TO_FREE.search(text, 0, 200), _cache(text[:400])
    if free or cache:
        return Part(records.AFTER, dict({"rss_bytes": _times(free[1], _KIB)} if free else {}, **cache))
    return None


def _cache(text):
    match = _CACHE.search(text)
    if match is None:
        return {}
    return {
        "reason": records.CACHE,
        "measured_bytes": int(match[1]) * _KIB,
        "threshold_bytes": int(match[2]) * _KIB,
        "said": _said(match[0]),
    }


_TALOS_KILL = re.compile(r"Sending SIGKILL to cgroup (\{.{0,4000}\})", re.S)
_TALOS_VICTIMS = re.compile(r"victim processes: ?(\{.{0,60000})", re.S)
_TALOS_COUNT = re.compile(r"victim processes: ([0-9]{1,9}) of them")
_MOUNT = "/sys/fs/cgroup"


def talos(text: str) -> Optional[Part]:
    """Of Talos's OOM controller, which kills a whole cgroup for the host's memory pressure."""
    match = _TALOS_KILL.match(text)
    if match:
        path = _json(match[1]).get("cgroup")
        if not isinstance(path, str) or not path:
            return None
        path = path[len(_MOUNT) :] if path.startswith(_MOUNT + "/") else path
        return Part(
            records.KILL,
            {"cgroup": printable(path[:4000]), "signal": "SIGKILL", "reason": records.PRESSURE},
        )
    match = _TALOS_COUNT.match(text)
    return Part(records.AFTER, {"processes": int(match[1])}) if match else None


def without_command_line(text: str) -> str:
    """The line without the command lines of processes: earlyoom's is its end, Talos's a list."""
    match = _TALOS_VICTIMS.search(text)
    if match:
        processes = _json(match[1]).get("processes")
        if isinstance(processes, list):
            return f"{text[: match.start()]}victim processes: {len(processes)} of them"
        return text[: match.start()]
    return _CMDLINE.sub("", text)


def _json(text) -> Dict:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _seconds(text: Optional[str]) -> Optional[float]:
    """`20s`, `1min 30s` as systemd writes a span of time."""
    found = _SPAN.findall(text or "")
    return sum(float(amount) * _SPANS[unit] for amount, unit in found) if found else None


def _share(part: str, whole: str) -> Optional[float]:
    return round(100.0 * int(part) / int(whole), 2) if int(whole) else None


def _said(text: str) -> str:
    return printable(" ".join(text.split())[:_LONGEST_SAID])


def _name(text: Optional[str]) -> Optional[str]:
    return printable(text[:_LONGEST_NAME]) if text else None


def _group(match) -> Optional[str]:
    return match[1] if match else None


def _whole(match) -> Optional[str]:
    return match[0] if match else None


def _int(text: Optional[str]) -> Optional[int]:
    return None if text is None else int(text)


def _float(text: Optional[str]) -> Optional[float]:
    return None if text is None else float(text)


def _times(text: Optional[str], unit: int) -> Optional[int]:
    return None if text is None else int(text) * unit
