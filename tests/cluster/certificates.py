# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates of an API server: an authority, a server's certificate signed by it, and the key of service accounts."""

import os
import subprocess

from tests.lab import debian

NEEDS = ("openssl",)
EXTENSIONS = """\
[req]
distinguished_name = name
prompt = no
[name]
CN = {name}
[authority]
basicConstraints = critical, CA:true
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
[server]
basicConstraints = critical, CA:false
keyUsage = critical, digitalSignature, keyEncipherment
extendedKeyUsage = serverAuth
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
subjectAltName = IP:{address}, DNS:localhost, DNS:kubernetes.default.svc
"""
NEW_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")


def make_authority(folder: str, name: str) -> None:
    """Write ca.crt and ca.key."""
    config = _config(folder, name, "127.0.0.1")
    call = ["openssl", "req", "-x509", *NEW_KEY, "-days", "30", "-config", config, "-extensions", "authority"]
    _run([*call, "-keyout", f"{folder}/ca.key", "-out", f"{folder}/ca.crt"])


def make_server(folder: str, address: str) -> None:
    """Write server.crt and server.key for an IP address, signed by the authority in the same folder."""
    config = _config(folder, "kube-apiserver", address)
    request = f"{folder}/server.csr"
    _run(["openssl", "req", "-new", *NEW_KEY, "-config", config, "-keyout", f"{folder}/server.key", "-out", request])
    sign = ["openssl", "x509", "-req", "-in", request, "-CA", f"{folder}/ca.crt", "-CAkey", f"{folder}/ca.key"]
    options = ["-CAcreateserial", "-days", "30", "-extfile", config, "-extensions", "server"]
    _run([*sign, *options, "-out", f"{folder}/server.crt"])


def make_account_key(path: str) -> None:
    """Write the key that signs tokens of service accounts."""
    _run(["openssl", "genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out", path])


def _config(folder, name, address):
    path = os.path.join(folder, "openssl.cnf")
    with open(path, "w", encoding="utf-8") as stream:
        stream.write(EXTENSIONS.format(name=name, address=address))
    return path


def _run(words):
    debian.require(*NEEDS)
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode:
        raise debian.PackageError(f"'{' '.join(words[:2])}' failed: {done.stderr.strip()}")
