# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The two machines a kernel of the lab runs on: each lays out a stage (a folder) and says which command boots it.

On the stage lies `out`, which becomes /out of the guest; `settings` are LAB_* words for guest/init. Where the guest
is to have swap there is also a file `swap` of its size.
"""

import os
import shutil
import subprocess
import tempfile
from typing import Callable, NamedTuple, Tuple

from tests.lab import debian

# A report of a global OOM with its table of tasks fills the 16 KiB that some kernels of the lab have for their log.
LOG = ("log_buf_len=1M",)
# Ends a guest that hangs, and says nothing about one that is slow: alone, the slowest of them needs a tenth of it.
HANG_SECONDS = 600
# With the package uml-utilities on the machine, a guest that opens its /dev/watchdog is killed a minute later.
NO_WATCHDOG = "initcall_blacklist=harddog_miscdev_init"
NOT_FOR_GUESTS = shutil.ignore_patterns("__pycache__", "fixtures", "output", ".*")


# Where user-mode kernels keep their memory by themselves; some containers have it with 64 MiB, or noexec.
SHM = "/dev/shm"


class Parts(NamedTuple):
    """Folders a guest is put together from."""

    root: str
    kernel: str
    checkout: str


class Machine(NamedTuple):
    """`collect(stage)` brings what the guest left in /out back to `out` on the stage.

    `nodes(mem_mb, count)`: words of the command for so many NUMA nodes of one size.
    """

    needs: Tuple[str, ...]
    timeout: int
    prepare: Callable
    command: Callable
    collect: Callable
    nodes: Callable


def memory_folder(mem_mb=0):
    """Where a user-mode kernel keeps its memory: in /dev/shm if another of its size fits beside it, else on disk.

    It maps the file there so that it can be executed, and dies with SIGBUS where the folder is full.
    """
    if not os.access(SHM, os.W_OK) or os.statvfs(SHM).f_flag & os.ST_NOEXEC:
        return tempfile.gettempdir()
    free = free_bytes(SHM)
    return SHM if free is None or free >= 2 * mem_mb << 20 else tempfile.gettempdir()


def free_bytes(folder):
    """What may still be written there, None where nothing limits it."""
    found = os.statvfs(folder)
    return found.f_bavail * found.f_frsize if found.f_blocks else None


def environment(mem_mb):
    """All the variables of a guest's process: nothing of the caller's changes what a guest does."""
    return {
        "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "HOME": "/",
        "LC_ALL": "C",
        "TMPDIR": memory_folder(mem_mb),
    }


def _uml_prepare(stage, parts):
    # Links, so that the guest's mount table shows the stage and not where the checkout and the cache lie.
    os.symlink(parts.root, f"{stage}/root")
    os.symlink(parts.checkout, f"{stage}/checkout")
    os.symlink(f"{parts.kernel}/modules", f"{stage}/modules")


def _uml_command(stage, parts, mem_mb, settings):
    return [
        f"{parts.kernel}/kernel",
        f"mem={mem_mb}M",
        *([f"ubd0={stage}/swap"] if os.path.exists(f"{stage}/swap") else []),
        *("root=/dev/root", "rootfstype=hostfs", f"rootflags={stage}/root", "ro", "init=/init"),
        *(f"uml_dir={stage}", "umid=uml"),
        *("con=null", "con0=null,fd:1", "con1=null", "ssl=null", "quiet", NO_WATCHDOG, *LOG),
        *(f"LAB_STAGE={stage}", *settings),
    ]


def _uml_collect(stage):
    """Nothing to do: /out is the folder itself."""


def _uml_nodes(_mem_mb, count):
    if count > 1:
        raise ValueError("a user-mode kernel has one NUMA node")
    return []


def _qemu_prepare(stage, parts):
    # A disk and no initramfs: pages of an initramfs stay in memory for good, as Shmem (or as unevictable page cache),
    # while those of a disk are page cache as on any host. The cloud kernels have NVMe and ext4 built in.
    tree = f"{stage}/tree"
    shutil.copytree(parts.root, tree, symlinks=True)
    os.rename(f"{stage}/out", f"{tree}/out")  # moved, for rdump makes it anew
    shutil.copytree(f"{parts.kernel}/modules", f"{tree}/modules", dirs_exist_ok=True)
    for name in ("plugins", "tests"):
        shutil.copytree(f"{parts.checkout}/{name}", f"{tree}/work-tree/{name}", ignore=NOT_FOR_GUESTS)
    options = ("-q", "-t", "ext4", "-O", "^has_journal", "-m", "0", "-E", "lazy_itable_init=1,nodiscard")
    _disk_tool("mke2fs", *options, "-d", tree, f"{stage}/disk", "1G")


def _qemu_command(stage, parts, mem_mb, settings):
    return [
        *(debian.command("qemu-system-x86_64"), "-nodefaults", "-no-user-config", "-no-reboot", "-display", "none"),
        *("-accel", "tcg,thread=multi", "-cpu", "Nehalem", "-smp", "2", "-m", str(mem_mb), "-serial", "stdio"),
        *("-drive", f"file={stage}/disk,format=raw,if=none,id=disk,cache=unsafe"),
        *("-device", "nvme,drive=disk,serial=lab", "-kernel", f"{parts.kernel}/kernel", "-append"),
        " ".join(("root=/dev/nvme0n1 rootfstype=ext4 rw init=/init console=ttyS0 quiet panic=-1", *LOG, *settings)),
    ]


def _qemu_nodes(mem_mb, count):
    if count == 1:
        return []
    size = mem_mb // count
    backends = [("-object", f"memory-backend-ram,id=node{node},size={size}M") for node in range(count)]
    places = [("-numa", f"node,nodeid={node},memdev=node{node}") for node in range(count)]
    return [word for pair in (*backends, *places) for word in pair]


def _qemu_collect(stage):
    _disk_tool("debugfs", "-R", f'rdump /out "{stage}"', f"{stage}/disk")


def _disk_tool(name, *words):
    subprocess.run([debian.command(name), *words], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


_EVERY_GUEST = ("busybox", "ldd", "setpriv")
_EMULATION = ("debugfs", "mke2fs", "qemu-system-x86_64")
MACHINES = {
    "uml": Machine(_EVERY_GUEST, HANG_SECONDS, _uml_prepare, _uml_command, _uml_collect, _uml_nodes),
    "qemu": Machine(_EVERY_GUEST + _EMULATION, HANG_SECONDS, _qemu_prepare, _qemu_command, _qemu_collect, _qemu_nodes),
}
