# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""journald.conf(5): which file sets each limit of the runtime journal, and what journald makes of the values."""

import re
from typing import Dict, Iterable, NamedTuple, Optional

from ...memcore.sources import unit_file

KEYS = {"max_use": "RuntimeMaxUse", "keep_free": "RuntimeKeepFree", "max_file_size": "RuntimeMaxFileSize"}
FILE = "/etc/systemd/journald.conf.d/zz-memfacts.conf"
HEADER = "# Written by memfacts.linux.tmpfs_size, which takes it away with state: absent.\n"
# libsystemd/sd-journal: JOURNAL_FILE_SIZE_MIN. Smaller limits journald raises, that of all files to twice as much.
LEAST_FILE_BYTES = 512 << 10
LARGEST_PAGE = 64 << 10  # journald rounds a limit up to whole pages
_UNITS = " KMGTPE"
_PART = re.compile(r"\s*([0-9]+)(?:\.([0-9]+))?\s*([BKMGTPE]?)", re.ASCII)
# What release 0.1.0 wrote: one block of Ansible's blockinfile and nothing else.
_OF_0_1_0 = re.compile(
    r"# BEGIN of what memfacts\.linux\.tmpfs_limits has written\n\[Journal\]\n"
    r"(?:Runtime(?:MaxUse|KeepFree|MaxFileSize)=[0-9]+[KMGT]?\n){1,3}"
    r"# END of what memfacts\.linux\.tmpfs_limits has written\n"
)


class Setting(NamedTuple):
    """What counts of one key: the value as written, in bytes, and the file that sets it."""

    key: str
    value: str
    bytes: int
    file: str


def effective(files: Dict[str, str]) -> Dict[str, Setting]:
    """What the files, in the order of reading, leave of each of KEYS; a value that is no size is ignored."""
    found: Dict[str, Setting] = {}
    for path, text in files.items():
        for setting in unit_file.settings(text):
            size = size_of(setting.value)
            if setting.section == "Journal" and setting.key in KEYS.values() and size is not None:
                found[setting.key] = Setting(setting.key, setting.value, size, path)
    return found


def size_of(text: str) -> Optional[int]:
    """Bytes as systemd's parse_size() takes them with base 1024 (1.5G, 1G 512M); None where it is no size."""
    total, position = 0, 0
    while position < len(text):
        part = _PART.match(text, position)
        if part is None or part.end() == position:
            return None
        unit = 1 << 10 * (_UNITS.index(part[3]) if part[3] in _UNITS and part[3] else 0)
        total += int(part[1]) * unit
        if part[2]:
            total += int(part[2]) * unit // 10 ** len(part[2])
        position = part.end()
    return total if text.strip() else None


def raised(found: Dict[str, Setting]) -> Optional[int]:
    """The limit of all files that journald uses: at least that of two files. None where no file sets it."""
    limit, one = found.get(KEYS["max_use"]), found.get(KEYS["max_file_size"])
    return max(limit.bytes, 2 * one.bytes if one else 0) if limit else None


def written(values: Dict[str, str]) -> str:
    """The drop-in that sets these values by key."""
    return HEADER + "[Journal]\n" + "".join(f"{key}={values[key]}\n" for key in KEYS.values() if key in values)


def is_of_0_1_0(text: str) -> bool:
    """Whether release 0.1.0 wrote the file and nobody has changed it."""
    return _OF_0_1_0.fullmatch(text) is not None


def differing(wanted: Dict[str, str], found: Dict[str, Setting]) -> Iterable[str]:
    """The keys whose effective value is not the wanted one, however it is spelled."""
    return [key for key, value in wanted.items() if key not in found or found[key].bytes != size_of(value)]
