# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plays a plan of oom_plan.py in a guest: cgroups, programs, and memory that runs out until enough have died.

The one who plays is never a victim: it is unkillable, its pages are locked, and it stays in the root cgroup.
"""

import ctypes
import os
import select
import signal
import subprocess
import time

from tests.lab import oom_plan

WORKER = "/out/.lab/worker"
SHARED_FOLDER = "/run/oom"
V1_MEMORY = "/sys/fs/cgroup/memory"
V2 = "/sys/fs/cgroup"
PAGE = 4096
# Patience with a loaded machine; nothing is concluded from it but that the guest is broken.
ANSWER_SECONDS = 300
# Of one growth. At the edge of a cgroup fewer than the smallest program gives back, so that its kill is not followed by
# others before it is seen; the host is filled up to watermarks that are far apart, and its programs are large.
STEP_PAGES, LEAST_PAGES = 64, 8
TABLE_SHARE = 256  # pages for each page of tables that come with them, at most
MOST_AT_ONCE = 2000  # records of the kernel's log: many reports
# The kernel prints ten reports in five seconds (oom_kill_process()); the rest would have no table.
REPORTS, WINDOW_SECONDS = 9, 6.0
_times = []  # of the kills seen, whatever the scene
_PR_SET_CHILD_SUBREAPER = 36
_MCL_CURRENT, _MCL_FUTURE, _MCL_ONFAULT = 1, 2, 4


class Broken(Exception):
    """The scene could not be played: what was waited for did not come."""


def become_unkillable():
    """Survive every shortage of this guest, and adopt the children of those who do not."""
    write("/proc/self/oom_score_adj", -1000)
    libc = ctypes.CDLL(None, use_errno=True)
    libc.mlockall(_MCL_CURRENT | _MCL_FUTURE | _MCL_ONFAULT)
    libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def write(path, value):
    """One write(2), so that an error is an exception here and not at some close."""
    descriptor = os.open(path, os.O_WRONLY)
    try:
        os.write(descriptor, str(value).encode())
    finally:
        os.close(descriptor)


class KernelLog:
    """New records of /dev/kmsg, as the lines that they are."""

    def __init__(self):
        self._descriptor = os.open("/dev/kmsg", os.O_RDONLY | os.O_NONBLOCK)
        os.lseek(self._descriptor, 0, os.SEEK_END)
        self.lines = []
        self.lost = False

    def read(self):
        """Lines that came since the last time, which are also added to `lines`.

        Not all of them where the kernel says faster than they can be read that it finds nobody to kill.
        """
        new = []
        for _record in range(MOST_AT_ONCE):
            try:
                new += os.read(self._descriptor, 8192).decode("utf-8", "replace").splitlines()
            except BlockingIOError:
                break
            except BrokenPipeError:
                self.lost = True  # the log ran over what was not read
        self.lines += new
        return new

    def close(self):
        os.close(self._descriptor)


class Actor:
    """A worker process (worker.c) or a child that one forked, which answers nobody."""

    def __init__(self, name, pid, process=None):
        self.name = name
        self.pid = pid
        self.process = process
        self.signal = None  # what killed it, None while it lives

    def tell(self, command):
        """Send a command without waiting for the answer."""
        try:
            self.process.stdin.write(command.encode() + b"\n")
            self.process.stdin.flush()
        except BrokenPipeError as error:
            raise Broken(f"{self.name} is gone before it was told to {command}") from error

    def ask(self, command):
        """The number that it answers."""
        self.tell(command)
        return self.answer(ANSWER_SECONDS, command)

    def answer(self, seconds, command):
        """The number of its answer, None when none came yet and `seconds` is short."""
        if not select.select([self.process.stdout], [], [], seconds)[0]:
            if seconds < ANSWER_SECONDS:
                return None
            raise Broken(f"{self.name} does not answer to {command}")
        words = self.process.stdout.readline().split()
        if words[:1] != [b"ok"]:
            raise Broken(f"{self.name} answers {b' '.join(words)!r} to {command}")
        return int(words[1])

    def has_died(self):
        """True once nothing of it is left but its status; `signal` is what killed it then."""
        if self.signal is not None:
            return True
        try:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
        except ChildProcessError:  # the child of another worker that lives
            return self._is_zombie()
        if pid:
            self.signal = os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0
        return bool(pid)

    def _is_zombie(self):
        try:
            with open(f"/proc/{self.pid}/stat", "rb") as stream:
                fields = stream.read().rpartition(b")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            return False  # between two parents; the next look tells
        if fields[0] != b"Z":
            return False
        self.signal = os.WTERMSIG(int(fields[49]))  # the 52nd of all: exit_code
        return True


class Stage:
    """One plan on the guest. `prediction` is asked for once everybody is in place."""

    def __init__(self, plan, name):
        self.plan = plan
        self.v1 = os.path.isdir(V1_MEMORY)
        self.root = V1_MEMORY if self.v1 else V2
        self.top = f"{self.root}/{name}"
        self.actors = {}
        self._by_thread = {}  # id of each thread: its actor
        self.log = KernelLog()
        self.died = []  # names in the order in which it was seen
        self._ended = []  # names of those that were ended here
        self._candidates = [one.name for one in oom_plan.candidates(plan)]

    # What it is made of.

    def path(self, group):
        """The folder of a group, of the root cgroup for None."""
        return self.root if group is None else f"{self.top}/{group}"

    def build(self):
        """Cgroups, then programs: started, moved, then told what to take."""
        os.makedirs(SHARED_FOLDER, exist_ok=True)
        if any(one.group for one in (*self.plan.programs, self.plan.trigger)):
            self._make_groups()
        comms = dict(self.plan.comms)
        roots = [one for one in self.plan.programs if one.parent is None]
        for one in roots:
            self._start(one, comms.get(one.name, one.name))
        by_name = {one.name: one for one in roots}
        for name in self.plan.joins:
            self._join(by_name[name])
        for one in roots:
            self._take(one)
        for one in self.plan.programs:
            if one.parent is not None:
                pid = self.actors[one.parent].ask(f"c {one.private}")
                self.actors[one.name] = Actor(one.name, pid)
                write(f"/proc/{pid}/oom_score_adj", one.adj)
        for group in self.plan.groups:
            self._limit(group)
        self._start(self.plan.trigger, self.plan.trigger.name)
        self._join(self.plan.trigger)
        # Of a process whose first thread has gone the kernel names the thread that still has the memory.
        for actor in self.actors.values():
            self._by_thread.update((int(thread), actor) for thread in os.listdir(f"/proc/{actor.pid}/task"))

    def _make_groups(self):
        os.mkdir(self.top)
        if self.v1 and os.path.exists(f"{self.top}/memory.use_hierarchy"):
            write(f"{self.top}/memory.use_hierarchy", 1)
        parents = {""} | {one.path.rpartition("/")[0] for one in self.plan.groups}
        if not self.v1:
            write(f"{self.top}/cgroup.subtree_control", "+memory")
        for one in self.plan.groups:
            os.mkdir(self.path(one.path))
            if one.swappiness is not None:  # before it has children, for they take it over
                write(f"{self.path(one.path)}/memory.swappiness", one.swappiness)
            if not self.v1 and one.path in parents:
                write(f"{self.path(one.path)}/cgroup.subtree_control", "+memory")

    def _limit(self, group):
        folder = self.path(group.path)
        if group.kills_all:
            write(f"{folder}/memory.oom.group", 1)
        if group.limit is None:
            return
        write(f"{folder}/{'memory.limit_in_bytes' if self.v1 else 'memory.max'}", group.limit * PAGE)
        if group.swap is not None and self.v1:
            write(f"{folder}/memory.memsw.limit_in_bytes", (group.limit + group.swap) * PAGE)
        elif group.swap is not None:
            write(f"{folder}/memory.swap.max", group.swap * PAGE)

    def _start(self, one, comm):
        process = subprocess.Popen([WORKER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0)
        actor = self.actors[one.name] = Actor(one.name, process.pid, process)
        actor.ask(f"n 0 {comm}")
        write(f"/proc/{actor.pid}/oom_score_adj", one.adj)

    def _join(self, one):
        if one.group is not None:
            write(f"{self.path(one.group)}/cgroup.procs", self.actors[one.name].pid)

    def _take(self, one):
        actor = self.actors[one.name]
        for letter, pages in (("a", one.private), ("s", one.shared)):
            if pages:
                actor.ask(f"{letter} {pages}")
        for letter, pages in (("f", one.file), ("m", one.mapped)):
            if pages:
                actor.ask(f"{letter} {pages} {SHARED_FOLDER}/{one.name}-{letter}")
        for _thread in range(one.threads):
            actor.ask("t 0")

    # What happens on it.

    def fill(self):
        """In a cgroup the trigger grows until the next step may be too much, so that one that counts itself counts.

        It leaves what others are to take after the prediction.
        """
        if self.plan.domain is not None:
            self._fill()
        if any("Killed process" in line for line in self.log.read()):
            raise Broken("memory ran out before the prediction")

    def _fill(self):
        folder = self.path(self.plan.domain)
        used = f"{folder}/{'memory.usage_in_bytes' if self.v1 else 'memory.current'}"
        limit = next(one.limit for one in self.plan.groups if one.path == self.plan.domain)
        later = sum(pages + pages // TABLE_SHARE + STEP_PAGES for _name, pages in self.plan.later)
        while True:
            with open(used) as stream:
                left = limit - int(stream.read()) // PAGE - later
            if left <= STEP_PAGES:
                return
            self._trigger().ask(f"a {left // 2}")

    def grow_later(self):
        """Those grow that the plan has grow after the prediction."""
        for name, pages in self.plan.later:
            self.actors[name].ask(f"a {pages}")

    def run_out(self):
        """Let the trigger grow until as many kills as planned were seen, or none is possible. Returns why it ended."""
        kills = 0
        at_edge = self.plan.domain is not None and not _has_swap()
        while kills < self.plan.kills:
            if not any(self.actors[name].signal is None for name in self._candidates):
                return "nobody left"
            ended = self._grow(LEAST_PAGES if at_edge else STEP_PAGES)
            new = self._await_victims()
            kills += new
            at_edge = at_edge or self.plan.domain is not None and kills > 0
            if ended:
                return ended
            if not new and self._trigger().signal is not None:
                return "trigger gone"
        return "enough kills"

    def _trigger(self):
        return self.actors[self.plan.trigger.name]

    def _grow(self, pages):
        self._keep_pace()
        trigger = self._trigger()
        trigger.tell(f"a {pages}")
        deadline = time.monotonic() + ANSWER_SECONDS
        while time.monotonic() < deadline:
            try:
                if trigger.answer(0.05, "grow") is not None:
                    return None
            except Broken:
                return self._end_of_trigger()
            if any("no killable processes" in line for line in self.log.read()):
                # The kernel would say it again for as long as the trigger asks.
                kill(trigger.pid)
                self._end_of_trigger()
                self._ended.append(trigger.name)
                return "nobody"
        raise Broken("the trigger neither grows nor dies")

    def _end_of_trigger(self):
        self._await(self._trigger().has_died, "the trigger's end")
        return "trigger killed"

    def _keep_pace(self):
        if len(_times) >= REPORTS:
            time.sleep(max(0.0, _times[-REPORTS] + WINDOW_SECONDS - time.monotonic()))

    def _await_victims(self):
        """Wait for the end of whoever the log says was killed; how many reports that were."""
        self.log.read()
        named = [killed_pid(line) for line in self.log.lines if "Killed process " in line]
        new = 0
        for pid in dict.fromkeys(named):
            actor = self._by_thread.get(pid)
            if actor is None:
                raise Broken(f"process {pid}, which is nobody's of the plan, was killed")
            if actor.name in self.died:
                continue
            self._await(actor.has_died, f"the end of {actor.name}")
            self.died.append(actor.name)
            _times.append(time.monotonic())
            new += 1
        return new

    def _await(self, condition, what):
        deadline = time.monotonic() + ANSWER_SECONDS
        while not condition():
            if time.monotonic() > deadline:
                raise Broken(f"waited in vain for {what}")
            time.sleep(0.01)

    def silent_deaths(self):
        """Names of those that are dead although no line of the log says so."""
        known = {*self.died, *self._ended}
        return [name for name, actor in self.actors.items() if name not in known and actor.has_died()]

    # What is left of it: nothing.

    def clear(self):
        """End everybody and remove what was made."""
        for actor in self.actors.values():
            if actor.signal is None:
                kill(actor.pid)
        for actor in self.actors.values():
            self._await(lambda actor=actor: actor.has_died() or not os.path.exists(f"/proc/{actor.pid}"), actor.name)
            if actor.process is not None:
                actor.process.stdin.close()
                actor.process.stdout.close()
                actor.process.returncode = actor.signal
        for name in os.listdir(SHARED_FOLDER):
            os.unlink(f"{SHARED_FOLDER}/{name}")
        self.log.close()
        for folder, _folders, _files in os.walk(self.top, topdown=False):
            self._await(lambda folder=folder: removed(folder), f"the end of {folder}")


def _has_swap():
    with open("/proc/swaps") as stream:
        return len(stream.readlines()) > 1


def killed_pid(line):
    return int(line.partition("Killed process ")[2].split()[0].rstrip(","))


def kill(pid):
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


def removed(folder):
    try:
        os.rmdir(folder)
    except OSError:
        return False
    return True
