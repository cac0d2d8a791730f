# Copyright (c) 2026 the memfacts authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The only way out of a setter: whatever bytes a name or a file has, Ansible can read the reply and a terminal show it.

Names of processes, cgroups, mounts and files may be any bytes. A reply with a byte that is no UTF-8 makes Ansible fail
after everything was set.
"""

from ..memcore.sources.printable import printable


def leave(module, result):
    """End the module with this result."""
    module.exit_json(**shown(result))


def fail(module, message, **details):
    """End the module with a failure."""
    module.fail_json(msg=printable(message), **shown(details))


def shown(value):
    """The value with each text made printable; in a diff, whose texts have lines, each line."""
    if isinstance(value, str):
        return "".join(
            printable(line[:-1]) + "\n" if line.endswith("\n") else printable(line) for line in _lines(value)
        )
    if isinstance(value, dict):
        return {shown(key): shown(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [shown(item) for item in value]
    return value


def _lines(text):
    # str.splitlines() would also take characters for ends of lines that must be shown as escapes.
    parts = text.split("\n")
    return [part + "\n" for part in parts[:-1]] + ([parts[-1]] if parts[-1] else [])
