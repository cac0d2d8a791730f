# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role tmpfs_limits: argument specification, defaults, README and module agree on names, defaults and choices."""

import os
import pathlib
import subprocess

import pytest
import yaml

from ansible_collections.memfacts.linux.plugins.modules import tmpfs_size

ROLE = pathlib.Path(__file__).resolve().parents[3] / "roles" / "tmpfs_limits"


@pytest.fixture(scope="module")
def options():
    return yaml.safe_load((ROLE / "meta/argument_specs.yml").read_text())["argument_specs"]["main"]["options"]


@pytest.fixture(scope="module")
def defaults():
    return yaml.safe_load((ROLE / "defaults/main.yml").read_text())


def test_specified_defaults_are_the_real_ones(options, defaults):
    assert {name: option["default"] for name, option in options.items()} == defaults


def test_readme_names_every_variable_and_nothing_else(options):
    rows = [line for line in (ROLE / "README.md").read_text().splitlines() if line.startswith("| `")]
    assert sorted(row.split("`")[1] for row in rows) == sorted(options)


def test_a_cap_takes_what_the_module_takes(options):
    module = yaml.safe_load(tmpfs_size.DOCUMENTATION)["options"]
    cap = options["tmpfs_limits_mounts"]["options"]
    assert {"state": None, "missing": None, **cap}.keys() == module.keys()
    assert (cap["persist"]["choices"], cap["persist"]["default"]) == (
        module["persist"]["choices"],
        module["persist"]["default"],
    )
    assert options["tmpfs_limits_missing"]["choices"] == ["ignore", "fail"]


def test_nothing_is_changed_unless_asked(defaults):
    assert (defaults["tmpfs_limits_apply"], defaults["tmpfs_limits_state"]) == (False, "present")
    assert defaults["tmpfs_limits_mounts"] == defaults["tmpfs_limits_ages"] == []


def test_where_systemd_cannot_print_its_tmpfiles_they_are_read_as_it_reads_them(tmp_path):
    """systemd before 240 has no --cat-config."""
    files = {
        "bin/systemd-tmpfiles": "#!/bin/sh\necho \"systemd-tmpfiles: unrecognized option '$1'\" >&2\nexit 1\n",
        "etc/tmpfiles.d/tmp.conf": "d /tmp 1777 root root 3d",
        "usr/lib/tmpfiles.d/tmp.conf": "d /tmp 1777 root root 30d\n",
        "usr/lib/tmpfiles.d/a.conf": "d /a - - - 1d\n",
        "run/tmpfiles.d/z.conf": "d /z - - - 2d\n",
        "usr/lib/tmpfiles.d/README": "d /no - - - 1d\n",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    (tmp_path / "bin/systemd-tmpfiles").chmod(0o755)
    (tmp_path / "etc/tmpfiles.d/a.conf").symlink_to("/dev/null")  # how an administrator switches one off
    script = yaml.safe_load((ROLE / "vars/main.yml").read_text())["tmpfs_limits_tmpfiles_script"]
    environment = dict(os.environ, PATH=f"{tmp_path}/bin:{os.environ['PATH']}")
    printed = subprocess.check_output(["sh", "-c", script, "sh", str(tmp_path)], text=True, env=environment)
    assert printed.split("\n") == [
        *(f"# {tmp_path}/etc/tmpfiles.d/a.conf", ""),
        *(f"# {tmp_path}/etc/tmpfiles.d/tmp.conf", "d /tmp 1777 root root 3d"),
        *(f"# {tmp_path}/run/tmpfiles.d/z.conf", "d /z - - - 2d", "", ""),
    ]
