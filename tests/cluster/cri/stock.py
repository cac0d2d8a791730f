# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the guests of the CRI scenes are made of, kept in the cache: a Debian root, kernels, the messages of the CRI.

The root is Debian's newest suite, for containerd 2, crun and the C library that its user-mode kernel needs. Every
kernel runs in a chroot of that root.
"""

import functools
import glob
import hashlib
import os
import shutil
import subprocess

from tests.lab import cache, debian, kernels

SUITE = "forky"
NEEDS = ("mmdebstrap", "protoc")
PACKAGES = (
    *("systemd", "systemd-sysv", "dbus", "python3", "python3-grpcio", "python3-protobuf"),
    *("containerd", "runc", "crun", "iproute2", "iptables", "kmod", "procps", "util-linux"),
)
# No terminal, no network of systemd's own, no hardware to wait for; a scene starts containerd itself.
MASKED = (
    *("getty@tty1.service", "getty-static.service", "console-getty.service", "serial-getty@tty0.service"),
    *("systemd-logind.service", "systemd-networkd.service", "systemd-networkd-wait-online.service"),
    *("systemd-resolved.service", "systemd-timesyncd.service", "systemd-pstore.service", "containerd.service"),
    "systemd-journald-audit.socket",
)
TEXTS = (("hostname", "lab\n"), ("hosts", "127.0.0.1 localhost lab\n"), ("resolv.conf", ""), ("fstab", ""))
UNIT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "guest", "lab-scene.service")
PROTO = "usr/share/gocode/src/k8s.io/cri-api/pkg/apis/runtime/v1/api.proto"
# Option of a field that protoc of Debian 12 does not know, and that changes nothing of a message.
REDACT = r"s/ *\[ *debug_redact *= *true *\]//"
# {name of a scene's kernel: (suite, package) or the name in tests/lab/kernels.py}
KERNELS = {
    "6.1": "6.1-uml",
    "6.1-floored": "6.1-floored-first",
    "6.12": ("trixie", "user-mode-linux"),
    "7.x": (SUITE, "user-mode-linux"),
}
WITH_VECTOR = ("7.x",)  # those whose network needs the driver of um_vector


def root() -> str:
    """Path of the root. Only one guest at a time may use it, as guests write to it: hold `lock`."""
    return cache.folder(f"cri-root-{_recipe()}", _build_root)


def lock():
    """A context in which nobody else uses the root."""
    return cache.lock(f"cri-root-{_recipe()}-in-use")


def kernel(name: str) -> str:
    """Path of a folder with the program `kernel`. Raises kernels.Unavailable."""
    if name not in KERNELS:
        raise kernels.Unavailable(name, f"no such kernel for scenes, which have {', '.join(KERNELS)}")
    source = KERNELS[name]
    if isinstance(source, str):
        return kernels.folder(kernels.find(source))
    try:
        return cache.folder(f"cri-kernel-{name}", functools.partial(_fetch_kernel, *source))
    except (OSError, debian.PackageError) as error:
        raise kernels.Unavailable(name, error) from error


def messages() -> str:
    """Path of the descriptors of the CRI's messages, for python3-protobuf."""
    return os.path.join(cache.folder(f"cri-messages-{SUITE}", _build_messages), "api.pb")


def _recipe():
    with open(UNIT, encoding="utf-8") as stream:
        made_of = repr((SUITE, PACKAGES, MASKED, stream.read()))
    return hashlib.sha256(made_of.encode()).hexdigest()[:12]


def _build_root(folder):
    debian.require(*NEEDS)
    debian.bootstrap(SUITE, PACKAGES, folder)
    units = os.path.join(folder, "etc/systemd/system")
    for name in MASKED:
        os.symlink("/dev/null", os.path.join(units, name))
    shutil.copy(UNIT, units)
    os.makedirs(os.path.join(units, "multi-user.target.wants"), exist_ok=True)
    os.symlink("../lab-scene.service", os.path.join(units, "multi-user.target.wants/lab-scene.service"))
    for name, text in TEXTS:
        path = os.path.join(folder, "etc", name)
        if os.path.lexists(path):
            os.unlink(path)
        with open(path, "w", encoding="utf-8") as stream:
            stream.write(text)
    os.makedirs(os.path.join(folder, "lab"))


def _fetch_kernel(suite, package, folder):
    debian.unpack(suite, package, f"{folder}/tree")
    shutil.move(f"{folder}/tree/usr/bin/linux.uml", f"{folder}/kernel")
    shutil.rmtree(f"{folder}/tree")


def _build_messages(folder):
    debian.require(*NEEDS)
    debian.unpack(SUITE, "golang-k8s-cri-api-dev", f"{folder}/tree")
    (proto,) = glob.glob(f"{folder}/tree/{PROTO}")
    with open(f"{folder}/api.proto", "wb") as stream:
        subprocess.run(["sed", REDACT, proto], stdout=stream, check=True)
    call = ["protoc", "-I.", "--descriptor_set_out=api.pb", "api.proto"]
    done = subprocess.run(call, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        raise debian.PackageError(f"the CRI's messages do not compile: {done.stderr.strip()}")
    shutil.rmtree(f"{folder}/tree")
