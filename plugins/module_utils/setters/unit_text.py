# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""Mount units and drop-ins as text (systemd.unit(5), systemd.mount(5), systemd.syntax(7))."""

import re
from typing import Iterable, List, NamedTuple, Optional

_HEADER = "# Written by memfacts.linux.tmpfs_size, which takes it away with state: absent.\n"
_PLAIN = re.compile(r"[0-9A-Za-z:_.]")


class Setting(NamedTuple):
    """One `key=value` below a [section], as it stands there."""

    section: str
    key: str
    value: str


def name_of(mount_point: str) -> str:
    """The unit of a mount point: /var/my tmp is var-my\\x20tmp.mount (systemd-escape --path)."""
    path = mount_point.strip("/")
    if not path:
        return "-.mount"
    return "".join(_escaped(char, position) for position, char in enumerate(path)) + ".mount"


def drop_in_folders(unit: str) -> List[str]:
    """The names of the folders whose drop-ins a mount unit gets, the most particular first."""
    stem = unit[: -len(".mount")]
    parts = [stem[: position + 1] for position, char in enumerate(stem[:-1]) if char == "-"]
    return [f"{name}.mount.d" for name in [stem, *reversed(parts)]] + ["mount.d"]


def settings(text: str) -> Iterable[Setting]:
    """All settings in order; a line that ends in a backslash goes on in the next one."""
    section = ""
    for line in _joined(text):
        if line.startswith("[") and line.endswith("]"):
            section = line[1:-1]
        elif "=" in line:
            key, dummy, value = line.partition("=")
            yield Setting(section, key.strip(), value.strip())


def last_value(texts: Iterable[str], section: str, key: str) -> Optional[str]:
    """What counts of a setting that is given in several texts: the last one; None where none gives it."""
    found = None
    for text in texts:
        for setting in settings(text):
            if (setting.section, setting.key) == (section, key):
                found = setting.value
    return found


def mount_drop_in(options: List[str]) -> str:
    """A drop-in with all options of a mount, since Options= replaces those of the unit. Specifiers stay escaped."""
    return f"{_HEADER}[Mount]\nOptions={','.join(options)}\n"


def logind_drop_in(size: Optional[str], inodes: Optional[str]) -> str:
    """A drop-in of logind.conf(5) for the tmpfs of every user."""
    lines = [f"RuntimeDirectorySize={size}"] if size else []
    lines += [f"RuntimeDirectoryInodesMax={inodes}"] if inodes else []
    return _HEADER + "[Login]\n" + "".join(line + "\n" for line in lines)


def _joined(text):
    """Lines without comments and blank ones; comments between continued lines are left out, as systemd does."""
    pending = ""
    for raw in text.split("\n"):
        line = raw.strip()
        if line.startswith(("#", ";")) or not (line or pending):
            continue
        if line.endswith("\\"):
            pending += line[:-1] + " "
            continue
        if pending + line:
            yield (pending + line).strip()
        pending = ""
    if pending.strip():
        yield pending.strip()


def _escaped(char, position):
    if char == "/":
        return "-"
    if _PLAIN.match(char) and not (char == "." and position == 0):
        return char
    return "".join(f"\\x{byte:02x}" for byte in char.encode("utf-8", "surrogateescape"))
