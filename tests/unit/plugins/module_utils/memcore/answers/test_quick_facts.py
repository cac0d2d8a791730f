# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The four subsets that need least: the same facts as with everything loaded, and without the code for the others."""

import ast
import pathlib

import pytest

from ansible_collections.memfacts.linux.plugins.module_utils.memcore.answers import facts, quick_facts
from ansible_collections.memfacts.linux.plugins.module_utils.memcore.errors import OptionError
from ansible_collections.memfacts.linux.plugins.module_utils.memcore.gather.options import Options
from ansible_collections.memfacts.linux.plugins.module_utils.memcore.sources import host

PLUGINS = pathlib.Path(__file__).resolve().parents[6] / "plugins"
UTILS = "ansible_collections.memfacts.linux.plugins.module_utils."
QUICK = ("memory", "tmpfs", "shmem", "kernel")
# Of two runs these differ even where the host does not.
MOMENT = ("collected_at", "duration_ms")
# What only the other subsets need.
OTHERS = {
    "answers/facts.py",
    "findings/catalogue.py",
    "findings/cgroups.py",
    "findings/oom.py",
    "gather/cgroups.py",
    "gather/oom.py",
    "gather/processes.py",
    "gather/victims.py",
    "models/badness.py",
    "models/lifelines.py",
    "models/victims.py",
    "render/next_victim.py",
}


def without_moment(record):
    return {name: value for name, value in record.items() if name not in MOMENT}


@pytest.mark.parametrize("name", ["captured-6.12", "cases/bait-ramdisk", "cases/bait-slab-after-du"])
@pytest.mark.parametrize("subsets", [QUICK, ("memory",), ("tmpfs", "kernel"), ()])
def test_facts_are_the_same_as_with_everything_loaded(laid, name, subsets):
    options = Options(subsets=subsets, top=3)
    quick, whole = (collect(host.at(laid(name)), options) for collect in (quick_facts.collect, facts.collect))
    assert without_moment(quick) == without_moment(whole)
    assert set(QUICK) & set(quick) == set(subsets)


def test_another_subset_is_refused_and_not_left_out(laid):
    with pytest.raises(OptionError) as error:
        quick_facts.collect(host.at(laid("captured-6.12")), Options(subsets=("memory", "oom", "cgroups")))
    assert str(error.value) == "gather_subset has cgroups, oom, which only memfacts gathers; use that module."


def shipped_with(module):
    """The files of memcore that imports lead to, wherever in a file they stand, since AnsiballZ sends all of them."""
    found, left = set(), {PLUGINS / "modules" / (module + ".py")}
    while left:
        path = left.pop()
        found.add(path)
        left |= set(imported_by(path)) - found
    core = PLUGINS / "module_utils" / "memcore"
    return {str(path.relative_to(core)) for path in found if core in path.parents}


def imported_by(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            folder = base_of(node, path)
            if folder is not None:
                below = [folder / (alias.name + ".py") for alias in node.names]
                yield from (place for place in (folder.with_suffix(".py"), *below) if place.exists())


def base_of(node, path):
    if node.level:
        return path.parents[node.level - 1].joinpath(*(node.module or "").split("."))
    if (node.module or "").startswith(UTILS):
        return (PLUGINS / "module_utils").joinpath(*node.module[len(UTILS) :].split("."))
    return None


def test_the_quick_module_is_sent_without_the_code_for_other_subsets():
    quick, whole = shipped_with("memfacts_quick"), shipped_with("memfacts")
    assert OTHERS <= whole
    assert not OTHERS & quick
    assert {"answers/quick_facts.py", "gather/tmpfs_files.py", "models/ledger.py", "sources/host.py"} <= quick < whole
