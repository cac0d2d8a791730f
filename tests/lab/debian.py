# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Debian packages: unpacked from another suite than this machine's, or installed because the lab needs their commands.

The mirror is the machine's own: its apt sources with the name of the suite exchanged, in a private apt configuration.
"""

import glob
import os
import re
import shutil
import subprocess
import tempfile

from tests.lab import cache

COMMANDS = {
    "bc": "bc",
    "bison": "bison",
    "busybox": "busybox-static",
    "debugfs": "e2fsprogs",
    "dpkg": "dpkg",
    "dpkg-source": "dpkg-dev",
    "ethtool": "ethtool",
    "flex": "flex",
    "gcc": "gcc libc6-dev",
    "ip": "iproute2",
    "jq": "jq",
    "ldd": "libc-bin",
    "make": "make",
    "mke2fs": "e2fsprogs",
    "mmdebstrap": "mmdebstrap",
    "openssl": "openssl",
    "protoc": "protobuf-compiler",
    "qemu-system-x86_64": "qemu-system-x86",
    "rsync": "rsync",
    "setpriv": "util-linux",
    "ssh": "openssh-client",
    "strace": "strace",
    "xz": "xz-utils",
}
PATIENCE = ("-o", "DPkg::Lock::Timeout=300", "-o", "Acquire::Retries=3")


class PackageError(Exception):
    """A package cannot be had; one sentence says why."""


def command(name):
    """Path of a command, also of those that only root has on its PATH; None when it is not installed."""
    return shutil.which(name, path=os.environ.get("PATH", os.defpath) + ":/usr/sbin:/sbin")


def require(*commands):
    """Install what brings `commands`, when root; otherwise say what to install."""
    packages = [package for name in commands if not command(name) for package in COMMANDS[name].split()]
    if not packages:
        return
    call = ["apt-get", "install", "-y", "-q", "--no-install-recommends", *packages]
    if os.geteuid():
        raise PackageError(f"missing on this machine: run '{' '.join(call)}' as root")
    environment = dict(os.environ, DEBIAN_FRONTEND="noninteractive")
    # Guests of a test run start side by side, and apt lets only one at its lists; others than the lab may be at dpkg.
    with cache.lock("apt"):
        _call(["apt-get", "update", "-q", *PATIENCE], environment)
        _call([*call, *PATIENCE], environment)


def unpack(suite, pattern, folder):
    """Unpack below `folder` the packages of `suite` whose whole name matches `pattern`, the newest version only.

    Groups of the pattern are the version in the name; what matches with one version belongs together.
    """
    with tempfile.TemporaryDirectory(prefix="lab-apt-") as private:
        environment = _private_apt(suite, private)
        _call(["apt-get", "update", "-q"], environment)
        names = _newest(_call(["apt-cache", "pkgnames"], environment).split(), pattern)
        if not names:
            raise PackageError(f"Debian's suite {suite} has no package like {pattern}")
        _call(["apt-get", "download", "-q", *names], environment, cwd=private)
        for package in glob.glob(os.path.join(private, "*.deb")):
            _call(["dpkg", "-x", package, folder], environment)
    return names


def source(suite, package, folder):
    """Unpack the source of `package` of `suite` into a folder that it makes; its path. Needs dpkg-source."""
    with tempfile.TemporaryDirectory(prefix="lab-apt-") as private:
        environment = _private_apt(suite, private, "deb-src")
        _call(["apt-get", "update", "-q"], environment)
        _call(["apt-get", "source", "-q", "--download-only", package], environment, cwd=private)
        (description,) = glob.glob(os.path.join(private, "*.dsc"))
        _call(["dpkg-source", "--no-check", "-x", description, folder], environment)
    return folder


def bootstrap(suite, packages, folder):
    """Make the empty `folder` a whole small system of `suite` with `packages` and what they depend on; needs root."""
    require("mmdebstrap")
    with tempfile.TemporaryDirectory(prefix="lab-apt-") as private:
        sources = []
        for number, (kind, text) in enumerate(_sources_of(suite)):
            sources.append(os.path.join(private, f"{number}.{kind}"))
            _write(sources[-1], text)
        # It keeps apt's files below the new root, so it needs neither the machine's lists nor their lock.
        call = ["mmdebstrap", "--mode=root", "--variant=minbase", "--include=" + ",".join(packages)]
        settings = ['Acquire::Retries "3";', *_settings_of_the_mirror()]
        _call([*call, *(f"--aptopt={line}" for line in settings), suite, folder, *sources], dict(os.environ))


def _settings_of_the_mirror():
    """How this machine's apt reaches its mirror, and whether it takes one that is no longer updated."""
    lines = _call(["apt-config", "dump", "Acquire"], dict(os.environ)).splitlines()
    wanted = r'Acquire::(\w+::[Pp]roxy\S*|Check-Valid-Until) "[^"]'
    return [line for line in lines if re.match(wanted, line)]


