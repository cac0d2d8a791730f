# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a scene of oom_kinds.py is made with: cgroups, workers, growth until the kernel acts, what memfacts says before.

The one who plays is never a victim: it is unkillable, its pages are locked, and it stays in the root cgroup.
"""

import os
import subprocess
import time

from memcore.gather import tie_evidence, victims
from memcore.gather.options import Options
from memcore.gather.survey import Survey
from memcore.sources import host
from tests.lab.guest import oom_stage
from tests.lab.guest.oom_stage import ANSWER_SECONDS, PAGE, V1_MEMORY, V2, WORKER, Actor, Broken, KernelLog, write

MIB = 256  # pages
STEP = 8
NOBODY = "no killable processes"
KILL = "Killed process "


class Scene:
    """One scene. `facts` takes what else it finds out; `result()` is what its line of the results has."""

    def __init__(self, name):
        self.name = name
        self.root = V1_MEMORY if os.path.isdir(V1_MEMORY) else V2
        self.log = KernelLog()
        self.actors = {}
        self.predictions = {}
        self.facts = {}
        os.mkdir(self.folder(""))
        if self.root == V2:
            self.delegate("")
        elif os.path.exists(f"{self.folder('')}/memory.use_hierarchy"):
            write(f"{self.folder('')}/memory.use_hierarchy", 1)

    def folder(self, group):
        """The cgroup's folder; "" is the one of the scene, None the root cgroup."""
        return self.root if group is None else f"{self.root}/{self.name}/{group}".rstrip("/")

    def group(self, name, **settings):
        """Make a cgroup. settings: its files without "memory.", with what to write; __ stands for a dot."""
        os.mkdir(self.folder(name))
        for key, value in settings.items():
            write(f"{self.folder(name)}/memory.{key.replace('__', '.')}", value)

    def delegate(self, name, controllers="+memory"):
        """Give the children of a cgroup of v2 their own controllers."""
        write(f"{self.folder(name)}/cgroup.subtree_control", controllers)

    def worker(self, name, group=None, adj=0, pages=0):
        """Start a program of that name in the group, which then takes so many pages of private memory."""
        process = subprocess.Popen([WORKER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0)
        actor = self.actors[name] = Actor(name, process.pid, process)
        actor.ask(f"n 0 {name}")
        write(f"/proc/{actor.pid}/oom_score_adj", adj)
        if group is not None:
            self.move(name, group)
        if pages:
            actor.ask(f"a {pages}")
        return actor

    def child(self, name, pid, adj=None):
        """A process that a worker has made."""
        actor = self.actors[name] = Actor(name, pid)
        if adj is not None:
            write(f"/proc/{pid}/oom_score_adj", adj)
        return actor

    def move(self, name, group):
        """Put a process into another cgroup."""
        write(f"{self.folder(group)}/cgroup.procs", self.actors[name].pid)

    def read(self, group, name):
        """The number in a file of a cgroup."""
        with open(f"{self.folder(group)}/memory.{name}") as stream:
            return int(stream.read())

    def predict(self, name, group=None):
        """Ask memfacts who dies next in the cgroup, in the host for None, and keep the answer under that name."""
        here = host.at("/")
        survey = Survey(here, Options())
        told = victims.of_survey(survey, learn=lambda: tie_evidence.of_host(here))
        path = None if group is None else f"/{self.name}/{group}"
        answer = told.host if path is None else next(one for one in told.cgroups if one.domain.path == path)
        row = victims.domain_row(survey, told, answer, "scene")
        row["victims"] = row["victims"][:8]
        self.predictions[name] = {"order": answer.domain.order, "model": told.rules.model, **row}

    def fill(self, name, group, free):
        """Let a worker take memory until others can take `free` more pages at most before memory runs out."""
        while True:
            self.predict("full", group)
            room = self.predictions["full"]["headroom_bytes"] // PAGE
            if room <= free:
                return
            self.actors[name].ask(f"a {room - free}")

    def grow(self, name, step=STEP, kills=1, until=None):
        """Let a worker take memory until the kernel says what is waited for: so many kills, or that text."""
        wanted, text = (1, until) if until else (kills, KILL)
        actor = self.actors[name]
        while self.said(text) < wanted:
            actor.tell(f"a {step}")
            deadline = time.monotonic() + ANSWER_SECONDS
            while True:
                try:
                    if actor.answer(0.05, "grow") is not None:
                        break
                except Broken:
                    actor.has_died()
                    self.log.read()
                    return
                if self.said(text) >= wanted:
                    break
                if time.monotonic() > deadline:
                    raise Broken(f"{name} neither grows nor dies")

    def said(self, text):
        """In how many lines of the log that text stands, up to now."""
        self.log.read()
        return sum(text in line for line in self.log.lines)

    def await_end(self, *names):
        """Wait for the end of processes."""
        deadline = time.monotonic() + ANSWER_SECONDS
        while not all(self.actors[name].has_died() for name in names):
            if time.monotonic() > deadline:
                raise Broken(f"waited in vain for the end of {names}")
            time.sleep(0.01)

    def await_victims(self):
        """Wait for the end of all that the log names as killed."""
        named = {oom_stage.killed_pid(line) for line in self.log.lines if KILL in line}
        self.await_end(*(name for name, actor in self.actors.items() if actor.pid in named))

    def result(self):
        """What came of it."""
        self.await_victims()
        self.log.read()
        return {
            "name": self.name,
            "pids": {name: actor.pid for name, actor in self.actors.items()},
            "died": {name: actor.signal for name, actor in self.actors.items() if actor.has_died()},
            "predictions": self.predictions,
            "facts": self.facts,
            "kmsg": self.log.lines,
        }

    def clear(self):
        """End everybody and remove what was made."""
        for actor in self.actors.values():
            if actor.signal is None:
                oom_stage.kill(actor.pid)
        for name, actor in self.actors.items():
            if actor.process is None and not os.path.exists(f"/proc/{actor.pid}"):
                continue
            self.await_end(name)
            if actor.process is not None:
                actor.process.stdin.close()
                actor.process.stdout.close()
                actor.process.returncode = actor.signal
        self.log.close()
        for folder, _folders, _files in os.walk(self.folder(""), topdown=False):
            while not oom_stage.removed(folder):
                time.sleep(0.01)


def mebibytes(count):
    """So many MiB in bytes."""
    return count * MIB * PAGE
