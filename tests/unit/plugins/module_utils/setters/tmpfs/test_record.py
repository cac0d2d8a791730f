# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The record: what is written is read back; what no setter writes is refused in one sentence; 0.1.0's is read too."""

import copy
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.memfacts.linux.plugins.module_utils.memcore.errors import ParseError
from ansible_collections.memfacts.linux.plugins.module_utils.setters.tmpfs import plan as tmpfs_plan
from ansible_collections.memfacts.linux.plugins.module_utils.setters.tmpfs import record
from ansible_collections.memfacts.linux.plugins.module_utils.setters.tmpfs.place import Unit
from ansible_collections.memfacts.linux.plugins.module_utils.setters.written import digest
from tests.support.tmpfs_parts import GIB, UNIT_DROP_IN, situation, size, users

VENDOR = Unit("tmp.mount", "/usr/lib/systemd/system/tmp.mount", options="mode=1777,size=50%%")


def entries():
    """One for each place, as plans ask to keep them."""
    return {
        "/tmp": tmpfs_plan.present(situation(unit=VENDOR), size(GIB), "systemd", None).entry,
        "/mnt": tmpfs_plan.present(situation("", path="/mnt"), size(GIB), "fstab", None).entry,
        "/run/user/*": tmpfs_plan.present(
            situation(mounts=users(GIB), path="/run/user/*"), size(2 * GIB), "logind", None
        ).entry,
        "/run": tmpfs_plan.present(situation(path="/run"), size(GIB), "none", None).entry,
    }


def test_what_is_written_is_read_back():
    kept = record.Record(entries())
    assert record.parse(json.loads(json.dumps(record.to_json(kept)))) == kept


def good():
    return json.loads(json.dumps(record.to_json(record.Record(entries()))))


def changed(path, value):
    """The good record with one value replaced, or removed."""
    content = good()
    place = content
    for key in path[:-1]:
        place = place[key]
    if value is None:
        del place[path[-1]]
    else:
        place[path[-1]] = value
    return content


FILE = ["mounts", "/tmp", "files", 0, "file"]
LINE = ["mounts", "/mnt", "files", 0]
LIVE = ["mounts", "/run", "live", "/run"]


@pytest.mark.parametrize(
    "content",
    [
        pytest.param({"/p": {}}, id="version-1-without-keys"),
        pytest.param({"p": {"file": None, "live": {}}}, id="relative-path"),
        pytest.param({"/p": []}, id="list"),
        pytest.param({"/p": {"file": {"path": "/etc/passwd", "original": "", "written": ""}, "live": {}}}, id="file"),
        pytest.param({"version": 2}, id="no-mounts"),
        pytest.param(dict(good(), version=3), id="later-version"),
        pytest.param(dict(good(), version=True), id="true-is-no-version"),
        pytest.param(dict(good(), more=1), id="unknown-key"),
        pytest.param(changed(FILE + ["path"], "/etc/passwd"), id="passwd-as-drop-in"),
        pytest.param(changed(FILE + ["path"], UNIT_DROP_IN + "/../../x"), id="dots"),
        pytest.param(changed(FILE + ["folders"], ["/etc/ssh"]), id="foreign-folder"),
        pytest.param(changed(FILE + ["sha256"], "x"), id="no-hash"),
        pytest.param(changed(FILE + ["sha256"], None), id="hash-missing"),
        pytest.param(changed(LINE + ["path"], "/etc/passwd"), id="passwd-as-fstab"),
        pytest.param(changed(LINE + ["written"], "a\nb"), id="two-lines"),
        pytest.param(changed(LINE + ["existed"], 1), id="number-as-bool"),
        pytest.param(changed(LIVE + ["size_bytes"], "1G"), id="text-as-number"),
        pytest.param(changed(LIVE + ["size_bytes"], True), id="bool-as-number"),
        pytest.param(changed(LIVE + ["size_bytes"], 0), id="zero"),
        pytest.param(changed(LIVE + ["size_share"], "half"), id="unknown-share"),
        pytest.param(changed(LIVE + ["set_size"], "much"), id="no-size"),
        pytest.param(changed(LIVE + ["identity"], {}), id="no-identity"),
        pytest.param(changed(LIVE + ["identity", "boot_id"], "$(x)"), id="no-boot-id"),
        pytest.param(changed(["mounts"], {"/a\0b": {"files": [], "live": {}}}), id="nul"),
        pytest.param(changed(["mounts", "/tmp", "live"], {"../x": {}}), id="relative-mount"),
    ],
)
def test_what_no_setter_writes_is_refused(content):
    with pytest.raises(ParseError):
        record.parse(content)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@given(JSON, st.data())
def test_any_damage_is_one_kind_of_error(value, data):
    content = good()
    place = content
    while True:
        key = data.draw(st.sampled_from(sorted(place) if isinstance(place, dict) else list(range(len(place)))))
        if not isinstance(place[key], (dict, list)) or not place[key] or data.draw(st.booleans()):
            break
        place = place[key]
    place[key] = copy.deepcopy(value)
    try:
        record.parse(content)
    except ParseError:
        pass


def test_another_fstab_is_known_only_while_it_is_the_option():
    content = changed(LINE + ["path"], "/srv/fstab")
    assert record.parse(content, "/srv/fstab").mounts["/mnt"].files[0].path == "/srv/fstab"
    with pytest.raises(ParseError) as caught:
        record.parse(content)
    assert "'/srv/fstab' as fstab, which is neither /etc/fstab nor the option fstab" in str(caught.value)


# As release 0.1.0 wrote it; composed by its code of two mounts and the users' ones.
OLD = {
    "/mnt": {
        "file": {
            "existed": True,
            "folders": [],
            "original": "tmpfs /mnt tmpfs size=4m 0 0",
            "path": "/etc/fstab",
            "replaced": "tmpfs /mnt tmpfs size=4m 0 0",
            "written": "tmpfs /mnt tmpfs size=20M 0 0",
        },
        "live": {
            "/mnt": {
                "inodes": None,
                "inodes_share": None,
                "size_bytes": 10485760,
                "size_share": None,
                "total_bytes": 8589934592,
            }
        },
    },
    "/tmp": {
        "file": {
            "existed": False,
            "folders": ["/etc/systemd/system/tmp.mount.d"],
            "original": None,
            "path": UNIT_DROP_IN,
            "written": "[Mount]\nOptions=size=1G\n",
        },
        "live": {},
    },
}


def test_a_record_of_0_1_0_is_read():
    found = record.parse(OLD).mounts
    assert found["/mnt"].files[0].original == "tmpfs /mnt tmpfs size=4m 0 0"
    assert (found["/mnt"].live["/mnt"].size_bytes, found["/mnt"].live["/mnt"].identity) == (10485760, None)
    file = found["/tmp"].files[0].file
    assert (file.path, file.sha256) == (UNIT_DROP_IN, digest("[Mount]\nOptions=size=1G\n"))
    assert (file.before, file.folders) == (None, ("/etc/systemd/system/tmp.mount.d",))
    assert record.parse(json.loads(json.dumps(record.to_json(record.Record(found))))).mounts == found


def test_nothing_is_an_empty_record():
    assert record.parse({}) == record.Record({})
