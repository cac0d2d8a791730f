# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Imports out of a zip such as Ansible sends, in a process of their own."""

import json
import os
import pathlib
import subprocess
import sys
import zipfile

import pytest

FROM_ZIP = pathlib.Path(__file__).resolve().parents[4] / "plugins" / "module_utils" / "from_zip.py"
UTILS = "ansible_collections/memfacts/linux/plugins/module_utils"
FILES = {
    **{"/".join(UTILS.split("/")[:depth]) + "/__init__.py": "" for depth in range(1, 6)},
    UTILS + "/from_zip.py": FROM_ZIP.read_text(encoding="utf-8"),
    UTILS + "/core/__init__.py": "",
    UTILS + "/core/number.py": "VALUE = 7\n\n\ndef fail():\n    raise ValueError('planted')\n",
    UTILS + "/core/sum.py": "from . import number\n\nTOTAL = number.VALUE + 1\n",
    "stranger/__init__.py": "",
    "stranger/guest.py": "VALUE = 1\n",
}
BEGIN = """
import json, sys, traceback
sys.path.insert(0, sys.argv[1])
compiled = []
if hasattr(sys, "addaudithook"):
    sys.addaudithook(lambda event, args: compiled.append(str(args[1])) if event == "compile" else None)
from ansible_collections.memfacts.linux.plugins.module_utils import from_zip
from_zip.compile_once()
from_zip.compile_once()
from ansible_collections.memfacts.linux.plugins.module_utils.core import number, sum
import stranger.guest
"""


@pytest.fixture
def tell(tmp_path):
    """tell(code, place) -> what the code prints as JSON, after the imports; place is "zip" or "folder"."""
    archive, folder = tmp_path / "sent.zip", tmp_path / "folder"
    with zipfile.ZipFile(str(archive), "w") as content:
        for name, text in FILES.items():
            content.writestr(name, text)
        content.extractall(str(folder))
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}

    def run(code, place="zip"):
        command = [sys.executable, "-c", BEGIN + code, str(archive if place == "zip" else folder)]
        return json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, env=environment).stdout.decode())

    return run


@pytest.mark.skipif(sys.version_info < (3, 8), reason="Python 3.8 is the first that reports each compilation")
def test_each_file_of_the_collection_is_compiled_once(tell):
    names = tell("print(json.dumps(compiled))")
    of_core = sorted(name[name.index("core/") :] for name in names if "core/" in name)
    assert of_core == ["core/__init__.py", "core/number.py", "core/sum.py"]


def test_modules_and_packages_know_where_they_are(tell):
    package = "sys.modules[number.__package__]"
    told = tell(f"print(json.dumps([sum.TOTAL, number.__file__, {package}.__file__, {package}.__path__]))")
    inside = f"sent.zip/{UTILS}/core"
    assert told[0] == 8
    assert [path[path.index("sent.zip") :] for path in (told[1], told[2], *told[3])] == [
        f"{inside}/number.py",
        f"{inside}/__init__.py",
        inside,
    ]


def test_a_traceback_shows_the_line(tell):
    shown = tell("try:\n    number.fail()\nexcept ValueError:\n    print(json.dumps(traceback.format_exc()))")
    assert "number.py\", line 5, in fail\n    raise ValueError('planted')\n" in shown


def test_a_file_that_is_not_there_is_a_module_not_found(tell):
    place = "ansible_collections.memfacts.linux.plugins.module_utils.core"
    code = f"try:\n    import {place}.nothing\nexcept ModuleNotFoundError as error:\n    print(json.dumps(error.name))"
    assert tell(code) == place + ".nothing"


def test_finders_of_python_are_added_to_only_out_of_a_zip(tell):
    code = "print(json.dumps(sys.meta_path.count(from_zip._Finder)))"
    assert (tell(code), tell(code, "folder")) == (1, 0)


def test_other_packages_and_folders_are_left_to_python(tell):
    kind = "[type(one).__name__ for one in (number.__loader__, stranger.guest.__loader__)]"
    names = f"from_zip._Finder.find_spec('stranger.guest', stranger.__path__), *{kind}"
    assert tell(f"print(json.dumps([{names}]))") == [None, "zipimporter", "zipimporter"]
    assert tell(f"print(json.dumps([{names}]))", "folder") == [None, "SourceFileLoader", "SourceFileLoader"]
