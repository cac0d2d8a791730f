# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""Who the agent is to an API server or kubelet: the address, the token and the certificates.

Tokens and certificates are read again when their files change, because Kubernetes renews both while the agent runs.
"""

import os
import ssl
import threading
import time
from typing import List, Mapping, NamedTuple, Optional

from memcore.errors import OptionError

SERVICE_ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount"
_TOKEN_AGE = 60.0  # seconds after which a token is read again although its file looks the same
_MOST_BYTES = 1 << 20  # of a token or certificate file
# OpenSSL's X509_V_FLAG_PARTIAL_CHAIN; the ssl module names it only since Python 3.10.
_PARTIAL_CHAIN = 0x80000


class Access(NamedTuple):
    """Where the server is and what to show to it. Files are read again when they change; data never changes.

    check_host: False only where the one trusted certificate belongs to this one server.
    server_name: the name in the server's certificate where it is not the address.
    """

    server: str  # https://HOST:PORT
    ca_file: Optional[str] = None
    ca_data: Optional[str] = None
    token_file: Optional[str] = None
    token: Optional[str] = None
    cert_file: Optional[str] = None
    key_file: Optional[str] = None
    cert_data: Optional[bytes] = None
    key_data: Optional[bytes] = None
    verify: bool = True
    check_host: bool = True
    server_name: Optional[str] = None
    proxy: Optional[str] = None


class Credentials:
    """The newest token and SSL context of an Access; any thread may ask. OptionError where they cannot be used."""

    def __init__(self, access: Access) -> None:
        self.access = access
        self.trouble: Optional[str] = None  # why a file that changed could not be used; the earlier content stays
        self._lock = threading.Lock()
        self._token = access.token
        self._token_stamp = None
        self._token_read = 0.0
        self._stamps = self._contents = None
        self._context = None
        self.context()
        self.token()

    def token(self, anew: bool = False) -> Optional[str]:
        """The bearer token, or None. anew: read the file now, because the server refused what it held."""
        path = self.access.token_file
        if path is None:
            return self._token
        with self._lock:
            stamp, now = _stamp(path), time.monotonic()
            if anew or stamp != self._token_stamp or now - self._token_read > _TOKEN_AGE or self._token is None:
                self._read_token(path)
                self._token_stamp, self._token_read = stamp, now
            return self._token

    def context(self) -> ssl.SSLContext:
        """The same object until the content of a certificate file changes."""
        paths = [path for path in (self.access.ca_file, self.access.cert_file, self.access.key_file) if path]
        with self._lock:
            stamps = [_stamp(path) for path in paths]
            if self._context is None or stamps != self._stamps:
                self._renew_context(paths)
                self._stamps = stamps
            return self._context

    def _read_token(self, path: str) -> None:
        try:
            token = _read(path).decode("ascii").strip()
        except (OSError, UnicodeError) as error:
            self.trouble = f"Cannot read the token {path}: {_reason(error)}"
            if self._token is None:
                raise OptionError(self.trouble) from None
            return
        if len(token.split()) == 1:  # a header value must be one line
            self._token, self.trouble = token, None
            return
        self.trouble = f"The token file {path} holds no token; check the service account of the agent"
        if self._token is None:
            raise OptionError(self.trouble)

    def _renew_context(self, paths: List[str]) -> None:
        try:
            contents = [_read(path) for path in paths]
            if self._context is None or contents != self._contents:
                self._context = _context(self.access)
                self._contents = contents
                self.trouble = None
        except (OSError, ValueError) as error:
            self.trouble = f"Cannot use the certificates {', '.join(paths) or 'of the kubeconfig'}: {_reason(error)}"
            if self._context is None:
                raise OptionError(self.trouble) from None


def chosen(setting: str, environ: Mapping[str, str], folder: str = SERVICE_ACCOUNT) -> Optional[Credentials]:
    """Credentials for --kube: "auto", "off", "in-cluster" or the path of a kubeconfig. None: no cluster is asked for.

    Raises OptionError in one sentence.
    """
    if setting == "off" or (setting == "auto" and not _is_in_cluster(environ, folder)):
        return None
    if setting in ("auto", "in-cluster"):
        return Credentials(_in_cluster(environ, folder))
    from oomwatch.kube import kubeconfig  # only outside of a cluster, so that its parsers cost nothing inside

    return Credentials(kubeconfig.access(setting, environ))


def kubelet(credentials: Credentials, node: str, root: str, environ: Mapping[str, str]) -> List[Credentials]:
    """Credentials for the kubelet of this node, in the order in which they are to be tried.

    The token is shown only to a server whose certificate was verified: any program of the node can listen on the
    kubelet's port while the kubelet is down, and would be handed a token that reads the pods of all nodes.
    By default a kubelet signs its certificate itself; then its own kubelet.crt, read below root, is what is trusted,
    which names no address. With serverTLSBootstrap the cluster's CA signed it.
    """
    host = environ.get("NODE_IP") or "127.0.0.1"
    access = credentials.access._replace(server=f"https://{_bracketed(host)}:10250", proxy=None, verify=True)
    found = []
    own = os.path.join(root, "var/lib/kubelet/pki/kubelet.crt")
    if os.access(own, os.R_OK):
        pinned = access._replace(ca_file=own, ca_data=None, check_host=False, server_name=None)
        found.append(pinned)
    # A kubelet's certificate names its node and the node's addresses, never the loopback address.
    found.append(access._replace(server_name=node if host in ("127.0.0.1", "::1") else None))
    return [Credentials(one) for one in found]


def _is_in_cluster(environ: Mapping[str, str], folder: str) -> bool:
    named = environ.get("KUBERNETES_SERVICE_HOST") and environ.get("KUBERNETES_SERVICE_PORT")
    return bool(named) and os.path.exists(os.path.join(folder, "token"))


def _in_cluster(environ: Mapping[str, str], folder: str) -> Access:
    host, port = environ.get("KUBERNETES_SERVICE_HOST"), environ.get("KUBERNETES_SERVICE_PORT")
    if not host or not port:
        raise OptionError(
            "--kube in-cluster needs KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT, which Kubernetes sets in "
            "each container; outside of a cluster give the path of a kubeconfig"
        )
    return Access(
        server=f"https://{_bracketed(host)}:{port}",
        ca_file=os.path.join(folder, "ca.crt"),
        token_file=os.path.join(folder, "token"),
    )


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host and not host.startswith("[") else host


def _context(access: Access) -> ssl.SSLContext:
    # Not create_default_context: since Python 3.13 it sets VERIFY_X509_STRICT, which refuses the CA of many clusters.
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if not access.verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    else:
        context.check_hostname = access.check_host
        # As kubectl does: each certificate of the bundle is trusted, be it a root or not.
        context.verify_flags |= _PARTIAL_CHAIN
        if access.ca_data is not None or access.ca_file is not None:
            context.load_verify_locations(cafile=access.ca_file, cadata=access.ca_data)
        else:
            context.load_default_certs()
    if access.cert_data is not None and access.key_data is not None:
        _load_chain_of_data(context, access.cert_data + b"\n" + access.key_data)
    elif access.cert_file is not None:
        context.load_cert_chain(access.cert_file, access.key_file)
    return context


def _load_chain_of_data(context: ssl.SSLContext, pem: bytes) -> None:
    # OpenSSL takes a key from a file only. A memfd never reaches a disk; kernels before 3.17 have none.
    try:
        descriptor, path = os.memfd_create("oomwatch"), None
    except OSError:
        import tempfile

        descriptor, path = tempfile.mkstemp(prefix="oomwatch-")  # mode 0600
    try:
        os.write(descriptor, pem)
        context.load_cert_chain(path or f"/proc/self/fd/{descriptor}")
    finally:
        os.close(descriptor)
        if path is not None:
            os.unlink(path)


def _read(path: str) -> bytes:
    with open(path, "rb") as file:
        return file.read(_MOST_BYTES)


def _stamp(path: str):
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or getattr(error, "reason", None) or str(error)
