# Copyright (c) 2026 the memfacts authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lines of tmpfiles.d(5) that give folders an age, so that no other line is displaced and none wins over them."""

import re
from typing import Dict, Iterable, List

from ...memcore.errors import OptionError
from .cleaning import matches
from .tmpfiles_conf import AGE_FIELD, CLEANING, OWN, Line, counting, is_below

HEADER = "# Written by memfacts.linux.tmpfs_size, which takes it away with state: absent.\n"
_FOLDERS = "dDvqQC"
_E_SINCE = 230  # before, systemd-tmpfiles takes a line of type e for an error
# What release 0.1.0 wrote: one block of Ansible's blockinfile and nothing else.
_OF_0_1_0 = re.compile(
    r"# BEGIN of what memfacts\.linux\.tmpfs_limits has written\n"
    r"(?:[dDevqQC]\S* \S+ \S+ \S+ \S+ \S.*\n)+"
    r"# END of what memfacts\.linux\.tmpfs_limits has written\n"
)


def is_of_0_1_0(text: str) -> bool:
    """Whether release 0.1.0 wrote the file and nobody has added a line around its block."""
    return _OF_0_1_0.fullmatch(text) is not None


def text_of(others: List[Line], ages: Dict[str, str], version: int) -> str:
    """The file that gives each path its age, where the other files have these lines and systemd is of this version."""
    return HEADER + "".join(line + "\n" for path, age in ages.items() for line in _lines(others, path, age, version))


def refuse_what_loses(lines: List[Line], paths: Iterable[str]) -> None:
    """OptionError where a line of another file counts for one of the paths in place of ours; `lines` are all lines."""
    for path in paths:
        for line in counting(lines):
            if line.path == path and line.owns and line.file != OWN:
                raise OptionError(
                    f"{line.file} has the line '{line.text}' and is read before {OWN}, so the age of {path} would have "
                    "no effect; remove the line there or rename that file."
                )


def sooner(lines: List[Line], path: str, age_seconds: float) -> List[Line]:
    """Lines with a wildcard that clean the folder as well, after a shorter time."""
    return [
        line
        for line in counting(lines)
        if line.has_wildcard
        and line.kind in CLEANING
        and line.age is not None
        and line.age.seconds < age_seconds
        and matches(line.path, path)
    ]


def _lines(others, path, age, version):
    of_path = [line for line in others if line.path == path and line.owns]
    _refuse_excluded(others, path)
    for line in of_path:
        if line.kind not in _FOLDERS + "e":
            raise OptionError(
                f"{line.file} has the line '{line.text}', which the line for {path} would replace; {_CHOOSE}"
            )
    plain = [line for line in of_path if not line.is_glob]
    at_boot = [line for line in plain if line.boot]
    first = next((line for line in plain if not line.boot), None)
    if at_boot and ((first and first.age) or version < _E_SINCE):
        raise OptionError(
            f"{at_boot[0].file} has the line '{at_boot[0].text}', which the new line would replace; {_CHOOSE}"
        )
    # Of two lines the first counts, so this must be the same line with another age.
    made = [_with_age(first.fields, age)] if first and not at_boot else []
    made += [_with_age(line.fields, age) for line in of_path if line.is_glob and not line.boot][:1]
    return made or [_with_age(["e" if version >= _E_SINCE else "d", path], age)]


_CHOOSE = "change that line, or leave the age out."


def _refuse_excluded(others, path):
    for line in counting(others):
        if line.kind == "x" and line.path is not None and _covers(line, path):
            raise OptionError(
                f"{line.file} has the line '{line.text}', which keeps {path} from being cleaned; remove that line, or "
                "leave the age out."
            )


def _covers(line, path):
    if not line.has_wildcard:
        return is_below(path, line.path)
    steps = path.split("/")
    return any(matches(line.path, "/".join(steps[:count])) for count in range(2, len(steps) + 1))


def _with_age(fields, age):
    padded = list(fields) + ["-"] * (AGE_FIELD + 1 - len(fields))
    padded[AGE_FIELD] = age
    return " ".join(padded)
