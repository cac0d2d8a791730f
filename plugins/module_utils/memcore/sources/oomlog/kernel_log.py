# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""What the kernel's log looks like where people keep it: the prefix of each line is taken off.

/dev/kmsg records (Documentation/ABI/testing/dev-kmsg), dmesg with its options, journalctl's formats, syslog files, a
pasted mail. Lines of which it can be told that user space wrote them are left out: anybody may write "Out of memory".
"""

import datetime
import json
import re
from typing import Callable, Dict, Iterable, Iterator, NamedTuple, Optional, Union

from . import journal_export
from .unknown_prefix import UnknownPrefix, without_file

# A record of the kernel has 8 KiB at most, four times as much when escaped; journal fields come on top.
LONGEST_LINE = 1 << 16
_LONGEST_TEXT = 1 << 14


class LogLine(NamedTuple):
    """A line of the kernel. text keeps bytes that are not UTF-8 as surrogates, and newlines within a record.

    stamp: the date as the log has it, for wall_time(). continues: the record is marked as a part of an earlier one.
    bare: the log's lines have a prefix, but this one has none.
    """

    text: str
    sequence: Optional[int] = None
    time_usec: Optional[int] = None  # since boot
    stamp: Optional[str] = None
    boot_id: Optional[str] = None
    priority: Optional[int] = None
    continues: bool = False
    bare: bool = False


# prio,seq,usec,flags[,more];text
_KMSG = re.compile(r"([0-9]{1,4}),([0-9]{1,20}),([0-9]{1,20}),([-c+])[^;]{0,200};")
_KMSG_FIELD = re.compile(r" [A-Z_]{1,64}=")
# [  123.456789] of printk, and what dmesg makes of it: -d adds <…>, -e has +0.000012 or Nov27 06:53, -T the date.
_PRINTK = re.compile(r"\[ *([0-9]{1,10})\.([0-9]{6})(?:@[0-9]{1,4})?(?: <[ 0-9.]{1,20}>)?\] ?")
_DATED = re.compile(r"\[(\w{3} \w{3} [ 0-9]\d \d\d:\d\d:\d\d \d{4})\] ?", re.ASCII)
# dmesg -T in any language: whatever is in the bracket, it has a time of day.
_ANY_DATE = re.compile(r"\[([^\[\]]{1,64}?[0-9]{1,2}:[0-9]{2}:[0-9]{2}[^\[\]]{0,32})\] ?")
_RELATIVE = re.compile(r"\[(?: *[+][0-9.]{1,20}|\w{3}\d\d \d\d:\d\d| *<? *[0-9.]{1,20}>)\] ?", re.ASCII)
_CALLER = re.compile(r"\[ *[TC][0-9]{1,10}\] ?")
_LEVEL = re.compile(r"<([0-9]{1,4})>")
_DECODED = re.compile(r"([a-z0-9]{2,9}) *:([a-z]{3,6}) *: ")
# talosctl dmesg, which may name the node first: `10.5.0.2: kern: warning: [2026-11-27T06:53:58.123456789Z]: text`
_TALOS = re.compile(
    r"(?:\S{1,255}: )?([a-z0-9]{2,9}): +(emerg|alert|crit|err|warning|notice|info|debug): "
    r"\[(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d))\]: ?",
    re.ASCII,
)
_LEVELS = {"emerg": 0, "alert": 1, "crit": 2, "err": 3, "warn": 4, "warning": 4, "notice": 5, "info": 6, "debug": 7}
# dmesg --time-format iso has a comma; journalctl and rsyslog have a point, a host and a tag.
_ISO_DMESG = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d,\d{6}[+-]\d\d:\d\d) ", re.ASCII)
_SYSLOG = re.compile(
    r"((?:\w{3} )?\w{3} [ 0-9]\d (?:\d{4} )?\d\d:\d\d:\d\d(?:\.\d{1,9})?"  # Nov 27 06:53:58
    r"|\w{3} \d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d{1,9})? [\w+:/-]{1,40}"  # Fri 2026-11-27 06:53:58 UTC
    r"|\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?"  # 2026-11-27T06:53:58.123456+00:00
    r"|\d{9,12}\.\d{1,6})"  # 1795762438.123456
    r" (?:\S{1,255} )?([^\s:\[]{1,128})(?:\[\d{1,10}\])?: ?",
    re.ASCII,
)
_TAGGED = re.compile(r"(\S{1,255}) ([^\s:\[]{1,128})(?:\[[0-9]{1,10}\])?: ")
_KERNEL_TAG = re.compile(r"kernel(?:\[[0-9]{1,10}\])?: ?")
# Sent by pagers, mail programs, web pages and editors.
_CLUTTER = re.compile("\x1b\\[[0-9;]{0,20}[mK]|\ufeff|\u200b")
_QUOTED = re.compile(r"(?:[ \t>|\0]|&gt;|&nbsp;)+")
_HEX_ID = re.compile(r"[0-9a-f]{32}$")
_DIGITS = re.compile(r"[0-9]{1,20}$")
_COLOUR = re.compile(r"\x1b\[[0-9;]{0,20}m")
_HEX = re.compile(rb"\\x([0-9a-f]{2})")
_OCTAL = re.compile(rb"#(0[0-3][0-7]|177|[23][0-7]{2})")
# Fields of JSON lines: who wrote the line, and the line.
_PROGRAMS = ("SYSLOG_IDENTIFIER", "ident", "program", "appname", "tag")
_TEXTS = ("log", "message", "msg", "line", "_raw", "text")
_ROUTE = re.compile(r"[./]")
# Said by journald itself, of the kernel's log.
_OF_JOURNALD = re.compile(r"Missed [0-9]{1,20} kernel messages|/dev/kmsg buffer overrun")


class LogFormat(NamedTuple):
    """What the lines so far tell of the log: enough to go on reading it.

    prefixed: some had a prefix; foreign: the last one was of user space, so what follows without a prefix is too;
    is_plain: dmesg rather than journalctl; is_export: journalctl -o export; host: of "[    7.861912] host kernel: ".
    is_odd: some had a prefix that is in no table.
    """

    prefixed: bool = False
    foreign: bool = False
    is_plain: bool = False
    is_export: bool = False
    host: Optional[str] = None
    is_odd: bool = False


_UNKNOWN_FORMAT = LogFormat()


class PrefixStripper:
    """Takes lines in the order of the log, and remembers what kind of log it is."""

    def __init__(self, known: LogFormat = _UNKNOWN_FORMAT) -> None:
        self._prefixed, self._foreign, self._is_plain, is_export, self._host, self._is_odd = known
        self._entry = journal_export.Entry() if is_export else None
        self._unknown = UnknownPrefix()

    @property
    def format(self) -> LogFormat:
        """What is known of the log; exact where no entry is half read."""
        is_export = self._entry is not None
        return LogFormat(self._prefixed, self._foreign, self._is_plain, is_export, self._host, self._is_odd)

    @property
    def is_in_entry(self) -> bool:
        """Whether an entry of journalctl -o export has begun and not ended."""
        return self._entry is not None and self._entry.has_begun

    @property
    def needs_every_line(self) -> bool:
        """Whether a line means nothing without those before it: journalctl -o export."""
        return self._entry is not None

    def strip(self, line: str) -> Optional[LogLine]:
        """The kernel's line without its prefix; None for what is not the kernel's."""
        first = line[:1]
        if self._entry is not None or (first == "_" and line.startswith("__CURSOR=")):
            return self._exported(line)
        if first == "\x1b":
            line = _COLOUR.sub("", line)
            first = line[:1]
        known = _BY_FIRST.get(first)
        found = None if known is None else known(self, line)
        if found is None and not _is_ascii(line):
            line = _CLUTTER.sub("", line).replace("\xa0", " ")
            first = line[:1]
            found = self._known(line)
        if found is None and first in _MAYBE_QUOTE:
            quote = _QUOTED.match(line)
            if quote:
                found = self._known(line[quote.end() :])
        if found is None:
            found = self._of_no_format(line)
        if found is None:
            return self._bare(line)
        self._prefixed = True
        self._foreign = found is _NOT_OF_THE_KERNEL
        return None if self._foreign else found

    def _known(self, line: str) -> Optional[LogLine]:
        known = _BY_FIRST.get(line[:1])
        return None if known is None else known(self, line)

    def _of_no_format(self, line: str) -> Optional[LogLine]:
        """A line whose prefix is in no table; None where it has none."""
        match = _KERNEL_TAG.match(line)
        if match is not None:
            time_usec, rest = _printk_time(line[match.end() :])
            return LogLine(_unescaped(rest), time_usec=time_usec)
        if self._prefixed and not self._is_odd:
            return None  # the rest of a line that was cut, or of a name
        found = self._of_file(line) or self._behind_unknown(line)
        self._is_odd = self._is_odd or found is not None
        return found

    def _of_file(self, line: str) -> Optional[LogLine]:
        """`kern.log:Nov 27 06:53:58 host kernel: text`, as grep prints lines of several files."""
        rest = without_file(line)
        return None if rest is None else self._known(rest)

    def _behind_unknown(self, line: str) -> Optional[LogLine]:
        found = self._unknown.strip(line)
        if found is None:
            return None
        if found.is_foreign:
            return _NOT_OF_THE_KERNEL
        return LogLine(_unescaped(_without_caller(found.text)), time_usec=found.time_usec, stamp=found.stamp)

    def _bare(self, line: str) -> Optional[LogLine]:
        if self._foreign or (self._prefixed and _KMSG_FIELD.match(line)):
            return None
        quote = _QUOTED.match(line)
        # Blanks alone may be the kernel's own: a console that two wrote to breaks lines anywhere.
        text = line[quote.end() :] if quote and not quote[0].isspace() else line
        return LogLine(text=_unescaped(text), bare=self._prefixed)

    def _kmsg_or_date(self, line: str) -> Optional[LogLine]:
        match = _KMSG.match(line)
        if match is None:
            return self._iso(line)
        priority = int(match[1])
        if priority >= 8:
            return _NOT_OF_THE_KERNEL
        text = line[match.end() :]
        if "\\" in text:
            text = _unescaped(text)
        return LogLine(text, int(match[2]), int(match[3]), None, None, priority, match[4] != "-", False)

    def _iso(self, line: str) -> Optional[LogLine]:
        match = _ISO_DMESG.match(line)
        if match is None:
            return self._syslog(line)
        return LogLine(_unescaped(_without_caller(line[match.end() :])), stamp=match[1])

    def _syslog(self, line: str) -> Optional[LogLine]:
        match = _SYSLOG.match(line)
        if match is None:
            return self._decoded(line)
        rest = line[match.end() :]
        if match[2] != "kernel":
            return _if_of_journald(rest)
        time_usec, rest = _printk_time(rest)
        return LogLine(_unescaped(rest, _OCTAL), time_usec=time_usec, stamp=match[1])

    def _decoded(self, line: str) -> Optional[LogLine]:
        match = _DECODED.match(line)
        if match is None or match[2] not in _LEVELS:
            return self._talos(line) if "]: " in line else None
        if match[1] != "kern":
            return _NOT_OF_THE_KERNEL
        return self._with_priority(line[match.end() :], _LEVELS[match[2]])

    def _talos(self, line: str) -> Optional[LogLine]:
        match = _TALOS.match(line)
        if match is None:
            return None
        if match[1] != "kern":
            return _NOT_OF_THE_KERNEL
        return LogLine(_unescaped(line[match.end() :]), stamp=match[3], priority=_LEVELS[match[2]])

    def _raw(self, line: str) -> Optional[LogLine]:
        match = _LEVEL.match(line.replace("&lt;", "<", 1).replace("&gt;", ">", 1) if line[0] == "&" else line)
        if match is None:
            return None
        if int(match[1]) >= 8:
            return _NOT_OF_THE_KERNEL
        return self._with_priority(line[match.end() + (6 if line[0] == "&" else 0) :], int(match[1]))

    def _with_priority(self, rest: str, priority: int) -> Optional[LogLine]:
        found = self._known(rest) if rest[:1] not in _LEADS_A_LEVEL else None
        if found is _NOT_OF_THE_KERNEL:
            return found
        return (LogLine(_unescaped(rest)) if found is None else found)._replace(priority=priority)

    def _bracketed(self, line: str) -> Optional[LogLine]:
        match = _PRINTK.match(line)
        if match is None:
            return _with_date(line)
        text = line[match.end() :]
        if text[:1] == "[":
            text = _without_caller(text)
        if self._is_plain or (self._host is None and not self._has_host(text)):
            return LogLine(_unescaped(text), None, int(match[1] + match[2]))
        return self._of_host(text, int(match[1] + match[2]))

    def _has_host(self, text: str) -> bool:
        """Whether it is journalctl -o short-monotonic: the first line tells, for a task's name may look so."""
        tag = _TAGGED.match(text)
        self._is_plain = tag is None
        return tag is not None and tag[2] == "kernel"

    def _of_host(self, text: str, time_usec: int) -> LogLine:
        """journalctl -o short-monotonic: [    7.861912] host kernel: text."""
        tag = _TAGGED.match(text)
        if tag is None:
            return LogLine(_unescaped(text), time_usec=time_usec)
        if tag[2] != "kernel":
            return _if_of_journald(text[tag.end() :])
        self._host = tag[1] + " "
        return LogLine(_unescaped(_printk_time(text[tag.end() :])[1]), time_usec=time_usec)

    def _json(self, line: str) -> Optional[LogLine]:
        try:
            fields = json.loads(line)
        except (ValueError, RecursionError):
            return _NOT_OF_THE_KERNEL if line.startswith(('{"', '{ "')) else None
        if not isinstance(fields, dict):
            return None
        return of_journal(fields) if "MESSAGE" in fields else self._shipped(fields)

    def _shipped(self, fields: Dict) -> LogLine:
        """A line of Docker's log files, or of a log shipper: one field has the text with a prefix of its own."""
        inner = fields.get("_source")
        fields = inner if isinstance(inner, dict) else fields
        for name in _PROGRAMS:
            tag = fields.get(name)
            # A tag with points or slashes routes the line, and names no program.
            if isinstance(tag, str) and tag != "kernel" and not _ROUTE.search(tag):
                return _NOT_OF_THE_KERNEL
        text = next((fields[name] for name in _TEXTS if isinstance(fields.get(name), str)), None)
        if text is None:
            return _NOT_OF_THE_KERNEL
        text = _only_escapes(text[:LONGEST_LINE]).rstrip("\r\n")
        return self._known(text) or self._of_no_format(text) or LogLine(_unescaped(text))

    def _exported(self, line: str) -> Optional[LogLine]:
        if self._entry is None:
            self._entry = journal_export.Entry()
        fields = self._entry.take(line)
        found = None if fields is None else of_journal(fields)
        return None if found is _NOT_OF_THE_KERNEL else found


