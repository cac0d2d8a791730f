# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""kube-apiserver and kubelet, built from Debian's source package with Debian's Go compiler.

Both programs are static, so that it does not matter which C library a guest has. The build takes 12 to 20 minutes on
two cores.
"""

import glob
import hashlib
import os
import shutil
import subprocess
import tempfile

from tests.lab import debian

SUITE = "bookworm"
# The compiler is unpacked and not installed: a newer suite has a newer one, which does not build this source.
COMPILER = r"golang-(1\.19)-(?:go|src)"
NEEDS = ("gcc", "jq", "make", "dpkg-source", "rsync")
PROGRAMS = ("kube-apiserver", "kubelet")
VERSION = """\
KUBE_GIT_COMMIT='0000000000000000000000000000000000000000'
KUBE_GIT_TREE_STATE='archive'
KUBE_GIT_VERSION='v1.20.2'
KUBE_GIT_MAJOR='1'
KUBE_GIT_MINOR='20'
"""
# Whoever waits for the build may be killed: then all of it ends, and not only make.
TOGETHER = ("setpriv", "--pdeathsig", "KILL", "unshare", "--pid", "--fork", "--kill-child", "--mount-proc")
# Go 1.18 changed reflect.mapiterinit, which this library calls behind Go's back: since then a server dies of the first
# custom resource that it stores. (file, what is there, what takes its place)
REFLECT2 = "vendor/github.com/modern-go/reflect2"
ITERATOR = """\
	refs        [6]unsafe.Pointer // the fields of runtime.hiter that are pointers, in their order
	startBucket uintptr
	small       [4]uint8
	bucket      uintptr
	checkBucket uintptr
"""
CHANGES = (
    ("unsafe_link.go", "//go:noescape\n//go:linkname mapiterinit", "//go:linkname mapiterinit"),
    ("unsafe_link.go", "m unsafe.Pointer) *hiter", "m unsafe.Pointer, it *hiter)"),
    ("unsafe_link.go", "\t// rest fields are ignored\n", ITERATOR),
    ("unsafe_map.go", "\treturn &UnsafeMapIterator{\n", "\tit := new(hiter)\n\tCALL\n\treturn &UnsafeMapIterator{\n"),
    ("unsafe_map.go", "mapiterinit(type2.rtype, *(*unsafe.Pointer)(obj)),", "it,"),
    ("unsafe_map.go", "CALL", "mapiterinit(type2.rtype, *(*unsafe.Pointer)(obj), it)"),
)
BUILD_SECONDS = 2 * 3600  # ends what hangs
LAST_LINES = 40


def recipe() -> str:
    """A short name that changes with this file."""
    with open(__file__, "rb") as stream:
        return hashlib.sha256(stream.read()).hexdigest()[:12]


def build(folder: str) -> None:
    """Leave the programs in `folder`. Raises debian.PackageError with the end of what the build printed."""
    debian.require(*NEEDS)
    with tempfile.TemporaryDirectory(prefix="lab-kubernetes-", dir=folder) as private:
        tree = debian.source(SUITE, "kubernetes", f"{private}/source")
        _change(os.path.join(tree, REFLECT2))
        debian.unpack(SUITE, COMPILER, f"{private}/compiler")
        with open(f"{private}/version", "w", encoding="utf-8") as stream:
            stream.write(VERSION)
        for name in PROGRAMS:
            _make(name, tree, _environment(private))
            made = glob.glob(f"{tree}/_output/**/bin/**/{name}", recursive=True)
            if not made:
                raise debian.PackageError(f"the build of Kubernetes ended well, but left no program {name}")
            shutil.move(made[0], os.path.join(folder, name))
        # Go makes the folders of its module cache read-only.
        subprocess.run(["chmod", "-R", "u+w", private], check=False)


def _change(folder):
    for name, old, new in CHANGES:
        path = os.path.join(folder, name)
        with open(path, encoding="utf-8") as stream:
            text = stream.read()
        if text.count(old) != 1:
            raise debian.PackageError(f"{path} is not as it was: it has {text.count(old)} times {old!r}")
        with open(path, "w", encoding="utf-8") as stream:
            stream.write(text.replace(old, new))


def _environment(private):
    (root,) = glob.glob(f"{private}/compiler/usr/lib/go-*")
    return {
        "PATH": f"{root}/bin:{os.defpath}:/usr/sbin:/sbin",
        "HOME": private,
        "LC_ALL": "C.UTF-8",
        "GOROOT": root,
        "GOFLAGS": "-mod=vendor",
        "GOPROXY": "off",
        "KUBE_GIT_VERSION_FILE": f"{private}/version",
        "KUBE_STATIC_OVERRIDES": " ".join(PROGRAMS),
    }


def _make(name, tree, environment):
    call = [*TOGETHER, "make", "GOLDFLAGS=-s -w", f"WHAT=cmd/{name}"]
    log = os.path.join(environment["HOME"], f"{name}.txt")
    with open(log, "wb") as output:
        options = {"cwd": tree, "env": environment, "stdin": subprocess.DEVNULL, "stderr": subprocess.STDOUT}
        process = subprocess.Popen(call, stdout=output, **options)
        try:
            status = process.wait(BUILD_SECONDS)
        except subprocess.TimeoutExpired:
            status = f"it did not end in {BUILD_SECONDS} s"
        finally:
            process.kill()
            process.wait()
    if status:
        with open(log, encoding="utf-8", errors="replace") as stream:
            said = "".join(stream.readlines()[-LAST_LINES:])
        raise debian.PackageError(f"the build of {name} failed ({status}):\n{said}")
