# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of kernels: what each is, where it comes from, what it can do."""

import functools
import glob
import lzma
import os
import shutil
from typing import Callable, NamedTuple, Tuple

from tests.lab import cache, debian, floored, program

# In the order they must be loaded; a kernel may have some of them built in, or not at all.
MODULES = (
    "zsmalloc",
    "lzo-rle",
    "lz4_compress",
    "lz4hc_compress",
    "lz4_decompress",
    "zstd_compress",
    "zram",
)
IMAGES = ("usr/bin/linux.uml", "boot/vmlinuz-*", "usr/lib/modules/*/vmlinuz")


class Unavailable(Exception):
    """A kernel cannot be had on this machine; the text is one sentence for a skipped test."""

    def __init__(self, kernel, reason):
        super().__init__(f"skipped: {kernel}: {reason}")


class Kernel(NamedTuple):
    """`fetch(folder)` leaves a tree with one of IMAGES in it; `machine` names the function of machines.py.

    recipe: names what was compiled here for it.
    """

    name: str
    machine: str
    fetch: Callable[[str], object]
    cgroups: Tuple[str, ...] = ("v2",)
    recipe: str = ""


XSTATE = ("xstate.c", ("-shared", "-fPIC"))
# Runs the kernel beside it; whoever boots it needs to know nothing about processors.
WITH_XSTATE = """#!/bin/sh
here=$(dirname "$(readlink -f "$0")")
LD_PRELOAD=$here/xstate.so exec "$here/linux" "$@"
"""


def _uml(suite):
    return functools.partial(debian.unpack, suite, "user-mode-linux")


def _cloud(suite, series):
    # From 7.2 on the package linux-image is empty: the kernel is in linux-binary, what it loads in linux-modules.
    version = series.replace(".", r"\.") + r"\.[0-9.]+(?:-\d+|\+deb\d+)"
    return functools.partial(debian.unpack, suite, rf"linux-(?:image|binary|modules)-({version})-cloud-amd64")


def _floored(rule):
    recipe = f"{floored.recipe()}-{program.recipe(*XSTATE)}"
    return Kernel(f"6.1-floored-{rule}", "uml", floored.FETCH[rule], ("v1", "v2"), recipe)


TABLE = (
    Kernel("5.10-uml", "uml", _uml("bullseye"), ("v1", "v2"), program.recipe(*XSTATE)),
    Kernel("6.1-uml", "uml", _uml("bookworm"), ("v1", "v2"), program.recipe(*XSTATE)),
    _floored("first"),
    _floored("last"),
    Kernel("5.10", "qemu", _cloud("bullseye", "5.10"), ("v1", "v2")),
    Kernel("6.1", "qemu", _cloud("bookworm", "6.1"), ("v1", "v2")),
    # Debian's cloud kernels of 6.12 and later are built without CONFIG_MEMCG_V1.
    Kernel("6.12", "qemu", _cloud("trixie", "6.12")),
    Kernel("6.18", "qemu", _cloud("trixie-backports", "6.18")),
    Kernel("7.x", "qemu", _cloud("trixie-backports", "7")),
)


def find(name):
    """The row of that name."""
    for kernel in TABLE:
        if kernel.name == name:
            return kernel
    raise Unavailable(name, f"no such kernel in the table, which has {', '.join(row.name for row in TABLE)}")


def folder(kernel):
    """A folder with the file `kernel` and the folder `modules`; fetched the first time."""
    try:
        name = "-".join(filter(None, (kernel.name, kernel.recipe)))
        return cache.folder(f"kernels/{name}", functools.partial(_make, kernel))
    except (OSError, debian.PackageError) as error:
        raise Unavailable(kernel.name, error) from error


def _make(kernel, path):
    tree = os.path.join(path, "tree")
    kernel.fetch(tree)
    images = [image for pattern in IMAGES for image in glob.glob(os.path.join(tree, pattern))]
    if not images:
        raise debian.PackageError("no kernel image in its package")
    if kernel.machine == "uml":
        _add_xstate(path, images[0])
    else:
        shutil.move(images[0], os.path.join(path, "kernel"))
    os.mkdir(os.path.join(path, "modules"))
    for number, name in enumerate(MODULES):
        for module in glob.glob(f"{tree}/**/{name}.ko*", recursive=True):
            _copy_module(module, os.path.join(path, "modules", f"{number}-{name}.ko"))
    shutil.rmtree(tree)


def _add_xstate(path, image):
    shutil.move(image, os.path.join(path, "linux"))
    program.compile_to(os.path.join(path, "xstate.so"), *XSTATE)
    with open(os.path.join(path, "kernel"), "w", encoding="utf-8") as stream:
        stream.write(WITH_XSTATE)
    os.chmod(os.path.join(path, "kernel"), 0o755)


def _copy_module(source, target):
    with (lzma.open if source.endswith(".xz") else open)(source, "rb") as packed, open(target, "wb") as plain:
        shutil.copyfileobj(packed, plain)
