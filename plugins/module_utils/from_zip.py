# Copyright (c) 2026 the memfacts authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compile each file of the zip that Ansible sends once, where Python compiles it twice.

Nothing keeps bytecode for that zip. Up to Python 3.14 at least, the finder of zipimport first asks its loader for the
file's name (importlib._bootstrap.spec_from_loader calls get_filename), and the loader compiles the file to learn that;
then it compiles the file again to run it. That is about half of the time that importing our files takes on a target.
"""

import importlib.util
import pkgutil
import sys
import zipimport

_OURS = __name__.rpartition(".")[0] + "."


class _Finder:
    """Finds the collection's own files in a zip, and leaves everything else to Python's own finders."""

    @staticmethod
    def find_spec(name, path=None, target=None):
        """The spec with the file's name in it, so that nobody has to ask the loader; None where it is not in a zip."""
        if not path or not name.startswith(_OURS):
            return None
        loader = pkgutil.get_importer(path[0])
        if not isinstance(loader, zipimport.zipimporter):
            return None
        try:
            rest = "/__init__.py" if loader.is_package(name) else ".py"
        except ImportError:
            return None
        return importlib.util.spec_from_file_location(name, f"{path[0]}/{name.rpartition('.')[2]}{rest}", loader=loader)


def compile_once():
    """To be called before the collection's other files are imported; a second call changes nothing.

    Nothing is changed either where this file itself comes from a folder, as in the import test of ansible-test.
    """
    if isinstance(__spec__.loader, zipimport.zipimporter) and _Finder not in sys.meta_path:
        sys.meta_path.insert(0, _Finder)