_NOT_OF_THE_KERNEL = LogLine("")
_MAYBE_QUOTE = frozenset(" \t>|&\0")  # syslog files have NULs where a host went down
_LEADS_A_LEVEL = frozenset("<&")
_BY_FIRST: Dict[str, Callable[[PrefixStripper, str], Optional[LogLine]]] = {
    "[": PrefixStripper._bracketed,
    "<": PrefixStripper._raw,
    "&": PrefixStripper._raw,
    "{": PrefixStripper._json,
}
_BY_FIRST.update(dict.fromkeys("0123456789", PrefixStripper._kmsg_or_date))
_BY_FIRST.update(dict.fromkeys("ABCDEFGHIJKLMNOPQRSTUVWXYZ", PrefixStripper._syslog))
_BY_FIRST.update(dict.fromkeys("abcdefghijklmnopqrstuvwxyz", PrefixStripper._decoded))


def decoded(line: Union[bytes, str]) -> str:
    """The line as text without its end, bytes that are not UTF-8 as surrogates; what is too long for a line is cut."""
    if len(line) > LONGEST_LINE:
        line = line[:LONGEST_LINE]
    if isinstance(line, str):
        line = _only_escapes(line)
    else:
        line = line.decode("utf-8", "surrogateescape")
    return line.rstrip("\r\n")


