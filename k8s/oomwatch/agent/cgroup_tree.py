# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""Which cgroup the kernel's counters of kills rose for: a tree of what each cgroup had counted at the last look.

On v2 a kill is counted by the victim's cgroup and then by each one above it, so a cgroup's own kills are what it
counted less what those below it counted. A cgroup that went with its counters leaves its kills with the one above.
No I/O in here: the caller gives a function that reads a cgroup's counters.
"""

from typing import Callable, Dict, Iterator, List, NamedTuple, Optional

from oomwatch.agent.memory_cgroups import ZERO, Counters

Reader = Callable[[str], Optional[Counters]]  # a path from the tree's top ("" for the top itself) to its counters


class Rise(NamedTuple):
    """What came to a cgroup's own counters since the last look; its path as the kernel has it, "/" for the root."""

    cgroup: str
    kills: int
    group_kills: int
    ooms: int


class Node:
    """A cgroup. seen: its counters at the last look; debt: what those below counted that it has not counted yet."""

    __slots__ = ("name", "parent", "children", "inode", "seen", "debt", "is_dirty", "folder_watch", "events_watch")

    def __init__(self, name: str, parent: Optional["Node"], inode: int, seen: Counters = ZERO) -> None:
        self.name = name
        self.parent = parent
        self.children: Dict[str, Node] = {}
        self.inode = inode
        self.seen = seen
        self.debt = ZERO
        self.is_dirty = False  # a notification came for its counters
        self.folder_watch: Optional[int] = None
        self.events_watch: Optional[int] = None

    @property
    def path(self) -> str:
        """From the tree's top, "" for the top itself."""
        names: List[str] = []
        node = self
        while node.parent is not None:
            names.append(node.name)
            node = node.parent
        return "".join("/" + name for name in reversed(names))

    def walk(self) -> Iterator["Node"]:
        """This one and all below it, those above first."""
        waiting = [self]
        while waiting:
            node = waiting.pop()
            yield node
            waiting.extend(node.children.values())


class Tree:
    """is_local: whether a cgroup's counters leave out those below it; learned where the mount's options do not say."""

    def __init__(self, top: Node, is_local: bool, prefix: str = "", top_counts: bool = False) -> None:
        """top_counts: whether the top has counters, as the root of v2 has not. prefix: its path, "" for the root."""
        self.top = top
        self._top_counts = top_counts
        self.is_local = is_local
        self._prefix = prefix

    def rises(self, read: Reader, expected: int) -> List[Rise]:
        """What rose since the last look.

        Where a notification came, or none can come, is read first; other cgroups are read only while these explain
        fewer kills than were expected (by the counter of the whole host).
        """
        found: List[Rise] = []
        if self.is_local:
            nodes = list(self.top.walk())
            first = [node for node in nodes if _is_to_be_read(node)]
            kills = sum(self._local(node, read, found) for node in first)
            if kills < expected:
                done = set(map(id, first))
                for node in nodes:
                    if id(node) not in done:
                        self._local(node, read, found)
            return found
        if self._top_counts:
            self._own(self.top, _risen(self.top, read), read, found)
        else:
            self._below(self.top, Counters(expected, 0, 0), read, found)
        return found

    def looks_local(self, read: Reader) -> bool:
        """Whether a cgroup has counted kills that none above it has. To be asked when there was time to do so."""
        for node in self.top.walk():
            if node.debt.kills:
                return True
            now = read(node.path) if node.is_dirty else None
            if now is not None and now.kills > node.seen.kills:
                return True
        return False

    def become_local(self) -> None:
        """Take each cgroup's counters for its own alone from now on."""
        self.is_local = True
        for node in self.top.walk():
            node.debt = ZERO

    def _local(self, node: Node, read: Reader, found: List[Rise]) -> int:
        risen = _risen(node, read)
        self._tell(node, risen, found)
        return risen.kills

    def _below(self, node: Node, risen: Counters, read: Reader, found: List[Rise]) -> Counters:
        """What the children counted; all of them are read only where the notified ones do not explain the rise.

        The one above is read first: the kernel counts from below to above, so what it shows those below show too.
        """
        children = list(node.children.values())
        first = [child for child in children if _is_to_be_read(child)]
        total = ZERO
        for child in first:
            total = _sum(total, self._own(child, _risen(child, read), read, found))
        if any(wanted > have for wanted, have in zip(risen, total)):
            done = set(map(id, first))
            for child in children:
                if id(child) not in done:
                    total = _sum(total, self._own(child, _risen(child, read), read, found))
        return total

    def _own(self, node: Node, risen: Counters, read: Reader, found: List[Rise]) -> Counters:
        """Tell what is the node's own; what it counted in all."""
        below = ZERO
        wanted = _sum(risen, node.debt, -1)
        if node.children and (risen != ZERO or _has_dirty_child(node)):
            below = self._below(node, wanted, read, found)
        rest = _sum(wanted, below, -1)
        self._tell(node, Counters(*(max(0, one) for one in rest)), found)
        node.debt = Counters(*(max(0, -one) for one in rest))
        return risen

    def _tell(self, node: Node, own: Counters, found: List[Rise]) -> None:
        if any(own):
            found.append(Rise(self._prefix + node.path or "/", *own))


def _is_to_be_read(node: Node) -> bool:
    return node.is_dirty or node.events_watch is None or node.debt != ZERO


def _has_dirty_child(node: Node) -> bool:
    return any(child.is_dirty for child in node.children.values())


def _risen(node: Node, read: Reader) -> Counters:
    """What came since the last look. Counters that went back are those of another cgroup of that name."""
    node.is_dirty = False
    now = read(node.path)
    if now is None:
        return ZERO
    before = ZERO if now.kills < node.seen.kills else node.seen
    node.seen = now
    return Counters(*(max(0, one) for one in _sum(now, before, -1)))


def _sum(one: Counters, other: Counters, sign: int = 1) -> Counters:
    return Counters(
        one.kills + sign * other.kills, one.group_kills + sign * other.group_kills, one.ooms + sign * other.ooms
    )
