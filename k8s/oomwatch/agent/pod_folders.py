# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""A pod's names without any API: from the folders and links that the kubelet makes for its logs.

`/var/log/pods/<namespace>_<name>_<uid>/<container>/<restarts>.log` (pkg/kubelet/kuberuntime/helpers.go), and the links
`/var/log/containers/<name>_<namespace>_<container>-<container id>.log` (legacy.go), which alone have ids. Only
names are read: no file is opened and no link is followed.
"""

import os
import re
from typing import Dict, Iterator, List, Optional, Tuple

from memcore.models.pods import Container, Pod

_PODS, _LINKS = "var/log/pods", "var/log/containers"
_MOST_ENTRIES = 16384  # of one folder; a node has 110 pods or, with much work, 500
_MOST_CONTAINERS = 256
_EARLIER_IDS = 8
_HASH = re.compile(r"[0-9a-f]{32}$")  # the uid of a static pod is a hash of its manifest
_FOLDER = re.compile(r"(?P<namespace>[a-z0-9-]{1,63})_(?P<name>[a-z0-9.-]{1,253})_(?P<uid>[^/_]+)$")
_LINK = re.compile(r"[a-z0-9.-]+_[a-z0-9-]+_(?P<container>[a-z0-9-]{1,63})-(?P<id>[0-9a-f]{64})\.log$")
_TARGET = re.compile(r"/(?P<folder>[^/]+)/(?P<container>[^/]+)/(?P<restarts>[0-9]{1,9})\.log$")


def find(root: str, uid: str) -> Optional[Pod]:
    """The pod with this uid, as far as the folders tell: no workload, no class, no kinds of containers.

    None where there is no such folder, or it cannot be read. root: where the host's files are.
    """
    for name in _names(os.path.join(root, _PODS)):
        match = _FOLDER.match(name)
        if match is not None and match["uid"] == uid:
            return _pod(root, match)
    return None


def _pod(root, match) -> Pod:
    ids = _ids(root, match[0], f"{match['name']}_{match['namespace']}_")
    folders = _names(os.path.join(root, _PODS, match[0]))
    names = sorted(set(ids).union(folders))[:_MOST_CONTAINERS]
    containers = tuple(_container(name, ids.get(name, [])) for name in names)
    uid = match["uid"]
    is_static = _HASH.match(uid) is not None
    return Pod(
        uid=uid,
        config_hash=uid if is_static else None,
        namespace=match["namespace"],
        name=match["name"],
        owner_kind=None,
        owner=None,
        qos_class=None,
        node=None,
        static=is_static,
        containers=containers,
    )


def _container(name: str, ids: List[str]) -> Container:
    return Container(ids[0] if ids else None, name, None, tuple(ids[1 : _EARLIER_IDS + 1]))


def _ids(root, folder, start) -> Dict[str, List[str]]:
    """The ids of each container, the newest first. A pod that was made anew may have its predecessor's name."""
    found: Dict[str, List[Tuple[int, str]]] = {}
    place = os.path.join(root, _LINKS)
    for name in _names(place, is_folder=False):
        match = _LINK.match(name) if name.startswith(start) else None
        target = _TARGET.search(_target(os.path.join(place, name))) if match is not None else None
        if target is None or target["folder"] != folder or target["container"] != match["container"]:
            continue
        found.setdefault(match["container"], []).append((int(target["restarts"]), match["id"]))
    return {name: [one for _restarts, one in sorted(ids, reverse=True)] for name, ids in found.items()}


def _target(path) -> str:
    try:
        return os.readlink(path)
    except OSError:
        return ""


def _names(path, is_folder=True) -> Iterator[str]:
    """The folders of a folder, or its links."""
    try:
        with os.scandir(path) as entries:
            for _number, entry in zip(range(_MOST_ENTRIES), entries):
                if entry.is_dir(follow_symlinks=False) if is_folder else entry.is_symlink():
                    yield entry.name
    except OSError:
        return
