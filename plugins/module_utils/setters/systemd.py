# Copyright (c) 2026 the memfacts authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ask systemd about a unit and let it read its files again: the system's manager, or users' own."""

import os
import pwd

from ..memcore.errors import MemfactsError
from ..memcore.sources import unit_properties

_RUNNING = "/run/systemd/system"  # sd_booted(3)


def is_running():
    """Whether process 1 is systemd."""
    return os.path.isdir(_RUNNING)


class Manager:
    """The system's manager."""

    def __init__(self, module):
        self._module = module

    def show(self, unit):
        """The unit as the manager knows it; MemfactsError where it does not answer."""
        output = self._run("show", "--property=" + ",".join(unit_properties.NAMES), "--", unit)
        return unit_properties.parse(output)

    def default_adj(self):
        """What units start with that say nothing; None before systemd 250, where it is the manager's own value."""
        output = self._run("show", "--property=DefaultOOMScoreAdjust")
        return unit_properties.default_adj(output)

    def reload(self):
        """Let it read the units' files again; nothing is restarted."""
        self._run("daemon-reload")

    def _run(self, *arguments):
        command = [self._module.get_bin_path("systemctl", required=True), *self._scope(), "--no-pager", *arguments]
        status, output, errors = self._module.run_command(self._prefix() + command, environ_update={"LC_ALL": "C"})
        if status != 0:
            said = " ".join((errors or output).split()) or f"exit status {status}"
            raise MemfactsError(f"systemctl {' '.join(arguments[:1])} failed ({said}); see whether systemd answers.")
        return output

    def _scope(self):
        return []

    def _prefix(self):
        return []


class UserManager(Manager):
    """The manager of one user, asked in that user's name."""

    def __init__(self, module, user):
        super().__init__(module)
        self.user = user

    @property
    def runs(self):
        """Whether it runs: it does while the user is logged in or lingers."""
        return os.path.exists(f"/run/user/{self.user.pw_uid}/systemd/private")

    def _scope(self):
        return ["--user"]

    def _prefix(self):
        runuser = self._module.get_bin_path("runuser", required=True, opt_dirs=["/sbin", "/usr/sbin"])
        runtime = f"XDG_RUNTIME_DIR=/run/user/{self.user.pw_uid}"
        return [runuser, "-u", self.user.pw_name, "--", "env", "-u", "DBUS_SESSION_BUS_ADDRESS", runtime]


def running_user_managers(module):
    """All users' managers that run."""
    managers = []
    for name in sorted(os.listdir("/run/user")) if os.path.isdir("/run/user") else []:
        try:
            managers.append(UserManager(module, pwd.getpwuid(int(name))))
        except (KeyError, ValueError):
            continue  # a user who is no longer known
    return [manager for manager in managers if manager.runs]
