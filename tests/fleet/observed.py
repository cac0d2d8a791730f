# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is on a host, read from the host itself and never from what a module says."""

import functools
import json
import shlex
import time

_TREE = r"""
import hashlib, json, os, stat, sys

def row(path, with_times):
    seen = os.lstat(path)
    content = ""
    if stat.S_ISLNK(seen.st_mode):
        content = os.readlink(path)
    elif stat.S_ISREG(seen.st_mode):
        with open(path, "rb") as stream:
            content = hashlib.sha256(stream.read()).hexdigest()
    facts = [oct(seen.st_mode), seen.st_uid, seen.st_gid, content]
    return facts + [seen.st_ino, seen.st_mtime_ns, seen.st_ctime_ns] if with_times else facts

def walk(top, with_times):
    if os.path.lexists(top):
        yield top, row(top, with_times)
    for folder, folders, files in os.walk(top):
        for name in folders + files:
            path = os.path.join(folder, name)
            yield path, row(path, with_times)

with_times, *tops = json.loads(sys.argv[1])
json.dump({path: facts for top in tops for path, facts in walk(top, with_times)}, sys.stdout)
"""
_UNITS = r"""
import json, os, subprocess, sys

def text(path):
    with open(path) as stream:
        return stream.read().strip()

def show(name, user):
    call = ["systemctl", *(["--user"] if user else []), "show", "-p", "MainPID", "-p", "OOMScoreAdjust", name]
    lines = subprocess.run(call, stdout=subprocess.PIPE, universal_newlines=True).stdout.split()
    shown = dict(line.split("=") for line in lines)
    pid = int(shown["MainPID"])
    live = int(text("/proc/%d/oom_score_adj" % pid)) if pid else None
    return {"pid": pid, "shown": int(shown["OOMScoreAdjust"]), "live": live}

system, user = json.loads(sys.argv[1])
units = {name: show(name, name in user) for name in system + user}
sessions = {int(text("/proc/self/oom_score_adj"))}
for pid in filter(str.isdigit, os.listdir("/proc")):
    try:
        if text("/proc/%s/comm" % pid) == "sshd" and int(pid) != units["ssh"]["pid"]:
            sessions.add(int(text("/proc/%s/oom_score_adj" % pid)))
    except OSError:
        pass
json.dump({"units": units, "sessions": sorted(sessions)}, sys.stdout)
"""
SETTINGS = ("/etc", "/var/lib/memfacts")


def _ask(guest, script, *words):
    # The script is an argument, for python3 needs its standard input for nothing then.
    call = " ".join(shlex.quote(word) for word in ("python3", "-c", script, *words))
    return json.loads(guest.sh(call))


def tree(guest, *tops, with_times=False):
    """{path: [mode, owner, group, content]} of all below `tops`; with_times tells what was only rewritten, too."""
    return _ask(guest, _TREE, json.dumps([with_times, *(tops or SETTINGS)]))


def difference(before, after):
    """Paths that are not the same in two trees, for a message that can be read."""
    return {
        path: (before.get(path), after.get(path)) for path in {*before, *after} if before.get(path) != after.get(path)
    }


def units(guest, system=(), user=()):
    """Of each unit its main process (0: none), what systemd starts it with and what the process has (None: no process).

    With "ssh" among them `sessions` has the values of all that runs in logins.
    """
    return _ask(guest, _UNITS, json.dumps([["ssh", *system], [*user]]))


def started(guest, *names, user=()):
    """Wait until each of these services runs its program.

    systemd calls a service started that has only been forked: then it has neither its oom_score_adj nor its name.
    """
    for call, units in (("systemctl", names), ("systemctl --user", user)):
        for name in units:
            script = f"""
                pid=$({call} show -p MainPID --value {name})
                test "$pid" != 0 && program=$(readlink /proc/$pid/exe) && test "$program" != "$(readlink /proc/1/exe)"
            """
            until(guest, functools.partial(_is_true, guest, script), f"{name} runs its program")


def _is_true(guest, script):
    return guest.sh(script, check=False).status == 0


def until(guest, condition, what, seconds=900):
    """Wait until `condition()` is true; the guest must live meanwhile. The limit only stops what hangs."""
    end = time.monotonic() + seconds
    while not condition():
        guest.must_live(what)
        if time.monotonic() > end:
            raise AssertionError(f"{guest.name}: not in {seconds} s: {what}")
        time.sleep(0.2)
