# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""tmpfiles.d(5): the lines of systemd-tmpfiles' configuration, and which of them count."""

import re
from typing import Dict, FrozenSet, Iterable, List, NamedTuple, Optional

OWN = "/etc/tmpfiles.d/00-memfacts.conf"
AGE_FIELD = 5
# Types that make, empty, write or exclude a path: of two such lines for one path systemd takes the first only.
_PLAIN_OWNERS = "fFdDvqQpLcbC"
_GLOB_OWNERS = "wexXrR"
_GLOBS = _GLOB_OWNERS + "zZtThHaAm"
CLEANING = "dDvqQCexX"
_FIELD = re.compile(r'"(?:[^"\\]|\\.)*"|\'(?:[^\'\\]|\\.)*\'|\S+')
_ESCAPE = re.compile(r"\\(?:x([0-9a-fA-F]{2})|(.))")
_SPECIFIER = re.compile(r"%(.)")
_WILD = re.compile(r"[*?\[\\]")
_AGE_BY = re.compile(r"([aAbBcCmM]+):")
_SPAN = re.compile(r"\s*([0-9]{1,12})(\.[0-9]{1,9})?\s*([a-zA-Zµμ]*)")
_MINUTE, _HOUR, _DAY = 60, 3600, 86400
_SECONDS = {
    1e-6: ("us", "usec", "µs", "μs"),
    1e-3: ("ms", "msec"),
    1: ("", "s", "sec", "second", "seconds"),
    _MINUTE: ("m", "min", "minute", "minutes"),
    _HOUR: ("h", "hr", "hour", "hours"),
    _DAY: ("d", "day", "days"),
    7 * _DAY: ("w", "week", "weeks"),
    2629800: ("M", "month", "months"),
    31557600: ("y", "year", "years"),
}
_UNITS = {name: seconds for seconds, names in _SECONDS.items() for name in names}
_LEGACY = "/var/run/"


class Age(NamedTuple):
    """keep_first_level: what is directly in the folder stays. The times that must all be older: a, b, c and m."""

    seconds: float
    keep_first_level: bool = False
    of_files: FrozenSet[str] = frozenset("abcm")
    of_folders: FrozenSet[str] = frozenset("abm")


class Line(NamedTuple):
    """One line. fields: as written, the argument last. boot: it counts only at boot. file: where it stands.

    path: with its specifiers replaced; None where one of them is not known here.
    """

    kind: str
    boot: bool
    path: Optional[str]
    age: Optional[Age]
    fields: List[str]
    file: str

    @property
    def is_glob(self) -> bool:
        """Whether systemd compares its path as a pattern, even where it has no wildcard."""
        return self.kind in _GLOBS

    @property
    def has_wildcard(self) -> bool:
        return self.is_glob and bool(_WILD.search(self.path or ""))

    @property
    def owns(self) -> bool:
        """Whether it is one of those of which only the first counts for a path."""
        return self.kind in _PLAIN_OWNERS or self.kind in _GLOB_OWNERS

    @property
    def text(self) -> str:
        return " ".join(self.fields)


def lines_of(files: Dict[str, str], specifiers: Dict[str, str]) -> List[Line]:
    """All lines that systemd understands, in the order in which it reads the files."""
    found = []
    for file, text in files.items():
        for raw in text.split("\n"):
            line = raw.strip()
            if line and not line.startswith("#"):
                found += _parsed(line, file, specifiers)
    return found


def counting(lines: Iterable[Line]) -> List[Line]:
    """The lines that `systemd-tmpfiles --clean` uses: none of those for boot, and of rivals only the first."""
    kept: List[Line] = []
    first: Dict[tuple, Line] = {}
    for line in lines:
        if line.boot:
            continue
        key = (line.is_glob, line.path)
        if line.path is not None and line.owns and first.setdefault(key, line) is not line:
            continue
        kept.append(line)
    return [_inheriting(line, kept) for line in kept]


def parse_age(text: str) -> Optional[Age]:
    """The age as systemd takes it; None where it is none."""
    match = _AGE_BY.match(text)
    rest = text[match.end() :] if match else text
    keep = rest.startswith("~")
    seconds = parse_span(rest[1:] if keep else rest)
    if seconds is None:
        return None
    if match is None:
        return Age(seconds, keep)
    files = frozenset(letter for letter in match[1] if letter.islower())
    folders = frozenset(letter.lower() for letter in match[1] if letter.isupper())
    default = Age(seconds, keep)
    return Age(seconds, keep, files or default.of_files, folders or default.of_folders)


def parse_span(text: str) -> Optional[float]:
    """Seconds of a time span of systemd.time(7), such as 1d12h or 90; None where it is none."""
    total, position = 0.0, 0
    text = text.strip()
    while position < len(text):
        match = _SPAN.match(text, position)
        if match is None or match[3] not in _UNITS:
            return None
        total += float(match[1] + (match[2] or "")) * _UNITS[match[3]]
        position = match.end()
    return total if text else None


def is_below(path: str, folder: str) -> bool:
    """Whether the path is the folder or inside of it."""
    return path == folder or path.startswith(folder.rstrip("/") + "/")


def _parsed(text, file, specifiers):
    spans = [match.span() for match in _FIELD.finditer(text)]
    if len(spans) < 2:
        return []
    fields = [text[start:end] for start, end in spans[: AGE_FIELD + 1]]
    if len(spans) > AGE_FIELD + 1:
        fields.append(text[spans[AGE_FIELD + 1][0] :].rstrip())
    words = [_unquoted(field) for field in fields[: AGE_FIELD + 1]]
    kind = words[0][:1]
    age_text = words[AGE_FIELD] if len(words) > AGE_FIELD else "-"
    age = None if age_text in ("-", "") else parse_age(age_text)
    if kind not in _PLAIN_OWNERS + _GLOBS or (age is None and age_text not in ("-", "")):
        return []  # systemd logs it and leaves the line out
    return [Line(kind, "!" in words[0], _expanded(words[1], specifiers), age, fields, file)]


def _unquoted(field):
    inner = field[1:-1] if len(field) > 1 and field[0] == field[-1] and field[0] in "\"'" else field
    return _ESCAPE.sub(lambda match: chr(int(match[1], 16)) if match[1] else match[2], inner)


def _expanded(path, specifiers):
    names = _SPECIFIER.findall(path)
    if any(name not in specifiers for name in names):
        return None
    whole = re.sub("/+", "/", _SPECIFIER.sub(lambda match: specifiers[match[1]], path))
    if whole.startswith(_LEGACY):
        whole = "/run/" + whole[len(_LEGACY) :]
    return whole.rstrip("/") or "/"


def _inheriting(line, lines):
    """A line of type X without an age gets that of the first folder above it; what is in it may go, not itself."""
    if line.kind != "X" or line.age is not None or line.path is None:
        return line
    above = [other for other in lines if other.kind in "dDvqQ" and other.path is not None]
    exact = [other for other in above if other.path == line.path]
    nearest = next(iter(exact + [other for other in above if is_below(line.path, other.path)]), None)
    return line._replace(age=Age(nearest.age.seconds)) if nearest and nearest.age else line
