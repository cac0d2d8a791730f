# Copyright (c) 2026 the memfacts authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ask systemd about a unit and let it read its files again: the system's manager, or users' own."""

import os

from ..memcore.errors import MemfactsError
from ..memcore.sources import unit_file
from . import bounded, commands, unit_properties

_RUNNING = "/run/systemd/system"  # sd_booted(3)
_USER_SECONDS = 10  # for each question to a user's manager, which may be stopped or not want to answer
_SHOWN = 200  # characters of an error
_PROBE = "memfacts"  # the instance of a template that is asked about, which nobody runs
_PATH = "/usr/sbin:/usr/bin:/sbin:/bin"


def is_running():
    """Whether process 1 is systemd."""
    return os.path.isdir(_RUNNING)


class Manager:
    """The system's manager. Its systemctl gives up by itself where it does not answer."""

    def __init__(self, module):
        self._module = module

    def show(self, unit):
        """The unit as the manager knows it; MemfactsError where it does not answer.

        systemd knows no unit of a template's own name, so of foo@.service it is what a new instance would get.
        """
        if not unit_file.is_template(unit):
            return unit_properties.parse(self._show(unit))
        found = unit_properties.parse(self._show(unit.replace("@.", f"@{_PROBE}.")))
        name = unit_file.template_of(found.name) or unit
        return found._replace(name=name, control_group=None, main_pid=None)

    def instances(self, template):
        """The units of a template that the manager has in memory, among them all that run."""
        glob = template.replace("\\", "\\\\").replace("@.", "@*.")
        return [unit for unit in unit_properties.parse_all(self._show(glob)) if unit.name]

    def default_adj(self):
        """What units start with that say nothing; None before systemd 250, where it is the manager's own value."""
        output = self._run("show", "--property=DefaultOOMScoreAdjust")
        return unit_properties.default_adj(output)

    def properties(self, unit, *names):
        """Properties of a unit as text by name, without those that this release of systemd does not know."""
        output = self._run("show", "--property=" + ",".join(names), "--", unit)
        return dict(line.split("=", 1) for line in output.splitlines() if "=" in line)

    def is_active(self, unit):
        """Whether the unit runs."""
        return self.properties(unit, "ActiveState").get("ActiveState") in ("active", "reloading")

    def hang_up(self, unit):
        """Send SIGHUP to the unit's main process, by which some services read their files again."""
        self._run("kill", "--signal=HUP", "--kill-who=main", "--", unit)

    def reload(self):
        """Let it read the units' files again; nothing is restarted."""
        self._run("daemon-reload")

    def _show(self, unit):
        return self._run("show", "--property=" + ",".join(unit_properties.NAMES), "--", unit)

    def _run(self, *arguments):
        try:
            status, output, errors = self._call([self._systemctl(), *self._scope(), "--no-pager", *arguments])
        except MemfactsError as error:
            raise MemfactsError(f"systemctl {self._words(arguments)} failed: {error}.") from None
        if status != 0:
            said = commands.said(status, output, errors)[:_SHOWN]
            raise MemfactsError(f"systemctl {self._words(arguments)} failed ({said}); see whether systemd answers.")
        return output

    def _words(self, arguments):
        return " ".join([*self._scope(), arguments[0]])

    def _systemctl(self):
        return self._module.get_bin_path("systemctl", required=True)

    def _call(self, command):
        return self._module.run_command(command, environ_update=commands.ENGLISH)

    def _scope(self):
        return []


class UserManager(Manager):
    """The manager of one user (a passwd entry), asked in that user's name and never waited for long.

    adj: the value that it runs with itself, as the kernel shows it. What it answers is what the user wants it to.
    """

    def __init__(self, module, user, adj=None):
        super().__init__(module)
        self.user = user
        self.adj = adj

    def default_adj(self):
        """What its units start with that say nothing. Being unprivileged it can give none less than its own value."""
        return self.adj

    def _call(self, command):
        environment = {**commands.ENGLISH, "PATH": _PATH, "XDG_RUNTIME_DIR": f"/run/user/{self.user.pw_uid}"}
        return bounded.run(command, environment, _USER_SECONDS, self.user)

    def _scope(self):
        return ["--user"]
