# Copyright (c) 2026 the memfacts authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ages after which systemd-tmpfiles deletes files of a folder: written, read back, and taken back.

Deleting at once cannot be taken back, so it is done last, by `finish`, and deletes only what `plan` has foreseen.
"""

import os
import pwd
import re
import stat
from typing import Dict, List, NamedTuple, Optional, Tuple

from ...memcore.errors import MemfactsError, OptionError, ParseError
from ...memcore.models.mounts import Walk
from ...memcore.sources import mountinfo
from ...memcore.sources.host import Host, decode
from .. import commands, conf_files
from . import age_lines, age_place, cleaning, own_file, situation, tmpfiles_conf
from .tmpfiles_conf import OWN

OPTIONS = {
    "path": {"type": "str", "required": True},
    "age": {"type": "str", "required": True},
    "not_tmpfs": {"type": "bool", "default": False},
    "missing": {"type": "str", "choices": ["fail", "ignore"], "default": "fail"},
}
_PROGRAM = "systemd-tmpfiles"
_MOST_LISTED = 1000
_MOST_LINKS = 40  # as the kernel (MAXSYMLINKS)
_VERSION = re.compile(r"systemd ([0-9]{1,5})")
_OS_RELEASE = {"o": "ID", "w": "VERSION_ID", "B": "BUILD_ID", "W": "VARIANT_ID", "A": "IMAGE_VERSION", "M": "IMAGE_ID"}
_FIXED_SPECIFIERS = {
    "%": "%",
    "t": "/run",
    "T": "/tmp",
    "V": "/var/tmp",
    "S": "/var/lib",
    "C": "/var/cache",
    "L": "/var/log",
    "h": "/root",
    "u": "root",
    "U": "0",
    "g": "root",
    "G": "0",
}


class Asked(NamedTuple):
    """One age, checked as far as it can be without the host."""

    path: str
    age: str
    not_tmpfs: bool = False
    missing: str = "fail"


class Wanted(NamedTuple):
    """The ages, none to take them back; clean_now: delete at once what is older."""

    ages: Tuple[Asked, ...] = ()
    clean_now: bool = False


class Plan(NamedTuple):
    """due: what goes by these ages now, at once or when the timer runs; None where nobody has asked for it.

    rows: one for each age. doubts: what cannot be told of `due`.
    """

    file: Optional[own_file.Change] = None
    entry: Optional[Dict] = None
    wanted: Wanted = Wanted()
    rows: Tuple[Dict, ...] = ()
    due: Optional[Tuple[str, ...]] = None
    doubts: Tuple[str, ...] = ()
    warnings: Tuple[str, ...] = ()
    skipped_reason: Optional[str] = None

    @property
    def changed(self) -> bool:
        return bool(self.file and self.file.changes)

    @property
    def files(self) -> List[own_file.Change]:
        """What changes, with a path and its text before and after, as a diff needs it."""
        return [self.file] if self.file and self.file.changes else []

    @property
    def kept(self) -> List[Dict[str, str]]:
        """What was to be taken back and stays."""
        return [{"what": OWN, "reason": self.file.left}] if self.file and self.file.left else []

    @property
    def paths(self) -> List[str]:
        return [row["path"] for row in self.rows if row["skipped_reason"] is None]

    @property
    def cleans(self) -> bool:
        """Whether `finish` has something to delete."""
        return self.wanted.clean_now and self.changed and bool(self.paths)


def checked(options: Optional[List[Dict]], clean_now: bool = False) -> Wanted:
    """The ages, or OptionError for a path or an age that must not be handed to a program that deletes."""
    asked: List[Asked] = []
    for item in options or []:
        path = age_place.plain(item.get("path"))
        if any(path == other.path for other in asked):
            raise OptionError(f"ages has {path} twice; leave one of them.")
        age = age_place.age(item.get("age"), path)
        asked.append(Asked(path, age, bool(item.get("not_tmpfs")), item.get("missing") or "fail"))
    return Wanted(tuple(asked), clean_now)


def checked_entry(entry: object) -> Dict:
    """What the record keeps of the ages; ParseError where it is damaged."""
    if not isinstance(entry, dict) or set(entry) != {"file"}:
        raise ParseError("its part about the ages does not have the right keys")
    return {"file": own_file.checked_row(entry["file"], OWN)}


def plan(module, wanted: Wanted, entry: Optional[Dict]) -> Plan:
    """What is to be done; OptionError where an age would have no effect, or would delete what it must not.

    Without ages it takes back what the entry names, or what release 0.1.0 wrote, which kept no record of it.
    """
    host = Host("/")
    if not situation.runs_systemd(host):
        return Plan(entry=entry, wanted=wanted, skipped_reason="this host does not run systemd")
    row = entry["file"] if entry else None
    rows = _rows(host, wanted)
    ages = {row["path"]: row["age"] for row in rows if row["skipped_reason"] is None}
    if not ages:
        return Plan(own_file.absent(OWN, row, age_lines.is_of_0_1_0), None, wanted, tuple(rows))
    files, specifiers = conf_files.drop_ins(host, "tmpfiles.d"), _specifiers(host)
    files.pop(OWN, None)
    version = _version(module)
    text = age_lines.text_of(tmpfiles_conf.lines_of(files, specifiers), ages, version)
    change = own_file.present(OWN, text, row, age_lines.is_of_0_1_0)
    lines = tmpfiles_conf.lines_of(conf_files.in_order(dict(files, **{OWN: text})), specifiers)
    age_lines.refuse_what_loses(lines, ages)
    found = Plan(
        change,
        {"file": change.row},
        wanted,
        tuple(dict(row, lines=_own_lines(lines, row["path"])) for row in rows),
        warnings=tuple(_warnings(lines, ages)),
    )
    if change.changes and (wanted.clean_now or module.check_mode):
        return _with_due(host, found, lines, version)
    return found


def check(plan: Plan) -> None:
    """MemfactsError where the plan could not be carried out, before anything is changed."""
    if plan.file:
        own_file.check_writable(plan.file)


def apply(module, plan: Plan, undo) -> None:
    """Write the file; its way back goes onto the ExitStack `undo`."""
    if plan.file is not None:
        own_file.put(module, plan.file, undo)


def verify(module, plan: Plan) -> List[str]:
    """MemfactsError unless the ages count now. Returns warnings, of which there are none yet."""
    if plan.paths and not plan.skipped_reason:
        host = Host("/")
        lines = tmpfiles_conf.lines_of(conf_files.drop_ins(host, "tmpfiles.d"), _specifiers(host))
        age_lines.refuse_what_loses(lines, plan.paths)
        for row in plan.rows:
            if row["skipped_reason"] is None and _own_lines(lines, row["path"]) != row["lines"]:
                raise MemfactsError(
                    f"{OWN} does not have the text that was written, so somebody else has changed it meanwhile; "
                    "run this again."
                )
    return []


def finish(module, plan: Plan) -> List[str]:
    """Delete at once what is older, and return what went. Call it last, while the files can still be taken back."""
    if not plan.cleans:
        return []
    program = module.get_bin_path(_PROGRAM, required=True)
    for path in plan.paths:
        command = [program, "--clean", f"--prefix={path}"]
        status, output, errors = module.run_command(command, environ_update=commands.ENGLISH)
        # A line of another file that it does not understand makes it end with an error after all the work.
        if status != 0 and (OWN in errors or ".conf:" not in errors):
            said = commands.said(status, output, errors)
            raise MemfactsError(f"{_PROGRAM} --clean failed for {path} with '{said}'.")
    return [path for path in plan.due or () if not os.path.lexists(path)]


def result(plan: Plan) -> Dict:
    """What the module returns of the ages."""
    return {
        "changed": plan.changed,
        "file": OWN if plan.file else None,
        "paths": list(plan.rows),
        "due": None if plan.due is None else list(plan.due[:_MOST_LISTED]),
        "due_count": None if plan.due is None else len(plan.due),
        "doubts": list(plan.doubts),
        "skipped_reason": plan.skipped_reason,
    }


def _rows(host, wanted):
    mounts = mountinfo.parse(decode(host.whole("proc/self/mountinfo"))) if wanted.ages else []
    homes = _homes(Walk(mounts, trust_root=True)) if wanted.ages else []
    rows = []
    for asked in wanted.ages:
        row = {"path": asked.path, "age": asked.age, "on_tmpfs": None, "lines": [], "skipped_reason": None}
        try:
            row["on_tmpfs"] = age_place.place(asked.path, mounts, homes, _step_at, asked.not_tmpfs).on_tmpfs
        except age_place.Missing:
            if asked.missing == "fail":
                raise
            row["skipped_reason"] = "there is no such folder"
        rows.append(row)
    return rows


def _step_at(path):
    try:
        status = os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return None
    mode = status.st_mode
    kind = "link" if stat.S_ISLNK(mode) else "folder" if stat.S_ISDIR(mode) else "other"
    return age_place.Step(kind, status.st_uid, mode)


def _homes(walk):
    """Of all users, by their names in passwd(5) and where these lead; so of the folders that homes are made in."""
    found = [age_place.Home("users", 0, _real(folder, walk)) for folder in ("/home", "/root")]
    for user in pwd.getpwall():
        if user.pw_dir.startswith("/"):
            given = os.path.normpath(user.pw_dir)
            folders = {given, _real(given, walk)} - {"/"}
            found += [age_place.Home(user.pw_name, user.pw_uid, folder) for folder in sorted(folders)]
    return found


def _real(path, walk):
    """Where the path leads, followed only as far as no mount is on the way that may hang."""
    for _turn in range(_MOST_LINKS):
        link = _first_link(path, walk)
        if link is None:
            break
        path = os.path.normpath(os.path.join(os.path.dirname(link), os.readlink(link)) + path[len(link) :])
    return path


def _first_link(path, walk):
    steps = path.split("/")
    for count in range(2, len(steps) + 1):
        step = "/".join(steps[:count])
        mount = walk.owner_of(step)
        if mount is None or walk.obstacle(mount):
            return None
        if os.path.islink(step):
            return step
    return None


def _own_lines(lines, path):
    return [line.text for line in lines if line.file == OWN and line.path == path]


def _warnings(lines, ages):
    for path, age in ages.items():
        for line in age_lines.sooner(lines, path, tmpfiles_conf.parse_age(age).seconds):
            yield f"{line.file} has the line '{line.text}', which cleans {path} earlier than after {age}."


def _with_due(host, plan, lines, version):
    system = _system(host, version)
    all_due = cleaning.predict(tmpfiles_conf.counting(lines), plan.paths, system)
    if plan.wanted.clean_now:
        # With --prefix systemd-tmpfiles does not even read lines that begin in another way, such as x /*/keep.
        for path in plan.paths:
            inside = [line for line in lines if line.path is not None and tmpfiles_conf.is_below(line.path, path)]
            now = cleaning.predict(tmpfiles_conf.counting(inside), [path], system)
            spared = sorted(set(now.removed) - set(all_due.removed))
            if spared:
                raise OptionError(
                    f"clean_now would also delete {spared[0]}, which a line of tmpfiles.d with a wildcard outside of "
                    f"{path} protects; leave clean_now out, because the timer respects all lines."
                )
    unknown = [f"the line '{line.text}' of {line.file} was ignored" for line in lines if line.path is None]
    return plan._replace(due=tuple(all_due.removed), doubts=tuple(all_due.doubts + unknown))


def _system(host, version):
    points = frozenset(mount.mount_point for mount in mountinfo.parse(decode(host.whole("proc/self/mountinfo"))))
    return cleaning.System(version, points, frozenset(_sockets(host)), frozenset(_locked(host)))


def _sockets(host):
    # Num RefCount Protocol Flags Type St Inode Path; a path may have blanks in it.
    for line in (host.text("proc/net/unix") or "").split("\n")[1:]:
        fields = line.split(None, 7)
        if len(fields) == 8 and fields[7].startswith("/"):
            yield fields[7]


def _locked(host):
    # 1: FLOCK ADVISORY WRITE 812 00:19:1043 0 EOF, with the device in hex; one that waits has "->" in second place.
    for line in (host.text("proc/locks") or "").split("\n"):
        fields = line.split()
        if len(fields) > 5 and fields[1] == "FLOCK":
            major, minor, inode = fields[5].split(":")
            yield int(major, 16), int(minor, 16), int(inode)


def _version(module):
    program = module.get_bin_path(_PROGRAM, required=True)
    status, output, dummy = module.run_command([program, "--version"], environ_update=commands.ENGLISH)
    match = _VERSION.match(output) if status == 0 else None
    if match is None:
        raise MemfactsError(f"{_PROGRAM} --version does not show a version; check whether it works on this host.")
    return int(match[1])


def _specifiers(host):
    name = os.uname().nodename
    known = dict(_FIXED_SPECIFIERS, H=name, l=name.partition(".")[0], v=os.uname().release)
    machine, boot = host.optional("etc/machine-id"), host.optional("proc/sys/kernel/random/boot_id")
    if machine and machine.strip():
        known["m"] = machine.strip()
    if boot:
        known["b"] = boot.strip().replace("-", "")
    release = host.optional("etc/os-release") or host.optional("usr/lib/os-release") or ""
    values = dict(line.split("=", 1) for line in release.split("\n") if "=" in line)
    known.update({letter: values[key].strip("\"'") for letter, key in _OS_RELEASE.items() if key in values})
    return known
