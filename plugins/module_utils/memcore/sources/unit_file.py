# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""systemd's unit files and drop-ins (systemd.unit(5), systemd.syntax(7)), as far as OOMScoreAdjust= goes."""

import re
from typing import Iterable, Iterator, List, Optional

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


def template_of(unit: str) -> Optional[str]:
    """user@.service for user@1000.service; None where the unit is no instance."""
    stem, at, rest = unit.partition("@")
    instance, _dot, suffix = rest.rpartition(".")
    return f"{stem}@.{suffix}" if at and instance else None


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
        for assigned in _assignments(text, section):
            if not assigned:
                value = None
            elif _INTEGER.match(assigned) and abs(_number(assigned)) <= _LIMIT:
                value = _number(assigned)
    return value


def _dashes(stem):
    # The longest prefix first; a dash at the end is the name itself.
    return [at for at in range(len(stem) - 2, 0, -1) if stem[at] == "-"]


def _assignments(text, wanted) -> Iterator[str]:
    section = None
    for line in _logical_lines(text):
        header = _SECTION.match(line)
        if header:
            section = header[1]
            continue
        key, equals, value = line.partition("=")
        if equals and section == wanted and key.rstrip() == "OOMScoreAdjust":
            yield value.strip()


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


def _number(text):
    # Like strtol(3) with base 0: 010 is eight.
    sign, digits = (-1 if text[0] == "-" else 1), text.lstrip("+-")
    octal = len(digits) > 1 and digits[0] == "0" and digits.isdigit()
    return sign * (int(digits, 8) if octal else int(digits, 0))
