# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Play the pods of /out/.lab/plans.json in this guest: the agent's own forecast, then memory runs out.

Leaves /out/scenes.jsonl, a line for each pod, with how each kill compares with the forecast before it.
"""

import json
import os
import sys
import time

sys.path.insert(0, "/work-tree/k8s")

from memcore.answers import events
from oomwatch.agent.notes import Notes
from oomwatch.agent.outlook import Looker
from tests.lab import oom_plan
from tests.lab.guest import oom_logs, oom_stage


def main():
    oom_stage.become_unkillable()
    oom_stage.write("/proc/sys/vm/overcommit_memory", 1)
    with open("/out/.lab/plans.json") as stream:
        plans = [oom_plan.decoded(each) for each in json.load(stream)]
    looker = Looker("/")
    with open(os.path.join(os.environ["MEMFACTS_OUT"], "scenes.jsonl"), "w") as results:
        for each in plans:
            print(json.dumps(play(each, looker)), file=results, flush=True)
    oom_logs.keep(os.environ["MEMFACTS_OUT"])


def play(plan, looker):
    """One line of the results. The looker is the agent's: it learns from the log of the kills before."""
    stage = oom_stage.Stage(plan, f"pods{plan.number}")
    result = {"number": plan.number, "grew": bool(plan.later), "kills": []}
    notes = Notes()
    try:
        stage.build()
        stage.fill()
        looker.may_learn = True
        forecast = looker.look(time.monotonic())
        notes.add(forecast, time.time())
        result["model"], result["tie_rule"] = forecast.badness_model, forecast.tie_rule
        stage.grow_later()
        result["ended"] = stage.run_out()
    except oom_stage.Broken as error:
        result["broken"] = str(error)
    stage.log.read()
    result["lost"] = stage.log.lost
    follower = events.Follower()
    for line in stage.log.lines:
        follower.feed(line.encode())
    follower.flush()
    for record in follower.take():
        event = events.told(record)
        if event["victim"] is not None:
            found = notes.compare(event, time.time())
            died = event["victim"]["comm"]
            result["kills"].append({"result": found.result, "was_sure": found.was_sure, "comm": died})
    stage.clear()
    return result


if __name__ == "__main__":
    main()
