# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A real report behind prefixes that no table of formats has: it is read as it is without them.

The captured records of one OOM are written behind dates of other languages, columns of log viewers, file names of grep
and whatever else people paste. What the lines say must not change by it.
"""

import json
import os

import pytest

from ansible_collections.memfacts.linux.plugins.module_utils.memcore.answers import events
from tests.support import log_formats

LOGS = os.path.join(os.path.dirname(__file__), *[os.pardir] * 4, "fixtures", "oomlogs")
NAMES = (
    "6.12.117-memcg-v2.kmsg.txt",
    "4.19.78-memcg-v1.kmsg.txt",
    "6.1.176-global.kmsg.txt",
    "5.10.223-global.kmsg.txt",
)


def records_of(name):
    """Those of the log's first report, a record a line as dmesg shows them."""
    with open(os.path.join(LOGS, name), "rb") as log:
        lines = [line for line in log.read().splitlines(True) if line[:1] != b" "]
    found = []
    for record in log_formats.records(lines):
        found += [record._replace(text=text) for text in record.text.split(b"\n")]
        if b"Killed process" in record.text:
            return found
    raise AssertionError(f"{name} has no kill")


RECORDS = {name: records_of(name) for name in NAMES}

# A prefix by seconds since boot; %(time)s is 06:53:58 and the like, %(printk)s is [    5.081317].
PREFIXES = {
    "dmesg -T, French": "[ven. nov. 28 %(time)s 2025] ",
    "dmesg -T, German": "[Fr Nov 28 %(time)s 2025] ",
    "dmesg -T, Chinese": "[五 11月 28 %(time)s 2025] ",
    "dmesg -T, Japanese": "[金 11月 28 %(time)s 2025] ",
    "dmesg -T, Russian": "[Пт ноя 28 %(time)s 2025] ",
    "dmesg -T, Spanish": "[vie nov 28 %(time)s 2025] ",
    "syslog, French": "nov. 28 %(time)s web1 kernel: ",
    "journal, German": "Nov 28 %(time)s web1 kernel: ",
    "journal, Chinese": "11月 28 %(time)s web1 kernel: ",
    "journal, Polish": "lis 28 %(time)s web1 kernel: ",
    "journal, Czech": "28. lis %(time)s web1 kernel: ",
    "syslog with printk's time, Russian": "ноя 28 %(time)s web1 kernel: %(printk)s",
    "seconds and CPU": "[%(seconds)s@0] ",
    "seconds and CPU, wide": "[%(seconds)s@12] ",
    "logread of OpenWrt": "Fri Nov 28 %(time)s 2025 kern.warn kernel: %(printk)s",
    "grep in several files": "/var/log/syslog:Nov 28 %(time)s web1 kernel: %(printk)s",
    "grep with line numbers": "kern.log:1204:Nov 28 %(time)s web1 kernel: %(printk)s",
    "grep -n": "1204:Nov 28 %(time)s web1 kernel: %(printk)s",
    "grep with context": "/var/log/kern.log-Nov 28 %(time)s web1 kernel: %(printk)s",
    "grep in dmesg": "dmesg.txt:%(printk)s",
    "tag alone": "kernel: ",
    "tag and printk's time": "kernel: %(printk)s",
    "tag with an id": "kernel[0]: %(printk)s",
    "vmware.log": "2025-11-28T%(time)s.123Z| vcpu-0| I005: Guest: %(printk)s",
    "docker-compose": "node-1  | %(printk)s",
    "container's log": "2025-11-28T%(time)s.123456789Z stdout F %(printk)s",
    "kubectl logs --timestamps": "2025-11-28T%(time)s.123456789Z %(printk)s",
    "moreutils ts": "Nov 28 %(time)s %(printk)s",
    "four blanks": "    ",
    "a tab": "\t",
    "quoted mail": "> ",
    "quoted twice": ">> > ",
    "quoted with printk's time": "> %(printk)s",
    "line numbers": "  17: %(printk)s",
    "byte order mark": "\ufeff%(printk)s",
    "no-break blanks": "\xa0\xa0%(printk)s",
    "colours of dmesg": "\x1b[32m%(printk)s\x1b[0m",
}


def written(name, prefix, end="\n"):
    for record in RECORDS[name]:
        seconds = f"{record.usec // 1000000:5d}.{record.usec % 1000000:06d}"
        blanks = {"seconds": seconds, "printk": f"[{seconds}] ", "time": f"06:53:{record.usec // 1000000 % 60:02d}"}
        yield (prefix % blanks).encode() + record.text + end.encode()


def told(found):
    """What an event says, without its times and what follows from them."""
    return [
        {name: value for name, value in event.items() if name not in ("id", "time", "uptime_seconds", "explanation")}
        for event in found
    ]


def read(name, prefix, end="\n"):
    return told(events.read(written(name, prefix, end)))


PLAIN = {name: read(name, "%(printk)s") for name in NAMES}


def test_plain_reports_are_whole():
    for name, found in PLAIN.items():
        [event] = found
        assert event["outcome"] == "killed", name
        assert event["candidates"], name
        assert event["incomplete"] == [], name


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("prefix", sorted(PREFIXES))
def test_prefix_changes_nothing(name, prefix):
    assert read(name, PREFIXES[prefix]) == PLAIN[name]


