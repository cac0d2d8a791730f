# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""`python3 -m tests.lab --fetch`: what it gets, what it says, and how it ends."""

import pytest

from tests.lab import __main__ as command_line
from tests.lab import debian, fetch, kernels


def fails(error):
    """A `get` that cannot."""

    def get():
        raise error

    return get


def test_each_part_has_a_line_and_what_cannot_be_had_does_not_stop_the_rest():
    wanted = [
        fetch.Part("root", lambda: "/some/folder"),
        fetch.Part("6.12", fails(kernels.Unavailable("6.12", "no mirror"))),
        fetch.Part("commands", fails(debian.PackageError("missing on this machine"))),
        fetch.Part("programs", fails(PermissionError("read-only"))),
        fetch.Part("6.18", lambda: "/some/folder"),
    ]
    told = list(fetch.fetch(wanted))
    assert [had for had, _line in told] == [True, False, False, False, True]
    assert [line.split()[0] for _had, line in told] == ["root", "skipped:", "skipped:", "skipped:", "6.18"]
    assert told[1][1] == "skipped: 6.12: no mirror"


def test_without_names_it_is_all_kernels_of_the_table():
    assert [part.name for part in fetch.parts([])][3:] == [kernel.name for kernel in kernels.TABLE]
    assert [part.name for part in fetch.parts(["6.1-uml"])] == ["commands", "root", "programs", "6.1-uml"]


@pytest.mark.parametrize("complete, status", [(True, 0), (False, 1)])
def test_command_ends_with_1_where_something_cannot_be_had(complete, status, monkeypatch, capsys):
    monkeypatch.setattr(fetch, "fetch", lambda wanted: [(True, "first"), (complete, "second")])
    with pytest.raises(SystemExit) as ended:
        command_line.main(["--fetch", "6.1-uml"])
    assert ended.value.code == status
    assert capsys.readouterr().out == "first\nsecond\n"


def test_name_that_is_no_kernel_is_one_sentence(capsys):
    assert fetch.main(["2.6"]) == 1
    assert capsys.readouterr().out.startswith("skipped: 2.6: no such kernel in the table")
