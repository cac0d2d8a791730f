# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What must hold for every host there is a tree of, captured or composed, healthy or not."""

import os
import pathlib
import shutil

import pytest

from ansible_collections.memfacts.linux.plugins.module_utils.memcore.answers import facts as gathering
from ansible_collections.memfacts.linux.plugins.module_utils.memcore.errors import MemfactsError
from ansible_collections.memfacts.linux.plugins.module_utils.memcore.gather.options import Options
from ansible_collections.memfacts.linux.plugins.module_utils.memcore.sources import captured, host

HOSTS = pathlib.Path(__file__).resolve().parents[4] / "fixtures" / "hosts"
TREES = sorted(path.stem for path in HOSTS.glob("*.tree"))
CASES = sorted("cases/" + path.stem for path in (HOSTS / "cases").glob("*.tree"))


@pytest.fixture(params=TREES + CASES)
def any_host(request, collected):
    """The facts of each tree; not to be changed."""
    return collected(request.param)


def test_the_parts_and_what_is_unaccounted_add_up_to_the_total(any_host):
    memory = any_host["memory"]

    told = [value for value in memory["ledger"].values() if value is not None]
    assert sum(told) + memory["unaccounted_bytes"] == memory["total_bytes"]
    assert [value for value in told if value < 0] == []


def test_what_is_null_in_the_ledger_stands_in_incomplete(any_host):
    untold = {"ledger " + part for part, value in any_host["memory"]["ledger"].items() if value is None}

    assert untold - {item["source"] for item in any_host["incomplete"]} == set()


def test_the_report_moves_no_cursor(any_host):
    assert [line for line in gathering.page(any_host) if not line.isprintable()] == []


def test_the_report_fits_a_terminal(any_host):
    commands = {command for finding in any_host["findings"] for command in finding["remedy_commands"]}
    wide = [line for line in gathering.page(any_host) if len(line) > 140]
    assert [line for line in wide if line.strip() not in commands] == []


def test_each_command_is_a_line_of_its_own(any_host):
    lines = [line.strip() for line in gathering.page(any_host)]
    for finding in any_host["findings"]:
        assert set(finding["remedy_commands"]) <= set(lines)


@pytest.mark.parametrize("name", TREES)
def test_two_runs_give_the_same_facts(name, collected, laid):
    first, second = collected(name), gathering.collect(host.at(laid(name)), Options())

    assert dict(first, collected_at=None, duration_ms=None) == dict(second, collected_at=None, duration_ms=None)


@pytest.mark.parametrize("name", [name for name in TREES if name.startswith("captured-")])
def test_a_captured_host_leaves_at_most_0_3_percent_unaccounted(name, collected):
    assert abs(collected(name)["memory"]["unaccounted_percent"]) <= 0.3


def test_captured_and_composed_trees_say_so_in_their_first_line():
    for path in list(HOSTS.glob("*.tree")) + list((HOSTS / "cases").glob("*.tree")):
        with open(str(path), encoding="utf-8", errors="surrogateescape") as stream:
            first = stream.readline()
        captured = path.stem.startswith("captured-")
        assert first.startswith("Captured from" if captured else "composed, not captured: "), path.name


@pytest.fixture(scope="module")
def sosreport(laid, tmp_path_factory):
    """The facts of the healthy host without the folders of its processes: sos does not collect them."""
    folder = str(tmp_path_factory.mktemp("sos") / "host")
    shutil.copytree(laid("case-00-healthy"), folder, symlinks=True)
    os.makedirs(os.path.join(folder, "proc/self"))
    os.rename(os.path.join(folder, "proc/1/mountinfo"), os.path.join(folder, "proc/self/mountinfo"))
    for name in os.listdir(os.path.join(folder, "proc")):
        if name.isdigit():
            shutil.rmtree(os.path.join(folder, "proc", name))
    return gathering.collect(captured.CapturedTree(folder), Options())


def test_a_sosreport_has_the_ledger_of_the_host(sosreport, collected):
    assert sosreport["memory"]["ledger"] == collected("case-00-healthy")["memory"]["ledger"]
    assert sosreport["findings"] == []


