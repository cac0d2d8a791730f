# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the module costs before its first line runs: the size of its archive, and compiling what is in it.

Ansible sends a zip of sources; nothing keeps their bytecode, so the target compiles all of it at every run.
"""

import base64
import functools
import io
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import zipfile
from typing import Iterator, List, NamedTuple

from tests.bench import figures, places
from tests.bench.figures import Figure
from tests.bench.module_time import FOUR
from tests.bench.row import Row, Setting

# `zip_data='…'` since ansible-core 2.19, `ZIPDATA = """…"""` before.
_ZIP = re.compile(r"(?i)zip_?data\s*=\s*['\"]+([A-Za-z0-9+/=]+)")
_UTILS = "ansible_collections.memfacts.linux.plugins.module_utils"
_PACKAGE = _UTILS + ".memcore"
_IMPORT = f"""
import json, sys, time
sys.path.insert(0, sys.argv[1])
import ansible.module_utils.basic
begun = time.perf_counter()
from {_UTILS} import from_zip
from_zip.compile_once()
from {_PACKAGE}.answers import asked, facts
from {_PACKAGE}.errors import MemfactsError
from {_PACKAGE}.findings import catalogue
from {_PACKAGE}.sources import host
print(json.dumps((time.perf_counter() - begun) * 1000))
"""
_ALONE = "module file alone, memfacts (all subsets) : ping"
_FOUR_ALONE = "module file alone, memfacts (4 subsets) : ping"
_FROM_ZIP = "import of memcore from the zip : from a folder with bytecode kept"
_COMPILE = "compiling memcore alone"


class Sent(NamedTuple):
    """The files that Ansible would send, our archive on disk, the same unpacked, and the names of our own files."""

    scratch: tempfile.TemporaryDirectory  # the folder of all
    ping: pathlib.Path
    ours: pathlib.Path
    four: pathlib.Path  # with the four quick subsets only
    archive: zipfile.ZipFile
    unpacked: str
    names: List[str]


def rows() -> Iterator[Row]:
    """The size, then the module's file run as the target runs it, then the import alone."""
    yield Row("sent", "module file that is sent, memfacts", 10, _sizes, root=False)
    yield Row("file-alone", _ALONE, 15, lambda setting: _files_alone(setting, _ALONE, _sent().ours))
    yield Row("file-alone-four", _FOUR_ALONE, 15, lambda setting: _files_alone(setting, _FOUR_ALONE, _sent().four))
    yield Row("import", _FROM_ZIP, 15, _imports, root=False)
    yield Row("compile", _COMPILE, 10, _compiling, root=False)


def _sizes(setting: Setting) -> List[Figure]:
    sent = setting.tries.best(_sent, timed=False).value
    ours, four, ping = (path.stat().st_size / 1024 for path in (sent.ours, sent.four, sent.ping))
    return [
        Figure("module file that is sent, memfacts", [ours], "KiB", detail=f"{len(sent.names)} files of memcore"),
        Figure("module file that is sent, memfacts, 4 subsets", [four], "KiB"),
        Figure("module file that is sent, ping", [ping], "KiB"),
    ]


def _files_alone(setting: Setting, what: str, ours: pathlib.Path) -> List[Figure]:
    times = setting.times({"memfacts": lambda: _run(ours), "ping": lambda: _run(_sent().ping)})
    return [figures.ratio(what, times)]


def _imports(setting: Setting) -> List[Figure]:
    sent = _sent()
    _import(sent.unpacked)  # leaves the bytecode
    zipped, kept = setting.tries.best(lambda: _imports_in_turn(setting.rounds, sent)).value
    return [
        Figure(_FROM_ZIP, [one / other for one, other in zip(zipped, kept)], "x", "wall"),
        Figure("from the zip", zipped, "ms", "wall"),
        Figure("with bytecode kept", kept, "ms", "wall"),
    ]


def _imports_in_turn(rounds, sent):
    pairs = [(_import(sent.archive.filename), _import(sent.unpacked)) for _dummy in rounds.numbers()]
    return [list(side) for side in zip(*pairs)]


def _compiling(setting: Setting) -> List[Figure]:
    sent = _sent()
    sources = [(sent.archive.read(name), name) for name in sent.names]
    times = setting.times({"compile": lambda: [compile(*source, "exec") for source in sources]})
    return [figures.spent(_COMPILE, times["compile"])]


@functools.lru_cache(maxsize=None)
def _sent() -> Sent:
    """Let Ansible make the files, once; their folder goes with this process."""
    scratch = tempfile.TemporaryDirectory()
    memfacts, folder = "memfacts.linux.memfacts", pathlib.Path(scratch.name)
    ping, ours = (_built(folder / name, name) for name in ("ping", memfacts))
    four = _built(folder / "four", memfacts, "-a", "gather_subset=" + FOUR)
    archive = _archive(ours)
    unpacked = os.path.join(scratch.name, "unpacked")
    archive.extractall(unpacked)
    names = [name for name in archive.namelist() if "/memcore/" in name]
    return Sent(scratch, ping, ours, four, archive, unpacked, names)


def _built(folder, *call):
    """The file that Ansible would send, which carries its arguments inside."""
    env = dict(os.environ, ANSIBLE_KEEP_REMOTE_FILES="1", ANSIBLE_REMOTE_TMP=str(folder))
    command = ["ansible", "localhost", "-m", *call]
    subprocess.run(command, cwd=places.CHECKOUT, env=env, stdout=subprocess.DEVNULL, check=True)
    return next(folder.glob("*/AnsiballZ_*.py"))


def _archive(module):
    data = base64.b64decode(_ZIP.search(module.read_text()).group(1))
    path = module.with_suffix(".zip")
    path.write_bytes(data)
    archive = zipfile.ZipFile(io.BytesIO(data))
    archive.filename = str(path)
    return archive


def _run(module):
    subprocess.run([sys.executable, module], stdout=subprocess.DEVNULL, check=True)


def _import(path):
    env = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    run = [sys.executable, "-c", _IMPORT, path]
    return json.loads(subprocess.run(run, env=env, stdout=subprocess.PIPE, check=True).stdout)
