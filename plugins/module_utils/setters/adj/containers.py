# Copyright (c) 2026 the memfacts authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The id of a container that is known by its name, from whichever runtime is installed."""

import re

_ID = re.compile(r"[0-9a-f]{64}$")


def ids_by_name(module, name):
    """The ids of all containers of that name; nothing where no runtime knows it."""
    commands = (
        ["docker", "inspect", "--type", "container", "--format", "{{.Id}}", "--", name],
        ["podman", "inspect", "--type", "container", "--format", "{{.Id}}", "--", name],
        ["crictl", "ps", "--quiet", "--no-trunc", "--name", f"^{re.escape(name)}$"],
    )
    found = set()
    for program, *arguments in commands:
        path = module.get_bin_path(program)
        if path is None:
            continue
        status, output, dummy = module.run_command([path, *arguments])
        if status == 0:
            found.update(word for word in output.split() if _ID.match(word))
    return found
