# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The small root folder that every guest starts from: busybox, Debian's python3 and its standard library."""

import hashlib
import os
import re
import shutil
import subprocess

INIT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "guest", "init")
PYTHON = "/usr/bin/python3"
MOUNT_POINTS = ("proc", "sys", "dev", "run", "tmp", "etc", "out", "work-tree", "modules")
# Parts of the library that no script of the lab needs. __pycache__ stays: compiling under emulation costs seconds.
UNUSED = ("test", "idlelib", "ensurepip", "lib2to3", "tkinter", "turtledemo", "pydoc_data", "distutils", "config-*")
BUSYBOX_NAMES = ("sh", "mount", "mkdir", "hostname", "sync", "poweroff", "insmod", "swapon", "mkswap", "dd")


def name():
    """A name that changes with what the root is made of."""
    made_of = hashlib.sha256()
    for path in (__file__, INIT, PYTHON, "/bin/busybox"):
        with open(path, "rb") as stream:
            made_of.update(stream.read())
    return f"root-{made_of.hexdigest()[:12]}"


def build(folder):
    """Make `folder` the root; it holds no file that names the machine it was made on."""
    for name in (*MOUNT_POINTS, "usr/bin", "usr/lib", "usr/lib64"):
        os.makedirs(os.path.join(folder, name))
    for name in ("bin", "lib", "lib64"):
        os.symlink(f"usr/{name}", os.path.join(folder, name))
    _add(folder, "/bin/busybox", "/usr/bin/busybox")
    for name in BUSYBOX_NAMES:
        os.symlink("busybox", os.path.join(folder, "usr/bin", name))
    _add_python(folder)
    shutil.copy("/etc/os-release", os.path.join(folder, "etc/os-release"))
    _write(folder, "etc/passwd", "root:x:0:0:root:/tmp:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/sh\n")
    _write(folder, "etc/group", "root:x:0:\nnogroup:x:65534:\n")
    _write(folder, "etc/fstab", "tmpfs /tmp tmpfs nosuid,nodev 0 0\n")
    shutil.copy2(INIT, os.path.join(folder, "init"))
    os.chmod(os.path.join(folder, "init"), 0o755)


def _add_python(folder):
    binary = os.path.realpath(PYTHON)
    library = f"/usr/lib/{os.path.basename(binary)}"
    _add(folder, binary)
    os.symlink(os.path.basename(binary), folder + PYTHON)
    shutil.copytree(library, folder + library, ignore=shutil.ignore_patterns(*UNUSED))
    extensions = [entry.path for entry in os.scandir(f"{library}/lib-dynload")]
    for needed in _shared_libraries([binary, *extensions]):
        _add(folder, needed)


def _shared_libraries(binaries):
    """Paths of all the shared libraries that `binaries` need, the dynamic loader among them."""
    output = subprocess.run(["ldd", *binaries], stdout=subprocess.PIPE, text=True, check=True).stdout
    return sorted(set(re.findall(r"(/\S+) \(0x", output)))


def _add(folder, source, path=None):
    """Copy a file of this machine to the same place below `folder`, /lib and /lib64 being links into /usr."""
    target = folder + (path or source)
    os.makedirs(os.path.dirname(target), exist_ok=True)
    shutil.copy2(source, target)


def _write(folder, name, text):
    with open(os.path.join(folder, name), "w", encoding="utf-8") as stream:
        stream.write(text)
