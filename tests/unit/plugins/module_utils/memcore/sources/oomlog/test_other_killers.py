# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Kills by programs in user space. The lines are composed by the templates of the programs' sources."""

import json
import time

import pytest

from ansible_collections.memfacts.linux.plugins.module_utils.memcore.sources.oomlog import killer_lines
from ansible_collections.memfacts.linux.plugins.module_utils.memcore.sources.oomlog.killer_records import Pod
from ansible_collections.memfacts.linux.plugins.module_utils.memcore.sources.oomlog.other_killers import KillerReader

MIB = 1 << 20
APP = "/user.slice/user-1000.slice/user@1000.service/app.slice"


def decisions(*lines):
    reader = KillerReader()
    for line in lines:
        reader.feed(line)
    reader.flush()
    return reader.take()


def only(*lines):
    [found] = decisions(*lines)
    return found


def told(decision):
    """The fields that say something."""
    empty = type(decision)(decision.killer)
    return {name: value for name, value in decision._asdict().items() if value != getattr(empty, name)}


def syslog(tag, text):
    return f"Nov 30 03:12:01 web1 {tag}: {text}"


def test_systemd_oomd_names_pressure_threshold_and_cgroup():
    found = only(
        syslog(
            "systemd-oomd[812]",
            f"Killed {APP}/vte-spawn-1.scope due to memory pressure for /user.slice being 57.97% > 50.00% for > "
            "1min 30s with reclaim activity",
        ),
        syslog("systemd[1565]", "vte-spawn-1.scope: systemd-oomd killed 3 process(es) in this unit."),
        syslog("systemd[1565]", "vte-spawn-1.scope: Failed with result 'oom-kill'."),
    )
    assert (found.killer, found.reason, found.cgroup) == (
        "systemd-oomd",
        "memory-pressure",
        f"{APP}/vte-spawn-1.scope",
    )
    assert (found.measured_in, found.measured_percent, found.threshold_percent) == ("/user.slice", 57.97, 50.0)
    assert (found.for_seconds, found.processes, found.stamp) == (90.0, 3, "Nov 30 03:12:01")


def test_systemd_oomd_names_memory_and_swap():
    why = (
        "due to memory used (15449980928) / total (16437264384) and swap used (14808154112) / total (16436412416) "
        "being more than 90.00%"
    )
    # systemd 258 says "Marked … for killing".
    for said in (f"Killed {APP}/chrome.scope {why}", f"Marked {APP}/chrome.scope for killing {why}"):
        found = only(syslog("systemd-oomd[709]", said))
        assert (found.reason, found.measured_bytes, found.swap_threshold_percent) == (
            "memory-and-swap-used",
            15449980928,
            90.0,
        )
        assert found.measured_percent == pytest.approx(93.99, abs=0.01)
        assert found.swap_measured_percent == pytest.approx(90.09, abs=0.01)


def test_systemd_oomd_of_248_knew_only_swap():
    found = only(
        syslog("systemd-oomd[9]", "Killed /a.service due to swap used (3000) / total (4000) being more than 60.00%")
    )
    assert (found.reason, found.swap_measured_percent, found.swap_threshold_percent) == ("swap-used", 75.0, 60.0)
    assert found.measured_percent is None


def test_count_of_a_unit_that_comes_before_its_reason_is_one_decision():
    found = only(
        syslog("systemd[1]", "cardbuild.service: systemd-oomd killed 134 process(es) in this unit."),
        syslog(
            "systemd-oomd[1]",
            "Killed /system.slice/cardbuild.service due to memory pressure for /system.slice being 86.80% > 60.00% "
            "for > 30s with reclaim activity",
        ),
    )
    assert (found.processes, found.cgroup, found.measured_percent) == (134, "/system.slice/cardbuild.service", 86.8)


def test_two_units_are_two_decisions():
    first, second = decisions(
        syslog("systemd[1]", "a.service: systemd-oomd killed 2 process(es) in this unit."),
        syslog("systemd[1]", "b.service: systemd-oomd killed 5 process(es) in this unit."),
    )
    assert [(one.unit, one.processes, one.reason) for one in (first, second)] == [
        ("a.service", 2, "unknown"),
        ("b.service", 5, "unknown"),
    ]


