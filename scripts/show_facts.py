# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Print what a person wants to see of `ansible HOST -m memfacts`: the report, or the one sentence why there is none.

Reads what ansible prints from stdin, so that `make facts` shows the real command and not a way round it.
"""

import json
import re
import sys

# "localhost | SUCCESS => {", also "FAILED! =>" and "UNREACHABLE! =>".
HEADER = re.compile(r"^(?P<host>\S+) \| (?P<state>[A-Z]+)!? => (?=\{)", re.MULTILINE)


def results(text):
    """Yield (host, state, result) for each answer in ansible's default one-host-one-object output."""
    for header in HEADER.finditer(text):
        result, _end = json.JSONDecoder().raw_decode(text, header.end())
        yield header.group("host"), header.group("state"), result


def show(text):
    """Return (lines for stdout, lines for stderr)."""
    answers = list(results(text))
    if not answers:
        return [], [text.strip() or "ansible printed nothing; its own message is above"]
    shown, wrong = [], []
    for host, state, result in answers:
        if state == "SUCCESS" and result.get("report"):
            shown += result["report"]
        else:
            wrong.append(f"{host}: {result.get('msg') or 'the module returned no report'}")
    return shown, wrong


def main():
    """Exit 1 if any host had no report."""
    shown, wrong = show(sys.stdin.read())
    for line in shown:
        print(line)
    for line in wrong:
        print(line, file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
