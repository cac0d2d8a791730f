# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""oomwatch check-config as a process, and the agent's own checks beside the JSON Schema: the same judgement."""

import json
import os
import pathlib
import subprocess
import sys

import jsonschema
import pytest

from oomwatch import check_config, config_file, options

CHECKOUT = pathlib.Path(__file__).resolve().parents[3]
PLACES = [str(CHECKOUT / "k8s"), str(CHECKOUT / "plugins" / "module_utils")]
SCHEMA = json.loads((CHECKOUT / "schemas" / "oomwatch.schema.json").read_text())

VALID = [
    {},
    {"$schema": "https://example.com/oomwatch.schema.json"},
    {"output": "auto"},
    {"output": "none", "once": True},
    {"kernel_log": "kmsg"},
    {"kernel_log": "/var/log/kern.log"},
    {"kernel_log": "./log"},
    {"kernel_log": "kern.log"},
    {"kernel_log": "/var/log/größe log"},
    {"since": "boot"},
    {"state_dir": None},
    {"state_dir": "/var/lib/oomwatch"},
    {"root": "/host"},
    {"root": "host"},
    {"listen": None},
    {"listen": "off"},
    {"listen": False},
    {"listen": ":9750"},
    {"listen": "0.0.0.0:65535"},
    {"listen": "[::1]:0"},
    {"kube": "in-cluster"},
    {"kube": False},
    {"kube": "/root/.kube/config"},
    {"node": None},
    {"node": "ip-10-0-0-1.eu-west-1.compute.internal"},
    {"pods": "kubelet"},
    {"events": "on"},
    {"events": True},
    {"events": False},
    {"report": False},
    {"report": "openreports"},
    {"audit_every": "10m", "predict_every": 60},
    {"audit_every": 1, "predict_every": 9999999},
    {"audit_every": 1.5},
    {"audit_every": 60.0},
    {"audit_every": "9999h"},
    {"once": False},
]
INVALID = [
    {"outputs": "auto"},
    {"Output": "auto"},
    {"kernel-log": "auto"},
    {"": 1},
    {"$schema": 1},
    {"output": "yaml"},
    {"output": None},
    {"output": True},
    {"output": ["json"]},
    {"kernel_log": "dmesg"},
    {"kernel_log": ""},
    {"kernel_log": "/a\u0000b"},
    {"kernel_log": "/a\n"},
    {"kernel_log": False},
    {"since": "yesterday"},
    {"since": "now\n"},
    {"state_dir": ""},
    {"state_dir": 7},
    {"state_dir": "/x\n"},
    {"root": None},
    {"root": {}},
    {"listen": 9750},
    {"listen": "9750"},
    {"listen": True},
    {"listen": ":65536"},
    {"listen": ":9750\n"},
    {"listen": "::1:9750 "},
    {"listen": "http://:9750"},
    {"kube": True},
    {"kube": "on"},
    {"node": ""},
    {"node": "a b"},
    {"node": "-a"},
    {"node": "a" * 254},
    {"node": "a\n"},
    {"pods": None},
    {"pods": False},
    {"events": 1},
    {"events": 0},
    {"events": "true"},
    {"report": "kyverno"},
    {"report": True},
    {"audit_every": 0},
    {"audit_every": 0.5},
    {"audit_every": -5},
    {"audit_every": 1e7},
    {"audit_every": float("inf")},
    {"audit_every": True},
    {"audit_every": "0s"},
    {"audit_every": "1h30m"},
    {"audit_every": "10 m"},
    {"audit_every": "10m\n"},
    {"audit_every": "1.5m"},
    {"audit_every": "١m"},
    {"predict_every": None},
    {"once": "true"},
    {"once": 1},
    {"since": "now", "pods": "api", "once": None},
]


@pytest.mark.parametrize("document", VALID, ids=json.dumps)
def test_valid_by_the_agent_and_by_the_schema(document):
    assert config_file.problems(document) == []
    assert list(jsonschema.Draft202012Validator(SCHEMA).iter_errors(document)) == []


@pytest.mark.parametrize("document", INVALID, ids=json.dumps)
def test_invalid_by_the_agent_and_by_the_schema(document):
    told = config_file.problems(document)
    assert {key for key, _sentence in told} == {key for key, _sentence in check_config.by_schema(document)} != set()
    assert len(check_config.problems(document)) == len(told) == 1
    assert len(told[0][1]) < 250 and told[0][1].isprintable()


def test_schema_is_valid_itself():
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


def fragment(option):
    """What the schema has to say of an option, by the table."""
    words = [*option.words, *(word == "on" for word in ("on", "off") if word in option.words)]
    ways = [{"enum": words}] if words else []
    ways += [{"type": "string", "pattern": option.pattern}] if option.pattern else []
    ways += [{"type": "number", "minimum": 1, "maximum": options.MOST_SECONDS}] if option.is_seconds else []
    ways += [{"type": "null"}] if option.may_be_null else []
    ways += [{"type": "boolean"}] if option.is_flag else []
    rest = ways[0] if len(ways) == 1 else {"anyOf": ways}
    return dict(rest, description=option.help, default=option.default)


@pytest.mark.parametrize("option", options.OPTIONS, ids=lambda option: option.key)
def test_schema_follows_the_table(option):
    assert SCHEMA["properties"][option.key] == fragment(option)


def test_schema_has_no_other_keys():
    assert list(SCHEMA["properties"]) == ["$schema", *options.BY_KEY]
    assert SCHEMA["additionalProperties"] is False


def oomwatch(*arguments, without=None):
    """Run it; (exit status, standard output, standard error). without: a package that is not to be found."""
    code = f"import sys; sys.modules[{without!r}] = None; from oomwatch.cli import main; sys.exit(main())"
    done = subprocess.run(
        [sys.executable, *(["-c", code] if without else ["-m", "oomwatch"]), *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=dict(os.environ, PYTHONPATH=os.pathsep.join(PLACES)),
        text=True,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize("without", [None, "jsonschema"])
def test_each_problem_has_a_line(tmp_path, without):
    path = tmp_path / "c.json"
    path.write_text('{"kubee": "off", "since": "yesterday", "once": 3}')
    assert oomwatch("check-config", path, without=without) == (
        2,
        "",
        f'oomwatch: {path}: "kubee" is no option; the nearest is kube.\n'
        f'oomwatch: {path}: since is "yesterday"; give now, boot or last.\n'
        f"oomwatch: {path}: once is 3; give true or false.\n",
    )


def test_settings_that_result_are_printed(tmp_path):
    path = tmp_path / "c.json"
    path.write_text('{"listen": ":9750", "node": "n1", "audit_every": "1h", "events": false}')
    status, output, complaints = oomwatch("check-config", path)
    assert (status, complaints) == (0, "")
    rows = [line.split(None, 2) for line in output.splitlines()]
    assert [row[0] for row in rows] == list(options.BY_KEY)
    told = {key: (value, origin) for key, value, origin in rows}
    assert told["listen"] == (":9750", "(file)")
    assert told["audit_every"] == ("3600s", "(file)")
    assert told["events"] == ("off", "(file)")
    assert told["predict_every"] == ("60s", "(default)")
    assert told["state_dir"] == ("none", "(default)")


def test_what_is_no_file_is_one_sentence(tmp_path):
    assert oomwatch("check-config", tmp_path) == (
        2,
        "",
        f"oomwatch: Cannot read the configuration {tmp_path}: is a directory; give a JSON file.\n",
    )
