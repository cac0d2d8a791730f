# Copyright (c) 2026 the memfacts authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From what an entry names (a user, a unit, a container …) to what can be compared with processes."""

import os
import pwd
from typing import Dict, List, NamedTuple, Optional

from ...memcore.errors import MemfactsError, OptionError
from ...memcore.models import lifelines
from ...memcore.sources import unit_file
from .. import as_user, systemd, text_file
from ..unit_properties import Unit
from . import containers, drop_in_text, persistence, selection, sessions, unit_files, unkillable, user_unit

_ROOTS_FOLDERS = (
    drop_in_text.USERS_FOLDER,
    "/run/systemd/user",
    "/usr/local/lib/systemd/user",
    "/usr/lib/systemd/user",
    "/usr/share/systemd/user",
)


class Missing(MemfactsError):
    """What the entry names is not on this host."""


class Target(NamedTuple):
    """Selector, and for a unit: its record, the managers that know it, its drop-in's place and whose file that is.

    told_by: the user whose manager told the unit's record, None where only root could write what it names. users:
    [{user, error}] of the users whose manager could not be asked, and who are left as they are.
    """

    selector: selection.Selector
    service: persistence.Service
    unit: Optional[Unit] = None
    managers: List[systemd.Manager] = []
    drop_in: Optional[str] = None
    file_owner: Optional[pwd.struct_passwd] = None
    told_by: Optional[pwd.struct_passwd] = None
    users: List[Dict[str, str]] = []


def resolve(module, params, processes):
    """The target of one entry's params; OptionError for what cannot be meant, Missing for what is not there."""
    kind = selection.checked_kind(params, params["scope"])
    wanted = params[kind]
    if kind == "unit":
        return _of_unit(module, params, processes)
    selector = selection.Selector(kind, str(wanted), params["children"])
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
            f"container {wanted!r} is not running here under this id or name; look it up with docker, podman or crictl."
        )
    if len(found) > 1:
        raise OptionError(
            f"container {wanted!r} means {len(found)} containers ({', '.join(sorted(found))}); give more of the id."
        )
    return found.pop()


def _of_unit(module, params, processes):
    name = drop_in_text.full_name(params["unit"])
    if name is None:
        raise OptionError(
            f"unit {params['unit']!r} is not the name of a unit; give a name such as ssh.service or foo@.service."
        )
    if not systemd.is_running():
        raise Missing(
            f"unit {name} cannot be looked up, because this host does not run systemd; select by name or cgroup."
        )
    if params["scope"] == "system":
        return _of_system_unit(module, params, name, processes)
    return _of_user_unit(module, params, name, processes)


def _of_system_unit(module, params, name, processes):
    manager = systemd.Manager(module)
    unit = manager.show(name)
    drop_in = drop_in_text.path(drop_in_text.SYSTEM_FOLDER, unit.name or name)
    _check_exists(params, name, unit, os.path.exists(drop_in))
    runs = manager.instances(unit.name) if drop_in_text.is_template(unit.name) else [unit]
    line = _lifeline(unit, processes)
    selector = _selector(params, name, runs)._replace(only_roots=unkillable.starts_sessions(line))
    declared = unit_files.declared(unit, drop_in, text_file.read)
    unit = unit_files.with_unread(unit)
    hidden_by = drop_in_text.hiding(drop_in, [path for one in (unit, *runs) for path in one.drop_ins])
    service = persistence.Service(
        unit.name,
        True,
        line,
        starts_sessions=sessions.unit_starts_them(unit.name, unit.programs),
        declared=declared,
        hidden_by=hidden_by,
        overridden_by=None if params["state"] == "absent" else _overriding_instance(unit, runs, params["value"]),
    )
    return Target(selector, service, unit, [manager], drop_in)


def _overriding_instance(template, runs, value):
    """The drop-in of an instance that would leave its template's without effect there; None where there is none."""
    for unit in runs if drop_in_text.is_template(template.name) else ():
        own = [(path, text_file.read(path)) for path in unit.drop_ins if path not in template.drop_ins]
        found = drop_in_text.overriding(unit.name, value, own)
        if found is not None:
            return found
    return None


def _of_user_unit(module, params, name, processes):
    if params["user"] is None:
        return _of_all_users(module, params, name, processes)
    owner = _user(params["user"])
    asked = _Asked(module, name, processes)
    asked.ask([manager for manager in _managers(module, processes) if manager.user.pw_uid == owner.pw_uid])
    folder = os.path.join(as_user.call(owner, os.path.realpath, owner.pw_dir), drop_in_text.HOME_FOLDER)
    drop_in = drop_in_text.path(folder, name)
    exists = as_user.call(owner, _file_among, (folder, *_ROOTS_FOLDERS), name)
    unit = asked.units[0] if asked.units else _unit_without_manager(name, exists)
    _check_exists(params, name, unit, as_user.call(owner, os.path.exists, drop_in), asked.users)
    _check_no_link(owner, drop_in)
    return _user_target(params, asked, unit, drop_in)._replace(file_owner=owner, told_by=owner)


