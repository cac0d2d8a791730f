# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The two images of the lab in one docker-archive tar: one static program, two default commands; nothing is pulled."""

import hashlib
import io
import json
import os
import tarfile

from tests.cluster import objects
from tests.lab import cache, program

SOURCE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "program", "work.c")
OPTIONS = ("-static", "-s")
COMMANDS = ((objects.PAUSE_IMAGE, ["pause"]), (objects.WORK_IMAGE, ["main", "1", "0", "0", "0", "1", "1000"]))
EMPTY_FOLDERS = ("dev", "proc", "sys", "etc", "tmp")


def path() -> str:
    """The tar in the cache; its name changes with the program and with this file."""
    with open(__file__, "rb") as stream:
        own = hashlib.sha256(stream.read()).hexdigest()[:6]
    made = cache.folder(f"image-{program.recipe(SOURCE, OPTIONS)}-{own}", _make)
    return os.path.join(made, "image.tar")


def _make(folder):
    binary = os.path.join(folder, "work")
    program.compile_to(binary, SOURCE, OPTIONS)
    with open(binary, "rb") as stream:
        write(stream.read(), os.path.join(folder, "image.tar"))


def write(binary: bytes, out: str) -> None:
    """Write the archive `out` with the program `binary` as /work."""
    layer = _layer(binary)
    digest = hashlib.sha256(layer).hexdigest()
    manifest = []
    with tarfile.open(out, "w") as tar:
        _add(tar, f"{digest}/layer.tar", layer)
        for tag, arguments in COMMANDS:
            config = json.dumps(_config(digest, arguments)).encode()
            name = f"{hashlib.sha256(config).hexdigest()}.json"
            _add(tar, name, config)
            manifest.append({"Config": name, "RepoTags": [tag], "Layers": [f"{digest}/layer.tar"]})
        _add(tar, "manifest.json", json.dumps(manifest).encode())


def _layer(binary):
    layer = io.BytesIO()
    with tarfile.open(fileobj=layer, mode="w") as tar:
        for name in EMPTY_FOLDERS:
            folder = tarfile.TarInfo(name)
            folder.type, folder.mode = tarfile.DIRTYPE, 0o755
            tar.addfile(folder)
        _add(tar, "work", binary, 0o755)
    return layer.getvalue()


def _config(digest, arguments):
    return {
        "architecture": "amd64",
        "os": "linux",
        "created": "2000-01-01T00:00:00Z",
        "config": {"Entrypoint": ["/work"], "Cmd": arguments, "WorkingDir": "/"},
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{digest}"]},
        "history": [{"created": "2000-01-01T00:00:00Z", "comment": "lab"}],
    }


def _add(tar, name, data, mode=0o644):
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = len(data), mode
    tar.addfile(entry, io.BytesIO(data))
