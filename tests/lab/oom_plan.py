# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Random scenes for the OOM killer, made from a seed: which cgroups, which programs, who fills up what.

Pure: a seed and a number give the same plan on any machine. A plan keeps scores so far apart that what the kernel
cannot know of its own counters does not decide, except for ties, which are meant. Sizes are pages of 4 KiB.
"""

import random
from typing import NamedTuple, Optional, Tuple

MIB = 256  # pages
UNKILLABLE = -1000
# What a program holds beside what it was told to take: its image, its stack and its page tables.
IMAGE = 12
# One counter may hide 64 pages on each side of a comparison, and there are three.
GAP = 400
# Where counters are exact (one CPU) scores may be as close as what a plan cannot foresee.
EXACT_GAP = 60
NAMES = ("", "", "", "", "", "foo) Z 1", "a, b", "x,pid=7,y", "[kernel]", "(sd-pam)", "a  b", "oom-kill:")


class Group(NamedTuple):
    """A cgroup, by its path below the plan's own. Limits in pages, None where there is none.

    swap: v2's memory.swap.max, or what v1's memory.memsw.limit_in_bytes has above the limit.
    """

    path: str
    limit: Optional[int] = None
    swap: Optional[int] = None
    kills_all: bool = False  # memory.oom.group
    swappiness: Optional[int] = None  # v1


class Program(NamedTuple):
    """A process and what it takes. group: None for the root cgroup; parent: the program that forks it.

    mapped: pages of a file on a tmpfs that it maps; file: pages of one that it only writes.
    """

    name: str
    group: Optional[str]
    adj: int
    private: int
    shared: int = 0
    mapped: int = 0
    file: int = 0
    threads: int = 0
    parent: Optional[str] = None


class Plan(NamedTuple):
    """domain: the group that is filled up, None for the host. joins: the order in which programs enter their groups.

    trigger: who fills it up; a killable one counts by what it will then hold. kills: how many are waited for.
    comms: names to take, by program. later: (program, pages) that grow after the prediction, before the trigger does.
    """

    number: int
    domain: Optional[str]
    groups: Tuple[Group, ...]
    programs: Tuple[Program, ...]
    joins: Tuple[str, ...]
    trigger: Program
    kills: int
    comms: Tuple[Tuple[str, str], ...] = ()
    later: Tuple[Tuple[str, int], ...] = ()


class Guest(NamedTuple):
    """What plans have to know of the guest. exact: its counters hide nothing, so that ties can be meant."""

    cgroup: str
    swap_mb: int
    mem_mb: int
    exact: bool


def plan(seed: int, number: int, guest: Guest) -> Plan:
    """The plan of that number."""
    chance = random.Random(f"{seed}/{number}/{guest}")
    while True:
        # Most draws are thrown away: two of their scores would be too close.
        drawn = draw(chance, number, guest)
        if is_decided(drawn, guest):
            return drawn


def total(drawn: Plan, guest: Guest) -> int:
    """Pages that the domain may use; of a host about as many, for what its kernel takes at boot is not known."""
    group = next((one for one in drawn.groups if one.path == drawn.domain), None)
    if group is None:
        return (guest.mem_mb * 15 // 16 + guest.swap_mb) * MIB
    if group.swappiness == 0:
        return group.limit
    of_host = guest.swap_mb * MIB
    return group.limit + (of_host if group.swap is None else min(group.swap, of_host))


def candidates(drawn: Plan) -> Tuple[Program, ...]:
    """Who may be killed in the domain: programs and trigger, with what they hold in the end as `private`."""
    inside = [one for one in (*drawn.programs, drawn.trigger) if is_inside(one.group, drawn.domain)]
    by_name = {one.name: one for one in drawn.programs}
    return tuple(one._replace(private=_held(one, by_name)) for one in inside if one.adj != UNKILLABLE)


def is_inside(path: Optional[str], domain: Optional[str]) -> bool:
    """Whether a program in that group is charged to the domain."""
    return domain is None or path is not None and (path == domain or path.startswith(domain + "/"))


def _held(one, by_name):
    # A fork has its parent's private memory too, and shares what is shared of it only once it touches that.
    inherited = 0 if one.parent is None else by_name[one.parent].private
    return IMAGE + one.private + one.shared + one.mapped + inherited


def is_decided(drawn: Plan, guest: Guest) -> bool:
    """Whether the scores in the end are so far apart that what hides in counters does not matter."""
    pages = total(drawn, guest)
    scores = sorted((one.private + one.adj * (pages // 1000), _shape(one)) for one in candidates(drawn))
    gap = EXACT_GAP if guest.exact else GAP
    pairs = zip(scores, scores[1:])
    return all(
        high - low >= gap or (guest.exact and low_shape == high_shape) for (low, low_shape), (high, high_shape) in pairs
    )


def _shape(one):
    """Programs of one shape hold the same to the page."""
    return (one.adj, one.private, one.shared, one.mapped, one.threads, one.parent or "")


def draw(chance: random.Random, number: int, guest: Guest) -> Plan:
    """Any plan, also one whose scores are close to each other."""
    domain_is_host = chance.random() < 0.15
    limit = _limit(chance)
    groups = _groups(chance, guest, None if domain_is_host else limit)
    domain = None if domain_is_host else next(one.path for one in groups if one.limit == limit)
    programs = _programs(chance, guest, groups, domain, 48 * MIB if domain_is_host else limit)
    joins = [one.name for one in programs if one.parent is None]
    chance.shuffle(joins)
    trigger = _trigger(chance, guest, groups, domain, programs)
    drawn = Plan(number, domain, groups, programs, tuple(joins), trigger, 0, _comms(chance, programs))
    # What a kill frees a trigger takes: of one that counts itself only the first kill can be foreseen.
    if trigger.adj != UNKILLABLE:
        return drawn._replace(kills=1)
    # One that is large enough stays, so that the trigger never faces a domain in which nobody is left.
    return drawn._replace(kills=max(1, min(3 if domain_is_host else 4, len(candidates(drawn)) - 1)))


def _limit(chance):
    """Below 1000 pages an oom_score_adj has no weight at all."""
    return 990 if chance.random() < 0.08 else chance.randrange(8, 48) * MIB


def _groups(chance, guest, limit):
    """A tree of up to four levels: a chain with the domain on it, leaves below it, bystanders beside it.

    In v2 only leaves have programs. Names are in no order, for the kernel scans in the order of creation.
    """
    names = [f"{chance.choice('klmnopq')}{index}" for index in range(12)]
    take = iter(names).__next__
    chain = [take()]
    for _level in range(chance.randrange(3)):
        chain.append(f"{chain[-1]}/{take()}")
    top = chance.choice(chain)
    leaves = [f"{chain[-1]}/{take()}" for _leaf in range(chance.choice((0, 1, 1, 2, 3)))]
    beside = [f"{path}/{take()}" for path in chance.sample(chain, chance.randrange(len(chain) + 1))]
    groups = []
    for path in chain + leaves + beside:
        kills_all = guest.cgroup == "v2" and chance.random() < 0.12
        groups.append(Group(path, kills_all=kills_all))
        if path == top and limit is not None:
            groups[-1] = groups[-1]._replace(limit=limit, **_swap(chance, guest))
        elif len(path) < len(top) and chance.random() < 0.3:
            groups[-1] = groups[-1]._replace(limit=60 * MIB + chance.randrange(MIB))
    return tuple(groups)


def _swap(chance, guest):
    if not guest.swap_mb:
        return {}
    if guest.cgroup == "v1" and chance.random() < 0.4:
        return {"swappiness": 0}
    return {"swap": chance.choice((None, 0, 4 * MIB, 8 * MIB))}


def _leaves(groups):
    """Those that may hold programs whatever the version of cgroups."""
    return [one.path for one in groups if not any(other.path.startswith(one.path + "/") for other in groups)]


def _may_swap(groups, domain, guest):
    if domain is None:
        return guest.swap_mb > 0
    group = next(one for one in groups if one.path == domain)
    return guest.swap_mb > 0 and group.swap != 0 and group.swappiness != 0


def _programs(chance, guest, groups, domain, limit):
    """Two to nine programs in the domain, up to two beside it; together at most two thirds of the limit.

    When the host runs out each is large: a kill that frees a few pages is followed by the next before anybody sees it,
    and with nobody left the kernel panics.
    """
    inside = [path for path in _leaves(groups) if is_inside(path, domain)]
    outside = [path for path in _leaves(groups) if not is_inside(path, domain)]
    adjustment = _adjustments(chance)
    count = chance.randrange(2, 5 if limit < 1000 else 10)
    room = limit * 2 // 3 // (count + 2) - (40 if limit < 1000 else 0)
    least = 2 * MIB if domain is None else 0
    swaps = _may_swap(groups, domain, guest)
    programs = []
    for index in range(count):
        programs.append(_program(chance, f"w{index}", chance.choice(inside), adjustment(), room, least, swaps))
        if guest.exact and index and chance.random() < 0.15:
            programs[-1] = programs[0]._replace(name=f"w{index}", group=programs[-1].group)
    for index in range(chance.randrange(3) if outside else 0):
        programs.append(_program(chance, f"o{index}", chance.choice(outside), 900, 4 * MIB, 0, swaps))
    if limit >= 1000 and chance.random() < 0.3:
        child = Program("c0", programs[0].group, adjustment(), chance.randrange(1, max(2, room // 2)), parent="w0")
        programs.append(child)
    if chance.random() < 0.25:
        programs.append(Program("u0", chance.choice(inside), UNKILLABLE, room))
    return tuple(programs)


def _adjustments(chance):
    """How the scene's scores are spread: all alike and negative as in a pod, two steps of it, or anything."""
    kind = chance.randrange(6)
    if kind == 0:
        alike = chance.choice((-999, -998, -997, -500))
        return lambda: alike
    if kind == 1:
        return lambda: chance.choice((-998, -997))
    if kind == 2:
        return lambda: chance.choice((0, 0, 0, 1000, -900, 300))
    if kind == 3:
        return lambda: chance.randrange(-999, 1)
    return lambda: chance.randrange(-999, 1001)