def _is_ascii(text: str) -> bool:
    return len(text) == len(text.encode("utf-8", "surrogateescape"))


def _only_escapes(text: str) -> str:
    """Text whose surrogates all stand for bytes, as JSON's need not, so that it can be turned into bytes again."""
    try:
        text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass").decode("utf-8", "surrogateescape")
    return text


def read(lines: Iterable[Union[bytes, str]]) -> Iterator[LogLine]:
    """All lines of the kernel in a log."""
    stripper = PrefixStripper()
    for line in lines:
        found = stripper.strip(decoded(line))
        if found is not None:
            yield found


def of_journal(fields: Dict) -> LogLine:
    """An entry of the journal by its fields; user space may write to /dev/kmsg, but with a facility of its own."""
    text = journal_text(fields.get("MESSAGE"))
    if fields.get("_TRANSPORT", "kernel") != "kernel" or fields.get("SYSLOG_IDENTIFIER", "kernel") != "kernel":
        return _if_of_journald(text) if fields.get("SYSLOG_IDENTIFIER") == "systemd-journald" else _NOT_OF_THE_KERNEL
    if fields.get("SYSLOG_FACILITY", "0") != "0":
        return _NOT_OF_THE_KERNEL
    boot = fields.get("_BOOT_ID")
    return LogLine(
        text=text[:_LONGEST_TEXT],
        # Never __MONOTONIC_TIMESTAMP, when journald read the record: by it the same OOM would have another id.
        time_usec=number_of(fields.get("_SOURCE_MONOTONIC_TIMESTAMP")),
        stamp=journal_stamp(fields),
        boot_id=_uuid(boot) if isinstance(boot, str) else None,
        priority=number_of(fields.get("PRIORITY")),
    )


