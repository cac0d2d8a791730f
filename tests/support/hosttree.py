# Copyright (c) 2026 the memfacts authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A captured host in one text file: `== path` starts a file, `== path -> target` a symbolic link."""

import os

MARK = "== "
ESCAPED_MARK = "\\== "


def unpack(text, folder):
    """Write the tree that `text` (str) describes below `folder`; return the provenance lines before the first entry."""
    provenance, entries = _parse(text)
    for path, (target, lines) in entries.items():
        full = os.path.join(folder, path)
        os.makedirs(os.path.dirname(full), exist_ok=True)
        if target is not None:
            os.symlink(target, full)
        elif path.endswith("/"):
            os.makedirs(full, exist_ok=True)
        else:
            # surrogateescape carries bytes that are not UTF-8 through the text form unharmed.
            with open(full, "w", encoding="utf-8", errors="surrogateescape", newline="") as stream:
                stream.write("".join(line + "\n" for line in lines))
    return provenance


def pack(entries, provenance):
    """The text form of `entries` {relative path: file text, or ("link", target)}, with its provenance lines."""
    out = [line.rstrip("\n") for line in provenance]
    for path in sorted(entries):
        content = entries[path]
        if isinstance(content, tuple):
            out.append(f"{MARK}{path} -> {content[1]}")
            continue
        out.append(f"{MARK}{path}")
        out += ["\\" + line if line.startswith((MARK, ESCAPED_MARK)) else line for line in _lines(content)]
    return "\n".join(out) + "\n"


def _lines(content):
    return content[:-1].split("\n") if content.endswith("\n") else (content.split("\n") if content else [])


def _parse(text):
    provenance, entries, lines = [], {}, None
    for line in _lines(text):
        if line.startswith(MARK):
            path, arrow, target = line[len(MARK) :].partition(" -> ")
            lines = []
            entries[path] = (target if arrow else None, lines)
        elif lines is None:
            provenance.append(line)
        else:
            lines.append(line[1:] if line.startswith(ESCAPED_MARK) else line)
    return provenance, entries
