# Copyright (c) 2026 the memfacts authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

DOCUMENTATION = r"""
name: tmpfiles_ages
short_description: Give lines of tmpfiles.d another age
version_added: 0.1.0
author:
  - the memfacts authors (@memfacts)
description:
  - Takes the whole configuration of systemd-tmpfiles and writes lines for a file that is read before all others. Of two
    lines for one path the first counts, so each of them is the line that counts now with another age. Type, mode, owner
    and argument stay. A path without a line gets one of type V(e), which changes nothing but the age.
options:
  _input:
    description: The output of C(systemd-tmpfiles --cat-config).
    type: str
    required: true
  ages:
    description: The folders, each with C(path) and C(age).
    type: list
    elements: dict
    required: true
  own:
    description: The file that the lines are for. What it holds now is left out of account.
    type: str
    default: /etc/tmpfiles.d/00-memfacts.conf
"""

EXAMPLES = r"""
- name: Read the configuration of systemd-tmpfiles
  ansible.builtin.command: systemd-tmpfiles --cat-config
  register: configuration
  changed_when: false

- name: Clean /tmp after ten days
  ansible.builtin.copy:
    content: "{{ configuration.stdout | memfacts.linux.tmpfiles_ages([{'path': '/tmp', 'age': '10d'}]) | join('\n') }}"
    dest: /etc/tmpfiles.d/00-memfacts.conf
    mode: "0644"
"""

RETURN = r"""
_value:
  description: One line for each path.
  type: list
  elements: str
"""

import re

from ansible.errors import AnsibleFilterError

FIELD = re.compile(r'"(?:[^"\\]|\\.)*"|\'(?:[^\'\\]|\\.)*\'|\S+')
# systemd.time(7), and before it what tmpfiles.d(5) allows: ~ for not the top level, and which times count.
AGE = re.compile(r"(?:[aAbBcCmM]+:)?~?(?:0|(?:[0-9]+(?:us|ms|s|min|m|h|d|w)\s?)+)$")
AGE_FIELD = 5


def tmpfiles_ages(configuration, ages, own="/etc/tmpfiles.d/00-memfacts.conf"):
    """The lines for `own`, in the order of `ages`."""
    lines = [fields_of(line) for line in of_others(str(configuration), own)]
    return [line_for(lines, str(item["path"]), str(item["age"])) for item in ages]


def of_others(configuration, own):
    """The lines of all files but `own`; each file's begin with its name as a comment."""
    path = None
    for line in configuration.splitlines():
        if line.startswith("# /"):
            path = line[2:].strip()
        elif path != own and line.strip() and not line.startswith("#"):
            yield line


def fields_of(line):
    """Type, path, mode, user, group, age; the argument is all the rest."""
    spans = [match.span() for match in FIELD.finditer(line)]
    fields = [line[start:end] for start, end in spans[: AGE_FIELD + 1]]
    return fields + [line[spans[AGE_FIELD + 1][0] :].rstrip()] if len(spans) > AGE_FIELD + 1 else fields


def line_for(lines, path, age):
    """The first line for the path, with this age."""
    if not path.startswith("/") or re.search(r"[\s\"']", path):
        raise AnsibleFilterError(f"tmpfs_limits_ages has the path {path!r}; give a full path without blanks or quotes.")
    if not AGE.match(age):
        raise AnsibleFilterError(f"tmpfs_limits_ages has the age {age!r} for {path}; give one such as 10d or 12h.")
    wanted = path.rstrip("/") or "/"
    found = next((fields for fields in lines if is_for(fields, wanted)), ["e", wanted])
    fields = found + ["-"] * (AGE_FIELD + 1 - len(found))
    fields[AGE_FIELD] = f'"{age}"' if " " in age else age
    return " ".join(fields)


def is_for(fields, path):
    """Whether a line makes or cleans the path; others, such as z, may stand beside one that does."""
    return len(fields) > 1 and fields[0][0] in "dDevqQC" and (fields[1].strip("\"'").rstrip("/") or "/") == path


class FilterModule:
    def filters(self):
        return {"tmpfiles_ages": tmpfiles_ages}