def wall_time(stamp: Optional[str]) -> Optional[str]:
    """RFC 3339 UTC of a line's date; None where the date has no year or no time zone that is known."""
    if stamp is None:
        return None
    for pattern, convert in _WALL_TIMES:
        match = pattern.match(stamp)
        if match:
            try:
                return convert(match)
            except (ValueError, OverflowError):
                return None
    return None


def _of_epoch(match) -> str:
    moment = datetime.datetime(1970, 1, 1) + datetime.timedelta(seconds=int(match[1]))
    return _rfc3339(moment, match[2])


def _of_date(match) -> str:
    moment = datetime.datetime.strptime(match[1] + " " + match[2], "%Y-%m-%d %H:%M:%S")
    sign, hours, minutes = match[4], match[5], match[6]
    if sign:
        ahead = datetime.timedelta(hours=int(hours), minutes=int(minutes))
        moment = moment - ahead if sign == "+" else moment + ahead
    return _rfc3339(moment, match[3])


def _rfc3339(moment: datetime.datetime, fraction: Optional[str]) -> str:
    return moment.isoformat() + ("." + fraction[:6] if fraction else "") + "Z"


_WALL_TIMES = [
    (re.compile(r"([0-9]{9,12})\.([0-9]{1,6})$"), _of_epoch),
    (
        re.compile(
            r"(?:[A-Z][a-z]{2} )?([0-9]{4}-[0-9]{2}-[0-9]{2})[T ]([0-9]{2}:[0-9]{2}:[0-9]{2})(?:[.,]([0-9]{1,9}))?"
            r"(?: ?UTC| ?GMT|Z|([+-])([0-9]{2}):?([0-9]{2}))$"
        ),
        _of_date,
    ),
]


