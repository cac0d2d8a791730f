# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""`python -m scripts.tally TAG`: run the stages of noxfile.py with that tag, and add up how every test ended.

build/results/ has what each stage left, by the state of the checkout. `test-all` goes on where it stopped, all else
starts anew. The sum is in build/TAG.json.
"""

import collections
import concurrent.futures
import glob
import hashlib
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent.parent
NOX = (sys.executable, "-m", "nox")
COLUMNS = ("stage", "state", "passed", "failed", "skipped", "again", "seconds", "load at start")
ROW = "{:17}{:>7}{:>9}{:>9}{:>9}{:>7}{:>9}{:>15}"
TAIL = 60  # lines shown of a stage that failed


def run(*words):
    """What a command prints."""
    return subprocess.run(words, cwd=HERE, stdout=subprocess.PIPE, text=True, errors="replace", check=False).stdout


def outcomes(logs):
    """({test: (its last outcome, why)}, ["test: why it ran again"]) of pytest's logs, a glob pattern."""
    ended, again = {}, []
    for log in sorted(glob.glob(logs)):
        with open(log, encoding="utf-8") as stream:
            reports = [json.loads(line) for line in stream if '"when"' in line and line.endswith("\n")]
        for report in reports:
            test, outcome, told = report["nodeid"], report["outcome"], report["longrepr"]
            if isinstance(told, dict):  # a list is a skip (file, line, reason), a text a failure without a trace
                told = (told.get("reprcrash") or {}).get("message")
            why = told[-1] if isinstance(told, list) else told or ""
            if outcome == "rerun":
                again.append(f"{test}: {why}")
            elif outcome != "passed" or report["when"] == "call":
                ended[test] = (outcome, report.get("wasxfail", why).replace("Skipped: ", "", 1).partition("\n")[0])
    return ended, again


def run_stage(session, folder):
    """Run one stage unless it has passed before; its record is kept, and said in a line."""
    name, kept = session["session"], folder / f"{session['session']}.json"
    record = json.loads(kept.read_text()) if kept.exists() else {}
    if record.get("state") != "ok":
        begun, load, log = time.monotonic(), round(os.getloadavg()[0], 1), folder / f"{name}.txt"
        environment = dict(os.environ, MEMFACTS_RESULTS=str(folder))
        with open(log, "wb") as output:
            status = subprocess.call([*NOX, "-s", name], cwd=HERE, env=environment, stdout=output, stderr=output)
        ended, again = outcomes(f"{folder}/{name}.*.jsonl")
        count = collections.Counter(outcome for outcome, _why in ended.values())
        skipped = [why for outcome, why in ended.values() if outcome == "skipped"]
        # A line of the stage's own, or nox's where it found no such Python.
        skipped += re.findall(r"(?m)^(?:nox > Session \S+ )?skipped: (.*?)\.?$", log.read_text(errors="replace"))
        # A linter has no tests, and a crash may come before the first one; neither may hide behind "0 failed".
        counts = (count["passed"], max(count["failed"], status != 0), skipped, again)
        seconds = round(time.monotonic() - begun)
        record = dict(zip(COLUMNS, (name, "FAIL" if status else "ok", *counts, seconds, load)))
        kept.write_text(json.dumps(record))
        if status:
            print(*log.read_text(errors="replace").splitlines()[-TAIL:], f"all of it: {log}", sep="\n")
    print(f"{record['state']:5} {name} {record['seconds']} s", flush=True)
    return record


def main(tag):
    """Exit 1 unless all is well."""
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job begins with it ignored
    signal.signal(signal.SIGTERM, lambda *_: os.killpg(0, signal.SIGINT))
    commit = run("git", "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*").strip()
    state = commit + run("git", "diff", "HEAD") + run("git", "status", "--porcelain")
    folder = HERE / "build" / "results" / hashlib.sha256(state.encode()).hexdigest()[:12]
    folder.mkdir(parents=True, exist_ok=True)
    sessions = json.loads(run(*NOX, "-t", tag, "-l", "--json") or "[]")
    if not sessions:
        sys.exit(f"no stage of noxfile.py has the tag {tag}; `nox -l` lists them")
    sessions.sort(key=lambda row: "long" not in row["tags"])  # what takes longest begins first, beside all the others
    for row in sessions if tag != "test-all" else ():
        for path in folder.glob(row["session"] + ".*"):
            path.unlink()
    records = []
    for alone, workers in ((False, 2), (True, 1)):
        chosen = [row for row in sessions if ("alone" in row["tags"]) == alone]
        with concurrent.futures.ThreadPoolExecutor(workers) as pool:
            try:
                records += pool.map(lambda row: run_stage(row, folder), chosen)
            except KeyboardInterrupt:  # nox and pytest got it, too; they end when they have tidied up
                pool.shutdown(cancel_futures=True)
                sys.exit(f"interrupted; what each stage left is in {folder}")
    return tell(tag, commit, records)


def tell(tag, commit, records):
    """A row for each stage, what was skipped or ran again and why, and the count."""
    print("\n" + ROW.format(*COLUMNS))
    for record in records:
        print(ROW.format(*(len(cell) if isinstance(cell, list) else cell for cell in record.values())))
    reasons = collections.Counter(f"{why} ({record['stage']})" for record in records for why in record["skipped"])
    print("\nSkipped, and why:" if reasons else "\nNothing was skipped.")
    print("".join(f"  {count} x {reason}\n" for reason, count in reasons.items()), end="")
    print("".join(f"Ran again: {test} ({record['stage']})\n" for record in records for test in record["again"]), end="")
    sums = {"commit": commit, "cores": os.cpu_count(), "stages": records}
    (HERE / "build" / f"{tag}.json").write_text(json.dumps(sums, indent=1))
    passed, failed = (sum(record[column] for record in records) for column in ("passed", "failed"))
    print(f"{passed} passed, {failed} failed, {sum(reasons.values())} skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
