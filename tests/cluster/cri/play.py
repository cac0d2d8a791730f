# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plays one scene against containerd in a guest, and gives back what was seen.

    played = play.play("guaranteed-group", "7.x", "runc", "systemd", str(tmp_path))
    played.rounds[0]["after"]["cri"]

    python3 -m tests.cluster.cri.play guaranteed-group 7.x runc systemd /tmp/out

With `agent`, `oomwatch run` runs beside it in the guest, and its JSON lines come back with the record. With `network`,
the guest has an address in a network namespace, for an API server there.
"""

import argparse
import json
import os
import shlex
import sys
import tempfile
from typing import Dict, List, NamedTuple, Optional, Sequence

from tests.cluster import agent as agents
from tests.cluster import image
from tests.cluster.cri import scenes, stock
from tests.lab import debian, kernels, lab, machines

RUNTIMES, DRIVERS = ("runc", "crun"), ("cgroupfs", "systemd")
GUEST = os.path.join(os.path.dirname(os.path.abspath(__file__)), "guest")
SECONDS, SECONDS_A_ROUND = 300, 120  # end what hangs
# The kernel is chrooted in the root, for its C library; what it sees of this machine is mounted there, and only there.
CHROOTED = """\
root=$1; shift
mount -t proc proc "$root/proc"
mount -t tmpfs tmpfs "$root/dev/shm"
mount -t tmpfs tmpfs "$root/tmp"
while [ "$1" != -- ]; do
    mkdir -p "$root/lab/$1"
    mount --bind "$2" "$root/lab/$1"
    shift 2
done
shift
if [ -e /dev/net/tun ]; then
    mkdir -p "$root/dev/net"
    mount --bind /dev/net "$root/dev/net"
fi
exec chroot "$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/tmp TMPDIR=/dev/shm "$@"
"""


class Agent(NamedTuple):
    """options: of `oomwatch run`, besides --listen. secrets: a folder with token and ca.crt, as in a pod."""

    options: Sequence[str] = ("--output", "json", "--kube", "off")
    variables: Dict[str, str] = {}
    secrets: Optional[str] = None


class Network(NamedTuple):
    """A tap device of a network namespace that is there already, and the guest's address with its prefix length."""

    namespace: str
    tap: str
    address: str


class Played(NamedTuple):
    """rounds: see guest/scene.py; agent: None, or how it was and ended; lines: JSON objects that it wrote."""

    kernel: str
    containerd: str
    rounds: List[Dict]
    agent: Optional[Dict]
    lines: List[Dict]
    errors: str


def identities(count: int, round_number: int = 1) -> List[Dict[str, str]]:
    """Names of pods that no API server knows."""
    names = [f"pod-{round_number}-{number}" for number in range(1, count + 1)]
    uids = [f"{round_number:08d}-1111-4222-8333-{number:012d}" for number in range(1, count + 1)]
    return [{"name": name, "namespace": "lab", "uid": uid} for name, uid in zip(names, uids)]


def play(
    name: str,
    kernel: str,
    runtime: str,
    driver: str,
    folder: str,
    agent: Optional[Agent] = None,
    network: Optional[Network] = None,
    rounds: Optional[Sequence[Sequence[Dict[str, str]]]] = None,
) -> Played:
    """Play scene `name` once for each of `rounds`, a list of the pods' names each; once with made-up names by default.

    `folder` gets all that the guest left: record.json, dmesg.txt, containerd.txt, console.txt, boot.txt, agent.jsonl.
    Raises kernels.Unavailable with a sentence for a skipped test, and lab.GuestDied with the ends of the logs.
    """
    scene = scenes.SCENES[name]
    members = [
        [{"spec": spec, "identity": identity} for spec, identity in zip(scene.pods, one)]
        for one in (rounds or [identities(len(scene.pods))])
    ]
    plan = {"name": name, "runtime": runtime, "driver": driver, "group": scene.group, "settle": scene.settle}
    plan.update(rounds=members, agent=agent and _agent_plan(agent))
    out = os.path.abspath(folder)
    os.makedirs(out, exist_ok=True)
    with open(f"{out}/plan.json", "w", encoding="utf-8") as stream:
        json.dump(plan, stream)
    try:
        _boot(kernel, driver, scene.memory_mb, out, agent, network, SECONDS + SECONDS_A_ROUND * len(members))
    except (OSError, debian.PackageError) as error:
        raise kernels.Unavailable(kernel, error) from error
    with open(f"{out}/record.json", encoding="utf-8") as stream:
        record = json.load(stream)
    lines = [json.loads(line) for line in _text(f"{out}/agent.jsonl").splitlines(True) if line.endswith("\n")]
    lines = [line for line in lines if "type" not in line]  # OOM events
    seen = (record["kernel"], record["containerd"], record["rounds"], record["agent"])
    return Played(*seen, lines, _text(f"{out}/agent-errors.txt"))


