# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""oomwatch run: watch this host, and tell of each OOM as it happens."""

import argparse
import os
import signal

from memcore.errors import MemfactsError
from oomwatch import config, exits, terminal
from oomwatch.stopping import Stopping

_DESCRIPTION = """\
Watch this host and tell of each OOM kill as it happens: who was killed, why, whether it was the right process, and
what to do. Without options it needs no cluster, no configuration and no root: without the kernel's log it uses the
kernel's counters, and says so. It prints pages on a terminal, and JSON lines (schemas/event.schema.json) elsewhere."""
_EPILOG = """\
Each option is also a key of the configuration and a variable OOMWATCH_…; docs/oomwatch.md lists the metrics and Events.
SIGTERM and SIGINT (Ctrl-C) stop it: it delivers what it has within 10 seconds, and saves its state. SIGHUP lets it read
its configuration again.

Exit status: 0 stopped, 1 with --once there are findings, 2 usage or input error."""


def add_parser(commands) -> None:
    """Add the command to the program's parser."""
    parser = commands.add_parser(
        "run",
        help="watch this host and tell of each OOM as it happens",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    config.add_options(parser)
    parser.set_defaults(run=run)


def run(arguments) -> int:
    """Watch until told to stop; the exit status."""
    settings = config.settings(arguments, os.environ)
    if settings.once:
        return _once(settings)
    from oomwatch.agent.agent import Agent  # which other commands do not need

    with _Signals() as signals:
        state = None
        while True:
            signals.is_hung_up = False
            agent = Agent(settings, signals.stop.wake, terminal.complain, state)
            agent.run(lambda agent=agent: signals.is_told or signals.is_hung_up or agent.has_no_reader)
            if not signals.is_hung_up or signals.is_told:
                return exits.NOTHING
            signals.rest()
            state = agent.state()
            settings = _again(arguments, settings)


def _again(arguments, settings):
    """The settings by the configuration as it is now; the old ones where it is wrong."""
    try:
        return config.settings(arguments, os.environ)
    except MemfactsError as error:
        terminal.complain(f"The configuration is not used, the one before stays: {error}")
        return settings


def _once(settings) -> int:
    """Judge the host and its pods once; the exit status."""
    from oomwatch.agent import auditing, cluster
    from oomwatch.agent.tallies import Tallies

    connected = cluster.of(settings, Tallies())
    found = auditing.Auditor(settings.root, settings.node, None if connected is None else connected.audited).audit()
    form = terminal.form(settings.output)
    if form == terminal.JSON:
        terminal.show_json(auditing.record(found, settings.node))
    elif form == terminal.TEXT:
        terminal.show(terminal.wrapped(auditing.page(found, settings.node)))
    for sentence in found.failures:
        terminal.complain(sentence)
    if found.failures:
        return exits.WRONG
    return exits.FOUND if found.findings else exits.NOTHING


class _Signals(Stopping):
    """SIGHUP too: it wakes whoever waits."""

    def __init__(self) -> None:
        super().__init__()
        self.is_hung_up = False

    def __enter__(self) -> "_Signals":
        super().__enter__()
        self._hangup_before = signal.getsignal(signal.SIGHUP)
        if self._hangup_before is not signal.SIG_IGN:  # as nohup sets it
            signal.signal(signal.SIGHUP, self._hang_up)
        return self

    def __exit__(self, *error) -> None:
        signal.signal(signal.SIGHUP, self._hangup_before)
        super().__exit__(*error)

    def rest(self) -> None:
        """Take back what woke the reader."""
        os.read(self.stop.wake, 4096)

    def _hang_up(self, _number, _frame) -> None:
        self.is_hung_up = True