def _newest(names, pattern):
    versions = {}
    for name in names:
        match = re.fullmatch(pattern, name)
        if match:
            version = tuple(int(number) for number in re.findall(r"\d+", "-".join(match.groups())))
            versions.setdefault(version, []).append(name)
    return versions[max(versions)] if versions else []


def _private_apt(suite, folder, kind="deb"):
    """Environment for apt tools which know only `suite` and keep everything below `folder`.

    kind: "deb" for packages, "deb-src" for their sources.
    """
    for name in ("parts", "lists/partial", "cache/archives/partial"):
        os.makedirs(os.path.join(folder, name))
    for number, (form, text) in enumerate(_sources_of(suite, kind)):
        _write(os.path.join(folder, "parts", f"{number}.{form}"), text)
    settings = {
        "Dir::Etc::SourceList": "/dev/null",
        "Dir::Etc::SourceParts": f"{folder}/parts",
        "Dir::Etc::Preferences": "/dev/null",
        "Dir::Etc::PreferencesParts": "/dev/null",
        "Dir::State::Lists": f"{folder}/lists",
        "Dir::State::Status": "/dev/null",
        "Dir::Cache": f"{folder}/cache",
        "Acquire::Languages": "none",
        "Acquire::Retries": "3",
        "APT::Update::Error-Mode": "any",
        # The user _apt cannot enter a private folder, and says so at every download.
        "APT::Sandbox::User": "root",
    }
    _write(f"{folder}/apt.conf", "".join(f'{name} "{value}";\n' for name, value in settings.items()))
    return dict(os.environ, APT_CONFIG=f"{folder}/apt.conf")


def _sources_of(suite, kind="deb"):
    """The machine's sources for its own main suite, both of apt's formats, with `suite` and `kind` in their place."""
    own = _own_suite()
    found = []
    for path in ["/etc/apt/sources.list", *sorted(glob.glob("/etc/apt/sources.list.d/*"))]:
        if not os.path.isfile(path):
            continue
        with open(path, encoding="utf-8") as stream:
            text = "".join(line for line in stream if not line.startswith("#"))
        if path.endswith(".sources"):
            stanzas = [stanza for stanza in text.split("\n\n") if re.search(rf"^Suites:.*\b{own}(\s|$)", stanza, re.M)]
            found += [("sources", _stanza(stanza, suite, kind)) for stanza in stanzas]
        elif path.endswith(".list"):
            lines = [line for line in text.splitlines() if re.match(rf"deb\s.*\s{own}\s", line)]
            found += [("list", kind + re.sub(rf"\s{own}\s", f" {suite} ", line)[3:] + "\n") for line in lines]
    if not found:
        raise PackageError(f"no apt source of this machine names its own suite {own}, so the mirror is unknown")
    return found


def _stanza(text, suite, kind):
    return re.sub(r"(?m)^Types:.*", f"Types: {kind}", re.sub(r"(?m)^Suites:.*", f"Suites: {suite}", text)) + "\n"


def _own_suite():
    with open("/etc/os-release", encoding="utf-8") as stream:
        match = re.search(r"^VERSION_CODENAME=(\w+)", stream.read(), re.M)
    if not match:
        raise PackageError("/etc/os-release names no Debian suite")
    return match[1]


def _call(words, environment, cwd=None):
    try:
        done = subprocess.run(words, env=environment, cwd=cwd, capture_output=True, text=True, check=False)
    except OSError as error:
        raise PackageError(f"{words[0]} cannot run: {error.strerror}") from error
    if done.returncode:
        complaint = [line for line in done.stderr.splitlines() if line.startswith("E:")] or done.stderr.splitlines()
        raise PackageError(f"'{' '.join(words[:2])}' failed: {(complaint or ['no message'])[0]}")
    return done.stdout


def _write(path, text):
    with open(path, "w", encoding="utf-8") as stream:
        stream.write(text)
