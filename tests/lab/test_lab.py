# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab itself: kernels boot, scripts run, their results and exit status come back, nothing is left behind."""

import concurrent.futures
import os
import re
import subprocess
import sys
import tempfile
import time

import pytest

from tests import CHECKOUT
from tests.lab import kernels, lab

pytestmark = pytest.mark.lab

HERE = os.path.dirname(os.path.abspath(__file__))
HELLO, MISBEHAVE = (os.path.join(HERE, "guest", name) for name in ("hello.py", "misbehave.py"))
ONE_OF_EACH_MACHINE = ("6.1-uml", "6.12")


def run(kernel, *args, **options):
    """lab.run, where a kernel that cannot be had skips the test with its reason."""
    try:
        return lab.run(kernel, *args, **options)
    except kernels.Unavailable as error:
        pytest.skip(str(error))


def read(folder, name):
    return (folder / name).read_text(encoding="utf-8", errors="replace")


@pytest.mark.parametrize("kernel", [kernel.name for kernel in kernels.TABLE])
def test_kernel_boots_and_returns_files_and_exit_status(kernel, tmp_path):
    assert run(kernel, HELLO, tmp_path, args=["3"]) == 3
    series = kernel.partition("-")[0].rstrip("x")
    assert read(tmp_path, "release").startswith(series)
    said = read(tmp_path, "console.txt")
    assert f"Linux lab {read(tmp_path, 'release')}" in said
    assert "has no watchdog" in said


def test_guest_gets_nothing_of_the_environment_of_its_caller(tmp_path, monkeypatch):
    (tmp_path / "dirname").write_text("#!/bin/sh\nexit 1\n")  # what starts a user-mode kernel calls it
    (tmp_path / "dirname").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    for name in ("TMPDIR", "TMP", "TEMP"):  # a user-mode kernel does not start with its memory in a folder like this
        monkeypatch.setenv(name, "/proc")
    assert run("6.1-uml", HELLO, tmp_path / "out", args=["0"]) == 0


@pytest.mark.parametrize("kernel", [kernel.name for kernel in kernels.TABLE if "v1" in kernel.cgroups])
def test_cgroup_v1_has_its_memory_controller(kernel, tmp_path):
    assert run(kernel, HELLO, tmp_path, args=["0"], cgroup="v1") == 0
    assert "cgroup /sys/fs/cgroup/memory cgroup rw,relatime,memory" in read(tmp_path, "console.txt")


@pytest.mark.parametrize("kernel", ONE_OF_EACH_MACHINE)
def test_guest_has_requested_swap_and_only_loopback(kernel, tmp_path):
    assert run(kernel, HELLO, tmp_path, args=["0"], swap_mb=32) == 0
    said = read(tmp_path, "console.txt")
    swaps = [line.split()[:3] for line in said.splitlines() if line.startswith(("/dev/ubda", "/swap"))]
    assert [int(size_kib) for _path, _kind, size_kib in swaps] == [32 * 1024 - 4]  # the first page is the header
    assert re.findall(r"(?m)^ *(\w+):", said) == ["lo"]


@pytest.mark.parametrize("kernel", ONE_OF_EACH_MACHINE)
def test_what_was_written_before_a_panic_comes_back(kernel, tmp_path):
    with pytest.raises(lab.GuestDied, match="died (of|with) .* before misbehave.py ended(?s:.*)Kernel panic"):
        run(kernel, MISBEHAVE, tmp_path, args=["panic"])
    assert read(tmp_path, "last-words") == "panic"
    assert "Kernel panic" in read(tmp_path, "boot.txt")


@pytest.mark.parametrize("kernel", ONE_OF_EACH_MACHINE)
def test_hung_guest_is_killed_and_leaves_no_process(kernel, tmp_path, monkeypatch):
    def clock():
        """Leaps over the time-out as soon as the guest hangs, however long its boot takes."""
        return time.monotonic() + (600 if "misbehave: hang" in read(tmp_path, "boot.txt") else 0)

    monkeypatch.setattr(lab, "clock", clock)
    with tempfile.TemporaryDirectory(prefix="hung") as stages:
        monkeypatch.setattr(tempfile, "tempdir", stages)
        with pytest.raises(lab.GuestDied, match="was killed after 600 s before misbehave.py ended") as died:
            run(kernel, MISBEHAVE, tmp_path, args=["hang"], timeout=600)
        assert (processes_with(stages), os.listdir(stages)) == ("", [])
    assert "misbehave: hang" in str(died.value).partition("The end of boot.txt:")[2]
    assert read(tmp_path, "last-words") == "hang"


def test_guest_of_a_process_that_is_killed_dies_with_it(tmp_path):
    command = [sys.executable, "-m", "tests.lab", "6.1-uml", MISBEHAVE, str(tmp_path / "out"), "hang"]
    host = subprocess.Popen(command, cwd=CHECKOUT, env=dict(os.environ, TMPDIR=str(tmp_path)))
    assert soon(lambda: "linux mem=" in processes_with(str(tmp_path)))
    host.kill()
    host.wait()
    assert soon(lambda: processes_with(str(tmp_path)) == ""), processes_with(str(tmp_path))


def processes_with(words):
    """Command lines that have `words` in them."""
    return subprocess.run(["pgrep", "-af", words], stdout=subprocess.PIPE, text=True, check=False).stdout


def soon(condition):
    """Whether it comes true; it is only given up where something hangs."""
    deadline = time.monotonic() + 300
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.2)
    return condition()


def test_two_guests_run_side_by_side(tmp_path):
    with concurrent.futures.ThreadPoolExecutor() as pool:
        guests = [
            pool.submit(run, kernel, HELLO, tmp_path / str(number), args=[str(number)])
            for number, kernel in enumerate(("6.1-uml", "6.1-uml", "6.12", "6.12"))
        ]
    assert [guest.result() for guest in guests] == [0, 1, 2, 3]


def test_unusable_folder_name_is_refused(tmp_path, monkeypatch):
    (tmp_path / "a b").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "a b"))
    with pytest.raises(kernels.Unavailable, match="has a blank or a comma in its name: set TMPDIR"):
        lab.run("6.1-uml", HELLO, tmp_path)


def test_script_outside_the_checkout_is_refused_in_one_sentence(tmp_path):
    with pytest.raises(ValueError, match="/etc/passwd is not below"):
        run("6.1-uml", "/etc/passwd", tmp_path)


@pytest.mark.parametrize(
    "arguments, said",
    [
        pytest.param(["4.4"], "skipped: 4.4: no such kernel in the table", id="unknown"),
        pytest.param(["--cgroup", "v1", "6.12"], "skipped: 6.12: it has no memory controller of cgroup v1", id="no-v1"),
    ],
)
def test_command_line_says_why_a_kernel_is_skipped(arguments, said, tmp_path):
    command = [sys.executable, "-m", "tests.lab", *arguments, HELLO, str(tmp_path)]
    done = subprocess.run(command, cwd=CHECKOUT, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 77
    assert done.stderr.startswith(said)
