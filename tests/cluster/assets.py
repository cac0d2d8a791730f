# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the binaries of the cluster come from: a folder that is named, or the cache.

KUBEBUILDER_ASSETS names a folder with `etcd` and `kube-apiserver`, as for other Kubernetes tests; `kubelet` may be in
it too. Whatever is not there is fetched or built once: etcd from Debian's package, the rest from Debian's source.
"""

import os
import subprocess

from tests.cluster import kubernetes_build
from tests.lab import cache, debian, kernels

VARIABLE = "KUBEBUILDER_ASSETS"
ETCD_SUITE = "bookworm"


class Unavailable(kernels.Unavailable):
    """A part of the cluster cannot be had on this machine; one sentence for a skipped test."""

    def __init__(self, part, reason):
        super().__init__(f"cluster: {part}", reason)


def path(name: str) -> str:
    """Path of `etcd`, `kube-apiserver` or `kubelet`; what is missing is fetched or built the first time."""
    named = os.environ.get(VARIABLE)
    if named:
        found = os.path.join(named, name)
        if os.access(found, os.X_OK):
            return found
        if name != "kubelet":  # the convention knows only the other two
            raise Unavailable(name, f"{VARIABLE} is {named}, which has no program {name}: unset it, or put it there")
    try:
        if name == "etcd":
            return os.path.join(cache.folder(f"etcd-{ETCD_SUITE}", _fetch_etcd), "usr/bin/etcd")
        built = cache.folder(f"kubernetes-{kubernetes_build.recipe()}", kubernetes_build.build)
        return os.path.join(built, name)
    except (OSError, debian.PackageError, subprocess.SubprocessError) as error:
        raise Unavailable(name, error) from error


def _fetch_etcd(folder):
    debian.unpack(ETCD_SUITE, "etcd-server", folder)
