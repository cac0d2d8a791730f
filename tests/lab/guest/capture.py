# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Capture the host this runs on into one .tree file (tests/support/hosttree.py): what memfacts reads, no more.

Standard library only, Python 3.6 and later. Command lines and the contents of files are never captured, and mounts that
may hang are never touched.
"""

import argparse
import fnmatch
import os
import re
import sys
import time

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", ".."))
from tests.support import hosttree  # noqa: E402

FILES = """
    proc/meminfo proc/vmstat proc/zoneinfo proc/slabinfo proc/vmallocinfo proc/version proc/cmdline proc/swaps
    proc/cgroups proc/mounts proc/buddyinfo proc/modules proc/sysvipc/shm proc/net/sockstat proc/net/sockstat6
    proc/net/protocols proc/sys/kernel/osrelease proc/sys/kernel/random/boot_id proc/sys/vm/overcommit_memory
    proc/sys/vm/overcommit_ratio proc/sys/vm/overcommit_kbytes proc/sys/vm/panic_on_oom
    proc/sys/vm/oom_kill_allocating_task proc/sys/vm/oom_dump_tasks proc/sys/vm/swappiness
    proc/sys/vm/min_free_kbytes proc/pressure/memory sys/devices/system/node/online etc/os-release etc/fstab
""".split()
FOLDERS = {
    "sys/kernel/mm/hugepages/*": "*hugepages*",
    "sys/devices/system/node/node*": "meminfo",
    "sys/block/zram*": "*mm_stat disksize",
    "sys/bus/virtio/drivers/virtio_balloon/virtio*": "features",
    "sys/module/zswap/parameters": "*",
}
OF_PROCESS = "status stat statm oom_score oom_score_adj cgroup comm".split()
LINKS_OF_PROCESS = "ns/mnt ns/ipc ns/pid root exe".split()
NOT_OF_CGROUP = ("memory.pressure_level", "memory.kmem.slabinfo")  # the one cannot be read, the other is empty
OF_CGROUP = "memory.* cgroup.stat cgroup.procs cgroup.controllers cgroup.subtree_control cgroup.type"
MEMORY_BACKED = ("tmpfs", "ramfs", "devtmpfs", "hugetlbfs", "rootfs")
MAX_PROCESSES, MAX_CGROUPS, MAX_MAPPINGS, MAX_ALLOCINFO = 60, 80, 100, 200
WORDS_IN_MAPS = re.compile(r" /dev/zero \(deleted\)| /SYSV| /memfd:| \(deleted\)$")


class Capture:
    """`entries` are what hosttree.pack takes; `missing` says why a file is not among them."""

    def __init__(self):
        self.entries = {}
        self.missing = {}
        self.memory_backed = []

    def file(self, path, keep=None, most=None):
        """Take the file below /, or those of its lines that `keep` wants, at `most` so many lines."""
        try:
            with open("/" + path, encoding="utf-8", errors="surrogateescape", newline="") as stream:
                text = stream.read()
        except OSError as error:
            self.missing[re.sub(r"^proc/\d+/", "proc/PID/", path)] = error.strerror
            return
        self.entries[path] = "".join([line for line in _lines(text) if keep is None or keep(line)][:most])

    def link(self, path, wanted=None):
        """Take the symbolic link below / if `wanted` says so of its target."""
        try:
            target = os.readlink("/" + path)
        except OSError:
            return None
        if wanted is None or wanted(target):
            self.entries[path] = ("link", target)
            return target
        return None

    def folder(self, path, patterns):
        """Take those files of a folder below / that one of the `patterns` matches."""
        for name in sorted(_names(path)):
            full = f"{path}/{name}"
            wanted = any(fnmatch.fnmatch(name, pattern) for pattern in patterns.split())
            if wanted and name not in NOT_OF_CGROUP and _is_readable_file("/" + full):
                self.file(full)


def _lines(text):
    """Lines with their ends; str.splitlines would also part names with a form feed in them."""
    return re.findall(r"[^\n]*\n|[^\n]+$", text)


def _is_readable_file(path):
    # To root every file is readable, so access(2) would not tell those that are only written (memory.reclaim).
    return os.path.isfile(path) and os.stat(path).st_mode & 0o444


def _names(path):
    try:
        return os.listdir("/" + path)
    except OSError:
        return []


def _system(capture):
    for path in FILES:
        capture.file(path)
    capture.entries["proc/sys/kernel/hostname"] = "host\n"
    capture.file("proc/stat", keep=lambda line: not line.startswith(("intr", "softirq")))
    if os.path.exists("/proc/allocinfo"):
        capture.file("proc/allocinfo", most=MAX_ALLOCINFO)
    for pattern, names in FOLDERS.items():
        parent, dummy, last = pattern.rpartition("/")
        for name in _names(parent):
            if fnmatch.fnmatch(name, last):
                capture.folder(f"{parent}/{name}", names)
    for name in _names("sys/kernel/slab"):
        capture.link("sys/kernel/slab/" + name)


def _mounts():
    """(mount point, type, source) of each mount of this process, unescaped."""
    with open("/proc/self/mountinfo", encoding="utf-8", errors="surrogateescape") as stream:
        for line in stream:
            before, dummy, after = line.rstrip("\n").partition(" - ")
            kind, source = after.split(" ")[:2]
            yield _unescape(before.split(" ")[4]), kind, _unescape(source)


def _unescape(text):
    return re.sub(r"\\([0-7]{3})", lambda match: chr(int(match.group(1), 8)), text)


def _space(capture):
    """df of the mounts that live in memory and of /, as sos writes it; no other is asked, for it may hang."""
    blocks = [_df_line("Filesystem", "1K-blocks", "Used", "Available", "Use%", "Mounted on")]
    inodes = [_df_line("Filesystem", "Inodes", "IUsed", "IFree", "IUse%", "Mounted on")]
    for point, kind, source in _mounts():
        if kind not in MEMORY_BACKED and point != "/":
            continue
        capture.memory_backed += [point] if kind in MEMORY_BACKED else []
        try:
            space = os.statvfs(point)
        except OSError as error:
            capture.missing["df of " + point] = error.strerror
            continue
        kib = space.f_frsize / 1024
        numbers = (space.f_blocks, space.f_blocks - space.f_bfree, space.f_bavail)
        blocks.append(_df_row(source, [int(number * kib) for number in numbers], point))
        inodes.append(_df_row(source, [space.f_files, space.f_files - space.f_ffree, space.f_favail], point))
    capture.entries["sos_commands/filesys/df_-al_-x_autofs"] = "\n".join(blocks) + "\n"
    capture.entries["sos_commands/filesys/df_-ali_-x_autofs"] = "\n".join(inodes) + "\n"


def _df_row(source, numbers, point):
    _total, used, available = numbers
    # df rounds a percentage up and shows a dash where there is nothing to divide by.
    percent = f"{-(-100 * used // (used + available))}%" if used + available else "-"
    return _df_line(source, *numbers, percent, point)


def _df_line(source, total, used, available, percent, point):
    return f"{source:<15} {total:>9} {used:>8} {available:>9} {percent:>5} {point}"


def _resident(pid):
    try:
        with open(f"/proc/{pid}/statm") as stream:
            return int(stream.read().split()[1])
    except (OSError, IndexError):
        return 0


def _processes(capture):
    pids = sorted(int(name) for name in _names("proc") if name.isdigit())
    largest_first = sorted(pids, key=lambda pid: (pid != 1, -_resident(pid), pid))
    namespaces = set()
    for pid in sorted(largest_first[:MAX_PROCESSES]):
        _process(capture, f"proc/{pid}", namespaces)
    return max(0, len(pids) - MAX_PROCESSES)


def _process(capture, folder, namespaces):
    """A process that ends meanwhile leaves nothing behind."""
    before, missing = dict(capture.entries), dict(capture.missing)
    for name in OF_PROCESS:
        capture.file(f"{folder}/{name}")
    for name in LINKS_OF_PROCESS:
        target = capture.link(f"{folder}/{name}")
        # Of process 1 the link may be refused, but its mount table tells that of the host.
        if name == "ns/mnt" and target not in namespaces and (target or folder == "proc/1"):
            namespaces.add(target)
            capture.file(folder + "/mountinfo")
    _held_files(capture, folder)
    if not os.path.exists("/" + folder):
        capture.entries, capture.missing = before, missing


def _held_files(capture, folder):
    below = tuple(point.rstrip("/") + "/" for point in capture.memory_backed if not point.startswith("/dev"))
    below += ("/dev/shm/", "/memfd:", "/dev/dri/")

    # A path below a mount that lives in memory, or one of the kernel's own names; never an ordinary file.
    def wanted(path):
        return path.startswith(below) or path.endswith(" (deleted)")

    def is_mapping(line):
        line = line.rstrip("\n")
        return WORDS_IN_MAPS.search(line) or wanted("/" + line.partition(" /")[2])

    capture.file(folder + "/maps", keep=is_mapping, most=MAX_MAPPINGS)
    for name in _names(folder + "/fd"):
        if capture.link(f"{folder}/fd/{name}", wanted):
            capture.file(f"{folder}/fdinfo/{name}")


def _cgroups(capture):
    taken = 0
    for point, kind, _source in sorted(_mounts()):
        is_memory = kind == "cgroup2" or (kind == "cgroup" and os.path.exists(point + "/memory.stat"))
        for path, folders, _files in os.walk(point) if is_memory else ():
            folders.sort()
            if taken < MAX_CGROUPS:
                capture.folder(path.lstrip("/"), OF_CGROUP)
            taken += 1
    return max(0, taken - MAX_CGROUPS)


def _scrub(entries, options):
    """Drop the entries and lines that were asked to be left out, and put other words for those that name a place."""
    for path in list(entries):
        content = entries.pop(path)
        if _matches(path, options.omit) or isinstance(content, tuple) and _matches(content[1], options.drop_lines):
            continue
        if isinstance(content, tuple):
            content = ("link", _replaced(content[1], options.replace))
        else:
            kept = "".join(line for line in _lines(content) if not _matches(line, options.drop_lines))
            content = _replaced(kept, options.replace)
        entries[_replaced(path, options.replace)] = content


def _matches(text, patterns):
    return any(re.search(pattern, text) for pattern in patterns)


def _replaced(text, pairs):
    for pattern, words in pairs:
        text = re.sub(pattern, words, text)
    return text


def capture_host(options):
    """The .tree text of this host."""
    capture = Capture()
    _system(capture)
    _space(capture)
    processes_left = _processes(capture)
    cgroups_left = _cgroups(capture)
    kernel, today = os.uname(), time.strftime("%Y-%m-%d", time.gmtime())
    provenance = [
        f"Captured from Linux {kernel.release} ({kernel.machine}) by tests/lab/guest/capture.py",
        f"on {today} as {'root' if os.geteuid() == 0 else 'a user'}.",
        *options.note,
        "Left out: command lines, contents of files, the host's name, maps and descriptors of files on disk,",
        f"{processes_left} processes and {cgroups_left} cgroups beyond the caps.",
        *(f"Could not be read: {path}: {reason}" for path, reason in sorted(capture.missing.items())),
    ]
    _scrub(capture.entries, options)
    return hosttree.pack(capture.entries, [_replaced(line, options.replace) for line in provenance])


def main(argv=None):
    parser = argparse.ArgumentParser(description="Capture this host into one .tree file.")
    parser.add_argument("--note", action="append", default=[], help="a line for the head of the file")
    parser.add_argument("--omit", action="append", default=[], metavar="REGEX", help="entries to leave out")
    parser.add_argument("--drop-lines", action="append", default=[], metavar="REGEX", help="lines to leave out")
    parser.add_argument("--replace", action="append", default=[], nargs=2, metavar=("REGEX", "WORDS"))
    parser.add_argument("tree", help="the file to write")
    options = parser.parse_args(argv)
    with open(options.tree, "w", encoding="utf-8", errors="surrogateescape", newline="") as stream:
        stream.write(capture_host(options))


if __name__ == "__main__":
    main()