@pytest.mark.parametrize(
    "sending, adj",
    [
        ('sending SIGTERM to process 4120 uid 1000 "bun": badness 1022, VmRSS 4514 MiB', None),  # 1.6
        ('sending SIGTERM to process 4120 "bun": badness 850, VmRSS 4514 MiB', None),  # 1.3
        (
            'sending SIGTERM to process 4120 uid 1000 "bun": oom_score 712, oom_score_adj 300, VmRSS 4514 MiB, '
            'cmdline "bun --token hunter2"',
            300,
        ),  # 1.8
    ],
)
def test_earlyoom_of_all_versions(sending, adj):
    found = only(
        syslog("earlyoom[904]", "mem avail:  1200 of 17518 MiB ( 6.85%), swap free: 13345 of 47119 MiB (28.32%)"),
        syslog("earlyoom[904]", "low memory! at or below SIGTERM limits: mem  8.00%, swap 30.42%"),
        syslog("earlyoom[904]", sending),
        syslog("earlyoom[904]", "process 4120 exited after 0.5 seconds"),
    )
    assert (found.pid, found.comm, found.rss_bytes, found.adj) == (4120, "bun", 4514 * MIB, adj)
    assert (found.measured_percent, found.measured_bytes, found.threshold_percent) == (6.85, 1200 * MIB, 8.0)
    assert (found.swap_measured_percent, found.swap_threshold_percent) == (28.32, 30.42)
    assert (found.signal, found.uid) == ("SIGTERM", 1000 if "uid" in sending else None)
    assert "hunter2" not in repr(found)


def test_earlyoom_that_has_to_escalate_is_one_kill():
    found = only(
        syslog("earlyoom[904]", "low memory! at or below SIGTERM limits: mem 10 %, swap 10 %"),
        syslog("earlyoom[904]", 'sending SIGTERM to process 7 uid 0 "java": badness 900, VmRSS 10 MiB'),
        syslog("earlyoom[904]", "escalating to SIGKILL after 0.5 seconds"),
        syslog("earlyoom[904]", "low memory! at or below SIGKILL limits: mem 5 %, swap 5 %"),
        syslog("earlyoom[904]", 'sending SIGKILL to process 7 uid 0 "java": badness 900, VmRSS 10 MiB'),
    )
    assert (found.pid, found.signal) == (7, "SIGKILL")


def test_earlyoom_that_finds_nobody_or_only_tries_kills_nobody():
    assert not decisions(
        syslog("earlyoom[904]", "low memory! at or below SIGTERM limits: mem 10.00%, swap 10.00%"),
        syslog("earlyoom[904]", "find_largest_process: selected myself"),
    )
    assert not decisions(
        syslog("earlyoom[904]", 'sending SIGTERM to process 7 uid 0 "java": badness 900, VmRSS 10 MiB'),
        syslog("earlyoom[904]", "dryrun, not actually sending any signal"),
    )


def test_what_earlyoom_said_an_hour_before_is_not_of_the_kill():
    report = syslog("earlyoom[904]", "mem avail: 16000 of 17518 MiB (91.33%), swap free:    0 of    0 MiB ( 0.00%)")
    ping = syslog("earlyoom[904]", "low memory! at or below SIGTERM limits: mem 10.00%, swap 10.00%")
    found = only(report, *[ping] * 14, syslog("earlyoom[904]", 'sending SIGTERM to process 7 uid 0 "java": badness 9'))
    assert (found.measured_percent, found.threshold_percent) == (None, 10.0)


NOHANG = """\
Memory status that requires corrective actions:
  MemAvailable [360 MiB, 4.5 %] <= soft_threshold_min_mem [480 MiB, 6.0 %]
  SwapFree [100 MiB, 2.4 %] <= soft_threshold_min_swap [400 MiB, 10.0 %]
Found 99 tasks with non-zero oom_score (except init and self) in 12ms
TOP printed in 3ms; process with highest badness:
  PID: 3101, name: chromium, badness: 980
Recheck memory levels...
Victim status (found in 1ms):
  EUID:      1000
  Cmdline:   /usr/bin/chromium --password=hunter2
  VmRSS:       900 MiB
Implementing a corrective action:
  Sending SIGTERM to the victim
OK; total response time: 44ms
What happened in the last 5min 1s:
  [ OK ] Sending SIGTERM to chromium: 1"""


