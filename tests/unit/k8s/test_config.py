# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The settings of `oomwatch run`: which place precedes which, and what each place may not hold."""

import argparse
import json
import os

import pytest

from memcore.errors import OptionError
from oomwatch import config, options


def settings(words=(), environ=None):
    parser = argparse.ArgumentParser()
    config.add_options(parser)
    return config.settings(parser.parse_args(list(words)), environ or {})


@pytest.fixture
def write(tmp_path):
    """Write a configuration; its path."""

    def write(content):
        path = tmp_path / "oomwatch.json"
        path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
        return str(path)

    return write


def test_without_anything_there_are_the_defaults():
    assert settings(environ={"NODE_NAME": "worker-7"}) == config.Settings(
        output="auto",
        kernel_log="auto",
        since="last",
        state_dir=None,
        root="/",
        listen=None,
        kube="auto",
        node="worker-7",
        pods="api",
        events="on",
        report="auto",
        audit_every=600.0,
        predict_every=60.0,
        once=False,
    )


def test_settings_have_a_field_for_each_option():
    assert config.Settings._fields == tuple(option.key for option in options.OPTIONS)


def test_option_precedes_variable_precedes_file_precedes_default(write):
    path = write({"output": "none", "pods": "kubelet", "since": "boot"})
    found = settings(["--config", path, "--output", "json"], {"OOMWATCH_OUTPUT": "text", "OOMWATCH_PODS": "none"})
    assert (found.output, found.pods, found.since, found.kube) == ("json", "none", "boot", "auto")


def test_file_may_be_named_by_a_variable(write):
    assert settings(environ={"OOMWATCH_CONFIG": write({"since": "now"})}).since == "now"


def test_host_has_its_own_name():
    assert settings().node == os.uname().nodename


@pytest.mark.parametrize(
    "words, environ, node",
    [
        ([], {"NODE_NAME": "downward"}, "downward"),
        ([], {"NODE_NAME": "downward", "OOMWATCH_NODE": "own"}, "own"),
        (["--node", "given"], {"NODE_NAME": "downward", "OOMWATCH_NODE": "own"}, "given"),
    ],
)
def test_name_of_the_node(words, environ, node):
    assert settings(words, environ).node == node


def test_empty_variable_is_none():
    assert settings(environ={"OOMWATCH_LISTEN": "", "OOMWATCH_CONFIG": "", "OOMWATCH_ONCE": ""}).listen is None


def test_variables_of_a_service_named_oomwatch_are_not_looked_at():
    """Kubernetes sets these in each pod of the namespace."""
    environ = {"OOMWATCH_PORT": "tcp://10.0.0.7:9750", "OOMWATCH_SERVICE_HOST": "10.0.0.7", "NODE_NAME": "a"}
    assert settings(environ=environ) == settings(environ={"NODE_NAME": "a"})


@pytest.mark.parametrize(
    "text, seconds", [("10m", 600.0), ("60s", 60.0), ("1h", 3600.0), ("90", 90.0), ("9999h", 35996400.0)]
)
def test_times_are_seconds(text, seconds):
    assert settings(["--audit-every", text]).audit_every == seconds
    assert settings(environ={"OOMWATCH_PREDICT_EVERY": text}).predict_every == seconds


@pytest.mark.parametrize("value, seconds", [(1, 1.0), (2.5, 2.5), ("2m", 120.0)])
def test_times_in_the_file(write, value, seconds):
    assert settings(["--config", write({"audit_every": value})]).audit_every == seconds


@pytest.mark.parametrize("text, once", [("true", True), ("1", True), ("False", False), ("0", False)])
def test_once_in_the_environment(text, once):
    assert settings(environ={"OOMWATCH_ONCE": text}).once is once


def test_once_is_a_flag(write):
    assert settings(["--once"]).once is True
    assert settings(["--config", write({"once": True})]).once is True


def test_server_can_be_switched_off_over_the_file(write):
    path = write({"listen": ":9750"})
    assert settings(["--config", path]).listen == ":9750"
    assert settings(["--config", path, "--listen", "off"]).listen is None


def test_booleans_that_yaml_made_of_words_are_words(write):
    found = settings(["--config", write({"events": False, "kube": False, "report": False, "listen": False})])
    assert (found.events, found.kube, found.report, found.listen) == ("off", "off", "off", None)


def test_address_of_the_schema_is_no_option(write):
    assert settings(["--config", write({"$schema": "https://example.com/x", "since": "now"})]).since == "now"