def _agent_plan(agent):
    variables = {**agents.variables("/lab/checkout"), "NODE_NAME": "lab", **agent.variables}
    return {"options": list(agent.options), "variables": variables}


def _boot(kernel, driver, memory_mb, out, agent, network, seconds):
    root, program = stock.root(), stock.kernel(kernel)
    with tempfile.TemporaryDirectory(prefix="lab-") as stage, stock.lock():
        places = {
            "kernel": program,
            "guest": GUEST,
            "image": os.path.dirname(image.path()),
            "messages": os.path.dirname(stock.messages()),
            "out": out,
        }
        if agent:
            places.update(checkout=agents.checkout())
            if agent.secrets:
                places["secrets"] = agent.secrets
        mounts = [word for name, path in places.items() for word in (name, path)]
        inside = ["ip", "netns", "exec", network.namespace] if network else []
        command = [
            *inside,
            "sh",
            "-c",
            CHROOTED,
            "sh",
            root,
            *mounts,
            "--",
            *_kernel(kernel, driver, memory_mb, network),
        ]
        ended = lab.boot(command, f"{out}/boot.txt", seconds, stage, machines.environment(memory_mb))
    if _text(f"{out}/status").strip() != "0":
        how = lab.how_it_ended(ended) if ended is not None else f"was killed after {seconds} s"
        raise lab.GuestDied(f"the scene did not end well, its guest {how}: see {out}", out)


def _kernel(kernel, driver, memory_mb, network):
    return [
        *("/lab/kernel/kernel", f"mem={memory_mb}M", "root=/dev/root", "rootfstype=hostfs", "rootflags=/", "rw"),
        f"init={'/lib/systemd/systemd' if driver == 'systemd' else '/lab/guest/init'}",
        *("uml_dir=/tmp/", "umid=lab", "con=null", "con0=null,fd:1", "con1=null", "ssl=null", "quiet"),
        *(machines.NO_WATCHDOG, *machines.LOG),
        *(_network(kernel, network) if network else []),
    ]


def _network(kernel, network):
    """The newest kernels lack the driver that `eth0=` names."""
    device = f"vec0:transport=tap,ifname={network.tap}" if kernel in stock.WITH_VECTOR else f"eth0=tuntap,{network.tap}"
    return [device, f"lab.address={network.address}"]


def _text(path):
    try:
        with open(path, encoding="utf-8", errors="replace") as stream:
            return stream.read()
    except FileNotFoundError:
        return ""


def main(argv=None) -> int:
    """Play one scene and tell it in a few lines."""
    parser = argparse.ArgumentParser(description="Play an OOM scene against containerd's CRI in a guest.")
    parser.add_argument("scene", choices=scenes.SCENES)
    parser.add_argument("kernel", choices=stock.KERNELS)
    parser.add_argument("runtime", choices=RUNTIMES)
    parser.add_argument("driver", choices=DRIVERS)
    parser.add_argument("folder")
    parser.add_argument("--agent", metavar="OPTIONS", help="run the agent beside it with these options")
    parser.add_argument("--rounds", type=int, default=1)
    asked = parser.parse_args(argv)
    agent = Agent(shlex.split(asked.agent)) if asked.agent is not None else None
    count = len(scenes.SCENES[asked.scene].pods)
    rounds = [identities(count, number) for number in range(1, asked.rounds + 1)]
    try:
        played = play(asked.scene, asked.kernel, asked.runtime, asked.driver, asked.folder, agent, rounds=rounds)
    except (kernels.Unavailable, lab.GuestDied) as error:
        print(error, file=sys.stderr)
        return 1
    for one in played.rounds:
        print("died:", ", ".join(f"{row['comm']}[{row['pid']}] {row['role']}" for row in one["died"]))
        print(f"oom_kill +{one['oom_kill_delta']}; pause lives: {one['pause_alive']}")
        for row in one["after"]["cri"]:
            print(f"CRI: {row['pod']}: {row['container']} {row['sandbox']}")
    for line in played.lines:
        print("agent:", json.dumps(line))
    if played.agent:
        print("agent:", played.agent, played.errors)
    return 0


if __name__ == "__main__":
    sys.exit(main())
