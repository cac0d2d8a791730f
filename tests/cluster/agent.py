# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The agent in a guest: the checkout, and `oomwatch run` as a service of a node."""

import json
import os
import shlex
from typing import Dict, List

from tests import CHECKOUT

CODE = ("k8s", "plugins/module_utils")
SECRETS = "/var/run/secrets/kubernetes.io/serviceaccount"
SECRET_FILES = ("token", "ca.crt", "namespace")
FETCH = "import sys, urllib.request as u; print(u.urlopen('http://' + sys.argv[1], timeout=30).read().decode())"
UNIT, OUTPUT = "oomwatch", "/run/oomwatch-lines"


def variables(checkout: str) -> Dict[str, str]:
    """Variables for `python3 -m oomwatch` where the folders of CODE are in this one."""
    return {"PYTHONPATH": ":".join(f"{checkout}/{name}" for name in CODE), "PYTHONDONTWRITEBYTECODE": "1"}


def checkout() -> str:
    """The folder on this machine that has CODE."""
    return CHECKOUT


class AgentService:
    """`oomwatch run` on a node, with the token of its own ServiceAccount as in a pod; `secrets`: a folder for them."""

    def __init__(self, guest, server, secrets: str):
        self.guest, self.server, self.secrets = guest, server, secrets

    def start(self, *options: str) -> None:
        """With these options; its standard output is kept over several starts."""
        settings = {
            **self.renew_credentials(),
            **variables("/lab/checkout"),
            "NODE_NAME": self.guest.name,
        }
        words = " ".join(f"--setenv={shlex.quote(f'{key}={value}')}" for key, value in settings.items())
        self.guest.sh(
            f"systemctl reset-failed {UNIT} 2>/dev/null; systemd-run --quiet --unit={UNIT}"
            " --property=OOMScoreAdjust=-999 --property=LimitMEMLOCK=infinity"
            f" --property=StandardOutput=append:{OUTPUT} --property=StandardError=append:{OUTPUT}.errors"
            f" {words} /usr/bin/python3 -m oomwatch run {' '.join(shlex.quote(word) for word in options)}"
        )

    def renew_credentials(self, seconds: int = 3600) -> Dict[str, str]:
        """A new token and the server's CA where the agent looks for them; the variables that name the server."""
        named = self.server.write_in_cluster(self.secrets, seconds)
        self.guest.sh(f"mkdir -p {SECRETS}")
        for name in SECRET_FILES:
            with open(os.path.join(self.secrets, name), encoding="utf-8") as stream:
                # In one step, as the kubelet does it.
                self.guest.write(f"{SECRETS}/.new", stream.read())
            self.guest.sh(f"mv {SECRETS}/.new {SECRETS}/{name}")
        return named

    def stop(self, kill_signal: str = "TERM") -> None:
        """Returns when it has ended."""
        self.guest.sh(f"systemctl kill --signal={kill_signal} {UNIT}; systemctl stop {UNIT}", check=False)

    def is_running(self) -> bool:
        return self.guest.sh(f"systemctl is-active {UNIT}", check=False).status == 0

    def lines(self) -> List[Dict]:
        """The OOM events that it has written."""
        return [line for line in self._all_lines() if "type" not in line]

    def notices(self) -> List[Dict]:
        """The lines about risks and findings that it has written."""
        return [line for line in self._all_lines() if "type" in line]

    def _all_lines(self):
        text = self.guest.sh(f"cat {OUTPUT} 2>/dev/null || true")
        return [json.loads(line) for line in text.splitlines(True) if line.endswith("\n")]

    def get(self, address: str) -> str:
        """An answer of its HTTP server, such as get("127.0.0.1:8080/metrics"); "" while there is none."""
        return self.guest.sh(f"python3 -c {shlex.quote(FETCH)} {shlex.quote(address)}", check=False).output

    def rss_bytes(self) -> int:
        """VmRSS of the process."""
        pid = self.guest.sh(f"systemctl show --value --property=MainPID {UNIT}").strip()
        return int(self.guest.sh(f"sed -n 's/^VmRSS:[^0-9]*\\([0-9]*\\) kB/\\1/p' /proc/{pid}/status")) * 1024

    def errors(self) -> str:
        """What it has written to its standard error, and what systemd says of it."""
        return self.guest.sh(f"cat {OUTPUT}.errors 2>/dev/null || true") + self.journal()

    def journal(self) -> str:
        """What systemd says of its service."""
        return self.guest.sh(f"journalctl --no-pager --output=cat --unit={UNIT}")
