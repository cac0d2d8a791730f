# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lay a tree of fixtures/hosts out as files and collect the facts of the host it describes."""

import os
import pathlib
import re

import pytest

from ansible_collections.memfacts.linux.plugins.module_utils.memcore.answers import facts
from ansible_collections.memfacts.linux.plugins.module_utils.memcore.gather.options import Options
from ansible_collections.memfacts.linux.plugins.module_utils.memcore.sources import host
from tests.support import hosttree

HOSTS = pathlib.Path(__file__).resolve().parents[3] / "fixtures" / "hosts"
# Of these files a case gives only the lines that differ from its base.
MERGED = ("proc/meminfo", "proc/vmstat")
_BASE = re.compile(r"^composed, not captured: what differs from (\S+)\.tree[;.]")


def _read(path):
    with open(str(path), encoding="utf-8", errors="surrogateescape", newline="") as stream:
        return stream.read()


def _by_name(text):
    """Lines by their first word: `MemFree:  12 kB`."""
    return {line.split(" ")[0]: line for line in text.splitlines()}


def _lay(path, folder):
    text = _read(path)
    base = _BASE.match(text)
    if base is None:
        hosttree.unpack(text, folder)
        return
    _lay(HOSTS / f"{base[1]}.tree", folder)
    whole = {name: _by_name(_read(os.path.join(folder, name))) for name in MERGED}
    hosttree.unpack(text, folder)
    for name, lines in whole.items():
        changed = _by_name(_read(os.path.join(folder, name)))
        unknown = sorted(set(changed) - set(lines))
        assert not unknown, f"{path.name}: the base's {name} has no {unknown}"
        with open(os.path.join(folder, name), "w") as stream:
            stream.writelines(line + "\n" for line in dict(lines, **changed).values())


@pytest.fixture(scope="session")
def laid(tmp_path_factory):
    """A function: the folder with the files of fixtures/hosts/NAME.tree; a case is laid over its base."""
    folders = {}

    def folder_of(name):
        if name not in folders:
            folders[name] = str(tmp_path_factory.mktemp("host"))
            _lay(HOSTS / f"{name}.tree", folders[name])
        return folders[name]

    return folder_of


@pytest.fixture(scope="session")
def collected(laid):
    """A function: the facts of that host, collected once."""
    records = {}

    def facts_of(name):
        if name not in records:
            records[name] = facts.collect(host.at(laid(name)), Options())
        return records[name]

    return facts_of


@pytest.fixture(scope="session")
def hosts():
    """The folder of the trees."""
    return HOSTS
