# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Processes of a host with somebody logged in, composed after `ps -eo pid,ppid,user,args` and /proc/PID/cgroup."""

from ansible_collections.memfacts.linux.plugins.module_utils.setters.adj.selection import Candidate

SSH = "/system.slice/ssh.service"
SESSION = "/user.slice/user-1000.slice/session-3.scope"
USER_MANAGER = "/user.slice/user-1000.slice/user@1000.service/init.scope"


def process(pid, ppid, executable, title="", uid=0, cgroup=SESSION, adj=0):
    comm = executable.rpartition("/")[2][:15]
    return Candidate(
        pid, ppid, pid * 10, comm, executable, uid, (cgroup,), adj, pid, (title.rpartition("/")[2] or comm,), title
    )


def sshd(pid, ppid, title, uid=0, cgroup=SESSION, **more):
    return process(pid, ppid, "/usr/sbin/sshd", title, uid, cgroup, **more)


INIT = process(1, 0, "/usr/lib/systemd/systemd", "/sbin/init", cgroup="/init.scope")
LISTENER = sshd(500, 1, "sshd: /usr/sbin/sshd -D [listener] 1 of 10-100 startups", cgroup=SSH, adj=-1000)
PRIVILEGED = sshd(600, 500, "sshd: alice [priv]")
UNPRIVILEGED = sshd(601, 600, "sshd: alice@pts/0", uid=1000)
SHELL = process(602, 601, "/usr/bin/bash", "-bash", uid=1000)
MANAGER = process(550, 1, "/usr/lib/systemd/systemd", "/lib/systemd/systemd", 1000, USER_MANAGER, adj=100)
# Debian 12 with one user logged in over SSH.
LOGGED_IN = [INIT, LISTENER, MANAGER, PRIVILEGED, UNPRIVILEGED, SHELL]


def by_pid(processes):
    return {one.pid: one for one in processes}