def _program(chance, name, group, adj, room, least, swaps):
    """One of at most `room` pages. Where the domain swaps, shared memory would leave the score as it is swapped."""
    size = max(least, chance.choice((0, chance.randrange(room // 4 + 1), chance.randrange(room), room)))
    one = Program(name, group, adj, size)
    kind = chance.randrange(8)
    if kind == 0 and not swaps:
        return one._replace(private=size // 2, shared=size - size // 2)
    if kind == 1 and not swaps:
        return one._replace(private=size // 3, mapped=size - size // 3)
    if kind == 2:
        return one._replace(private=size // 2, file=size - size // 2)
    if kind == 3:
        return one._replace(threads=chance.randrange(1, 4))
    return one


def _trigger(chance, guest, groups, domain, programs):
    """Unkillable as a rule; where the end of its growth is known it may be any program, small before or not."""
    if domain is None:
        return Program("t0", None, UNKILLABLE, 0)
    path = chance.choice([path for path in _leaves(groups) if is_inside(path, domain)])
    group = next(one for one in groups if one.path == domain)
    if guest.swap_mb or group.limit < 1000 or chance.random() < 0.6:
        return Program("t0", path, UNKILLABLE, 0)
    others = sum(one.private + one.shared + one.mapped + one.file for one in programs if is_inside(one.group, domain))
    # Kernel memory of each process (stack, page tables, slab) is charged too.
    growth = group.limit - others - 40 * len(programs)
    return Program("t0", path, chance.choice((-998, -500, 0, 0, 300, 1000)), growth)


def _comms(chance, programs):
    return tuple((one.name, name) for one in programs for name in [chance.choice(NAMES)] if name)


def decoded(fields) -> Plan:
    """The plan again, of what JSON makes of it."""
    return Plan(
        **{
            **dict(zip(Plan._fields, fields)),
            "groups": tuple(Group(*group) for group in fields[2]),
            "programs": tuple(Program(*program) for program in fields[3]),
            "trigger": Program(*fields[5]),
            "later": tuple((name, pages) for name, pages in fields[8]),
        }
    )
