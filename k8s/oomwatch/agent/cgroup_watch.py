# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""The tree of memory cgroups kept up to date, without walking it when nothing has changed.

inotify says of new and vanished cgroups and of counters that rose (v2); on v1 one eventfd says that memory ran out in
a cgroup. Work is bounded: some thousand notifications and 64 new cgroups a look. What is left over, or was not
notified, is found when kills are to be explained and once a minute.
"""

import errno
import os
from typing import Dict, List, Optional, Set, Tuple

from oomwatch.agent import inotify
from oomwatch.agent.cgroup_tree import Node
from oomwatch.agent.inotify import Inotify
from oomwatch.agent.memory_cgroups import EVENTS, ZERO, Counters, Hierarchy, counters

MOST_WATCHES = 8192  # two for each cgroup
MOST_NODES = 16384
_READS = 2  # of 64 KiB of notifications, a look
_ADDED = 64  # cgroups a look
_SOUGHT = 1024  # cgroups when kills are to be explained
_FOLDER = inotify.IN_CREATE | inotify.IN_DELETE | inotify.IN_MOVED_FROM | inotify.IN_MOVED_TO | inotify.IN_ONLYDIR
_COME, _GONE = inotify.IN_CREATE | inotify.IN_MOVED_TO, inotify.IN_DELETE | inotify.IN_MOVED_FROM

Known = Dict[str, Tuple[int, Counters]]  # path from the top: inode and counters at an earlier time


class CgroupWatch:
    """top: the tree's root node. dirty: nodes whose counters were notified. unwatched: cgroups that have to be polled.

    left_out: whether there are more cgroups than are followed.
    """

    def __init__(self, found: Hierarchy, known: Optional[Known], others: Optional[Counters]) -> None:
        """known: what an earlier run had seen. others: what cgroups that it had not seen start from, None for now."""
        self.dirty: Set[Node] = set()
        self.unwatched = 0
        self.left_out = False
        self.trouble: Optional[str] = None
        self._hierarchy = found
        self._known: Known = known or {}
        self._others = others
        self._nodes = 0
        self._folders: Dict[int, Node] = {}
        self._events: Dict[int, Node] = {}
        self._pending: Set[Node] = set()  # whose children are not all known
        self._must_rescan = False
        self._inotify: Optional[Inotify] = None
        self._out_of_memory: Optional[int] = None  # an eventfd
        self._poll = None
        self._open()
        self.top = Node("", None, _inode(found.folder))
        self._add(self.top, MOST_NODES)
        self._known, self._others = {}, ZERO  # whatever comes from now on is new

    def fileno(self) -> Optional[int]:
        """Of an epoll of all that notifies; None where nothing does."""
        return None if self._poll is None else self._poll.fileno()

    def close(self) -> None:
        if self._inotify is not None:
            self._inotify.close()
        if self._out_of_memory is not None:
            os.close(self._out_of_memory)
        if self._poll is not None:
            self._poll.close()

    def read(self, path: str) -> Optional[Counters]:
        """The counters of the cgroup at a path from the top."""
        return counters(self._hierarchy.version, self._hierarchy.folder + path)

    def follow(self) -> bool:
        """Take in what was notified; whether anything was."""
        if self._out_of_memory is not None:
            try:
                has_news = bool(os.read(self._out_of_memory, 8))
            except BlockingIOError:
                has_news = False
        else:
            has_news = False
        come: Dict[Tuple[Node, str], None] = {}
        for _number in range(_READS if self._inotify is not None else 0):
            events = self._inotify.read()
            if not events:
                break
            has_news = True
            for event in events:
                self._take(event, come)
        self._pending.update(node for node, _name in come)
        self._settle(_ADDED)
        if self._must_rescan:
            self.rescan(True)
        return has_news

    def seek(self) -> None:
        """Find cgroups that are not known yet, since there are kills to be explained."""
        if self.unwatched:
            self.rescan(False)
        self._settle(_SOUGHT)

    def rescan(self, is_thorough: bool) -> None:
        """Find what was not notified. A folder's links count its folders, so most need not be listed."""
        self._must_rescan = False
        for node in list(self.top.walk()):
            if node.parent is not None and node.parent.children.get(node.name) is not node:
                continue  # it went with one above
            if is_thorough or not self._is_complete(node):
                self._pending.add(node)
            if node.events_watch is None and node.folder_watch is not None:
                self._watch_events(node)
        self._settle(_SOUGHT)

    def clear_dirty(self) -> None:
        """Forget the notifications: nobody was killed, other counters rose."""
        for node in self.dirty:
            node.is_dirty = False
        self.dirty.clear()

    def _open(self) -> None:
        import select

        try:
            self._inotify = Inotify()
        except OSError as error:
            self.trouble = (
                f"Memory cgroups are polled, since inotify cannot be used ({(error.strerror or '').lower()}): "
                "raise the sysctl fs.inotify.max_user_instances."
            )
            return
        self._poll = select.epoll()
        self._poll.register(self._inotify.fileno(), select.EPOLLIN)
        if self._hierarchy.version == "v1":
            self._out_of_memory = _eventfd()
            if self._out_of_memory is not None:
                self._poll.register(self._out_of_memory, select.EPOLLIN)

    def _take(self, event: inotify.Event, come: Dict[Tuple[Node, str], None]) -> None:
        if event.mask & inotify.IN_Q_OVERFLOW:
            self._must_rescan = True
        elif event.mask & inotify.IN_IGNORED:
            self._events.pop(event.watch, None)
            self._folders.pop(event.watch, None)
        elif event.watch in self._events:
            node = self._events[event.watch]
            node.is_dirty = True
            self.dirty.add(node)
        elif event.mask & inotify.IN_ISDIR and event.watch in self._folders:
            node = self._folders[event.watch]
            if event.mask & _GONE:
                come.pop((node, event.name), None)
                self._remove(node, event.name)
            elif event.mask & _COME:
                come[(node, event.name)] = None

    def _settle(self, budget: int) -> None:
        """List the folders of which it is not known what is in them, and take in so many new cgroups."""
        while self._pending and budget > 0:
            node = self._pending.pop()
            if node is not self.top and (node.parent is None or node.parent.children.get(node.name) is not node):
                continue
            budget = self._list(node, budget)

    def _add(self, node: Node, budget: int) -> int:
        """Watch a cgroup and all below it; what is left of the budget."""
        self._nodes += 1
        path = node.path
        folder = self._hierarchy.folder + path
        self._watch_folder(node, folder)
        self._watch_events(node)
        node.seen = self._first_seen(path, node.inode)  # after the watch, so that no rise is missed
        return self._list(node, budget - 1)

    def _list(self, node: Node, budget: int) -> int:
        try:
            with os.scandir(self._hierarchy.folder + node.path) as entries:
                there = {entry.name: entry.inode() for entry in entries if entry.is_dir(follow_symlinks=False)}
        except OSError:
            return budget
        for name, child in list(node.children.items()):
            if there.get(name) != child.inode:
                self._remove(node, name)
        for name, inode in there.items():
            if name in node.children:
                continue
            if self._nodes >= MOST_NODES:
                self.left_out = True
                break
            if budget <= 0:
                self._pending.add(node)
                break
            child = node.children[name] = Node(name, node, inode)
            budget = self._add(child, budget)
        return budget

    def _remove(self, parent: Node, name: str) -> None:
        gone = parent.children.pop(name, None)
        if gone is None:
            return
        for node in gone.walk():
            self._nodes -= 1
            self.dirty.discard(node)
            self._pending.discard(node)
            if node.folder_watch is None:
                self.unwatched -= 1
            for watch, table in ((node.folder_watch, self._folders), (node.events_watch, self._events)):
                if watch is not None and table.pop(watch, None) is not None and self._inotify is not None:
                    self._inotify.unwatch(watch)

    def _watch_folder(self, node: Node, folder: str) -> None:
        node.folder_watch = self._watched(folder, _FOLDER)
        if node.folder_watch is None:
            self.unwatched += 1
        else:
            self._folders[node.folder_watch] = node
        if self._out_of_memory is not None and len(self._folders) <= MOST_WATCHES // 2:
            _notify_of_shortage(self._out_of_memory, folder)

    def _watch_events(self, node: Node) -> None:
        """Only where new children are notified too; on v1 no file of kills is ever notified."""
        if self._hierarchy.version == "v2" and node.folder_watch is not None:
            path = f"{self._hierarchy.folder}{node.path}/{EVENTS['v2']}"
            node.events_watch = self._watched(path, inotify.IN_MODIFY)
            if node.events_watch is not None:
                self._events[node.events_watch] = node

    def _watched(self, path: str, mask: int) -> Optional[int]:
        if self._inotify is None or len(self._folders) + len(self._events) >= MOST_WATCHES:
            return None
        try:
            return self._inotify.watch(path, mask)
        except OSError as error:
            if error.errno == errno.ENOSPC:
                self.trouble = (
                    "Some memory cgroups are polled, since no more inotify watches may be used: "
                    "raise the sysctl fs.inotify.max_user_watches."
                )
            return None

    def _first_seen(self, path: str, inode: int) -> Counters:
        known = self._known.get(path)
        if known is not None and known[0] == inode:
            return known[1]
        if self._others is not None:
            return self._others
        return self.read(path) or ZERO

    def _is_complete(self, node: Node) -> bool:
        try:
            found = os.stat(self._hierarchy.folder + node.path)
        except OSError:
            return node.parent is None  # its parent's links tell that it is gone
        return found.st_nlink >= 2 and found.st_nlink - 2 == len(node.children)


def _inode(path: str) -> int:
    try:
        return os.stat(path).st_ino
    except OSError:
        return 0


def _eventfd() -> Optional[int]:
    """os.eventfd() came with Python 3.10."""
    import ctypes

    found = ctypes.CDLL(None).eventfd(0, os.O_NONBLOCK | os.O_CLOEXEC)
    return found if found >= 0 else None


def _notify_of_shortage(eventfd: int, folder: str) -> None:
    """Have the eventfd rise when memory runs out in the cgroup or above it (cgroup-v1/memory.rst, 9).

    Where the file may not be written, as by an agent in a container, the host's counter is polled.
    """
    opened: List[int] = []
    try:
        opened.append(os.open(f"{folder}/{EVENTS['v1']}", os.O_RDONLY | os.O_CLOEXEC))
        opened.append(os.open(folder + "/cgroup.event_control", os.O_WRONLY | os.O_CLOEXEC))
        os.write(opened[1], b"%d %d" % (eventfd, opened[0]))
    except OSError:
        pass
    finally:
        for descriptor in opened:
            os.close(descriptor)
