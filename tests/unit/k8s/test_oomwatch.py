# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""oomwatch as a process: what it prints, how it ends, and what it says about what it cannot use."""

import json
import os
import pathlib
import shlex
import subprocess
import sys

import pytest

CHECKOUT = pathlib.Path(__file__).resolve().parents[3]
FIXTURES = CHECKOUT / "tests" / "unit" / "fixtures"
COMMIT = FIXTURES / "oom-commit-9066e5cfb73c.txt"
QUOTED = shlex.quote(str(COMMIT))
STORM = FIXTURES / "oomlogs" / "6.18.15-global-storm-ratelimited.kmsg.txt"
PLACES = [str(CHECKOUT / "k8s"), str(CHECKOUT / "plugins" / "module_utils")]


def oomwatch(*arguments, given=None, **settings):
    """Run it; (exit status, standard output, standard error). given: bytes for its standard input."""
    environment = dict(os.environ, PYTHONPATH=os.pathsep.join(PLACES), COLUMNS="100", **settings)
    done = subprocess.run(
        [sys.executable, "-m", "oomwatch", *map(str, arguments)],
        input=b"" if given is None else given,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment,
        check=False,
    )
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def test_first_line_is_the_answer():
    status, output, complaints = oomwatch("explain", COMMIT)
    assert (status, complaints) == (1, "")
    first = "WRONG ONE killed: pause (pid 5740) in pod f1c273d3, freed 36.0 KiB, while data_sim (pid 58406, "
    assert output.startswith(first)
    assert "Linux 5.9 or later would kill data_sim" in " ".join(output.split())
    [killed] = [line for line in output.splitlines() if line.endswith("pause  <- killed")]
    assert killed.split()[0] == "5740"


@pytest.mark.parametrize("arguments", [("explain",), ("explain", "-")])
def test_log_comes_through_a_pipe(arguments):
    status, output, dummy = oomwatch(*arguments, given=COMMIT.read_bytes())
    assert status == 1
    assert "(1 OOM report in standard input)" in " ".join(output.split())


def test_json_is_one_event_a_line_and_has_all_of_them():
    status, output, dummy = oomwatch("explain", STORM, "--json")
    events = [json.loads(line) for line in output.splitlines()]
    assert (status, len(events)) == (1, 19)  # 18 kills and an allocation that failed
    moments = [int(event["id"].split(":")[1]) for event in events]
    assert moments == sorted(set(moments))
    assert output.isascii()


def test_newest_are_shown_and_the_rest_is_counted():
    dummy, output, dummy = oomwatch("explain", STORM)
    # A long path of the file breaks the line.
    assert " ".join(output.split()).startswith("18 OOM reports and 1 failed allocation in ")
    assert "9 older events are left out" in output
    dummy, output, dummy = oomwatch("explain", STORM, "--json", "--limit", 2)
    assert len(output.splitlines()) == 2


def test_log_without_oom_is_found_to_be_one():
    status, output, complaints = oomwatch("explain", given=b"[    1.0] hello\n[    2.0] world\n")
    assert (status, output, complaints) == (0, "No OOM report in standard input (2 lines).\n", "")


@pytest.mark.parametrize(
    "arguments, given, sentence",
    [
        pytest.param(["explain"], b"", "No log in standard input: it is empty; did the command", id="empty"),
        pytest.param(["explain", "--json"], b"", "No log in standard input: it is empty; did the", id="empty-json"),
        pytest.param(["explain"], b"\x00\x01\x02" * 99, "No log in standard input: it is binary", id="binary"),
        pytest.param(["explain", "/nonexistent"], None, "Cannot read /nonexistent: no such file", id="missing"),
        pytest.param(["explain", "/"], None, "Cannot read /: is a directory", id="folder"),
        pytest.param(["explain", "--since", "soon"], None, "since is 'soon', which is no time", id="since"),
        pytest.param(["explain", "--limit", "0"], None, "limit is 0, but must be at least 1", id="limit"),
        pytest.param(
            ["victims", "--what-if", "gone pid=x"], None, "--what-if has pid=x, but pid must be", id="no-number"
        ),
        pytest.param(["victims", "--what-if", "gone pid"], None, "--what-if 'gone pid' has 'pid'", id="no-value"),
        pytest.param(["victims", "--what-if", ""], None, "--what-if '' is not a change", id="no-change"),
        pytest.param(["victims", "--what-if", "'"], None, '--what-if "\'" is not a change', id="open-quote"),
        pytest.param(["victims", "--what-if", "burn pid=1"], None, "what_if entry 1 has change 'burn'", id="unknown"),
        pytest.param(["victims", "--what-if", "gone pid=4194304"], None, "what_if (gone): no process", id="nobody"),
        pytest.param(["victims", "--what-if", "gone pid=2 pid=3"], None, "--what-if 'gone pid=2", id="twice"),
        pytest.param(["victims", "--cgroup", "/no/such"], None, "there is no memory cgroup '/no/such'", id="no-cgroup"),
        pytest.param(["victims", "--root", "/nonexistent"], None, "root '/nonexistent' holds no host", id="no-host"),
    ],
)
def test_what_cannot_be_used_is_one_sentence_and_status_2(arguments, given, sentence):
    status, output, complaints = oomwatch(*arguments, given=given)
    assert (status, output) == (2, "")
    assert complaints.startswith("oomwatch: " + sentence)
    assert complaints.endswith(".\n") and complaints.count("\n") == 1


@pytest.mark.parametrize("arguments", [[], ["burn"], ["explain", "--colour"], ["victims", "--top", "many"]])
def test_wrong_usage_is_status_2(arguments):
    status, output, complaints = oomwatch(*arguments)
    assert (status, output) == (2, "")
    assert complaints.startswith("usage: oomwatch") and "Traceback" not in complaints


