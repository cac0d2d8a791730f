# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""User-mode kernels with the badness of the time before Linux 5.9, built from Debian's source of 6.1.

No kernel of that age is needed to see what they did: points that fall to zero or below count as 1, and among equals
the first scanned dies (as on 4.4 to 5.2) or the last (as on 5.3 to 5.8). Both come out of one source tree.
"""

import functools
import glob
import hashlib
import os
import shutil
import subprocess

from tests.lab import cache, debian

RULES = ("first", "last")
TOOLS = ("bc", "bison", "flex", "gcc", "make", "xz")

# (file, what Debian's source has there exactly once, what takes its place)
FLOOR = (
    (
        "mm/oom_kill.c",
        "	points += adj;\n\n	return points;\n",
        "	points += adj;\n\n	return points > 0 ? points : 1;\n",
    ),
    (
        "fs/proc/base.c",
        "		points = (1000 + badness * 1000 / (long)totalpages) * 2 / 3;\n",
        "		points = badness * 1000 / (long)totalpages;\n",
    ),
)
LAST_WINS = "	if (points == LONG_MIN || points < oc->chosen_points)\n"
FIRST_WINS = "	if (points == LONG_MIN || points <= oc->chosen_points)\n"

# What the defconfig lacks: memory controller and swap, a log that keeps a whole OOM report of many tasks, what systemd
# asks for, and what containerd and runc ask for.
ON = """
    MEMCG MEMCG_KMEM SWAP BLK_CGROUP CGROUPS CGROUP_SCHED CFS_BANDWIDTH FAIR_GROUP_SCHED CGROUP_PIDS CGROUP_FREEZER
    CGROUP_DEVICE CGROUP_CPUACCT CGROUP_BPF BPF_SYSCALL NAMESPACES UTS_NS IPC_NS PID_NS NET_NS USER_NS KEYS
    POSIX_MQUEUE SYSVIPC CHECKPOINT_RESTORE FHANDLE EPOLL SIGNALFD TIMERFD EVENTFD INOTIFY_USER SECCOMP SECCOMP_FILTER
    SHMEM TMPFS TMPFS_XATTR TMPFS_POSIX_ACL MEMFD_CREATE DEVTMPFS DEVTMPFS_MOUNT AUTOFS_FS PROC_FS SYSFS HOSTFS
    OVERLAY_FS EXT4_FS BLK_DEV_UBD BLK_DEV_LOOP NET UNIX INET IPV6 PACKET UML_NET UML_NET_TUNTAP TUN VETH BRIDGE DUMMY
    PROC_CHILDREN PROC_PAGE_MONITOR MAGIC_SYSRQ CRYPTO_USER_API_HASH CRYPTO_SHA256 CRYPTO_HMAC IKCONFIG
""".split()
# Drivers of machines that are none, and symbols that cost most of the linker's time.
OFF = "MODULES WIRELESS WLAN HID REISERFS_FS ISO9660_FS SLIP PPP UML_NET_VECTOR FTRACE SUSPEND DEBUG_INFO".split()
SETTINGS = {"LOG_BUF_SHIFT": "18", "DEBUG_INFO_NONE": "y"}
ENVIRONMENT = {
    "PATH": os.defpath + ":/usr/sbin:/sbin",
    "LC_ALL": "C",
    "KBUILD_BUILD_USER": "lab",
    "KBUILD_BUILD_HOST": "lab",
    "KBUILD_BUILD_TIMESTAMP": "2026-01-01",
}


def recipe():
    """A short name that changes with this file: with the edits, the configuration and the way to build."""
    with open(__file__, "rb") as stream:
        return hashlib.sha256(stream.read()).hexdigest()[:12]


def fetch(rule, folder):
    """Leave the kernel with that tie rule below `folder`, where the package of a user-mode kernel has it."""
    built = cache.folder(f"floored-{recipe()}", _build_all)
    os.makedirs(f"{folder}/usr/bin")
    shutil.copy2(f"{built}/{rule}", f"{folder}/usr/bin/linux.uml")


def _build_all(folder):
    """One kernel for each rule in `folder`; the second compiles one file and links."""
    debian.require(*TOOLS)
    debian.unpack("bookworm", r"linux-source-(6\.1)", folder)
    archive = glob.glob(f"{folder}/usr/src/linux-source-*.tar.xz")[0]
    tree = f"{folder}/tree"
    os.mkdir(tree)
    # Of the other machines' folders only the Kconfig files are read.
    _call(["tar", "-xf", archive, "-C", tree, "--strip-components=1", "--exclude=*/arch/*/boot/dts"], folder)
    for path, old, new in FLOOR:
        _edit(os.path.join(tree, path), old, new)
    make = ["make", "-s", "ARCH=um", f"-j{os.cpu_count()}"]
    _call([*make, "x86_64_defconfig"], tree)
    _configure(tree, make)
    for rule in RULES:
        if rule == "first":
            _edit(f"{tree}/mm/oom_kill.c", LAST_WINS, FIRST_WINS)
        else:
            _edit(f"{tree}/mm/oom_kill.c", FIRST_WINS, LAST_WINS)
        _call([*make, "linux"], tree)
        _call(["strip", "-o", f"{folder}/{rule}", f"{tree}/linux"], tree)
    for made in (tree, f"{folder}/usr"):
        shutil.rmtree(made)


def _configure(tree, make):
    """Set what is wanted, let Kconfig complete it, and see that nothing wanted fell to an unmet dependency."""
    wanted = {**dict.fromkeys(ON, "y"), **dict.fromkeys(OFF, "n"), **SETTINGS}
    with open(f"{tree}/.config", "a", encoding="utf-8") as stream:
        stream.writelines(f"CONFIG_{name}={value}\n" for name, value in wanted.items())
    _call([*make, "olddefconfig"], tree)
    with open(f"{tree}/.config", encoding="utf-8") as stream:
        lines = dict(line.rstrip("\n").split("=", 1) for line in stream if line.startswith("CONFIG_"))
    missed = sorted(name for name, value in wanted.items() if lines.get(f"CONFIG_{name}", "n") != value)
    if missed:
        raise debian.PackageError(f"this kernel source cannot be configured with {', '.join(missed)}")


def _edit(path, old, new):
    with open(path, encoding="utf-8") as stream:
        text = stream.read()
    if text.count(old) != 1:
        raise debian.PackageError(f"{os.path.basename(path)} of this kernel source is not what the lab's edit expects")
    with open(path, "w", encoding="utf-8") as stream:
        stream.write(text.replace(old, new))


def _call(words, folder):
    done = subprocess.run(
        words, cwd=folder, env=ENVIRONMENT, capture_output=True, text=True, errors="replace", check=False
    )
    if done.returncode:
        last = (done.stderr or done.stdout).strip().splitlines()[-1:] or ["no message"]
        raise debian.PackageError(f"'{' '.join(words[:3])}' failed while a kernel was built: {last[0]}")


FETCH = {rule: functools.partial(fetch, rule) for rule in RULES}