def test_nohang_has_a_line_for_each_figure():
    found = only(*[syslog("nohang-desktop[640]", line) for line in NOHANG.splitlines()])
    assert (found.killer, found.pid, found.comm, found.signal) == ("nohang", 3101, "chromium", "SIGTERM")
    assert (found.measured_bytes, found.threshold_bytes) == (360 * MIB, 480 * MIB)
    assert (found.measured_percent, found.threshold_percent) == (4.5, 6.0)
    assert (found.swap_measured_percent, found.swap_threshold_percent) == (2.4, 10.0)
    assert (found.uid, found.rss_bytes) == (1000, 900 * MIB)
    assert "hunter2" not in repr(found)


def test_nohang_acts_for_pressure_too():
    found = only(
        syslog("nohang[1]", "Memory status that requires corrective actions:"),
        syslog("nohang[1]", "  PSI avg value (61.4) >= soft_threshold_max_psi (60)"),
        syslog("nohang[1]", "  PID: 9, Name: make, badness: 10"),
        syslog("nohang[1]", "  Sending SIGKILL to the victim"),
    )
    assert (found.reason, found.measured_percent, found.threshold_percent) == ("memory-pressure", 61.4, 60.0)
    assert (found.pid, found.signal) == (9, "SIGKILL")


def test_driver_of_older_android_kernels_in_one_record_and_in_lines():
    one = only(
        "<6>[ 100.000001] lowmemorykiller: Killing 'd.process.media' (3012), adj 1000,",
        "<6>[ 100.000001]    to free 45056kB on behalf of 'kswapd0' (80) because",
        "<6>[ 100.000001]    cache 60000kB is below limit 65536kB for oom_score_adj 529",
    )
    # Kernels that have the adj of both ranges, on a serial console.
    other = only(
        "[ 100.000001] lowmemorykiller: Killing 'd.process.media' (3012), adj 15, score_adj 1000,    to free 45056kB "
        "on behalf of 'kswapd0' (80) because    cache 60000kB is below limit 65536kB for oom_score_adj 529"
    )
    for found in (one, other):
        assert (found.killer, found.pid, found.comm, found.adj) == ("lmkd", 3012, "d.process.media", 1000)
        assert (found.rss_bytes, found.measured_bytes, found.threshold_bytes) == (45056 << 10, 60000 << 10, 65536 << 10)
        assert found.time_usec == 100000001


def test_lmkd_in_logcat():
    found = only(
        "10-24 14:24:26.342   710   710 I lowmemorykiller: Kill 'com.google.android.gms.unstable' (17933), uid 10446, "
        "oom_score_adj 900 to free 140528kB rss, 37404kB swap; reason: device is not responding"
    )
    assert (found.pid, found.comm, found.uid, found.adj) == (17933, "com.google.android.gms.unstable", 10446, 900)
    assert (found.said, found.rss_bytes, found.reason) == ("device is not responding", 140528 << 10, "unknown")


POD = "/kubepods/burstable/podc11937f9-989d-48ba-8453-06d2baa9392b"
TALOS = (
    'Sending SIGKILL to cgroup {"component": "controller-runtime", "controller": "runtime.OOMController", "cgroup": '
    f'"/sys/fs/cgroup{POD}"}}'
)
TALOS_VICTIMS = (
    'victim processes: {"component": "controller-runtime", "controller": "runtime.OOMController", "processes": '
    '["/app --token=hunter2", "sh -c true"]}'
)


@pytest.mark.parametrize(
    "prefix",
    [
        "user: warning: [2026-08-11T17:20:38Z]: [talos] ",
        "10.5.0.2: user: warning: [2026-08-11T17:20:38Z]: [talos] ",
        "[ 1234.567890] [talos] ",
        "12,800,1234567890,-;[talos] ",
    ],
)
def test_talos_kills_a_cgroup(prefix):
    found = only(
        prefix + TALOS,
        prefix + TALOS_VICTIMS,
        prefix + 'OOM controller triggered {"controller": "runtime.OOMController"}',
    )
    assert told(found) == {
        "reason": "memory-pressure",
        "cgroup": POD,
        "signal": "SIGKILL",
        "processes": 2,
        **({"stamp": "2026-08-11T17:20:38Z"} if "2026" in prefix else {"time_usec": 1234567890}),
    }
    assert "hunter2" not in repr(found)


def kubelet(text, line=366):
    return syslog("kubelet[1501]", f"I1130 03:30:10.120000    1501 eviction_manager.go:{line}] {text}")


