# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""The end of the boot before: what its kernel wrote after the last record that the agent read, as before a panic.

pstore keeps the kernel's last lines over a reboot in /sys/fs/pstore (Documentation/ABI/testing/pstore), from where
systemd-pstore moves them to /var/lib/systemd/pstore. A crash is cut into parts, of which the newest lines are in the
part with the lowest number. Where there is none, the journal may have that boot.
"""

import os
import re
from typing import Dict, List, NamedTuple, Optional, Tuple

PSTORE, JOURNAL = "pstore", "journal"
_FOLDERS = ("sys/fs/pstore", "var/lib/systemd/pstore")
_MOST_FILES, _MOST_BYTES = 256, 4 << 20
_SECONDS = 20.0  # for which journalctl may take
# dmesg-efi-164325600003001: the crash's time, the part (2 digits), the count (3); dmesg-ramoops-0: the record alone.
_EFI = re.compile(r"dmesg-efi[-_a-z]*-(?P<crash>[0-9]{6,})(?P<part>[0-9]{2})(?P<count>[0-9]{3})$")
_ANY = re.compile(r"dmesg-.*?(?P<number>[0-9]+)(?:\.enc\.z)?$")
_HEADER = re.compile(rb"(?:Panic|Oops|Emergency|Restart|Halt|Poweroff|Shutdown)#[0-9]+ Part[0-9]+\n?")


class Earlier(NamedTuple):
    """lines: with their ends, the oldest first; source: pstore, journal, or None where neither has that boot."""

    source: Optional[str]
    lines: List[bytes]


def lines(root: str, boot_id: str, since: float, may_ask_journal: bool) -> Earlier:
    """The kernel's lines of the boot with this id.

    since: seconds since the epoch at which that boot was seen last; a crash before it is told already.
    may_ask_journal: whether root is the agent's own host, whose journalctl can be run.
    """
    found = _pstore(root, since)
    if found:
        return Earlier(PSTORE, found)
    found = _journal(boot_id) if may_ask_journal else []
    return Earlier(JOURNAL if found else None, found)


def _pstore(root, since) -> List[bytes]:
    text = b""
    for path in _files(root, since):
        try:
            with open(path, "rb") as stream:
                text += _HEADER.sub(b"", stream.read(_MOST_BYTES - len(text)), count=1)
        except OSError:
            continue
        if len(text) >= _MOST_BYTES:
            break
    return text.splitlines(True)


def _files(root, since) -> List[str]:
    """The parts of the newest crash, the oldest lines first."""
    crashes: Dict[Tuple, List[Tuple[int, str]]] = {}
    for folder in _FOLDERS:
        for place, _folders, names in os.walk(os.path.join(root, folder)):
            for name in sorted(names)[:_MOST_FILES]:
                path = os.path.join(place, name)
                key, part = _place(path, name)
                if key is not None and _changed(path) >= since:
                    crashes.setdefault(key, []).append((part, path))
    if not crashes:
        return []
    newest = max(crashes.values(), key=lambda parts: max(_changed(path) for _part, path in parts))
    return [path for _part, path in sorted(newest, reverse=True)]


def _place(path, name) -> Tuple[Optional[Tuple], int]:
    """Which crash a file is of, and which part of it."""
    match = _EFI.match(name)
    if match:
        return (os.path.dirname(path), match["crash"], match["count"]), int(match["part"])
    match = _ANY.match(name)
    return ((os.path.dirname(path),), int(match["number"])) if match else (None, 0)


def _changed(path) -> float:
    try:
        return os.stat(path).st_mtime
    except OSError:
        return 0.0


def _journal(boot_id) -> List[bytes]:
    import subprocess  # which most agents never need

    words = ["journalctl", "-k", "-b", boot_id.replace("-", ""), "-o", "json", "--no-pager", "-n", "20000", "-q"]
    try:
        done = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, timeout=_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return []
    return done.stdout[-(_MOST_BYTES * 4) :].splitlines(True)