@pytest.mark.parametrize("share", [0.1, 0.3, 0.5, 0.7, 0.9, 0.97])
def test_report_cut_anywhere_is_read(share):
    data = COMMIT.read_bytes()
    for part in (data[: int(len(data) * share)], data[int(len(data) * share) :]):
        status, output, complaints = oomwatch("explain", given=part)
        assert status in (0, 1) and complaints == ""
        assert "OOM report" in output


def test_reader_that_goes_away_is_no_error():
    command = [sys.executable, "-m", "oomwatch", "explain", "--json", str(STORM)]
    environment = dict(os.environ, PYTHONPATH=os.pathsep.join(PLACES))
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment)
    process.stdout.readline()
    process.stdout.close()
    assert process.stderr.read() == b""
    process.stderr.close()
    assert process.wait() == 1


@pytest.mark.parametrize(
    "redirection, sentence",
    [
        pytest.param("explain - <&-", "Standard input is closed; pipe a log into it", id="stdin-closed"),
        pytest.param(f"explain {QUOTED} >&-", "Standard output is closed, so the answer", id="stdout-closed"),
        pytest.param(f"explain {QUOTED} >/dev/full", "Cannot write the answer: no space left on device", id="full"),
        pytest.param(f"explain --json {QUOTED} >/dev/full", "Cannot write the answer: no space", id="full-json"),
    ],
)
def test_closed_or_full_streams_are_one_sentence(redirection, sentence):
    environment = dict(os.environ, PYTHONPATH=os.pathsep.join(PLACES))
    command = ["/bin/sh", "-c", f'exec "$0" -m oomwatch {redirection}', sys.executable]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment, check=False)
    complaints = done.stderr.decode()
    assert (done.returncode, done.stdout) == (2, b"")
    assert complaints.startswith("oomwatch: " + sentence) and complaints.count("\n") == 1


def test_limit_beyond_any_machine_word_is_no_limit():
    for arguments in ([], ["--json"]):
        status, output, complaints = oomwatch("explain", COMMIT, "--limit", 10**30, "--top", 10**30, *arguments)
        assert (status, complaints) == (1, "") and "data_sim" in output


@pytest.mark.skipif(not os.access("/dev/kmsg", os.R_OK), reason="this kernel's log may not be read here")
def test_kernel_log_named_as_a_file_has_an_end():
    status, dummy, complaints = oomwatch("explain", "/dev/kmsg", "--limit", 1)
    assert status in (0, 1) and complaints == ""


@pytest.mark.parametrize("columns", ["50", "80", "200"])
def test_prose_keeps_to_the_terminal(columns):
    environment = dict(os.environ, PYTHONPATH=os.pathsep.join(PLACES), COLUMNS=columns)
    command = [sys.executable, "-m", "oomwatch", "explain", str(STORM)]
    output = subprocess.run(command, stdout=subprocess.PIPE, env=environment, check=False).stdout.decode()
    widest = min(int(columns), 120)
    assert all(len(line) <= widest for line in output.splitlines() if str(STORM) not in line)


def test_terminal_without_utf_8_gets_escapes():
    status, output, complaints = oomwatch("explain", COMMIT, PYTHONIOENCODING="ascii", LC_ALL="C", PYTHONUTF8="0")
    assert (status, complaints) == (1, "")
    assert output.isascii() and "\\u2026" in output


def test_victims_of_this_host_are_ranked():
    status, output, complaints = oomwatch("victims")
    assert status in (0, 1) and complaints == ""
    assert output.startswith("If the host runs out of memory ")
    status, output, dummy = oomwatch("victims", "--json", "--top", 1)
    found = json.loads(output)
    assert output.count("\n") == 1 and len(found["host"]["victims"]) == 1
    assert status == (1 if found["findings"] else 0)


def test_what_if_tells_the_new_order():
    pid = os.getpid()
    dummy, output, complaints = oomwatch("victims", "--json", "--what-if", f"oom_score_adj pid={pid} value=1000")
    assert complaints == ""
    [row] = [row for row in json.loads(output)["what_if"]["host"]["order"] if row["pid"] == pid]
    # Another process at 1000 may be larger.
    assert row["rank_after"] <= 10 and (row["rank_before"] is None or row["rank_after"] <= row["rank_before"])


def test_read_me_shows_the_real_output():
    environment = dict(os.environ, PYTHONPATH=os.pathsep.join(PLACES), COLUMNS="110")
    command = [sys.executable, "-m", "oomwatch", "explain", str(COMMIT.relative_to(CHECKOUT))]
    done = subprocess.run(command, stdout=subprocess.PIPE, env=environment, cwd=str(CHECKOUT), check=False)
    assert done.stdout.decode() in (CHECKOUT / "README.md").read_text()


def test_version():
    status, output, dummy = oomwatch("version")
    assert status == 0 and output.startswith("oomwatch 0.")


def test_version_is_that_of_the_collection():
    sys.path[:0] = PLACES[:1]
    try:
        import oomwatch as package
    finally:
        del sys.path[0]
    assert f"version: {package.VERSION}\n" in (CHECKOUT / "galaxy.yml").read_text()


def test_set_up_leaves_the_program_beside_python():
    program = CHECKOUT / ".venv" / "bin" / "oomwatch"
    if not program.exists():
        pytest.skip("this checkout was not set up by scripts/setup")
    done = subprocess.run([program, "version"], stdout=subprocess.PIPE, check=True)
    assert done.stdout.startswith(b"oomwatch 0.")