def test_a_sosreport_does_not_know_what_processes_hold_which_is_not_0(sosreport):
    kinds = ("memfd", "deleted", "anonymous_shared")

    assert {kind: sosreport["shmem"][f"{kind}_bytes"] for kind in kinds} == dict.fromkeys(kinds)


def test_a_kernel_thread_has_no_maps_and_that_is_no_loss(collected):
    sources = [item["source"] for item in collected("case-00-healthy")["incomplete"]]

    assert [source for source in sources if source.endswith("/maps")] == []


class TestATreeThatLeadsOutside:
    """Links in somebody else's archive must not make this machine's files part of the answer."""

    @pytest.fixture
    def secret(self, tmp_path):
        """A file of this machine with figures that would show."""
        path = tmp_path / "outside"
        path.write_text("MemTotal:       123456 kB\nMemFree:        123456 kB\n")
        return path

    @pytest.fixture
    def folder(self, tmp_path):
        """A captured tree with nothing in it yet."""
        path = tmp_path / "host"
        (path / "proc").mkdir(parents=True)
        return path

    @pytest.mark.parametrize("target", ["/etc/hostname", "../../outside", "{outside}"])
    def test_meminfo_that_is_a_link_to_the_outside_is_refused(self, target, folder, secret):
        os.symlink(target.format(outside=secret), str(folder / "proc" / "meminfo"))

        with pytest.raises((OSError, MemfactsError)):
            gathering.collect(host.at(str(folder)), Options())

    @pytest.mark.parametrize("target", ["{outside}", "../../outside"])
    def test_another_file_that_is_a_link_to_the_outside_is_missing(self, target, folder, secret):
        (folder / "proc" / "meminfo").write_text("MemTotal:       1000 kB\nMemFree:        1000 kB\n")
        os.symlink(target.format(outside=secret), str(folder / "proc" / "vmstat"))
        os.symlink(target.format(outside=secret), str(folder / "proc" / "slabinfo"))

        record = gathering.collect(host.at(str(folder)), Options())

        assert record["kernel"]["slab"]["top"] is None
        assert {"/proc/vmstat", "/proc/slabinfo"} - {item["source"] for item in record["incomplete"]} == set()
        assert "123456" not in str(record)

    def test_a_folder_that_is_a_link_to_the_outside_is_empty(self, folder, tmp_path):
        (folder / "proc" / "meminfo").write_text("MemTotal:       1000 kB\nMemFree:        1000 kB\n")
        pools = tmp_path / "elsewhere" / "hugepages-2048kB"
        pools.mkdir(parents=True)
        for name in ("nr_hugepages", "free_hugepages", "resv_hugepages", "surplus_hugepages"):
            (pools / name).write_text("7\n")
        (folder / "sys" / "kernel" / "mm").mkdir(parents=True)
        os.symlink(str(tmp_path / "elsewhere"), str(folder / "sys" / "kernel" / "mm" / "hugepages"))

        assert gathering.collect(host.at(str(folder)), Options())["memory"]["hugepages"] == []

    def test_a_link_within_the_tree_is_followed(self, folder):
        (folder / "sos").mkdir()
        (folder / "sos" / "meminfo").write_text("MemTotal:       1000 kB\nMemFree:        1000 kB\n")
        os.symlink("../sos/meminfo", str(folder / "proc" / "meminfo"))

        assert gathering.collect(host.at(str(folder)), Options())["memory"]["total_bytes"] == 1024000

    def test_a_process_whose_cgroup_file_is_a_link_to_the_outside_has_no_cgroup(self, folder, secret):
        (folder / "proc" / "meminfo").write_text("MemTotal:       1000 kB\nMemFree:        1000 kB\n")
        (folder / "proc" / "7").mkdir()
        (folder / "proc" / "7" / "status").write_text("Name:\tx\nPPid:\t1\nUid:\t0\t0\t0\t0\nVmRSS:\t       4 kB\n")
        os.symlink(str(secret), str(folder / "proc" / "7" / "cgroup"))
        os.symlink(str(secret), str(folder / "proc" / "7" / "oom_score"))

        row = gathering.collect(host.at(str(folder)), Options())["processes"]["top"][0]

        assert (row["pid"], row["cgroup"], row["oom_score"]) == (7, None, None)
