# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""A kubeconfig file: its current context as an Access."""

import base64
import binascii
import json
import os
from typing import Dict, Mapping, Optional

from memcore.errors import OptionError
from oomwatch.kube.credentials import Access

_MOST_BYTES = 4 << 20
_PLUGINS = {"exec": "an exec plugin", "auth-provider": "an auth-provider", "username": "a user name with password"}


def access(path: str, environ: Mapping[str, str]) -> Access:
    """The Access that the current context names. Raises OptionError."""
    config = _parsed(path)
    context = _named(path, config, "contexts", "context", config.get("current-context"))
    cluster = _named(path, config, "clusters", "cluster", context.get("cluster"))
    user = _named(path, config, "users", "user", context.get("user")) if context.get("user") else {}
    for key, what in _PLUGINS.items():
        if user.get(key):
            raise OptionError(
                f"{path}: the user signs in by {what}, which oomwatch does not support; use a token or a client "
                "certificate"
            )
    server = cluster.get("server")
    if not isinstance(server, str) or not server.startswith("https://"):
        raise OptionError(f"{path}: server is {server!r}, but must be an address that begins with https://")
    folder = os.path.dirname(os.path.abspath(path))
    ca_data = _decoded(path, cluster, "certificate-authority-data")
    return Access(
        server=server.rstrip("/"),
        ca_file=None if ca_data else _file(folder, cluster, "certificate-authority"),
        ca_data=ca_data.decode("ascii", "replace") if ca_data else None,
        # As kubectl does: the token's file goes before the token.
        token_file=_file(folder, user, "tokenFile"),
        token=user.get("token"),
        verify=not cluster.get("insecure-skip-tls-verify"),
        server_name=cluster.get("tls-server-name"),
        proxy=cluster.get("proxy-url") or _proxy(server, environ),
        **_client_certificate(path, folder, user),
    )


def _parsed(path: str) -> Dict:
    try:
        with open(path, "rb") as file:
            text = file.read(_MOST_BYTES).decode("utf-8")
    except (OSError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or "not UTF-8 text"
        raise OptionError(f"Cannot read the kubeconfig {path}: {reason}") from None
    config = _json(path, text) if text.lstrip().startswith("{") else _yaml(path, text)
    if not isinstance(config, dict):
        raise OptionError(f"{path} is no kubeconfig: it holds no clusters, contexts and users")
    return config


def _json(path: str, text: str):
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise OptionError(f"The kubeconfig {path} is damaged: {error}") from None


def _yaml(path: str, text: str):
    try:
        import yaml
    except ImportError:
        raise OptionError(
            f"Reading {path} needs PyYAML; install it, or write the kubeconfig as JSON by "
            "kubectl config view --raw --flatten --minify -o json"
        ) from None
    try:
        return yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise OptionError(f"The kubeconfig {path} is damaged: {' '.join(str(error).split())}") from None


def _named(path: str, config: Dict, rows: str, what: str, name: Optional[str]) -> Dict:
    if not name:
        raise OptionError(f"{path} names no {'current-context' if what == 'context' else what}; set one with kubectl")
    listed = config.get(rows)
    for row in listed if isinstance(listed, list) else []:
        if isinstance(row, dict) and row.get("name") == name and isinstance(row.get(what), dict):
            return row[what]
    raise OptionError(f"{path} has no {what} {name!r}, which it refers to")


def _decoded(path: str, record: Dict, key: str) -> Optional[bytes]:
    value = record.get(key)
    if not value:
        return None
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError, TypeError):
        raise OptionError(f"{path}: {key} is not base64") from None


def _file(folder: str, record: Dict, key: str) -> Optional[str]:
    value = record.get(key)
    return os.path.join(folder, value) if value else None


def _client_certificate(path: str, folder: str, user: Dict) -> Dict:
    """The certificate and key as files where both are files, else as data; data goes before a file, as in kubectl."""
    cert, key = _decoded(path, user, "client-certificate-data"), _decoded(path, user, "client-key-data")
    cert_file, key_file = _file(folder, user, "client-certificate"), _file(folder, user, "client-key")
    if bool(cert or cert_file) != bool(key or key_file):
        raise OptionError(f"{path}: the user has a client certificate without its key, or a key without certificate")
    if not cert and not key:
        return {"cert_file": cert_file, "key_file": key_file}
    return {"cert_data": cert or _read(path, cert_file), "key_data": key or _read(path, key_file)}


def _read(path: str, name: str) -> bytes:
    try:
        with open(name, "rb") as file:
            return file.read(_MOST_BYTES)
    except OSError as error:
        raise OptionError(f"Cannot read {name}, which {path} names: {error.strerror}") from None


def _proxy(server: str, environ: Mapping[str, str]) -> Optional[str]:
    proxy = environ.get("https_proxy") or environ.get("HTTPS_PROXY")
    if not proxy:
        return None
    from urllib.parse import urlsplit
    from urllib.request import proxy_bypass_environment

    excepted = environ.get("no_proxy") or environ.get("NO_PROXY") or ""
    host = urlsplit(server).netloc.rpartition("@")[2]
    return None if proxy_bypass_environment(host, {"no": excepted}) else proxy
