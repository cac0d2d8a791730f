# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Unit files and drop-ins at random: what we read out of them is what systemd itself reads.

systemd's test mode loads the units of a folder, prints what they came to and starts nothing.
"""

import os
import re
import subprocess
import tempfile

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ansible_collections.memfacts.linux.plugins.module_utils.memcore.gather.declared_adj import UnitFiles
from ansible_collections.memfacts.linux.plugins.module_utils.memcore.sources import unit_file
from ansible_collections.memfacts.linux.plugins.module_utils.memcore.sources.host import Host
from tests.live.users import NOBODY

SYSTEMD = "/lib/systemd/systemd"
pytestmark = [
    pytest.mark.root,
    pytest.mark.skipif(os.geteuid() != 0, reason="systemd's test mode runs as another user, which takes root"),
    pytest.mark.skipif(not os.path.exists(SYSTEMD), reason=f"there is no {SYSTEMD} to compare with"),
]
UNIT = "foo-bar@1.service"
ALIAS = "other@1.service"
# What a user manager gives to a unit that sets nothing; no file below does.
UNSET = {None, 100}

BASES = ("etc/systemd/system", "run/systemd/system", "usr/lib/systemd/system")
DROP_INS = ("foo-bar@1.service.d", "foo-bar@.service.d", "foo-.service.d", "service.d", "other@1.service.d")
VALUES = st.one_of(
    st.integers(-1000, 99).map(str),
    st.sampled_from(
        ["", "010", "+9", "0o17", "08", "0b11", "1001", "-1001", "-0x10", "ten", "\\\n 12", "\\\n# x\n 13"]
    ),
)
TEXTS = st.one_of(
    VALUES.map("[Service]\nOOMScoreAdjust={}\n".format),
    VALUES.map("[Unit]\nDescription=x\n[Service]\n OOMScoreAdjust = {} \n; end\n".format),
    st.tuples(VALUES, VALUES).map(lambda two: "[Service]\nOOMScoreAdjust={}\nOOMScoreAdjust={}\n".format(*two)),
    st.just("[Unit]\nOOMScoreAdjust=7\n"),
    st.none(),  # a link to /dev/null, which hides files of its name
)
PLACES = st.tuples(st.sampled_from(BASES), st.sampled_from(DROP_INS), st.sampled_from(["a.conf", "b.conf", "c.txt"]))


def lay(root, main, drop_ins, has_alias):
    for base in BASES:
        os.makedirs(f"{root}/{base}")
    for name in ("basic.target", "shutdown.target"):
        write(f"{root}/{BASES[2]}/{name}", "[Unit]\nDescription=x\n")
    write(f"{root}/{BASES[2]}/foo-bar@.service", f"[Service]\nType=oneshot\nExecStart=/bin/true\n{main}")
    if has_alias:
        write(f"{root}/{BASES[2]}/{UNIT}", f"[Service]\nType=oneshot\nExecStart=/bin/true\n{main}")
        os.symlink(f"{root}/{BASES[2]}/{UNIT}", f"{root}/{BASES[0]}/{ALIAS}")
    for (base, folder, file), text in drop_ins.items():
        os.makedirs(f"{root}/{base}/{folder}", exist_ok=True)
        write(f"{root}/{base}/{folder}/{file}", text)


def write(path, text):
    if text is None:
        os.symlink("/dev/null", path)
        return
    with open(path, "w") as stream:
        stream.write(text)


def as_systemd_reads(root):
    """The value in the dump of systemd's test mode."""
    home = f"{root}/home"
    os.mkdir(home)
    os.chown(home, NOBODY.pw_uid, NOBODY.pw_gid)
    environment = {
        "SYSTEMD_UNIT_PATH": ":".join(f"{root}/{base}" for base in BASES),
        "HOME": home,
        "XDG_RUNTIME_DIR": home,
    }

    def drop():
        os.setgroups([])
        os.setgid(NOBODY.pw_gid)
        os.setuid(NOBODY.pw_uid)

    command = [SYSTEMD, "--test", "--user", "--unit=" + UNIT]
    done = subprocess.run(
        command,
        env=environment,
        preexec_fn=drop,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=600,
        check=False,
    )
    dump = done.stdout.decode("utf-8", "replace")
    block = re.search(r"-> Unit {}:\n(.*?)(?=\n\t?-> Unit |\Z)".format(re.escape(UNIT)), dump, re.DOTALL)
    assert block, dump[:2000]
    value = re.search(r"OOMScoreAdjust: (-?[0-9]+)", block[1])
    return int(value[1]) if value else None


def test_a_template_goes_before_a_prefix():
    drop_ins = {
        (BASES[2], "foo-bar@.service.d", "a.conf"): "[Service]\nOOMScoreAdjust=5\n",
        (BASES[2], "foo-.service.d", "a.conf"): "[Service]\nOOMScoreAdjust=6\n",
    }
    with tempfile.TemporaryDirectory() as root:
        os.chmod(root, 0o755)
        lay(root, "", drop_ins, False)

        assert (UnitFiles(Host(root)).declared(UNIT).value, as_systemd_reads(root)) == (5, 5)


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    derandomize=not os.environ.get("MEMFACTS_FUZZ"),
)
@given(
    VALUES.map(lambda value: f"OOMScoreAdjust={value}\n") | st.just(""),
    st.dictionaries(PLACES, TEXTS, max_size=6),
    st.booleans(),
)
def test_systemd_agrees(main, drop_ins, has_alias):
    with tempfile.TemporaryDirectory() as root:
        os.chmod(root, 0o755)
        lay(root, main, drop_ins, has_alias)

        ours = UnitFiles(Host(root)).declared(UNIT)
        seen = as_systemd_reads(root)

    assert (ours.value if ours else None) == seen or (ours is None and seen in UNSET)


def test_systemd_looks_into_the_same_folders():
    done = subprocess.run(["systemd-analyze", "unit-paths"], stdout=subprocess.PIPE, timeout=600, check=True)
    listed = done.stdout.decode().split()

    ours = ["/" + folder for folder in unit_file.FOLDERS]
    assert [path for path in ours if path in listed] == listed
