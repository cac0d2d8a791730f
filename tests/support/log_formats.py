# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A kernel log in every common format: /dev/kmsg as dmesg, journalctl, syslog daemons and mail programs show it.

Written from the programs' documentation and output, not from the reader that is tested with it.
"""

import collections
import datetime
import json
import re

Record = collections.namedtuple("Record", "priority sequence usec flags text")  # text: bytes, unescaped

BOOT = datetime.datetime(2026, 11, 27, 6, 53, 58, 250000)
BOOT_ID = "5a6fc4d1c6cc4b6fb9d3f37cc1d1f1a5"
LEVELS = ["emerg", "alert", "crit", "err", "warn", "notice", "info", "debug"]


def records(lines):
    """Records of /dev/kmsg lines (bytes)."""
    found = []
    for line in lines:
        head, _semicolon, text = line.rstrip(b"\n").partition(b";")
        priority, sequence, usec, flags = head.split(b",")[:4]
        text = re.sub(rb"\\x([0-9a-f]{2})", lambda match: bytes([int(match.group(1), 16)]), text)
        found.append(Record(int(priority), int(sequence), int(usec), flags.decode(), text))
    return found


def kmsg(log):
    """Back to /dev/kmsg."""
    for record in log:
        text = b"".join(
            b"\\x%02x" % byte if byte < 32 or byte >= 127 or byte == 92 else bytes([byte]) for byte in record.text
        )
        yield b"%d,%d,%d,%s;%s\n" % (record.priority, record.sequence, record.usec, record.flags.encode(), text)


def _printable(byte):
    return b"\\x%02x" % byte if byte < 32 or byte >= 127 or byte == 92 else bytes([byte])


def _lines(log, prefix, indent=None):
    """Each line of a record with the prefix, or those after the first indented, as newer programs have them."""
    for record in log:
        head = prefix(record).encode()
        first = True
        for line in record.text.split(b"\n"):
            yield (head if first or indent is None else b" " * len(head)) + line + b"\n"
            first = False


def _seconds(record):
    return "[%5d.%06d] " % divmod(record.usec, 1000000)


def _tag(record):
    """What writes to /dev/kmsg has no facility of the kernel, and no name of its own that the journal would know."""
    return "unknown" if record.priority >= 8 else "kernel"


def _host(record):
    return " host {0}: ".format(_tag(record))


def _moment(record):
    return BOOT + datetime.timedelta(microseconds=record.usec)


def dmesg(log):
    """As the kernel hands it to syslog(2): busybox, old util-linux, consoles."""
    return _lines(log, _seconds)


def dmesg_indented(log):
    """util-linux reading /dev/kmsg."""
    return _lines(log, _seconds, indent=True)


def dmesg_human(log):
    """dmesg -T."""
    return _lines(log, lambda record: _moment(record).strftime("[%a %b %d %H:%M:%S %Y] "), indent=True)


def dmesg_decoded(log):
    """dmesg -x."""
    return _lines(
        log,
        lambda record: (
            "%-6s:%-6s: %s"
            % (
                "user" if record.priority >= 8 else "kern",
                LEVELS[record.priority % 8],
                _seconds(record),
            )
        ),
        indent=True,
    )


def dmesg_raw(log):
    """dmesg -r."""
    return _lines(log, lambda record: "<%d>%s" % (record.priority, _seconds(record)))


def dmesg_callers(log):
    """CONFIG_PRINTK_CALLER."""
    return _lines(log, lambda record: _seconds(record) + "[  T%d] " % 4711)


def dmesg_delta(log):
    """dmesg -d."""
    return _lines(log, lambda record: "[%5d.%06d <    0.000012>] " % divmod(record.usec, 1000000), indent=True)


def dmesg_iso(log):
    """dmesg --time-format iso."""
    return _lines(log, lambda record: _moment(record).strftime("%Y-%m-%dT%H:%M:%S,%f+00:00 "), indent=True)


def coloured(log):
    """dmesg --color=always."""
    return _lines(log, lambda record: "\x1b[32m%s\x1b[0m\x1b[33m" % _seconds(record))


def talos(log):
    """talosctl dmesg of several nodes; the date has nanoseconds."""
    return _lines(
        log,
        lambda record: (
            "10.5.0.2: %s: %7s: [%s000Z]: "
            % (
                "user" if record.priority >= 8 else "kern",
                "warning" if record.priority % 8 == 4 else LEVELS[record.priority % 8],
                _moment(record).strftime("%Y-%m-%dT%H:%M:%S.%f"),
            )
        ),
    )


def _journal(log, stamp):
    return _lines(log, lambda record: _moment(record).strftime(stamp) + _host(record), indent=True)


def short(log):
    """journalctl -k, and rsyslog's files where newlines stay."""
    return _journal(log, "%b %d %H:%M:%S")


