# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""A pod by its uid: from the API server or the kubelet, else by the names of the folders of its logs."""

import collections
from typing import Optional

from memcore.models.pods import Pod
from oomwatch.agent import pod_folders
from oomwatch.kube.pod_cache import PodCache

_REMEMBERED = 256


class Names:
    """find() never waits. cache: None where there is no API server and no kubelet to ask."""

    def __init__(self, cache: Optional[PodCache], root: str) -> None:
        self._cache = cache
        self._root = root
        self._by_folder = collections.OrderedDict()
        self.wake_fd = None if cache is None else cache.wake_fd

    @property
    def is_answering(self) -> bool:
        """Whether the last look-up had an answer, so that it is worth while to wait for the next."""
        return self._cache is not None and self._cache.state.word == "ok"

    def clear_wake(self) -> None:
        """Note that the answers were seen."""
        if self._cache is not None:
            self._cache.clear_wake()

    def find(self, uid: str) -> Optional[Pod]:
        """The pod as far as it is known now."""
        found = None if self._cache is None else self._cache.find(uid)
        return found or (None if self.is_asking(uid) else self._of_folder(uid))

    def ask(self, uid: str, container_id: Optional[str]) -> None:
        """Have it looked up where pod or container is not known; wake_fd can be read when there is an answer."""
        if self._cache is None:
            return
        pod = self._cache.find(uid)
        if pod is None:
            self._cache.ask(uid)
        elif container_id is not None and pod.container(container_id) is None and not pod.has_all_ids:
            self._cache.ask_again(uid)

    def is_asking(self, uid: str) -> bool:
        """Whether an answer may still come."""
        return self._cache is not None and self._cache.is_asking(uid)

    def _of_folder(self, uid) -> Optional[Pod]:
        if uid not in self._by_folder:
            self._by_folder[uid] = pod_folders.find(self._root, uid)
            if len(self._by_folder) > _REMEMBERED:
                self._by_folder.popitem(last=False)
        return self._by_folder[uid]
