# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules of the core that import-linter cannot state: who may open files, and that nothing prints, exits or asserts.

`violations` reads the source, so the rules hold for code that no test runs.
"""

import ast
import importlib.util
import pathlib
import sys

import pytest

CORE = pathlib.Path(__file__).resolve().parents[2] / "plugins" / "module_utils" / "memcore"
# Opens files; finds its way in a captured tree; enters a namespace; makes a child that reads its own scores; logs.
ASK_THE_SYSTEM = {
    CORE / "sources" / f"{name}.py"
    for name in ("host", "captured", "namespaces", "tiny_task", "oomlog/log_source", "oomlog/syslog_ring")
}
# A forked child that left in any other way would run the parent's code and write its buffers a second time.
MAY_LEAVE_A_CHILD = {CORE / "sources" / "tiny_task.py"}

# What a caller on a floor above decides, or what Ansible would swallow.
NEVER_CALLED = {"print", "exit", "quit", "input", "eval", "exec", "breakpoint", "exit_json", "fail_json"}
# importlib hides an import from AnsiballZ, which then does not ship the file; the rest has no place in a reader.
NEVER_IMPORTED = {"subprocess", "multiprocessing", "importlib", "pkgutil", "logging"}

# Everywhere else only what does not ask the system anything.
FILE_MODULES = {
    "pathlib",
    "glob",
    "shutil",
    "tempfile",
    "fileinput",
    "mmap",
    "socket",
    "fcntl",
    "ctypes",
    "resource",
    "pwd",
}
HARMLESS_OS = {"fsdecode", "fsencode", "fspath", "sep", "major", "minor", "makedev", "strerror", "path"}
HARMLESS_OS_PATH = {"join", "basename", "dirname", "normpath", "split", "splitext", "commonpath", "isabs", "sep"}
OPENERS = {"open"}


def violations(source, asks_the_system=False):
    """List "line: what" for each broken rule in `source` (str)."""
    found = []
    for node in ast.walk(ast.parse(source)):
        found += ["{0}: {1}".format(node.lineno, what) for what in _complaints(node, asks_the_system)]
    return found


def _complaints(node, asks_the_system):
    if isinstance(node, ast.Assert):
        yield "assert"
    elif isinstance(node, ast.Import):
        for alias in node.names:
            yield from _import_complaints(alias.name, asks_the_system)
    elif isinstance(node, ast.ImportFrom):
        yield from _import_from_complaints(node, asks_the_system)
    elif isinstance(node, ast.Name):
        if node.id in NEVER_CALLED or (node.id in OPENERS and not asks_the_system):
            yield node.id
    elif isinstance(node, ast.Attribute):
        yield from _attribute_complaints(ast.unparse(node), node.attr, asks_the_system)


def _import_complaints(name, asks_the_system):
    top = name.split(".")[0]
    if top not in sys.stdlib_module_names:
        yield "import of {0}, which is not in the standard library".format(name)
    elif top in NEVER_IMPORTED or (top in FILE_MODULES and not asks_the_system):
        yield "import of {0}".format(name)


def _import_from_complaints(node, asks_the_system):
    if node.level:
        return  # relative imports stay inside, and import-linter judges their direction
    yield from _import_complaints(node.module, asks_the_system)
    if node.module == "__future__":
        yield "import from __future__, which Python 3.6 may not know"
    if node.module.split(".")[0] in {"io", "os", "sys"}:
        yield "from {0} import, which hides what is called".format(node.module)


def _attribute_complaints(dotted, last, asks_the_system):
    if last in NEVER_CALLED or dotted in {"sys.exit", "sys.stdout", "sys.stderr", "os.system", "os._exit"}:
        yield dotted
    elif asks_the_system:
        return
    elif dotted.startswith("os.path.") and last not in HARMLESS_OS_PATH:
        yield dotted
    elif dotted.startswith("os.") and dotted.count(".") == 1 and last not in HARMLESS_OS:
        yield dotted
    elif dotted == "io.open":
        yield dotted


@pytest.mark.parametrize("path", sorted(CORE.rglob("*.py")), ids=lambda path: str(path.relative_to(CORE)))
def test_core_keeps_its_rules(path):
    broken = violations(path.read_text(encoding="utf-8"), asks_the_system=path in ASK_THE_SYSTEM)
    if path in MAY_LEAVE_A_CHILD:
        broken = [complaint for complaint in broken if not complaint.endswith(": os._exit")]
    assert broken == [], "only the files of ASK_THE_SYSTEM ask the system, and the core neither prints nor exits"


def sentences(source):
    """ "line: text" of each string of four words or more that is no docstring and no list of the kernel's names."""
    tree = ast.parse(source)
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef)
    docs = {ast.get_docstring(node, clean=False) for node in ast.walk(tree) if isinstance(node, documented)}
    texts = [node for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    split = {id(node.func.value) for node in ast.walk(tree) if _is_split(node)}
    return [
        f"{node.lineno}: {node.value}"
        for node in texts
        if node.value not in docs and id(node) not in split and len(node.value.split()) >= 4
    ]


def _is_split(node):
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "split"


@pytest.mark.parametrize("path", sorted((CORE / "gather").glob("*.py")), ids=lambda path: path.name)
def test_gather_has_no_sentence_for_people(path):
    """Reasons are in models/reasons.py, all other words in render and findings."""
    assert sentences(path.read_text(encoding="utf-8")) == []


def test_a_sentence_is_seen_and_a_list_of_names_is_not():
    assert sentences('NAMES = "MemTotal MemFree Cached Slab".split()\ntold = f"{1} of the two processes died"') == [
        "2:  of the two processes died"
    ]


def test_core_imports_nothing_beside_it():
    """import-linter sees the core only; a relative import could climb out of it, to the setters for one."""
    for path in CORE.rglob("*.py"):
        storeys = len(path.relative_to(CORE).parts)
        levels = [
            node.level
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
            if isinstance(node, ast.ImportFrom)
        ]
        assert max(levels, default=0) <= storeys, path


@pytest.mark.parametrize(
    "source",
    [
        pytest.param("open('/proc/meminfo')", id="open"),
        pytest.param("read = open", id="open-by-another-name"),
        pytest.param("import os\nos.listdir('/proc')", id="listdir"),
        pytest.param("import os\nos.path.exists('/proc')", id="exists"),
        pytest.param("from os import stat", id="from-os"),
        pytest.param("import io\nio.open('x')", id="io-open"),
        pytest.param("from pathlib import Path", id="pathlib"),
        pytest.param("import subprocess", id="subprocess"),
        pytest.param("import yaml", id="third-party"),
        pytest.param("from ansible.module_utils import basic", id="ansible"),
        pytest.param("import sys\nsys.exit(1)", id="exit"),
        pytest.param("module.fail_json(msg='x')", id="fail-json"),
        pytest.param("print('x')", id="print"),
        pytest.param("assert True", id="assert"),
    ],
)
def test_a_broken_rule_is_seen(source):
    assert len(violations(source)) == 1


def test_host_may_ask_the_system():
    assert violations("import os\nwith open('x') as stream:\n    os.stat('x')", asks_the_system=True) == []


def test_harmless_path_arithmetic_is_allowed():
    assert violations("import os\nos.path.join('a', os.fsdecode(b'b'))\nfrom . import errors") == []


def test_no_module_util_stands_before_what_ansible_imports():
    """plugins/module_utils is on the path of tests and of oomwatch; a systemd.py there hides that of python-systemd."""
    basic = pathlib.Path(importlib.util.find_spec("ansible.module_utils.basic").origin)
    imported = set()
    for node in ast.walk(ast.parse(basic.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            imported.update(alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            imported.add(node.module.split(".")[0])
    assert not imported & {path.stem for path in CORE.parent.iterdir()}
