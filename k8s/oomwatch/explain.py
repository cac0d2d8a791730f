# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""oomwatch explain: read a kernel log and say of each OOM whether the right process was killed, and why."""

import sys
import time

from memcore.answers import events, time_arg
from memcore.render import event_page
from memcore.sources import host
from memcore.sources.oomlog import log_source
from memcore.sources.printable import printable
from oomwatch import exits, terminal

_ALL = 1 << 40
_SHOWN = 10  # events on a terminal
_TOP = 20


def add_parser(commands) -> None:
    """Add the command to the program's parser."""
    parser = commands.add_parser(
        "explain",
        help="read a kernel log and explain each OOM in it",
        description="Read a kernel log in any common format (dmesg, journalctl, /var/log/kern.log, a pasted mail) and "
        "say of each OOM who was killed and why, whether it was the right one, and what to do.",
        epilog="Exit status: 0 no OOM, 1 at least one, 2 the log could not be read.",
    )
    parser.add_argument(
        "file",
        nargs="?",
        metavar="FILE",
        help="the log; - is standard input, which is also read when something is piped in; without either it is the "
        "log of the running kernel",
    )
    parser.add_argument("--json", action="store_true", help="one event a line, by schemas/event.schema.json")
    parser.add_argument("--since", metavar="TIME", help="leave older events out: 30m, 2h, 7d, 2026-11-27 or RFC 3339")
    parser.add_argument("--limit", type=int, metavar="N", help=f"only the newest N events ({_SHOWN}, with --json all)")
    parser.add_argument("--top", type=int, default=_TOP, metavar="N", help=f"rows of each list in JSON ({_TOP})")
    parser.set_defaults(run=run)


def run(arguments) -> int:
    """Explain; the exit status."""
    moment = None if arguments.since is None else time_arg.seconds(arguments.since, time.time())
    limit = arguments.limit if arguments.limit is not None else _ALL if arguments.json else _SHOWN
    asked = events.checked(limit, arguments.top, moment)
    name = arguments.file
    if name is None and sys.stdin is not None and not sys.stdin.isatty():
        name = "-"
    if name is not None and log_source.is_kernel_log(name):
        name = None
    try:
        with log_source.KernelLog() if name is None else _opened(name) as log:
            return _tell(log, name, asked, arguments)
    except BrokenPipeError:
        raise  # whoever reads our output has gone, which is no fault of the log
    except OSError as error:
        raise exits.InputError(_refused(name, error)) from None


def _tell(log, name, asked, arguments):
    if name is None:
        lines, origin, shown = log, events.origin_of(host.at("/")), "the kernel's log"
    else:
        lines, origin, shown = log_source.lines_of(log), events.NOWHERE, _shown(name)
    if arguments.json and arguments.limit is None:
        return _stream(log_source.Tally(lines), shown, asked, origin)
    answer = events.of_kernel(log, host.at("/"), asked) if name is None else events.of_lines(lines, shown, asked)
    if answer.complaint is not None:
        raise exits.InputError(_complaint(shown, answer.complaint))
    if arguments.json:
        for event in answer.events:
            terminal.show_json(event)
    else:
        terminal.show(event_page.render(answer, terminal.width()))
    return exits.FOUND if answer.total else exits.NOTHING


def _stream(tally, shown, asked, origin):
    """Each event as soon as the log has it, so that a log that still grows can be followed."""
    found = False
    for event in events.read(tally, origin, asked.top, events.since_of(asked)):
        terminal.show_json(event)
        found = True
    if not found and tally.complaint() is not None:
        raise exits.InputError(_complaint(shown, tally.complaint()))
    return exits.FOUND if found else exits.NOTHING


def _opened(name):
    if name != "-":
        return log_source.open_log(name)
    if sys.stdin is None:
        raise exits.InputError("Standard input is closed; pipe a log into it, or give a file that holds one")
    return open(sys.stdin.fileno(), "rb", closefd=False)  # which is not ours to close


def _shown(name):
    return "standard input" if name == "-" else printable(name)


def _complaint(shown, complaint):
    hint = "; did the command before the pipe fail?" if shown == "standard input" and complaint == "it is empty" else ""
    return f"No log in {shown}: {complaint}{hint}"


def _refused(name, error):
    reason = host.reason(error)
    if name is None:
        return (
            f"Cannot read the kernel's log, /dev/kmsg: {reason}; run it as root, or give a log: "
            "`journalctl -k | oomwatch explain`"
        )
    return f"Cannot read {_shown(name)}: {reason}; give a file that holds a kernel log, or - for standard input"
