# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A unit of systemd that is made up, for tests of oom_score_adj: only what systemctl answers is not real."""

import os
import pathlib
import re
import types

from ansible_collections.memfacts.linux.plugins.module_utils.setters.adj import drop_in_text, task

NAME = "adj-test.service"
OWN = 100  # what the unit's own file says
DEFAULTS = dict.fromkeys(["pid", "name", "pattern", "user", "unit", "cgroup", "container", "value"])
DEFAULTS.update(scope="system", children=False, allow_unkillable=False, persist="auto", missing="fail")


class Unit:
    """Runs tasks on one unit that is made up.

    warnings are those of the last task; commands what systemctl was asked in it; refuses: a command that fails.
    Its files are read at daemon-reload, as systemd's are.
    """

    def __init__(self, folder):
        self.folder = folder
        self.main_pid = 0
        self.fragment = folder / NAME
        self.fragment.write_text(f"[Service]\nOOMScoreAdjust={OWN}\n")
        self.drop_in = pathlib.Path(drop_in_text.path(str(folder), NAME))
        self.warnings = []
        self.commands = []
        self.refuses = None
        self.move = os.rename
        self._read = []

    def task(self, check=False, **options):
        """The result of a task on the unit."""
        return self.run(check, **dict({"unit": NAME}, **options))

    def run(self, check=False, **options):
        """The result of a task."""
        self.warnings, self.commands = [], []
        params = dict(DEFAULTS, entries=None, state="present", lock_timeout=60, unsafe_writes=False)
        module = types.SimpleNamespace(
            params=dict(params, **options),
            check_mode=check,
            tmpdir=str(self.folder.parent),
            warn=self.warnings.append,
            add_cleanup_file=lambda path: None,
            atomic_move=lambda source, target, **dummy: self.move(source, target),
            get_bin_path=lambda name, **dummy: name,
            run_command=lambda command, **dummy: self._answer(command),
        )
        return task.run(module)

    def files(self):
        """{path: text} of all that is in the unit's folders."""
        return {str(path): path.read_text() if path.is_file() else None for path in self.folder.rglob("*")}

    def run_reload(self):
        """What systemd does at daemon-reload."""
        folders = (NAME + ".d", "service.d")
        found = [path for folder in folders for path in self.folder.glob(folder + "/*.conf")]
        self._read = sorted(found, key=lambda path: path.name)

    def _answer(self, command):
        verb = "show" if "show" in command else command[-1]
        self.commands.append(verb)
        if verb == self.refuses:
            return 1, "", "made up refusal"
        if verb == "daemon-reload":
            self.run_reload()
        if verb != "show":
            return 0, "", ""
        value = OWN
        for path in self._read:
            said = re.search("Adjust=(.*)", path.read_text()) if path.is_file() else None
            value = int(said.group(1)) if said else value
        return (
            0,
            f"Id={NAME}\nLoadState=loaded\nActiveState=active\nControlGroup=/system.slice/{NAME}\nMainPID="
            f"{self.main_pid}\nOOMScoreAdjust={value}\nDropInPaths={' '.join(map(str, self._read))}\n"
            f"FragmentPath={self.fragment}\n",
            "",
        )


def start(pid, value):
    """As systemd starts a process with its unit's value."""
    pathlib.Path(f"/proc/{pid}/oom_score_adj").write_text(str(value))


def kept(result):
    """{what an undo left as it is: the reason}."""
    return {row["what"]: row["reason"] for row in result["kept"]}
