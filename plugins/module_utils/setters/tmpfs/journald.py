# Copyright (c) 2026 the memfacts authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The running journald: which process it is, its restart, what it says of its own limit, and its files in /run."""

import json
import os
from typing import Dict, Optional

from ...memcore.errors import MemfactsError, ParseError
from ...memcore.sources import stat
from ...memcore.sources.host import Host
from .. import commands

UNIT = "systemd-journald.service"
FOLDER = "/run/log/journal"
# SD_MESSAGE_JOURNAL_USAGE of sd-messages.h: "Runtime Journal (…) is 8.0M, max 64.0M, 56.0M free."
_USAGE = "ec387f577b844b8fa948f33cad9a75e6"
# Version 2 of cgroups, version 1, and both at once; which of them is mounted does not matter.
_HIERARCHIES = ("sys/fs/cgroup", "sys/fs/cgroup/systemd", "sys/fs/cgroup/unified")


def identity(host: Host) -> Optional[str]:
    """boot:pid:start of the journald that runs; another one has read the files anew. None where none is found."""
    boot = host.optional("proc/sys/kernel/random/boot_id")
    for hierarchy in _HIERARCHIES:
        pids = (host.optional(f"{hierarchy}/system.slice/{UNIT}/cgroup.procs") or "").split()
        for pid in pids[:1]:
            try:
                return f"{(boot or '').strip()}:{pid}:{stat.parse(host.brief(f'proc/{pid}/stat')).starttime}"
            except (OSError, ParseError):
                continue
    return None


def restart(module) -> None:
    """Let it read its configuration, which it does only when it starts."""
    _run(module, [module.get_bin_path("systemctl", required=True), "restart", UNIT])


def said_limit(module, host: Host) -> Optional[int]:
    """RuntimeMaxUse in bytes as the running journald logged it when it opened its files in /run.

    None where it has not: it keeps its files on disk, or is older than systemd 230.
    """
    who = identity(host)
    journalctl = module.get_bin_path("journalctl")
    if who is None or journalctl is None:
        return None
    match = [f"MESSAGE_ID={_USAGE}", "_PID=" + who.split(":")[1]]
    status, output, dummy = module.run_command(
        [journalctl, "--no-pager", "--quiet", "-b", "-o", "json", *match], environ_update=commands.ENGLISH
    )
    rows = [_row(line) for line in output.splitlines()] if status == 0 else []
    said = [
        row["MAX_USE"] for row in rows if str(row.get("JOURNAL_NAME", "")).startswith("Runtime") if "MAX_USE" in row
    ]
    return int(said[-1]) if said and str(said[-1]).isdigit() else None


def held_bytes() -> int:
    """What the journal's files in /run take."""
    total = 0
    for top, _folders, names in os.walk(FOLDER):
        for name in names:
            try:
                total += os.lstat(os.path.join(top, name)).st_blocks * 512
            except OSError:
                continue  # journald has removed it meanwhile
    return total


def shrink(module, max_use: str) -> bool:
    """Start new files and remove the oldest archived ones of /run above the limit. Whether any was removed."""
    if not os.path.isdir(FOLDER):
        return False
    journalctl = module.get_bin_path("journalctl", required=True)
    systemctl = module.get_bin_path("systemctl", required=True)
    # `journalctl --rotate` came after systemd 219 (CentOS 7); this signal asks journald for the same.
    if module.run_command([journalctl, "--rotate"], environ_update=commands.ENGLISH)[0] != 0:
        _run(module, [systemctl, "kill", "--kill-who=main", "--signal=SIGUSR2", UNIT])
    # Without a folder it would be the limit of the journal on disk too.
    return "Deleted archived" in _run(module, [journalctl, f"--directory={FOLDER}", f"--vacuum-size={max_use}"])


def _row(line) -> Dict:
    try:
        row = json.loads(line)
    except ValueError:
        return {}
    return row if isinstance(row, dict) else {}


def _run(module, command):
    status, output, errors = module.run_command(command, environ_update=commands.ENGLISH)
    if status != 0:
        said = commands.said(status, output, errors)
        raise MemfactsError(f"{os.path.basename(command[0])} {' '.join(command[1:])} failed with '{said}'.")
    return errors + output