def short_precise(log):
    """journalctl -o short-precise."""
    return _journal(log, "%b %d %H:%M:%S.%f")


def short_iso(log):
    """journalctl -o short-iso."""
    return _journal(log, "%Y-%m-%dT%H:%M:%S+0000")


def short_monotonic(log):
    """journalctl -o short-monotonic."""
    return _lines(log, lambda record: _seconds(record).rstrip() + _host(record), indent=True)


def short_full(log):
    """journalctl -o short-full."""
    return _journal(log, "%a %Y-%m-%d %H:%M:%S UTC")


def short_unix(log):
    """journalctl -o short-unix."""
    epoch = datetime.datetime(1970, 1, 1)
    return _lines(log, lambda record: "%.6f" % (_moment(record) - epoch).total_seconds() + _host(record), indent=True)


def _rsyslog(log, stamp):
    for record in log:
        text = b"".join(b"#%03o" % byte if byte < 32 or byte == 127 else bytes([byte]) for byte in record.text)
        yield (
            _moment(record).strftime(stamp).encode()
            + (" host " + _tag(record) + ": ").encode()
            + _seconds(record).encode()
            + text
            + b"\n"
        )


def rsyslog(log):
    """rsyslog's traditional files."""
    return _rsyslog(log, "%b %d %H:%M:%S")


def rsyslog_iso(log):
    """rsyslog's files with precise dates."""
    return _rsyslog(log, "%Y-%m-%dT%H:%M:%S.%f+00:00")


def _fields(record):
    realtime = int((_moment(record) - datetime.datetime(1970, 1, 1)).total_seconds() * 1000000)
    return collections.OrderedDict(
        [
            ("__CURSOR", "s=77;i=%x" % record.sequence),
            ("__REALTIME_TIMESTAMP", str(realtime)),
            ("__MONOTONIC_TIMESTAMP", str(record.usec + 1234)),
            ("_BOOT_ID", BOOT_ID),
            ("_TRANSPORT", "kernel"),
            ("PRIORITY", str(record.priority % 8)),
            ("SYSLOG_FACILITY", str(record.priority // 8)),
            ("SYSLOG_IDENTIFIER", _tag(record)),
            ("_SOURCE_MONOTONIC_TIMESTAMP", str(record.usec)),
        ]
    )


def journal_json(log):
    """journalctl -o json: what is not printable is an array of bytes."""
    for record in log:
        try:
            text = record.text.decode("utf-8")
        except UnicodeDecodeError:
            text = None
        if text is None or not text.replace("\n", "").isprintable():
            text = list(record.text)
        yield json.dumps(dict(_fields(record), MESSAGE=text)).encode() + b"\n"


def journal_bytes(log):
    """The same, all texts as arrays."""
    for record in log:
        yield json.dumps(dict(_fields(record), MESSAGE=list(record.text)), separators=(",", ":")).encode() + b"\n"


def journal_export(log):
    """journalctl -o export, in lines as a file gives them."""
    data = b""
    for record in log:
        for name, value in _fields(record).items():
            data += b"%s=%s\n" % (name.encode(), value.encode())
        if b"\n" in record.text or any(byte < 32 for byte in record.text):
            data += b"MESSAGE\n" + len(record.text).to_bytes(8, "little") + record.text + b"\n\n"
        else:
            data += b"MESSAGE=" + record.text + b"\n\n"
    return [line + b"\n" for line in data.split(b"\n")[:-1]]


def quoted(log):
    """dmesg in a mail that was answered twice, from a system that ends lines its own way."""
    yield b"Hello,\r\n"
    yield b"On Fri, somebody wrote:\r\n"
    for line in dmesg(log):
        yield b"> > " + line[:-1] + b"\r\n"


def quoted_html(log):
    """The same out of a web archive."""
    for line in dmesg(log):
        yield b"&gt; " + line


def indented(log):
    """dmesg in a bug report, indented as code."""
    for line in dmesg(log):
        yield b"    " + line


def bare(log):
    """Without any time: CONFIG_PRINTK_TIME off, or taken off by hand."""
    return _lines(log, lambda record: "")


FORMATS = collections.OrderedDict(
    (show.__name__, show)
    for show in (
        kmsg,
        dmesg,
        dmesg_indented,
        dmesg_human,
        dmesg_decoded,
        dmesg_raw,
        dmesg_callers,
        dmesg_delta,
        dmesg_iso,
        coloured,
        talos,
        short,
        short_precise,
        short_iso,
        short_monotonic,
        short_full,
        short_unix,
        rsyslog,
        rsyslog_iso,
        journal_json,
        journal_bytes,
        journal_export,
        quoted,
        quoted_html,
        indented,
        bare,
    )
)