@pytest.mark.parametrize(
    "reclaim, evicted",
    [
        pytest.param(
            "eviction manager: must evict pod(s) to reclaim memory",
            "eviction manager: pods web-0_default(8d1a3c1c-0000-11ea-8b0c-0242ac110002) evicted, waiting for pod to be "
            "cleaned up",
            id="1.18",
        ),
        pytest.param(
            '"Eviction manager: must evict pod(s) to reclaim" resourceName="memory"',
            '"Eviction manager: pods evicted, waiting for pod to be cleaned up" pods=[default/web-0]',
            id="1.22",
        ),
        pytest.param(
            '"Eviction manager: must evict pod(s) to reclaim" resourceName="memory"',
            '"Eviction manager: pods evicted, waiting for pod to be cleaned up" '
            'pods=[{"name":"web-0","namespace":"default"}]',
            id="1.27",
        ),
    ],
)
def test_kubelet_evicts_for_memory(reclaim, evicted):
    found = only(kubelet(reclaim), kubelet(evicted))
    assert (found.killer, found.reason, found.is_done) == ("kubelet", "memory-available", True)
    assert [(pod.namespace, pod.name) for pod in found.pods] == [("default", "web-0")]


def test_message_of_the_eviction_has_the_threshold():
    message = (
        "The node was low on resource: memory. Threshold quantity: 100Mi, available: 96180Ki. Container app was using "
        "1Gi, request is 0, has larger consumption of memory. "
    )
    found = only(
        kubelet('"Eviction manager: attempting to reclaim" resourceName="memory"'),
        kubelet(f'"Evicting pod" pod="default/web-0" podUID="8d1a" message="{message}"'),
        kubelet('"Eviction manager: pod is evicted successfully" pod="default/web-0"'),
    )
    assert (found.threshold_bytes, found.measured_bytes) == (100 * MIB, 96180 << 10)
    assert found.pods == (Pod("default", "web-0"),)


def test_kubelet_that_logs_json():
    lines = [
        {"ts": 1764473410120.1, "caller": "eviction/eviction_manager.go:366", "msg": text, "v": 0, **more}
        for text, more in (
            ("Eviction manager: must evict pod(s) to reclaim", {"resourceName": "memory"}),
            (
                "Eviction manager: pods evicted, waiting for pod to be cleaned up",
                {"pods": [{"name": "web-0", "namespace": "default"}]},
            ),
        )
    ]
    found = only(*map(json.dumps, lines))
    assert (found.reason, found.pods) == ("memory-available", (Pod("default", "web-0"),))
    assert found.stamp == "1764473410.120100"


@pytest.mark.parametrize("resource", ["ephemeral-storage", "pids", "inodes"])
def test_evictions_for_other_resources_are_none_of_ours(resource):
    assert not decisions(
        kubelet(f'"Eviction manager: attempting to reclaim" resourceName="{resource}"'),
        kubelet(f'"Eviction manager: must evict pod(s) to reclaim" resourceName="{resource}"'),
        kubelet('"Eviction manager: pod is evicted successfully" pod="default/web-0"'),
        kubelet('"Eviction manager: pods evicted, waiting for pod to be cleaned up" pods=["default/web-0"]'),
    )


def test_eviction_that_the_log_does_not_finish_names_no_pod():
    found = only(kubelet('"Eviction manager: must evict pod(s) to reclaim" resourceName="memory"'))
    assert (found.is_done, found.pods) == (False, ())


OOMD = "Killed /system.slice/a.service due to memory pressure for /system.slice being 86.80% > 60.00% for > 30s"


@pytest.mark.parametrize(
    "line",
    [
        pytest.param(
            syslog("myapp[77]", f"systemd-oomd[812]: {OOMD}x".replace("systemd-oomd[812]: ", "saw ")), id="app"
        ),
        pytest.param(syslog("myapp[77]", OOMD), id="tag-of-another"),
        pytest.param(syslog("kernel", OOMD), id="kernel"),
        pytest.param(syslog("sshd[1]", 'sending SIGTERM to process 7 uid 0 "java": badness 9, VmRSS 1 MiB'), id="sshd"),
        pytest.param(syslog("app[1]", "Sending SIGTERM to the victim"), id="not-nohang"),
        pytest.param(syslog("app[1]", TALOS.replace("OOMController", "Other")), id="not-talos"),
        pytest.param(syslog("app[1]", '"Eviction manager: pod is evicted successfully" pod="a/b"'), id="not-kubelet"),
        pytest.param(json.dumps({"MESSAGE": OOMD, "SYSLOG_IDENTIFIER": "myapp", "_TRANSPORT": "syslog"}), id="json"),
        pytest.param(json.dumps({"MESSAGE": OOMD, "_TRANSPORT": "kernel"}), id="json-kernel"),
        pytest.param(f'level=info msg="{OOMD}"', id="quoted"),
    ],
)
def test_what_another_program_says_is_not_the_killers(line):
    assert not decisions(line)