def _with_date(line: str) -> Optional[LogLine]:
    match = _DATED.match(line)
    if match:
        return LogLine(_unescaped(_without_caller(line[match.end() :])), stamp=match[1])
    match = _ANY_DATE.match(line)
    if match:
        return LogLine(_unescaped(_without_caller(line[match.end() :])), stamp=match[1])
    match = _RELATIVE.match(line)
    return LogLine(_unescaped(_without_caller(line[match.end() :]))) if match else None


def _printk_time(text: str):
    """(microseconds or None, text without them): syslog daemons leave printk's own time in the message."""
    match = _PRINTK.match(text) if text.startswith("[") else None
    if match is None:
        return None, text
    return int(match[1] + match[2]), _without_caller(text[match.end() :])


def _without_caller(text: str) -> str:
    match = _CALLER.match(text) if text.startswith("[") else None
    return text[match.end() :] if match else text


def _if_of_journald(text: str) -> LogLine:
    return LogLine(text) if _OF_JOURNALD.match(text) else _NOT_OF_THE_KERNEL


def _unescaped(text: str, escape=None) -> str:
    r"""Text with \x0a, and where rsyslog wrote it #012, as the bytes they stand for."""
    if escape is not None and "#" in text:
        data = text.encode("utf-8", "surrogateescape")
        text = escape.sub(lambda match: bytes([int(match[1], 8)]), data).decode("utf-8", "surrogateescape")
    if "\\x" in text:
        data = text.encode("utf-8", "surrogateescape")
        text = _HEX.sub(lambda match: bytes([int(match[1], 16)]), data).decode("utf-8", "surrogateescape")
    return text[:_LONGEST_TEXT]


def journal_text(message) -> str:
    """MESSAGE is an array of bytes where it is not all printable."""
    if isinstance(message, str):
        return _only_escapes(message)
    if isinstance(message, list) and all(isinstance(byte, int) and 0 <= byte < 256 for byte in message):
        return bytes(message).decode("utf-8", "surrogateescape")
    return ""


def _uuid(text: str) -> str:
    """The journal's form of a boot id as /proc/sys/kernel/random/boot_id has it."""
    if not _HEX_ID.match(text):
        return _only_escapes(text)[:64]
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))


def journal_stamp(fields: Dict) -> Optional[str]:
    """An entry's date as wall_time() takes it."""
    realtime = number_of(fields.get("__REALTIME_TIMESTAMP"))
    return None if realtime is None else "%d.%06d" % divmod(realtime, 1000000)


def number_of(value) -> Optional[int]:
    """A field of the journal, which has its numbers as text."""
    return int(value) if isinstance(value, str) and _DIGITS.match(value) else None
