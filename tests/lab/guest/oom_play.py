# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Play the plans of /out/.lab/plans.json in this guest: for each memfacts predicts, then memory runs out.

Leaves /out/scenes.jsonl, a line for each plan, with what was predicted, what the kernel said and who is dead. What it
means is judged outside, where Python is faster. kmsg.txt and syslog.txt have the kernel's whole log at the end.
"""

import json
import os
import time

from memcore.gather import oom_tasks, tie_evidence, victims
from memcore.gather.options import Options
from memcore.gather.survey import Survey
from memcore.models.victims import EXACT
from memcore.sources import host
from tests.lab import oom_plan
from tests.lab.guest import oom_logs, oom_stage


def main():
    oom_stage.become_unkillable()
    oom_stage.write("/proc/sys/vm/overcommit_memory", 1)
    with open("/out/.lab/plans.json") as stream:
        plans = [oom_plan.decoded(each) for each in json.load(stream)]
    with open(os.path.join(os.environ["MEMFACTS_OUT"], "scenes.jsonl"), "w") as results:
        for each in plans:
            print(json.dumps(play(each)), file=results, flush=True)
    oom_logs.keep(os.environ["MEMFACTS_OUT"])


def play(plan):
    """One line of the results."""
    begun = time.monotonic()
    stage = oom_stage.Stage(plan, f"oom{plan.number}")
    grows = plan.trigger.adj != oom_plan.UNKILLABLE or bool(plan.later)
    result = {"number": plan.number, "grows": grows, "grew": bool(plan.later)}
    try:
        stage.build()
        stage.fill()
        result["pids"] = {name: actor.pid for name, actor in stage.actors.items()}
        result["scores"] = {name: _score(actor.pid) for name, actor in stage.actors.items()}
        result["prediction"] = predict(None if plan.domain is None else f"/oom{plan.number}/{plan.domain}")
        result["predicted_seconds"] = round(time.monotonic() - begun, 2)
        stage.grow_later()
        result["ended"] = stage.run_out()
        result["silent"] = stage.silent_deaths()
    except oom_stage.Broken as error:
        result["broken"] = str(error)
    stage.log.read()
    result["died"] = [[name, stage.actors[name].signal] for name in stage.died]
    result["kmsg"] = stage.log.lines
    result["lost"] = stage.log.lost
    stage.clear()
    result["seconds"] = round(time.monotonic() - begun, 2)
    return result


def predict(path):
    """What the engine says of one domain as oom_victims_info asks it: its ranking, and all that it was made of."""
    here = host.at("/")
    survey = Survey(here, Options())
    told = victims.of_survey(survey, learn=lambda: tie_evidence.of_host(here))
    answers = [told.host] if path is None else [one for one in told.cgroups if one.domain.path == path]
    if not answers:
        return None
    domain, ranking = answers[0].domain, answers[0].ranking
    if path is None:  # the order of creation, which the engine reads only where there is a tie
        domain = domain._replace(tasks=oom_tasks.by_creation(survey, domain.tasks), order=EXACT)
    return {
        "rules": told.rules._asdict(),
        "evidence": [told.model_evidence, told.tie_evidence],
        "path": domain.path,
        "total": domain.total,
        "order": domain.order,
        "setting": domain.setting,
        "headroom": domain.headroom,
        "mixed": [[path, with_path] for path, with_path in dict(domain.mixed).items()],
        "groups": sorted(path for path in _ways({task.cgroup for task in domain.tasks}) if path in domain.groups),
        "tasks": [task._asdict() for task in domain.tasks],
        "drift": {task.pid: told.tasks.drift(task) for task in domain.tasks},
        "victims": [task.pid for task in ranking.victims],
        "rivals": [task.pid for task in ranking.rivals],
        "sure": ranking.sure,
        "group": ranking.group,
        "group_pids": [task.pid for task in ranking.group_tasks],
    }


def _ways(paths):
    """The cgroups and all that they are in."""
    return {path[:end] for path in paths if path for end in range(1, len(path) + 1) if path[end : end + 1] in ("", "/")}


def _score(pid):
    with open(f"/proc/{pid}/oom_score") as stream:
        return int(stream.read())


if __name__ == "__main__":
    main()
