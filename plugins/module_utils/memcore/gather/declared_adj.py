# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""What a service's unit file and drop-ins declare as OOMScoreAdjust, found the way systemd finds it."""

from typing import Dict, List, NamedTuple, Optional, Set

from ..sources import unit_file
from ..sources.host import Host

_LINKS = 8  # of a link to a link
# Only here do administrators and `systemctl enable` lay links of another name for a unit.
_ALIASES_IN = ("etc/systemd/system", "run/systemd/system")


class Declared(NamedTuple):
    """The value, and the file that had the last word on it."""

    value: int
    path: str


class UnitFiles:
    """The unit files of one host; each folder is listed once."""

    def __init__(self, host: Host):
        self._host = host
        self._listed: Dict[str, Set[str]] = {}
        self._aliases: Optional[Dict[str, Set[str]]] = None

    def declared(self, unit: str) -> Optional[Declared]:
        """None where neither the unit file nor a drop-in sets it, or an empty assignment takes it back."""
        main = self._fragment(unit)
        read = [(path, self._text(path)) for path in ([main] if main else []) + self._drop_ins(unit)]
        value = unit_file.oom_score_adjust(text for _path, text in read)
        if value is None:
            return None
        # The last file that sets it alone sets it to this value.
        last = [path for path, text in read if unit_file.oom_score_adjust([text]) == value][-1]
        return Declared(value, "/" + last)

    def drop_ins(self, unit: str) -> List[str]:
        """The paths of all its drop-ins, in the order in which systemd reads them."""
        return ["/" + path for path in self._drop_ins(unit)]

    def _fragment(self, unit):
        for name in (unit, unit_file.template_of(unit)):
            for folder in unit_file.FOLDERS:
                if name is not None and name in self._names(folder):
                    return f"{folder}/{name}"
        return None

    def _drop_ins(self, unit) -> List[str]:
        """*.conf in the order of their names; of those with one name only that of the first folder counts."""
        by_name: Dict[str, str] = {}
        names = [unit] + sorted(self._names_of(unit))
        folders = [(unit_file.drop_in_folders(name)[:-1], base) for name in names for base in unit_file.FOLDERS]
        places = [(base, name) for own, base in folders for name in own]
        every = unit_file.drop_in_folders(unit)[-1]
        for base, name in places + [(base, every) for base in unit_file.FOLDERS]:
            if name in self._names(base):
                for file in self._names(f"{base}/{name}"):
                    if file.endswith(".conf"):
                        by_name.setdefault(file, f"{base}/{name}/{file}")
        return [by_name[file] for file in sorted(by_name)]

    def _names_of(self, unit) -> Set[str]:
        """The other names of the unit: sshd.service is a link to ssh.service."""
        if self._aliases is None:
            self._aliases = {}
            for folder in _ALIASES_IN:
                for name in self._names(folder):
                    target = self._link(f"{folder}/{name}") if name.endswith(".service") else None
                    real = (target or "").rpartition("/")[2]
                    if real.endswith(".service") and real != name:
                        self._aliases.setdefault(real, set()).add(name)
        return self._aliases.get(unit, set())

    def _names(self, folder):
        if folder not in self._listed:
            self._listed[folder] = set(self._host.names(folder))
        return self._listed[folder]

    def _link(self, path):
        try:
            return self._host.link(path)
        except OSError:
            return None

    def _text(self, path) -> str:
        """The file's text, absolute links followed below the host's root; a link to /dev/null masks a unit."""
        for _hop in range(_LINKS):
            target = self._link(path)
            if target is None:
                return self._host.optional(path) or ""
            if target == "/dev/null":
                return ""
            path = target[1:] if target.startswith("/") else f"{path.rpartition('/')[0]}/{target}"
        return ""
