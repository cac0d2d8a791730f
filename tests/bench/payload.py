# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the module costs before its first line runs: the size of its archive, and compiling what is in it.

Ansible sends a zip of sources; nothing keeps their bytecode, so the target compiles all of it at every run.
"""

import base64
import io
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import zipfile
from typing import Iterator

from tests.bench import figures, paired, places
from tests.bench.figures import Figure

_ROUNDS = 15
# `zip_data='…'` since ansible-core 2.19, `ZIPDATA = """…"""` before.
_ZIP = re.compile(r"(?i)zip_?data\s*=\s*['\"]+([A-Za-z0-9+/=]+)")
_PACKAGE = "ansible_collections.memfacts.linux.plugins.module_utils.memcore"
_IMPORT = f"""
import json, sys, time
sys.path.insert(0, sys.argv[1])
import ansible.module_utils.basic
begun = time.perf_counter()
from {_PACKAGE}.errors import MemfactsError
from {_PACKAGE}.gather import facts, options, report
from {_PACKAGE}.sources import host
print(json.dumps((time.perf_counter() - begun) * 1000))
"""


def measure() -> Iterator[Figure]:
    """Sizes first, then the module's file run as the target runs it, then the import alone."""
    with tempfile.TemporaryDirectory() as scratch:
        ping, ours = (_built(name, pathlib.Path(scratch, name)) for name in ("ping", "memfacts.linux.memfacts"))
        archive = _archive(ours)
        names = [name for name in archive.namelist() if "/memcore/" in name]
        count = f"{len(names)} files of memcore"
        yield Figure("module file that is sent, ping", [ping.stat().st_size / 1024], "KiB")
        yield Figure("module file that is sent, memfacts", [ours.stat().st_size / 1024], "KiB", detail=count)
        times = paired.interleave(_ROUNDS, {"memfacts": lambda: _run(ours), "ping": lambda: _run(ping)})
        yield figures.ratio("module file alone, memfacts (all subsets)", times, "memfacts", "ping")
        unpacked = os.path.join(scratch, "unpacked")
        archive.extractall(unpacked)
        yield Figure("  import of memcore from the zip", _imports(archive.filename), "ms")
        yield Figure("  the same with bytecode kept", _imports(unpacked)[1:], "ms")
        yield Figure("  compiling memcore alone", _compiling(archive, names), "ms")


def _built(module, folder):
    """The file that Ansible would send, which carries its arguments inside."""
    env = dict(os.environ, ANSIBLE_KEEP_REMOTE_FILES="1", ANSIBLE_REMOTE_TMP=str(folder))
    call = ["ansible", "localhost", "-m", module]
    subprocess.run(call, cwd=places.CHECKOUT, env=env, stdout=subprocess.DEVNULL, check=True)
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


def _imports(path):
    env = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    run = [sys.executable, "-c", _IMPORT, path]
    return [
        json.loads(subprocess.run(run, env=env, stdout=subprocess.PIPE, check=True).stdout) for _dummy in range(_ROUNDS)
    ]


def _compiling(archive, names):
    sources = [(archive.read(name), name) for name in names]
    times = paired.interleave(_ROUNDS, {"compile": lambda: [compile(*source, "exec") for source in sources]})
    return paired.walls(times["compile"])