@pytest.mark.parametrize(
    "line",
    [
        pytest.param(OOMD, id="journalctl-cat"),
        pytest.param(f"2026-11-30T03:12:01+0100 host systemd-oomd[939]: {OOMD}", id="short-iso"),
        pytest.param(f"[   12.345678] host systemd-oomd[939]: {OOMD}", id="short-monotonic"),
        pytest.param(f"<29>Nov 30 03:12:01 host systemd-oomd[939]: {OOMD}", id="rsyslog-priority"),
        pytest.param(f"> Nov 30 03:12:01 host systemd-oomd[939]: {OOMD}", id="mail"),
        pytest.param(f"12月 17 10:04:42 user systemd-oomd[9]: {OOMD}", id="japanese"),
        pytest.param(f"3,900,12345678,-;systemd-oomd[939]: {OOMD}".replace("3,900", "30,900"), id="kmsg"),
        pytest.param(
            json.dumps(
                {"MESSAGE": OOMD, "SYSLOG_IDENTIFIER": "systemd-oomd", "__REALTIME_TIMESTAMP": "1764473410120100"}
            ),
            id="journal-json",
        ),
        pytest.param(
            json.dumps({"log": f"Nov 30 03:12:01 h systemd-oomd[9]: {OOMD}\n", "time": "2026-11-30T02:12:01Z"}),
            id="docker-json",
        ),
    ],
)
def test_formats_of_logs(line):
    found = only(line)
    assert (found.killer, found.cgroup, found.for_seconds) == ("systemd-oomd", "/system.slice/a.service", 30.0)


def test_journal_export_has_the_identifier_after_the_message():
    found = only(
        "__CURSOR=s=1",
        "__REALTIME_TIMESTAMP=1764473410120100",
        f"MESSAGE={OOMD}",
        "SYSLOG_IDENTIFIER=systemd-oomd",
        "",
        "__CURSOR=s=2",
        f"MESSAGE={OOMD}".replace("a.service", "b.service"),
        "SYSLOG_IDENTIFIER=other",
        "",
    )
    assert (found.cgroup, found.stamp) == ("/system.slice/a.service", "1764473410.120100")


def test_reader_goes_on_from_its_state_without_command_lines():
    lines = [
        syslog("earlyoom[904]", "low memory! at or below SIGTERM limits: mem 10.00%, swap 10.00%"),
        syslog("earlyoom[904]", 'sending SIGTERM to process 7 uid 0 "a": badness 9, VmRSS 1 MiB, cmdline "a hunter2"'),
        syslog("earlyoom[904]", 'sending SIGTERM to process 8 uid 0 "b": badness 9, VmRSS 1 MiB, cmdline "b hunter2"'),
        syslog("earlyoom[904]", "escalating to SIGKILL after 0.5 seconds"),
    ]
    whole = decisions(*lines)
    assert [(one.pid, one.signal) for one in whole] == [(7, "SIGTERM"), (8, "SIGKILL")]
    for at in range(len(lines) + 1):
        first, second = KillerReader(), KillerReader()
        for line in lines[:at]:
            first.feed(line)
        state = json.dumps(first.state())
        assert "hunter2" not in state
        second.resume(json.loads(state))
        for line in lines[at:]:
            second.feed(line)
        second.flush()
        assert second.take() == whole


@pytest.mark.parametrize(
    "text",
    [
        'sending SIGTERM to process 7 uid 0 "a": badness 9, VmRSS 1 MiB, cmdline "a secret"',
        'victim processes: {"processes": ["a secret"]}',
        'victim processes: {"processes": ["a secret',
    ],
)
def test_no_command_line_is_kept(text):
    assert "secret" not in killer_lines.without_command_line(text)


@pytest.mark.parametrize("start", ["systemd-oomd: Killed /", "earlyoom: sending SIGTERM to process 4 ", "vict "])
def test_line_without_an_end_is_read_in_time(start):
    began = time.process_time()
    assert not decisions(start + "a" * (1 << 20), start + "' (" * (1 << 19))
    assert time.process_time() - began < 20  # a quadratic reading takes minutes
