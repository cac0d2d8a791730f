# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Check mode of oom_score_adj on this kernel: no system call of it changes anything."""

import re

import pytest

from tests.lab import debian
from tests.live import adj
from tests.live.adj import running

pytestmark = adj.MARKS


# What changes a file, a folder, a link or an attribute. open(2) and openat(2) are judged by their flags.
WRITES = (
    "mkdir,mkdirat,rmdir,unlink,unlinkat,rename,renameat,renameat2,link,linkat,symlink,symlinkat,chmod,fchmod,fchmodat,"
    "chown,fchown,lchown,fchownat,truncate,ftruncate,mknod,mknodat,setxattr,lsetxattr,fsetxattr,utimensat,kill,tkill,"
    "tgkill,mount,umount2,setpriority,prlimit64"
)
OPENED_TO_WRITE = re.compile(r"O_(?:WRONLY|RDWR|CREAT|TRUNC|APPEND)")


def written(trace):
    """The lines of a trace that change something, but for /dev/null and reading one's own limits."""
    lines = [line for line in trace.splitlines() if "(" in line and "+++" not in line and "---" not in line]
    opens = [line for line in lines if re.search(r"\bopen(?:at)?\(", line)]
    rest = [line for line in lines if line not in opens and not re.search(r"prlimit64\(.*, NULL, ", line)]
    return [line for line in opens if OPENED_TO_WRITE.search(line) and "/dev/null" not in line] + rest


@pytest.mark.parametrize("state", ["present", "absent"])
def test_check_mode_writes_nothing_at_all(program, tmp_path, state):
    debian.require("strace")
    trace = tmp_path / "trace"
    strace = ["strace", "-f", "-qq", "-o", str(trace), "-e", "trace=open,openat," + WRITES]
    with running(program, "600") as pid:
        if state == "absent":
            adj.run(name=program, value=300)
        before = adj.of(pid)
        predicted = adj.run(*strace, name=program, value=200, state=state, check=True)
        assert "openat(" in trace.read_text() and written(trace.read_text()) == []
        assert adj.of(pid) == before
        # The trace can tell: a real run is seen writing.
        real = adj.run(*strace, name=program, value=200, state=state)
        seen = written(trace.read_text())
        assert any("oom_score_adj" in line for line in seen) and any("memfacts" in line for line in seen)
        assert (predicted["changed"], predicted["diff"]) == (True, real["diff"])
        assert predicted["processes"] == real["processes"]
