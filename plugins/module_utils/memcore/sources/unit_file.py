# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""systemd's unit files, drop-ins and other files of that format (systemd.unit(5), systemd.syntax(7))."""

import re
from typing import Iterable, Iterator, List, NamedTuple, Optional

# Where the system manager looks, the first found wins; what `systemd-run` and generators make stands here too.
FOLDERS = (
    "etc/systemd/system.control",
    "run/systemd/system.control",
    "run/systemd/transient",
    "run/systemd/generator.early",
    "etc/systemd/system",
    "etc/systemd/system.attached",
    "run/systemd/system",
    "run/systemd/system.attached",
    "run/systemd/generator",
    "usr/local/lib/systemd/system",
    "lib/systemd/system",
    "usr/lib/systemd/system",
    "run/systemd/generator.late",
)
_SECTION = re.compile(r"\[(.*)\]\s*$")
_INTEGER = re.compile(r"[+-]?(?:0[xX][0-9a-fA-F]{1,8}|0[oO]?[0-7]{1,11}|0[bB][01]{1,32}|[1-9][0-9]{0,9}|0)$", re.ASCII)
_LIMIT = 1000
_PLAIN = re.compile(r"[0-9A-Za-z:_.]")


class Setting(NamedTuple):
    """One `key=value` below a [section], as it stands there."""

    section: str
    key: str
    value: str


def settings(text: str) -> Iterator[Setting]:
    """All settings in order; a line that ends in a backslash goes on in the next one."""
    section = ""
    for line in _logical_lines(text):
        header = _SECTION.match(line)
        if header:
            section = header[1]
            continue
        key, equals, value = line.partition("=")
        if equals:
            yield Setting(section, key.strip(), value.strip())


def last_value(texts: Iterable[str], section: str, key: str) -> Optional[str]:
    """What counts of a setting that is given in several texts: the last one; None where none gives it."""
    found = None
    for text in texts:
        for setting in settings(text):
            if (setting.section, setting.key) == (section, key):
                found = setting.value
    return found


def mount_unit(mount_point: str) -> str:
    """The unit of a mount point: /var/my tmp is var-my\\x20tmp.mount (systemd-escape --path)."""
    path = mount_point.strip("/")
    if not path:
        return "-.mount"
    return "".join(_escaped(char, position) for position, char in enumerate(path)) + ".mount"


def template_of(unit: str) -> Optional[str]:
    """user@.service for user@1000.service; None where the unit is no instance."""
    stem, at, rest = unit.partition("@")
    instance, _dot, suffix = rest.rpartition(".")
    return f"{stem}@.{suffix}" if at and instance else None


def is_template(unit: str) -> bool:
    """Whether it is foo@.service, of which only instances run."""
    return "@." in unit and unit.count("@") == 1


def drop_in_folders(unit: str) -> List[str]:
    """The folders whose *.conf apply to the unit foo-bar@1.service, the most specific first.

    foo-bar@1.service.d, foo-bar@.service.d, foo-.service.d, and last service.d, which is every service's.
    """
    name, _dot, kind = unit.rpartition(".")
    stem = name.partition("@")[0]
    own = [one + ".d" for one in (unit, template_of(unit)) if one is not None]
    prefixes = [f"{stem[: dash + 1]}.{kind}.d" for dash in _dashes(stem)]
    return own + prefixes + [kind + ".d"]


def oom_score_adjust(texts: Iterable[str], section: str = "Service") -> Optional[int]:
    """The value that the unit file and its drop-ins leave, given in the order systemd reads them.

    The last one counts, an empty one takes it back, and one that is no number from -1000 to 1000 is ignored.
    """
    value = None
    for text in texts:
        for setting in settings(text):
            if (setting.section, setting.key) != (section, "OOMScoreAdjust"):
                continue
            if not setting.value:
                value = None
            elif _INTEGER.match(setting.value) and abs(_number(setting.value)) <= _LIMIT:
                value = _number(setting.value)
    return value


def _dashes(stem):
    # The longest prefix first; a dash at the end is the name itself.
    return [at for at in range(len(stem) - 2, 0, -1) if stem[at] == "-"]


def _logical_lines(text):
    """Comments left out, also between the halves of a line that a backslash continues."""
    begun = ""
    for line in text.lstrip("\ufeff").split("\n"):
        stripped = line.strip()
        if stripped.startswith(("#", ";")):
            continue
        if stripped.endswith("\\"):
            begun += stripped[:-1] + " "
            continue
        yield (begun + stripped).strip()
        begun = ""
    yield begun.strip()


def _escaped(char, position):
    if char == "/":
        return "-"
    if _PLAIN.match(char) and not (char == "." and position == 0):
        return char
    return "".join(f"\\x{byte:02x}" for byte in char.encode("utf-8", "surrogateescape"))


def _number(text):
    # Like strtol(3) with base 0: 010 is eight.
    sign, digits = (-1 if text[0] == "-" else 1), text.lstrip("+-")
    octal = len(digits) > 1 and digits[0] == "0" and digits.isdigit()
    return sign * (int(digits, 8) if octal else int(digits, 0))
