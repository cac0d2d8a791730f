# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""HTTPS by the standard library: the one connection to a server, kept alive, also through a proxy.

urllib3 does this too, and takes 5 MB of resident memory, which the agent would hold on every node.
"""

import base64
import http.client
import ssl
from typing import Dict, Optional, Tuple
from urllib.parse import SplitResult, unquote, urlsplit

from memcore.errors import OptionError
from oomwatch.kube.credentials import Access

# The server closed a connection that was kept alive, or it was cut meanwhile: the request may be sent again.
CLOSED = (http.client.HTTPException, ConnectionError, ssl.SSLEOFError, ssl.SSLZeroReturnError)


class Connection(http.client.HTTPConnection):
    """Connects at its first request. context: with it the server is verified, as its check_hostname says."""

    default_port = 443

    def __init__(self, access: Access, context: ssl.SSLContext, timeouts: Tuple[float, float]) -> None:
        """timeouts: seconds to connect, and without a byte of an answer. Raises OptionError."""
        server = urlsplit(access.server)
        self._place = server.hostname or ""
        self._name = access.server_name if access.check_host and access.server_name else self._place
        self._tls = context
        self._silence = timeouts[1]
        if access.proxy is None:
            super().__init__(self._place, _port(server, 443), timeout=timeouts[0])
        else:
            proxy = _proxy(access.proxy)
            super().__init__(proxy.hostname, _port(proxy, 3128), timeout=timeouts[0])
            self.set_tunnel(self._place, _port(server, 443), _authorization(proxy))

    def connect(self) -> None:
        """As http.client does, and then TLS."""
        super().connect()
        self.sock = self._tls.wrap_socket(self.sock, server_hostname=self._name)
        self.sock.settimeout(self._silence)

    def ask(self, method: str, target: str, body: Optional[bytes], headers: Dict[str, str]):
        """Send a request; the response whose head has come. Raises OSError and HTTPException."""
        self.request(method, target, body, headers)
        return self.getresponse()


def _port(place: SplitResult, default: int) -> int:
    try:
        return place.port or default
    except ValueError:
        raise OptionError(f"The port of {place.netloc} is not a number from 1 to 65535; correct the address") from None


def _proxy(address: str) -> SplitResult:
    proxy = urlsplit(address if "://" in address else f"http://{address}")
    if proxy.scheme != "http" or not proxy.hostname:
        raise OptionError(
            f"The proxy is {proxy.scheme}://{proxy.netloc.rpartition('@')[2]}, and only an address that begins with "
            "http:// can be used; correct proxy-url of the kubeconfig, or https_proxy"
        )
    return proxy


def _authorization(proxy: SplitResult) -> Dict[str, str]:
    if proxy.username is None:
        return {}
    given = f"{unquote(proxy.username)}:{unquote(proxy.password or '')}"
    return {"Proxy-Authorization": "Basic " + base64.b64encode(given.encode()).decode()}
