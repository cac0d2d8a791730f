# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""`make experiment`: programs with different oom_score_adj, a host that runs out of memory, and who dies when.

It all happens in a kernel that runs as a process. memfacts predicts the order from what it reads before. Exit status:
0 prediction and kernel agree, 1 they do not, 70 the guest died, 77 the kernel cannot be had.
"""

import sys
import tempfile
import textwrap

from memcore.models import badness, oom_rules, victims
from tests.lab import kernels, lab, oom_fixed, oom_scenarios

MIB = 256  # pages
HEAD = ("program", "memory", "oom_score_adj", "oom_score", "predicted", "killed", "agrees")


def table(plan, scene):
    """(lines, whether all agree) for the one scene."""
    names = {pid: name for name, pid in scene["pids"].items()}
    predicted = order(scene["prediction"], names)
    killed = [name for name, _signal in scene["died"]]
    rows = []
    for program in sorted(plan.programs, key=lambda one: predicted.index(one.name) if one.name in predicted else 99):
        said = _place(predicted, program.name, "never")
        seen = _place(killed, program.name, "alive")
        agrees = "yes" if _agrees(program.name, predicted, killed) else "NO"
        score = scene["scores"][program.name]
        rows.append((program.name, f"{program.private // MIB} MiB", program.adj, score, said, seen, agrees))
    lines = [_line(HEAD)] + [_line(row) for row in rows]
    return lines, all(row[-1] == "yes" for row in rows)


def order(told, names):
    """The names in the order in which the kernel would take them, one after another."""
    tasks = [badness.Task(**task) for task in told["tasks"]]
    ranking = victims.rank(victims.Domain(told["path"], told["total"], tasks), oom_rules.Rules(**told["rules"]))
    return [names[row.task.pid] for row in ranking.rows if row.task.pid in names]


def _agrees(name, predicted, killed):
    """Killed at the predicted place; or alive, and no kill came as far as its place."""
    if name in killed:
        return name in predicted and predicted.index(name) == killed.index(name)
    return name not in predicted or predicted.index(name) >= len(killed)


def _place(names, name, otherwise):
    return f"{names.index(name) + 1}." if name in names else otherwise


def _line(cells):
    program, *others = (str(cell) for cell in cells)
    widths = (9, 15, 11, 11, 8, 8)
    return f"  {program:10}" + "".join(f"{cell:>{width}}" for cell, width in zip(others, widths))


def main(kernel):
    plan = oom_fixed.experiment()
    boot = oom_scenarios.Boot(kernel, "v2", 0, 0, ())
    print(f"Booting {kernel} as a process with {oom_scenarios.MEM_MB} MiB ...", flush=True)
    try:
        with tempfile.TemporaryDirectory(prefix="lab-experiment-") as folder:
            (scene,) = oom_scenarios.scenes(boot, [plan], folder)
    except kernels.Unavailable as error:
        print(error, file=sys.stderr)
        return 77
    except lab.GuestDied as error:
        print(error, file=sys.stderr)
        return 70
    lines, agree = table(plan, scene)
    rules = scene["prediction"]["rules"]
    print(textwrap.fill(f"Badness model: {rules['model']}, for {scene['prediction']['evidence'][0]}.", 100))
    print("An unkillable program leaked memory until it ran out. Predicted and actual kills:\n")
    print("\n".join(lines))
    print(f"\n{'Prediction and kernel agree.' if agree else 'Prediction and kernel do NOT agree.'}")
    return 0 if agree else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:2]))
