# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""oomwatch explain: read a kernel log and say of each OOM whether the right process was killed, and why."""

import argparse
import contextlib
import os
import stat
import sys
import time

from memcore.answers import events, log_file, time_arg
from memcore.render import event_page
from memcore.sources import host
from memcore.sources.oomlog import log_source, packed_log
from memcore.sources.printable import printable
from oomwatch import exits, following, terminal, zstd
from oomwatch.stopping import Stopping

_ALL = 1 << 40
_SHOWN = 10  # events on a terminal
_TOP = 20
_DESCRIPTION = """\
Read a kernel log in any common format (dmesg, journalctl, /var/log/kern.log, a pasted mail) and say of each OOM who was
killed and why, whether it was the right one, and what to do. A file may be packed (gzip, xz, bzip2, zstd) or an archive
such as a sosreport or a supportconfig, of which all kernel logs are read."""
_EPILOG = """\
--follow first prints the newest events that are already in the log: 10, or all with --json, or N with --limit N
(0 for none), like `tail -n`. Then it prints each new event as it happens. It follows a file by name through rotation
and truncation, like `tail -F`, and reads a pipe until the pipe is closed. If standard input is a pipe, name /dev/kmsg
to follow the running kernel's log. SIGINT (Ctrl-C) and SIGTERM stop it, after it has printed what it has read.

Exit status: 0 no OOM, 1 at least one, 2 the log could not be read."""


def add_parser(commands) -> None:
    """Add the command to the program's parser."""
    parser = commands.add_parser(
        "explain",
        help="read a kernel log and explain each OOM in it",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "file",
        nargs="?",
        metavar="FILE",
        help="the log; - is standard input, which is also read when something is piped in; without either it is the "
        "log of the running kernel",
    )
    parser.add_argument("--json", action="store_true", help="one event a line, by schemas/event.schema.json")
    parser.add_argument("--follow", action="store_true", help="keep running and print each new event")
    parser.add_argument("--since", metavar="TIME", help="leave older events out: 30m, 2h, 7d, 2026-11-27 or RFC 3339")
    parser.add_argument("--limit", type=int, metavar="N", help=f"only the newest N events ({_SHOWN}, with --json all)")
    parser.add_argument("--top", type=int, default=_TOP, metavar="N", help=f"rows of each list in JSON ({_TOP})")
    parser.set_defaults(run=run)


def run(arguments) -> int:
    """Explain; the exit status."""
    moment = None if arguments.since is None else time_arg.seconds(arguments.since, time.time())
    limit = arguments.limit if arguments.limit is not None else _ALL if arguments.json else _SHOWN
    asked = events.checked(limit or int(arguments.follow), arguments.top, moment)._replace(limit=limit)
    name = arguments.file
    if name is None and _is_given(arguments.follow):
        name = "-"
    if name == "":
        raise exits.InputError(
            "The name of the log is empty; give a file that holds a kernel log, or - for standard input"
        )
    if name is not None and log_source.is_kernel_log(name):
        name = None
    comes_at_once = arguments.json and arguments.limit is None
    try:
        comes_at_once = comes_at_once and not _is_packed(name)
        if arguments.follow or comes_at_once:
            return _follow(name, asked, arguments, comes_at_once)
        with log_source.KernelLog() if name is None else _opened(name) as log:
            return _tell(log, name, asked, arguments)
    except BrokenPipeError:
        raise  # whoever reads our output has gone, which is no fault of the log
    except OSError as error:
        raise exits.InputError(_refused(name, error)) from None


def _tell(log, name, asked, arguments):
    """All at once, when the log has been read."""
    if name is None:
        answer = events.of_kernel(log, host.at("/"), asked)
    else:
        answer = log_file.read(log, _shown(name), asked, zstd.unpacked)
    if answer.complaint is not None:
        raise exits.InputError(exits.no_log(answer.name, answer.complaint))
    if arguments.json:
        for event in answer.events:
            terminal.show_json(event)
    else:
        terminal.show(event_page.render(answer, terminal.width()))
    return exits.FOUND if answer.total else exits.NOTHING


def _follow(name, asked, arguments, comes_at_once):
    """Each event as it comes."""
    with contextlib.ExitStack() as closing:
        stopping = Stopping()
        origin = events.NOWHERE
        keeps_open = arguments.follow and name != "-"
        if name is None:
            origin = events.origin_of(host.at("/"))
            log = closing.enter_context(log_source.KernelLog(follow=arguments.follow, stop=stopping.stop))
        elif keeps_open:
            log = closing.enter_context(log_source.GrowingFile(name, stopping.stop))
        else:
            log = log_source.Stream(closing.enter_context(_opened(name)).fileno(), stopping.stop)
        shown = "the kernel's log" if name is None else _shown(name)
        task = following.Task(shown, asked, arguments.json, comes_at_once, keeps_open)
        with stopping:  # not before, since a FIFO may take for ever to open
            return following.follow(log, task, origin, stopping)


def _is_packed(name):
    """Whether it is a file, named or as standard input, that has to be unpacked: its events come when all is read."""
    if name is None or (name != "-" and not os.path.isfile(name)):
        return False  # a FIFO can be opened only once
    with _opened(name) as log:
        if not stat.S_ISREG(os.fstat(log.fileno()).st_mode):
            return False
        return packed_log.has_to_be_unpacked(os.pread(log.fileno(), packed_log.HEAD, 0))


def _is_given(follows):
    """Whether standard input is to be read where no file is named: a service that follows a log has /dev/null there."""
    if sys.stdin is None or sys.stdin.isatty():
        return False
    return not (follows and stat.S_ISCHR(os.fstat(sys.stdin.fileno()).st_mode))


def _opened(name):
    if name != "-":
        return log_source.open_log(name)
    if sys.stdin is None:
        raise exits.InputError("Standard input is closed; pipe a log into it, or give a file that holds one")
    return open(sys.stdin.fileno(), "rb", closefd=False)  # which is not ours to close


def _shown(name):
    return "standard input" if name == "-" else printable(name)


def _refused(name, error):
    reason = host.reason(error)
    if name is None:
        return (
            f"Cannot read the kernel's log, /dev/kmsg: {reason}; run it as root, or give a log: "
            "`journalctl -k | oomwatch explain`"
        )
    return f"Cannot read {_shown(name)}: {reason}; give a file that holds a kernel log, or - for standard input"
