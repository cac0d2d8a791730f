# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""systemd's configuration files in the order in which systemd reads them (systemd.unit(5), tmpfiles.d(5))."""

from typing import Dict, Optional

from ..memcore.sources.host import Host

# Of two files of one name the one in the first folder counts. /lib is another folder only where /usr is not merged.
FOLDERS = ("etc", "run", "usr/local/lib", "usr/lib", "lib")


def drop_ins(host: Host, folder: str) -> Dict[str, str]:
    """Path to text of each *.conf in `folder` (such as tmpfiles.d) of any of FOLDERS, in the order of their names.

    What is masked by a link to /dev/null has an empty text.
    """
    found: Dict[str, str] = {}
    for above in FOLDERS:
        for name in host.names(f"{above}/{folder}"):
            if name.endswith(".conf"):
                found.setdefault(name, f"{above}/{folder}/{name}")
    texts = {"/" + path: host.optional(path) for path in found.values()}
    return in_order({path: text for path, text in texts.items() if text is not None})


def in_order(files: Dict[str, str]) -> Dict[str, str]:
    """The same files in the order of their names, whatever folder they are in; strcmp(3) compares bytes."""
    return {path: files[path] for path in sorted(files, key=_name)}


def main_file(host: Host, name: str) -> Dict[str, str]:
    """The first of FOLDERS that has the file (such as systemd/journald.conf), as {path: text}; empty where none has."""
    for above in FOLDERS:
        text: Optional[str] = host.optional(f"{above}/{name}")
        if text is not None:
            return {f"/{above}/{name}": text}
    return {}


def _name(path):
    return path.rpartition("/")[2].encode("utf-8", "surrogateescape")
