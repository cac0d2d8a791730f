# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""Reads manifests: files, folders and standard input, in YAML with any number of documents, or JSON."""

import io
import json
import os
import sys
from typing import Dict, Iterator, List, NamedTuple, Optional, Tuple

from memcore.answers.audit import Given
from memcore.models.manifests import items
from oomwatch import exits

_MOST_BYTES = 256 << 20
_ENDINGS = (".yaml", ".yml", ".json")
STDIN = "-"
_UNRENDERED = (
    "it is a template that was not rendered; pipe the output of `helm template` or `kustomize build` into "
    "`oomwatch audit -f -`"
)


class Manifests(NamedTuple):
    """objects: in the order of the input; unread, notes: (what, reason) of what could not be read or is odd."""

    objects: List[Given]
    unread: List[Tuple[str, str]]
    notes: List[Tuple[str, str]]


def read(paths: List[str]) -> Manifests:
    """All objects of these files; of a folder each *.yaml, *.yml and *.json in it and below, sorted by name."""
    found = Manifests([], [], [])
    for path in paths:
        for name in _files(path, found):
            _read(name, found)
    return found


def _files(path, found) -> Iterator[str]:
    if not os.path.isdir(path):
        yield path
        return
    names = sorted(
        os.path.join(folder, name)
        for folder, _folders, files in os.walk(path)
        for name in files
        if name.endswith(_ENDINGS)
    )
    if not names:
        found.unread.append((path, "the folder has no file that ends in .yaml, .yml or .json"))
    yield from names


def _read(path, found):
    name = "standard input" if path == STDIN else path
    try:
        data = _bytes(path)
    except OSError as error:
        found.unread.append((name, error.strerror or str(error)))
        return
    if len(data) > _MOST_BYTES:
        found.unread.append((name, f"it is larger than {_MOST_BYTES >> 20} MiB"))
        return
    try:
        text = data.decode("utf-8-sig")
    except UnicodeError:
        found.unread.append((name, "it is not UTF-8 text"))
        return
    if "\0" in text:
        found.unread.append((name, "it is a binary file"))
    elif not text.strip():
        found.unread.append((name, "it is empty"))
    else:
        before = len(found.objects)
        if not _parse(name, text, found):
            return
        if len(found.objects) == before:
            found.notes.append((name, "no object of Kubernetes is in it"))


def _bytes(path) -> bytes:
    if path == STDIN:
        return sys.stdin.buffer.read(_MOST_BYTES + 1)
    with open(path, "rb") as file:
        return file.read(_MOST_BYTES + 1)


def _parse(name, text, found) -> bool:
    """Whether all of it could be parsed."""
    if text.lstrip()[:1] in "{[":
        try:
            value = json.loads(text)
        except (ValueError, RecursionError):
            pass  # flow style of YAML looks like JSON
        else:
            _add(name, value, None, found)
            return True
    return _parse_yaml(name, text, found)


def _parse_yaml(name, text, found) -> bool:
    yaml = _yaml()
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)(io.StringIO(text))
    try:
        while loader.check_node():
            node = loader.get_node()
            found.notes.extend((name, twice) for twice in _doubled(node))
            _add(name, loader.construct_document(node), node, found)
    except yaml.YAMLError as error:
        found.unread.append((name, _UNRENDERED if "{{" in text else _sentence(error)))
    except (ValueError, TypeError, RecursionError) as error:
        reason = _UNRENDERED if "{{" in text else f"it is no YAML that can be read: {type(error).__name__}"
        found.unread.append((name, reason))
    else:
        return True
    finally:
        loader.dispose()
    return False


def _yaml():
    try:
        import yaml
    except ImportError:
        raise exits.InputError(
            "Manifests in YAML need the package PyYAML, which is not installed; install oomwatch[audit], or give JSON"
        ) from None
    return yaml


def _sentence(error) -> str:
    mark = getattr(error, "problem_mark", None)
    what = " ".join(str(getattr(error, "problem", None) or error).split())
    return f"it is no YAML: {what}" + ("" if mark is None else f", line {mark.line + 1}")


def _add(name, value, node, found):
    for path, one in items(value):
        if "kind" not in one:
            continue
        found.objects.append(Given(one, None if name == "standard input" else name, _Lines(node, path).of))


class _Lines:
    """Lines of values below one object of a document."""

    def __init__(self, node, start) -> None:
        self._node = node
        self._start = start

    def of(self, path) -> Optional[int]:
        """The line of the value, counted from 1; None in JSON, whose lines are not kept."""
        node = self._node
        for step in (*self._start, *path):
            node = _below(node, step)
        return None if node is None else node.start_mark.line + 1


def _below(node, step):
    if node is None or not isinstance(node.value, list):
        return None
    if isinstance(step, int):
        return node.value[step] if step < len(node.value) else None
    return next((value for key, value in node.value if key.value == step), None)


def _doubled(node) -> Iterator[str]:
    """Keys that stand twice in a mapping: an API server refuses them, and of YAML's readers most take the last."""
    waiting, seen = [node], set()
    while waiting:
        one = waiting.pop()
        if id(one) in seen or not isinstance(one.value, list):
            continue
        seen.add(id(one))
        keys: Dict[str, int] = {}
        for row in one.value:
            if not isinstance(row, tuple):
                waiting.append(row)
                continue
            key, value = row
            waiting.append(value)
            if isinstance(key.value, str):
                if key.value in keys and key.value != "<<":
                    yield f"the key {key.value} stands twice, in lines {keys[key.value]} and {key.start_mark.line + 1}"
                keys[key.value] = key.start_mark.line + 1
