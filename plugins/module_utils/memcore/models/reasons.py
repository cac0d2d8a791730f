# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: BSD-2-Clause
"""Why a figure is null or less certain, in the words that `incomplete` shows to people."""

NO_CGROUP_CONTROLLER = "no memory controller is mounted"
NO_CGROUP_RANKING = "no memory controller is mounted, so only the host is ranked"
NO_MOUNTINFO = "missing, so tmpfs mounts are not known"
NO_MOUNTINFO_BUT_MOUNTS = "missing; /proc/mounts does not show which mounts are the same tmpfs"
NO_KILL_COUNT = "this kernel does not count OOM kills (/proc/vmstat has no oom_kill; kernels before 4.13)"
NO_MEM_AVAILABLE = "/proc/meminfo has no MemAvailable"
NO_CPU_COUNT = "not readable; 1 CPU is assumed, so scores may be less certain than stated"
NO_ANONYMOUS_SPLIT = "this kernel does not show a process's anonymous memory (kernels before 4.5)"
PROCESSES_HIDDEN = "some processes are hidden: this is a container's /proc, or /proc is mounted with hidepid"
PERMISSION_DENIED = "permission denied"
FOLDERS_REFUSED = "permission denied for some folders"
SCAN_OFF = "no files were searched, because scan_files is off"
SHMEM_NOT_MEASURED = "none found that could be measured, and not every process could be examined"
# Of a captured tree.
NOT_CAPTURED = "not part of a captured tree"
NO_PROCESS_CAPTURED = "the captured tree has no process"
NO_DF_CAPTURED = "the captured tree has no df output for it"
NO_PAGE_SIZE_CAPTURED = "the captured tree does not show it; 4096 bytes are assumed"
# Of kills by user space.
NOT_THE_KERNEL = "a program in user space killed by rules of its own, not the kernel"
NO_REASON_LOGGED = "the lines that say why are not in the log"
NO_VICTIM_LOGGED = "no line of the log names who was killed"
NO_EVICTION_LOGGED = "the log ends before it says which pod was evicted"


def processes_unread(refused: int, total: int) -> str:
    """Files of some processes could not be read."""
    return f"{refused} of {total} processes could not be read"


def descriptors_refused(refused: int, total: int) -> str:
    """The open files of some processes are not known."""
    return f"permission denied for {refused} of {total} processes; the files that they hold are not counted"


def namespaces_refused(refused: int, total: int) -> str:
    """The mount namespaces of some processes are not known."""
    return f"permission denied for {refused} of {total} processes; their private mounts are not counted"


def held_not_measured(why: str, count: int) -> str:
    """Files are held open whose size cannot be read."""
    return f"{why}; the sizes of {count} held files are not known"


def ipc_namespaces_refused(why: str) -> str:
    """The System V segments of other IPC namespaces are not known."""
    return f"{why}; segments of other IPC namespaces are not counted"


def size_not_known(why: str) -> str:
    """A tmpfs that cannot be reached."""
    return f"{why}; its size and use are not known"


def scan_out_of_time(seconds: float, files: int) -> str:
    """The search through a tmpfs ended at its limit."""
    return f"the search stopped after scan_seconds ({seconds:g}) and {files} files; the largest of those are listed"


def log_not_readable(why: str) -> str:
    """The kernel's log would show who wins a tie."""
    return f"{why}; the kernel's log might show which process wins a tie"
