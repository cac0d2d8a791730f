# Copyright (c) 2026 the memfacts authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From what a task names (a user, a unit, a container …) to what can be compared with processes."""

import os
import pwd
from typing import List, NamedTuple, Optional

from ...memcore.errors import MemfactsError, OptionError
from ...memcore.models import lifelines, unkillable
from ...memcore.sources.unit_properties import Unit
from .. import systemd
from . import containers, drop_in_text, persistence, selection

_USER_UNIT_FOLDERS = (
    drop_in_text.USERS_FOLDER,
    "/run/systemd/user",
    "/usr/local/lib/systemd/user",
    "/usr/lib/systemd/user",
    "/usr/share/systemd/user",
)


class Missing(MemfactsError):
    """What the task names is not on this host."""


class Target(NamedTuple):
    """Selector, and for a unit: its record, the managers that know it, its drop-in's place and whose file that is.

    told_by: the user whose manager told the unit's record, None where it was the system's.
    """

    selector: selection.Selector
    service: persistence.Service
    unit: Optional[Unit] = None
    managers: List[systemd.Manager] = []
    drop_in: Optional[str] = None
    file_owner: Optional[pwd.struct_passwd] = None
    told_by: Optional[pwd.struct_passwd] = None


def resolve(module, kind, processes):
    """The target of the task; OptionError for what cannot be meant, Missing for what is not there."""
    wanted, children = module.params[kind], module.params["children"]
    if kind == "unit":
        return _of_unit(module, wanted, processes)
    selector = selection.Selector(kind, str(wanted), children)
    if kind == "pattern":
        selection.checked_pattern(wanted)
    elif kind == "user":
        selector = selector._replace(uid=_user(wanted).pw_uid)
    elif kind == "cgroup":
        selector = selector._replace(folders=(selection.checked_folder(wanted),))
    elif kind == "container":
        selector = selector._replace(containers=(_container(module, wanted, processes),))
    return Target(selector, persistence.Service(None, systemd.is_running()))


def _user(name):
    try:
        return pwd.getpwnam(name)
    except KeyError:
        pass
    try:
        return pwd.getpwuid(int(name))
    except (KeyError, OverflowError, ValueError):
        raise Missing(f"user {name!r} does not exist on this host; give a name of /etc/passwd or a uid.") from None


def _container(module, wanted, processes):
    found = selection.containers(wanted, processes) or containers.ids_by_name(module, wanted)
    if not found:
        raise Missing(
            f"container {wanted!r} is not running here, neither by this id nor by this name; see its runtime."
        )
    if len(found) > 1:
        raise OptionError(
            f"container {wanted!r} means {len(found)} containers ({', '.join(sorted(found))}); give more of the id."
        )
    return found.pop()


def _of_unit(module, wanted, processes):
    name = drop_in_text.full_name(wanted)
    if name is None:
        raise OptionError(f"unit {wanted!r} is no name of a unit that runs (or a template); give one like ssh.service.")
    if not systemd.is_running():
        raise Missing(f"unit {name} cannot be looked up, as this host does not run systemd; select by name or cgroup.")
    if module.params["scope"] == "system":
        return _of_system_unit(module, name, processes)
    return _of_user_unit(module, name, processes)


def _of_system_unit(module, name, processes):
    manager = systemd.Manager(module)
    unit = manager.show(name)
    drop_in = drop_in_text.path(drop_in_text.SYSTEM_FOLDER, unit.name or name)
    _check_exists(module, name, unit, drop_in)
    line = _lifeline(unit, processes)
    selector = _selector(module, name, [unit])._replace(only_roots=unkillable.starts_sessions(line))
    return Target(selector, persistence.Service(unit.name, True, line), unit, [manager], drop_in)


def _of_user_unit(module, name, processes):
    owner = None if module.params["user"] is None else _user(module.params["user"])
    if owner is None:
        managers, folder = systemd.running_user_managers(module), drop_in_text.USERS_FOLDER
    else:
        managers = [manager for manager in [systemd.UserManager(module, owner)] if manager.runs]
        folder = _home_folder(owner)
    told = [(manager.show(name), manager.user) for manager in managers]
    told = [(unit, user) for unit, user in told if unit.exists]
    unit, told_by = told[0] if told else (_unit_without_manager(name, folder), owner)
    drop_in = drop_in_text.path(folder, unit.name or name)
    _check_exists(module, name, unit, drop_in)
    if owner is not None:
        _check_no_link(drop_in)
    values = [_manager_adj(manager.user.pw_uid, processes) for manager in managers]
    highest = max((value for value in values if value is not None), default=None)
    service = persistence.Service(unit.name, True, None, highest)
    selector = _selector(module, name, [unit for unit, dummy in told])
    return Target(selector, service, unit, managers, drop_in, owner, told_by)


def _home_folder(owner):
    return os.path.join(os.path.realpath(owner.pw_dir), drop_in_text.HOME_FOLDER)


def _check_no_link(path):
    """The manager reads the folder by the name that it has here, by which state: absent finds it again."""
    folder = os.path.dirname(path)
    if os.path.realpath(folder) != folder:
        raise OptionError(f"{folder} is reached by a symbolic link, which is not followed; make it a real folder.")


def _unit_without_manager(name, folder):
    exists = any(os.path.exists(os.path.join(place, name)) for place in (folder, *_USER_UNIT_FOLDERS))
    return Unit(name, "loaded" if exists else "not-found", "inactive", None, None, None, (), None, ())


def _check_exists(module, name, unit, drop_in):
    if unit.exists or (module.params["state"] == "absent" and os.path.exists(drop_in)):
        return
    state = "is masked, so it never runs" if unit.load_state == "masked" else "does not exist"
    if unit.load_state in ("error", "bad-setting"):
        state = f"cannot be loaded by systemd ({unit.load_state})"
    raise Missing(f"unit {name} {state} on this host; `systemctl list-unit-files` shows what does.")


def _selector(module, name, units):
    folders = tuple(unit.control_group for unit in units if unit.control_group)
    main_pids = tuple(unit.main_pid for unit in units if unit.main_pid)
    return selection.Selector("unit", name, module.params["children"], folders=folders, main_pids=main_pids)


def _lifeline(unit, processes):
    """By the unit's programs, or by what runs in it: a host may name its sshd's unit as it likes."""
    running = [process.executable for process in processes if process.pid == unit.main_pid]
    found = [unkillable.of_program(path) for path in (*unit.programs, *running) if path]
    return next((line for line in found if line is not None), lifelines.of_unit(unit.name))


def _manager_adj(uid, processes):
    ending = f"/user@{uid}.service/init.scope"
    values = [p.adj for p in processes if p.cgroups and p.cgroups[0].endswith(ending) and p.executable]
    return min(values, default=None)
