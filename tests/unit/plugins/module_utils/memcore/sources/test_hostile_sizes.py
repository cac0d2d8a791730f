# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A megabyte that is made to let a reader go back and forth: it is read in a time that grows as its size does.

A time proves nothing on a busy machine, so times are printed (`pytest -s`) and only a reader that would take minutes
fails: it is a child process whose CPU time is limited.
"""

import os
import signal
import subprocess
import sys

import pytest

MEMCORE = "ansible_collections.memfacts.linux.plugins.module_utils.memcore"
SIZE = 1000000
LIMIT_SECONDS = 100

READ = """
import resource, sys, time
from {memcore}.errors import ParseError
from {memcore}.sources{folder} import {module}
pieces = {pieces}
for size in ({size} // 4, {size}):
    head, body, tail = pieces
    spent = int(time.process_time())  # the limit is for each input, not for all of them
    resource.setrlimit(resource.RLIMIT_CPU, (spent + {limit}, resource.RLIM_INFINITY))
    times = size // len(body)
    data = head + ("".join(body % number for number in range(times)) if "%d" in body else body * times) + tail
    began = time.monotonic()
    try:
        result = {module}.{call}
        list(result) if hasattr(result, "__next__") else None
    except ParseError:
        pass
    print("%8d bytes %6.3f s" % (len(data), time.monotonic() - began), flush=True)
"""

# The text as head, body and tail; the body is repeated, with a number in it where it has %d.
ANYWHERE = [("", "\n", "x"), ("x", " ", ""), ("", "a", "")]
TEXT = {
    ("allocinfo", "parse(data)"): [("", "1 1 a:1 ", ""), ("1 1 ", "a:", ""), ("", "1\n", ""), ("", "1 1 a:1\n", "")],
    ("balloon", "vmware_pages(data)"): [("", "current:\n", ""), ("current:", " ", "x"), ("", "current: 1\n", "")],
    ("cgroup", "controllers(data)"): [("", "a\n", ""), ("", "1 ", ""), ("a 1 1 ", "1", "")],
    ("cgroup", "path_of(data.encode())"): [("", ":", ""), ("", "1:memory\n", ""), ("1:", "memory,", "")],
    ("cgroup", "unit_path_of(data.encode())"): [("", "1:a:/\n", ""), ("", ":", "")],
    ("df", "parse(data, '')"): [
        ("", "- ", ""),
        ("", "1 1 1 1 1% ", ""),
        ("a", " ", "1 1 1 1% /"),
    ],
    ("fdinfo", "gpu_client(data)"): [("", "drm-a:\n", ""), ("drm-", "a-", ""), ("", "drm-memory-a: 1\n", "")],
    ("fdinfo", "mount_id(data.encode())"): [("", "mnt_id:\n", ""), ("mnt_id:", " ", "x")],
    ("fstab", "parse(data)"): [
        ("", "a ", ""),
        ("", "#", ""),
        ("a a a ", "a,", ""),
        ("a ", "\\040", " a"),
    ],
    ("keyed", "parse(data)"): [("", "a ", ""), ("", "a 1\n", ""), ("", "a\n", "")],
    ("kstat", "parse(data)"): [("", "a ", ""), ("", "1\n", ""), ("", "a 1 1\n", ""), ("a 1 ", "1 ", "")],
    ("meminfo", "parse(data)"): [("", "A:\n", ""), ("", "A: 1\n", ""), ("", "A", ""), ("A: 1", "\n", "x")],
    ("mountinfo", "parse(data)"): [
        ("1 2 0:1 / / rw", " -", ""),
        ("1 2 0:1 / / rw", " - a b", ""),
        ("1 2 0:1 / / rw ", "- a b c ", ""),
        ("1 2 0:1 / / rw", " shared:1", ""),
        ("1 2 0:1 / /", "\\040", " rw - tmpfs tmpfs rw"),
    ],
    ("mountinfo", "parse_mounts(data)"): [
        ("", "a / tmpfs rw\n", ""),
        ("a /", "a/", " tmpfs rw\n"),
        ("a ", "/", " tmpfs rw\n"),
        ("", "a /%d tmpfs rw\n", ""),
        ("", "a /run" + "/a" * 500 + "%d tmpfs rw\n", ""),
    ],
    ("slabinfo", "parse(data)"): [
        ("", "a ", ""),
        ("a 1 1 1 1 1 ", ": ", ""),
        ("a 1 1 1 1 1 :", ": slabdata", ""),
        ("", "1 ", ""),
        ("", "1\n", ""),
    ],
    ("oomlog.kernel_log", "read(data.split('\\n'))"): [
        ("", "4,1,1,-;a\n", ""),
        ("4,1,1,-;", "\\x0a", ""),
        ("", "> ", "4,1,1,-;a"),
        ("\x1b", "\x1b[0m", ""),
        ("", '{"MESSAGE":[75,', "75]}"),
        ('{"MESSAGE":', "[", ""),
        ('{"MESSAGE":[75', ",75", "]}"),
        ("Nov 27 06:53:58 h kernel: ", "#012", ""),
        ("Nov 27 06:53:58 ", "h ", "kernel: x"),
        ("__CURSOR=a\nMESSAGE\n", "\n", ""),
        ("__CURSOR=a\nMESSAGE\n", "\x7f\x7f\n", ""),
        ("__CURSOR=a\n", "A%d=a\n", ""),
    ],
    ("oomlog.oom_report", "read(data.split('\\n'))"): [
        ("", "a invoked oom-killer: gfp_mask=0x1, order=0\n", ""),
        ("a invoked oom-killer: \n", "CPU: 1 PID: 1 Comm: a\n", ""),
        ("", "[%d.000000] a invoked oom-killer: gfp_mask=0x1, order=0\n", ""),
        ("", "Killed process %d (a) total-vm:1kB, anon-rss:1kB, file-rss:1kB\n", ""),
        (
            "Killed process 1 (a) total-vm:1kB, anon-rss:1kB, file-rss:1kB\n"
            "Tasks in /a are going to be killed due to memory.oom.group set\n",
            "Killed process %d (a) total-vm:1kB, anon-rss:1kB, file-rss:1kB\n",
            "",
        ),
        ("", "Killed process %d (\n", ""),
        ("Killed process 1 (", "a) total-vm:", ""),
        ("", "oom-kill:constraint=A,nodemask=,cpuset=\n", ""),
        ("oom-kill:constraint=A,nodemask=,cpuset=", ",mems_allowed=,oom_memcg=/,task_memcg=/", ",task=a,pid=1,uid=0"),
        ("oom-kill:constraint=A,nodemask=", ",task=", ",pid=1,uid=0"),
        ("", "Task in /\n", ""),
        ("Task in /", " killed as a result of limit of", " /"),
        ("Killed process 1 (", "\na", ""),
        ("a invoked oom-killer: gfp_mask=0x1, order=0\nMem-Info:\n", " a:1", ""),
        ("a invoked oom-killer: gfp_mask=0x1, order=0\nMem-Info:\n", " free:%d\n", ""),
        ("a invoked oom-killer: gfp_mask=0x1, order=0\nMem-Info:\n", "Node %d DMA free:1kB min:1kB\n", ""),
        ("a invoked oom-killer: gfp_mask=0x1, order=0\nMem-Info:\nNode 0 DMA: ", "1*4kB ", "= 1kB"),
        ("a invoked oom-killer: gfp_mask=0x1, order=0\nUnreclaimable slab info:\n", "a%d 1KB 1KB\n", ""),
        ("a invoked oom-killer: gfp_mask=0x1, order=0\nMemory cgroup stats for /a:\n", "a%d 1\n", ""),
        ("a invoked oom-killer: gfp_mask=0x1, order=0\n", "[ %d ] 1 1 1 1 1 1 1 a\n", ""),
        ("[ pid ] uid tgid total_vm rss nr_ptes swapents oom_score_adj name\n", "[ %d ] 1 1 1 1 1 1 1 a\n", ""),
        ("[ pid ] uid tgid total_vm rss nr_ptes swapents oom_score_adj name\n[ 1 ]", " 1", " a"),
        ("[ pid ] uid tgid ", "rss ", "oom_score_adj name"),
        ("a invoked oom-killer: gfp_mask=0x1, order=0\n", "a[ 1.000000] b\n", ""),
        ("a invoked oom-killer: gfp_mask=0x1, order=0\n", "[ 1.000000] a[ 1.000000] \n", ""),
        ("", "4,%d,1,c;oom-kill:constraint=A\n", ""),
        ("4,1,1,-;oom-kill:constraint=A\n", "4,1,1,c;,a\n", ""),
        ("", "oom_reaper: reaped process 1 (a), now anon-rss:0kB, file-rss:0kB\n", ""),
    ],
    ("sockstat", "parse(data)"): [
        ("TCP: ", "a", ""),
        ("TCP: ", "a ", ""),
        ("TCP: ", "1", ""),
        ("TCP: ", "a 1 ", ""),
        ("", "a: \n", ""),
    ],
    ("status", "parse(data.encode())"): [
        ("Name:\ta\n", "PPid:\t1\n", ""),
        ("Name:\ta\n", "PPid:\t1\n", "Uid:\tx\n"),
        ("Name:\ta\n", "PPid:\t1\nUid:\n", ""),
        ("Name:\ta\nPPid:\t1\nUid:\t1\n", "VmRSS:\n", ""),
        ("Name:\ta\nPPid:\t1\nUid:\t1\n", "VmRSS: 1 kB\n", ""),
        ("Name:\ta\nPPid:\t1\nUid:\t1\n", "VmRSS: 1 kB\nVmPTE: 1 kB\n", ""),
        ("Name:\ta\nPPid:\t1\nUid:\t1\nVmRSS:", " ", "x"),
        ("Name:\t", "a", ""),
        ("Name:\ta\n", "\n", ""),
    ],
    ("sysvipc", "parse(data)"): [
        ("key shmid perms size cpid nattch uid\n", "-", ""),
        ("", "a ", "key shmid perms size cpid nattch uid\n" + "1 2 3\n" * 50000),
    ],
    ("vmallocinfo", "parse(data)"): [
        ("0x1-0x2 1 f ", "pages=1 ", ""),
        ("0x1-0x2 1 f ", "pages=1 ", "vmallo"),
        ("0x1-0x2 1 f pages=1 ", "vmallo ", ""),
        ("0x1-0x2 1 f ", "[a ", "pages=1 vmalloc "),
        ("0x1-0x2 1 f", "+0x1", "/0x1g pages=1 vmalloc"),
        ("0x1-0x2 1 f", "+0x1/0x1", " pages=1 vmalloc"),
        ("0x", "0x", ""),
    ],
    ("zoneinfo", "parse(data)"): [
        ("", " count:\n", ""),
        ("count:", " ", "x"),
        ("", " managed\n", ""),
        ("", " managed 1\n", ""),
    ],
}
BYTES = {
    ("maps", "parse(data.encode())"): [
        ("", "1-2 ", ""),
        ("1-2 rw-s 0 00:01 5 ", "/", ""),
        ("1-2 rw-s 0 00:01 5", " ", ""),
        ("1-2 ", "r", " 0 00:01 5 /"),
    ],
}


@pytest.mark.slow
@pytest.mark.parametrize(
    "module, call, inputs",
    [
        pytest.param(module, call, inputs, id=module + "." + call)
        for (module, call), inputs in {**TEXT, **BYTES}.items()
    ],
)
def test_a_megabyte_of_the_worst_input_is_read(module, call, inputs):
    folder, dot, name = module.rpartition(".")
    common = {"memcore": MEMCORE, "folder": dot + folder, "module": name, "call": call}
    script = "\n".join(
        READ.format(pieces=repr(pieces), size=SIZE, limit=LIMIT_SECONDS, **common) for pieces in ANYWHERE + inputs
    )
    environment = dict(os.environ, PYTHONPATH=os.pathsep.join(filter(None, sys.path)), PYTHONIOENCODING="utf-8")
    done = subprocess.run(
        [sys.executable, "-"],
        input=script.encode("utf-8"),
        check=False,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=environment,
    )
    output = done.stdout.decode()
    print("\n" + module + "\n" + output)
    if done.returncode == -signal.SIGXCPU:
        pieces = (ANYWHERE + inputs)[output.count("\n") // 2]
        pytest.fail(f"{module}.{call} did not read {pieces!r:.120} within {LIMIT_SECONDS} s of CPU time")
    assert done.returncode == 0, output