@pytest.mark.parametrize("prefix", ["[ven. nov. 28 %(time)s 2025] ", "%(printk)s", "    "])
def test_line_ends_of_windows_change_nothing(prefix):
    assert read(NAMES[0], prefix, "\r\n") == PLAIN[NAMES[0]]


@pytest.mark.parametrize(
    "line",
    [
        "28 nov. 07:26:44 web1 myapp[77]: ",
        "nov. 28 07:26:44 web1 myapp: ",
        "11月 28 07:26:44 web1 myapp[77]: ",
        "Fri Nov 28 07:26:44 2025 daemon.err myapp[77]: ",
        "/var/log/syslog:Nov 28 07:26:44 web1 myapp[77]: ",
        "2025-11-28T07:26:44.123Z stdout F myapp[77]: ",
        "myapp[77]: ",
    ],
)
def test_line_of_a_program_is_not_the_kernels(line):
    kill = "Out of memory: Killed process 4541 (v2ray) total-vm:700000kB, anon-rss:30000kB, file-rss:0kB"
    assert list(events.read([line + kill])) == []


@pytest.mark.parametrize(
    "wrap",
    [
        lambda text: {"log": text + "\n", "stream": "stdout", "time": "2025-11-28T07:26:44Z"},
        lambda text: {"log": text, "kubernetes": {"pod_name": "log-0"}},
        lambda text: {"date": 1764314804.0, "message": text},
        lambda text: {"line": text, "labels": {"job": "kern"}, "timestamp": "2025-11-28T07:26:44Z"},
        lambda text: {"_index": "logs", "_source": {"message": text, "host": {"name": "web1"}}},
        lambda text: {"@timestamp": "2025-11-28T07:26:44Z", "msg": text},
        lambda text: {"MESSAGE": text, "_TRANSPORT": "kernel"},
    ],
    ids=["docker", "fluent bit", "fluentd", "loki", "elasticsearch", "msg", "journal"],
)
def test_json_lines_of_log_shippers_are_read(wrap):
    lines = [json.dumps(wrap(line.decode().rstrip("\n"))) for line in written(NAMES[0], "%(printk)s")]
    found = told(events.read(lines))
    if "_TRANSPORT" in lines[0]:
        # The journal has no printk time in the message, so that it stands in front of the text here.
        lines = [json.dumps(wrap(record.text.decode())) for record in RECORDS[NAMES[0]]]
        found = told(events.read(lines))
    assert found == PLAIN[NAMES[0]]


@pytest.mark.parametrize("field", ["SYSLOG_IDENTIFIER", "ident", "program", "appname", "tag"])
def test_json_line_of_a_program_is_not_the_kernels(field):
    kill = "Out of memory: Killed process 4541 (v2ray) total-vm:700000kB, anon-rss:30000kB, file-rss:0kB"
    assert list(events.read([json.dumps({"message": kill, field: "myapp"})])) == []
    assert len(list(events.read([json.dumps({"message": kill, field: "kernel"})]))) == 1


WRAPPED = [
    (
        [
            "Out of memory: Killed process 541 (dbus-broker) total-vm:4400kB,",
            "anon-rss:892kB, file-rss:380kB, shmem-rss:0kB, UID:999",
            "pgtables:44kB oom_score_adj:-900",
        ],
        ("dbus-broker", 892 * 1024, -900),
    ),
    (
        [
            "Out of memory: Killed process 541 (a b) total-vm:4400kB, anon-rss:892kB,",
            "file-rss:380kB, shmem-rss:0kB, UID:999 pgtables:44kB",
            "oom_score_adj:0",
        ],
        ("a b", 892 * 1024, 0),
    ),
    (["Killed process 541 (java)", "total-vm:4400kB, anon-rss:892kB, file-rss:380kB"], ("java", 892 * 1024, None)),
]


@pytest.mark.parametrize("lines, expected", WRAPPED)
def test_line_that_a_mail_program_wrapped_is_one(lines, expected):
    first = "[330319.251380] " + lines[0]
    [event] = events.read([first, *lines[1:], "[330320.000000] usb 1-1: new device"])
    victim = event["victim"]
    assert (victim["comm"], victim["anon_bytes"], victim["oom_score_adj"]) == expected


def test_rows_wrapped_before_the_name_and_zones_wrapped_anywhere():
    lines = [
        "[1.000001] x invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL),",
        "order=0, oom_score_adj=0",
        "[1.000002] [  pid  ]   uid  tgid total_vm      rss pgtables_bytes swapents",
        "oom_score_adj name",
        "[1.000003] [    238]     0   238     3446     1394    61440        0         -1000",
        "systemd-udevd",
        "[1.000004] [  20704] 62689 20704   157371       23    90112        0             0 fio",
        "[1.000005] Out of memory: Killed process 20704 (fio) total-vm:629484kB, anon-rss:92kB, file-rss:0kB",
    ]
    [event] = events.read(lines)
    rows = {row["comm"]: (row["pid"], row["rss_bytes"], row["oom_score_adj"]) for row in event["candidates"]}
    assert rows == {"fio": (20704, 23 * 4096, 0), "systemd-udevd": (238, 1394 * 4096, -1000)}
    assert event["trigger"]["comm"] == "x"