@pytest.mark.parametrize(
    "words, environ, sentence",
    [
        (["--since", "yesterday"], {}, '--since is "yesterday"; give now, boot or last'),
        ([], {"OOMWATCH_SINCE": "yesterday"}, 'OOMWATCH_SINCE is "yesterday"; give now, boot or last'),
        (["--state-dir", ""], {}, "--state-dir is empty; give the path of a folder"),
        ([], {"OOMWATCH_ONCE": "maybe"}, 'OOMWATCH_ONCE is "maybe"; give true or false'),
        ([], {"NODE_NAME": "a b"}, 'NODE_NAME is "a b"; give a name of at most 253 letters, '),
        (
            ["--kernel-log", "kmesg"],
            {},
            '--kernel-log is "kmesg"; give auto, kmsg, syslog, journal, none, or the path ',
        ),
        (["--audit-every", "10 minutes"], {}, '--audit-every is "10 minutes"; give a time such as 60s, 10m or 1h, or '),
        (["--report", "kyverno"], {}, '--report is "kyverno"; give auto, openreports, wgpolicy or off'),
        (["--output", "x" * 500], {}, '--output is "xxxx'),
    ],
)
def test_wrong_value_is_one_short_sentence(words, environ, sentence):
    with pytest.raises(OptionError) as caught:
        settings(words, environ)
    assert str(caught.value).startswith(sentence)
    assert len(str(caught.value)) < 250 and "\n" not in str(caught.value)


@pytest.mark.parametrize("address", [":9750", "[::]:9750", "127.0.0.1:0", "node-1.example:65535", "[fe80::1%eth0]:80"])
def test_addresses(address):
    assert settings(["--listen", address]).listen == address


@pytest.mark.parametrize(
    "address", ["9750", ":", ":65536", "::1:9750x", "host:", "host:09", "[::1]", "a b:1", ":9750\n"]
)
def test_what_is_no_address(address):
    with pytest.raises(OptionError, match="give HOST:PORT such as "):
        settings(["--listen", address])


@pytest.mark.parametrize(
    "content, sentence",
    [
        pytest.param(b'{"since": "now",\n  "pods" "api"}', " is not valid JSON: expecting ':' delimiter at line 2, column 10", id="json"),  # noqa: E501
        pytest.param(b"since: now\n", " is not valid JSON: expecting value at line 1, column 1", id="yaml"),
        pytest.param(b"", " is empty; write a JSON object, at least {}", id="empty"),
        pytest.param(b"\xef\xbb\xbf  \n", " is empty; write a JSON object, at least {}", id="byte-order-mark-alone"),
        pytest.param(b"[1, 2]", ' holds [1, 2] and no JSON object; write an object such as {"listen": ":9750"}', id="list"),  # noqa: E501
        pytest.param(b"null", " holds null and no JSON object; ", id="null"),
        pytest.param(b'{"since": "now", "since": "boot"}', ' is not usable: the key "since" stands there twice; ', id="twice"),  # noqa: E501
        pytest.param(b'{"audit_every": NaN}', " is not usable: NaN is no JSON number; give a number", id="nan"),
        pytest.param(b'{"audit_every": 1' + b"0" * 5000 + b"}", " is not usable: ", id="thousands-of-digits"),
        pytest.param(b"[" * 60000, " is nested too deeply; ", id="deep"),
        pytest.param(b'{"root": "\xff"}', " is not UTF-8 at byte 10; write it in UTF-8", id="latin-1"),
        pytest.param(b'{"root": "/\\ud800"}', " has half of a surrogate pair ", id="surrogate"),
        pytest.param(b" " * 65537, " is larger than 64 KiB; ", id="large"),
    ],
)  # fmt: skip
def test_file_that_is_no_configuration(write, content, sentence):
    path = write(content)
    with pytest.raises(OptionError) as caught:
        settings(["--config", path])
    assert str(caught.value).startswith(f"The configuration {path}{sentence}")
    assert len(str(caught.value)) < 300 + len(path) and "\n" not in str(caught.value)


def test_first_problem_of_the_file_is_told_with_the_number_of_the_others(write):
    path = write({"kernel_logs": "auto", "since": 5, "pods": "x"})
    with pytest.raises(OptionError) as caught:
        settings(["--config", path])
    assert str(caught.value) == (
        f'In the configuration {path}, "kernel_logs" is no option; the nearest is kernel_log '
        "(2 more; see oomwatch check-config)"
    )


@pytest.mark.parametrize(
    "make, why",
    [
        pytest.param(lambda path: None, "no such file or directory", id="missing"),
        pytest.param(os.mkdir, "is a directory", id="directory"),
        pytest.param(os.mkfifo, "not a regular file", id="fifo-that-nobody-writes"),
    ],
)
def test_file_that_cannot_be_read(tmp_path, make, why):
    path = str(tmp_path / "x.json")
    make(path)
    with pytest.raises(OptionError) as caught:
        settings(["--config", path])
    assert str(caught.value) == f"Cannot read the configuration {path}: {why}; give a JSON file"


def test_empty_name_of_the_file_is_refused():
    with pytest.raises(OptionError, match="Cannot read the configuration : no such file"):
        settings(["--config", ""])


def test_help_lists_each_option_with_its_default():
    parser = argparse.ArgumentParser()
    config.add_options(parser)
    text = " ".join(parser.format_help().split())
    for option in options.OPTIONS:
        assert f" {option.flag} " in text
        assert f"{' '.join(option.help.split())}" in text
    assert "(default: 10m)" in text and "(default: None)" not in text
