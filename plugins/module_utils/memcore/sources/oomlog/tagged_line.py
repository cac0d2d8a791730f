# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""Who wrote a line of a log, and when: for the few lines that may be of a program that kills in user space.

The kernel's lines are read by kernel_log.py. Here the tag decides: what a program quotes of another is not the other's.
"""

import json
import re
from typing import Any, Dict, NamedTuple, Optional, Tuple

from . import journal_export
from .kernel_log import journal_stamp, journal_text, number_of

KERNEL = "kernel"
_LONGEST_TEXT = 1 << 16

_STAMPS = re.compile(
    r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z| UTC|[+-]\d\d:?\d\d)?"
    r"|(?:\w{3} )?\w{3} [ 0-9]\d (?:\d{4} )?\d\d:\d\d:\d\d(?:\.\d{1,9})?(?: \d{4})?"
    r"|\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}"  # logcat
)
_KMSG = re.compile(r"([0-9]{1,4}),[0-9]{1,20},([0-9]{1,20}),[-c+][^;]{0,200};")
_PRINTK = re.compile(r"\[ *([0-9]{1,10})\.([0-9]{6})\]")
_PRIORITY = re.compile(r"<([0-9]{1,4})>")
_DECODED = re.compile(r"([a-z0-9]{2,9}) ?: ?(?:emerg|alert|crit|err|warn|warning|notice|info|debug) ?: ?")
# I1130 03:30:10.120000    1501 eviction_manager.go:366]
_KLOG = re.compile(r"[IWEF][0-9]{4} [0-9:.]{8,18} +[0-9]{1,10} [\w./-]{1,100}:[0-9]{1,6}\] ?\"?$")
_TAG = re.compile(r"(?:^|[\s|])\[?([^\s:\[\]\"'()]{1,128})(?:\[[0-9]{1,10}\])?(?::|\])\s*\"?$")
_LOGCAT = re.compile(r"(?:[0-9]{1,10} +[0-9]{1,10} )?[VDIWEF][ /](?:lowmemorykiller|lmkd) ?(?:\( *[0-9]{1,10}\))?: ?$")
_DRESS = re.compile(r"[\s>|]|\[[^\]]{0,100}\]|<[0-9]{1,4}>|[0-9.]{1,40}:? |&gt;")


class Tagged(NamedTuple):
    """identifier: of the program, "kernel" for the kernel, None where the line has no tag. The rest as in LogLine."""

    identifier: Optional[str]
    text: str
    time_usec: Optional[int] = None
    stamp: Optional[str] = None
    boot_id: Optional[str] = None


def of_text(line: str, start: int) -> Optional[Tagged]:
    """A line whose program's own text begins at `start`; None where something else stands before it."""
    before, text = line[:start], line[start:]
    time_usec = None
    identifier: Optional[str] = None
    kmsg = _KMSG.match(before)
    if kmsg:
        time_usec = int(kmsg[2])
        before = before[kmsg.end() :]
        # /dev/kmsg shows newlines and other bytes of the text as escapes.
        identifier = KERNEL if int(kmsg[1]) < 8 else None
    stamp = _STAMPS.search(before)
    printk = _PRINTK.search(before)
    if printk:
        time_usec = int(printk[1] + printk[2])
    klog = _KLOG.search(before)
    is_klog = klog is not None
    if klog:
        before = before[: klog.start()]
    tag = None if _LOGCAT.search(before) else _TAG.search(_without_times(before))
    if tag:
        identifier = tag[1]
    elif _LOGCAT.search(before):
        identifier = "lmkd"
    elif not is_klog and not _is_dress(before):
        return None
    return Tagged(identifier, text[:_LONGEST_TEXT], time_usec, None if stamp is None else stamp[0])


def _without_times(before: str) -> str:
    """What stands before a text without dates and times in brackets, whose colons are no tag's."""
    before = _DECODED.sub("", before, 1)
    return _PRIORITY.sub("", _PRINTK.sub("", _STAMPS.sub("", before)).replace("[]:", ""))


def _is_dress(before: str) -> bool:
    """Whether only dates, times, levels, quotation marks of mails and one name of a host stand there."""
    rest = _DRESS.sub(" ", _without_times(before)).split()
    return len(rest) <= 1 and not any(word.endswith(("=", '"', "'", ":")) for word in rest)


def of_fields(fields: Dict[str, Any]) -> Optional[Tuple[Optional[str], str, Tagged]]:
    """Of a line that is JSON: (identifier, text, the rest). None where it has no text, which may have its own tag."""
    text = fields.get("MESSAGE")
    if text is not None:
        return _of_journal(fields, journal_text(text))
    for name in ("log", "message", "msg", "line"):
        text = fields.get(name)
        if isinstance(text, str):
            stamp = next((fields[key] for key in ("time", "timestamp", "@timestamp", "ts") if key in fields), None)
            return None, _with_values(fields, text) if name == "msg" else text, Tagged(None, "", None, _stamp(stamp))
    return None


def _of_journal(fields, text):
    identifier = fields.get("SYSLOG_IDENTIFIER") or fields.get("_COMM")
    is_kernel = fields.get("_TRANSPORT") == KERNEL
    if is_kernel:
        identifier = KERNEL if fields.get("SYSLOG_FACILITY", "0") == "0" else identifier
    boot = fields.get("_BOOT_ID")
    usec = number_of(fields.get("_SOURCE_MONOTONIC_TIMESTAMP")) if is_kernel else None
    name = identifier if isinstance(identifier, str) else None
    return name, text, Tagged(name, "", usec, journal_stamp(fields), boot[:64] if isinstance(boot, str) else None)


def _with_values(fields, text):
    """The kubelet's JSON (--logging-format=json) as its text: "message" key="value" …"""
    values = []
    for name, value in fields.items():
        if name in ("msg", "ts", "caller", "v"):
            continue
        if isinstance(value, dict):
            value = _key(value)
        if isinstance(value, list):
            listed = " ".join(_key(one) if isinstance(one, dict) else str(one) for one in value[:64])
            values.append(f"{name}=[{listed}]")
        else:
            values.append(f'{name}="{value}"')
    return f'"{text}" ' + " ".join(values)


def _key(value: Dict) -> str:
    return f"{value.get('namespace')}/{value.get('name')}"


def _stamp(value: Any) -> Optional[str]:
    if isinstance(value, str):
        return value[:64]
    if isinstance(value, (int, float)) and not isinstance(value, bool) and 1e8 < value < 1e14:
        seconds = value / 1000 if value > 1e11 else value  # the kubelet's are milliseconds
        return f"{seconds:.6f}"
    return None


class Unpacker:
    """Takes the lines of a log in their order: those of JSON and of `journalctl -o export` become their fields."""

    def __init__(self) -> None:
        self._entry: Optional[journal_export.Entry] = None

    @property
    def needs_every_line(self) -> bool:
        """Whether a line means nothing without those before it."""
        return self._entry is not None

    def fields(self, line: str) -> Optional[Dict[str, Any]]:
        """The fields of a line that is JSON, or of an entry that this line ends."""
        if self._entry is not None or line.startswith("__CURSOR="):
            self._entry = self._entry or journal_export.Entry()
            return self._entry.take(line)
        if line[:1] != "{":
            return None
        try:
            found = json.loads(line)
        except (ValueError, RecursionError):
            return None
        return found if isinstance(found, dict) else None