def _of_all_users(module, params, name, processes):
    """The drop-in is root's and for all, so no user's own files are looked at for it."""
    asked = _Asked(module, name, processes)
    asked.ask(_managers(module, processes))
    drop_in = drop_in_text.path(drop_in_text.USERS_FOLDER, name)
    unit = asked.units[0] if asked.units else _unit_without_manager(name, _file_among(_ROOTS_FOLDERS, name))
    unit = user_unit.only_of_root(unit, _ROOTS_FOLDERS)
    _check_exists(params, name, unit, os.path.exists(drop_in), asked.users)
    return _user_target(params, asked, unit, drop_in)


def _user_target(params, asked, unit, drop_in):
    selector = _selector(params, unit.name, asked.runs)._replace(uids=tuple(asked.uids))
    lowest = min((manager.adj for manager in asked.managers), default=None)
    service = persistence.Service(unit.name, True, None, lowest, hidden_by=drop_in_text.hiding(drop_in, unit.drop_ins))
    return Target(selector, service, unit, asked.managers, drop_in, users=asked.users)


class _Asked:
    """What users' managers answered about one unit, as far as it is believed.

    managers: those that know the unit. units: what each says of it. runs: the units of it with a cgroup, and at the
    same place in uids whose they are. users: [{user, error}] of the managers that gave no answer.
    """

    def __init__(self, module, name, processes):
        self._module = module
        self._name = name
        self._processes = processes
        self.managers = []
        self.units = []
        self.runs = []
        self.uids = []
        self.users = []

    def ask(self, managers):
        """Ask each; one that cannot be asked is a row in `users` and stands in nobody's way."""
        for manager in managers:
            try:
                self._ask(manager)
            except MemfactsError as error:
                self.users.append({"user": manager.user.pw_name, "error": str(error)})

    def _ask(self, manager):
        uid = manager.user.pw_uid
        unit = user_unit.believed(manager.show(self._name), self._name, uid, self._processes)
        if not unit.exists:
            return
        runs = [unit]
        if drop_in_text.is_template(self._name):
            runs = user_unit.instances(manager.instances(self._name), self._name, uid, self._processes)
        runs = [run for run in runs if run.control_group]
        self.managers.append(manager)
        self.units.append(unit)
        self.runs += runs
        self.uids += [uid] * len(runs)


def _managers(module, processes):
    """The users' managers that run, known by their processes: anybody can make files that say so."""
    found = []
    for uid, adj in sorted(user_unit.managers(processes).items()):
        try:
            found.append(systemd.UserManager(module, pwd.getpwuid(uid), adj))
        except KeyError:
            continue  # a user who is no longer known
    return found


def _check_no_link(owner, path):
    """The manager reads the folder by the name that it has here, by which state: absent finds it again."""
    folder = os.path.dirname(path)
    if as_user.call(owner, os.path.realpath, folder) != folder:
        raise OptionError(f"{folder} is reached by a symbolic link, which is not followed; make it a real folder.")


def _file_among(folders, name):
    """Whether one of the folders has a file of the unit or of its template; also called with a user's rights."""
    names = [one for one in (name, unit_file.template_of(name)) if one is not None]
    return any(os.path.exists(os.path.join(folder, one)) for folder in folders for one in names)


def _unit_without_manager(name, exists):
    return Unit(name, "loaded" if exists else "not-found", "inactive", None, None, None, (), None, ())


def _check_exists(params, name, unit, has_drop_in, unasked=()):
    if unit.exists or (params["state"] == "absent" and has_drop_in):
        return
    state = "is masked, so it never runs" if unit.load_state == "masked" else "does not exist"
    if unit.load_state in ("error", "bad-setting"):
        state = f"cannot be loaded by systemd ({unit.load_state})"
    rows = "".join(f" User {row['user']} gave no answer: {row['error']}" for row in unasked)
    raise Missing(f"unit {name} {state} on this host; `systemctl list-unit-files` lists all units.{rows}")


def _selector(params, name, units):
    running = [unit for unit in units if unit.control_group]
    folders = tuple(unit.control_group for unit in running)
    main_pids = tuple(unit.main_pid for unit in running if unit.main_pid)
    return selection.Selector("unit", name, params["children"], folders=folders, main_pids=main_pids)


def _lifeline(unit, processes):
    """By the unit's programs, or by what runs in it: a host may name its sshd's unit as it likes.

    An instance of a template serves one connection or user, and is none.
    """
    if "@" in unit.name:
        return None
    running = [process.executable for process in processes if process.pid == unit.main_pid]
    found = [unkillable.of_program(path) for path in (*unit.programs, *running) if path]
    return next((line for line in found if line is not None), lifelines.of_unit(unit.name))
