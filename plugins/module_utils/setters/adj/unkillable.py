# Copyright (c) 2026 the memfacts authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which processes may be made unkillable (oom_score_adj -1000): the lifelines, known by program and unit.

A name (comm) proves nothing here, since every process may set its own. The program's path and the unit that runs it do:
only root can put a program there and start it in that unit.
"""

from typing import Optional

from ...memcore.models import lifelines, owner
from ...memcore.models.badness import UNKILLABLE_ADJ
from ...memcore.models.lifelines import Lifeline

VALUE = UNKILLABLE_ADJ
REASON = "an unkillable process that leaks makes the kernel kill everything else, and at last the host hangs or panics"
# Where distributions put the programs; the link /proc/PID/exe is free of symbolic links.
_FOLDERS = (
    *("/usr/sbin", "/usr/bin", "/sbin", "/bin", "/usr/local/sbin", "/usr/local/bin"),
    *("/usr/lib/systemd", "/lib/systemd", "/usr/libexec", "/usr/lib/udev", "/lib/udev"),
)
_BY_PROGRAM = {program: line for line in lifelines.LIFELINES for program in line.programs or (line.name,)}


def line_of(executable: Optional[str], cgroup: str) -> Optional[Lifeline]:
    """The lifeline that the process is; `executable` is the target of /proc/PID/exe, None where it cannot be read.

    Inside a container nothing is one, nor is what a user's manager runs, whose units may be called as the system's are.
    Without systemd no unit is known, and the path of the program decides.
    """
    line, whose = of_program(executable), owner.of_cgroup(cgroup)
    if line is None or whose.kind not in ("host", "unit") or cgroup.startswith("/user.slice/"):
        return None
    return line if whose.unit is None or not line.units or whose.unit in line.units else None


def of_program(path: Optional[str]) -> Optional[Lifeline]:
    """The lifeline whose program stands at the path."""
    folder, _slash, name = (path or "").rpartition("/")
    return _BY_PROGRAM.get(name) if folder in _FOLDERS else None


def starts_sessions(line: Optional[Lifeline]) -> bool:
    """Whether its children are what people run, and not parts of the service."""
    return line is not None and line.starts_sessions


def protects_itself(line: Optional[Lifeline]) -> bool:
    """Whether it sets itself to -1000 at each start, and gives its sessions what it was started with."""
    return line is not None and line.protects_itself


def names() -> str:
    """Those that may be set to it as they are, for people to read: not process 1, from which all others inherit."""
    return ", ".join(line.name for line in lifelines.LIFELINES if line.name != lifelines.MANAGER)
