# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""What a scrape of /metrics reads from the host: the ledger of its memory, its tmpfs, what this kernel is like."""

from memcore.answers import quick_facts
from memcore.errors import MemfactsError
from memcore.gather.options import Options
from memcore.sources import host
from oomwatch.agent.health import Health
from oomwatch.agent.http_server import Server
from oomwatch.agent.parts import Parts

_MOUNTS = 20


class Scrape:
    """The HTTP server and the gauges that are read when somebody asks."""

    def __init__(self, parts: Parts, health: Health) -> None:
        self._parts = parts
        self._server = Server(parts.settings.listen, parts.tallies, health.is_alive, health.is_ready, self._read_gauges)

    def start(self) -> None:
        """Listen. OSError where the address is taken."""
        self._server.start()

    def stop(self) -> None:
        """Listen no more."""
        self._server.stop()

    def _read_gauges(self) -> None:
        """The ledger and the tmpfs; what cannot be read is not shown."""
        options = Options(("memory", "tmpfs"), top=_MOUNTS, scan_files=False, namespaces=False)
        try:
            found = quick_facts.collect(host.at(self._parts.settings.root), options)
        except (MemfactsError, OSError):
            return
        memory = found["memory"]
        rows = {(part,): size for part, size in memory["ledger"].items() if size is not None}
        if memory["unaccounted_bytes"] is not None:
            rows[("unaccounted",)] = memory["unaccounted_bytes"]
        self._parts.tallies.replace("oomwatch_memory_bytes", rows)
        used = {
            (row["mount"],): row["used_bytes"]
            for row in found["tmpfs"]
            if None not in (row["mount"], row["used_bytes"])
        }
        self._parts.tallies.replace("oomwatch_tmpfs_used_bytes", used)
