#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""banned - names that say nothing, promises without an issue, waiting by the clock, wild goto

The banned C functions are poisoned by src/base/banned.h; here is what the compiler cannot see.
"""
import os
import re
import sys

import csource

root = sys.argv[1]
problems = []

EMPTY_NAMES = {"util", "utils", "misc", "helper", "common"}
# tests/cli/helpers.bash is what bats users look for; everything else has a noun.
NAMED_BY_CUSTOM = {"tests/cli/helpers.bash", "tests/component/helpers.bash"}
PROMISE = re.compile(r"\b(TODO|FIXME|XXX)\b(?!\(#\d+\))")
# Behind a quote it is a program for a container, which may run sleep(1); a test may not wait by it.
SHELL_SLEEP = re.compile(r"^[^\"'#]*(^|[;&|{(]|\bdo|\bthen|\belse)\s*sleep\s+[\d.$\"]")
CODE_SLEEP = re.compile(r"\b(time\.sleep|usleep|nanosleep|sleep)\s*\(")


def lines_of(path):
    with open(f"{root}/{path}", encoding="utf-8", errors="replace") as f:
        return f.read().split("\n")


def everything():
    for here, dirs, names in os.walk(root):
        dirs[:] = sorted(d for d in dirs if not d.startswith((".git", "build")))
        for name in sorted(names):
            yield os.path.relpath(os.path.join(here, name), root)


for path in everything():
    stem = os.path.basename(path).split(".")[0]
    if stem in EMPTY_NAMES and path not in NAMED_BY_CUSTOM:
        problems.append((path, 1, f"'{stem}' says nothing; name the file after its noun"))
    if not path.endswith((".c", ".h", ".py", ".sh", ".bats", ".bash", ".build", "/run", ".md")):
        continue
    if path.startswith("tests/lint/"):
        continue
    for n, line in enumerate(lines_of(path), 1):
        if PROMISE.search(line):
            problems.append((path, n, "an open end needs an issue: TODO(#123)"))
        # A measurement may let the machine settle.
        if not path.startswith("tests/") or path.startswith("tests/bench/"):
            continue
        if path.endswith((".sh", ".bats", ".bash", "/run")) and SHELL_SLEEP.search(line):
            problems.append((path, n, "no sleeping in tests: wait_until an event, with a deadline"))
        # A double of something slow is slow on purpose, and says so in that line.
        if (path.endswith((".c", ".py")) and CODE_SLEEP.search(line)
                and "slow on purpose" not in line):
            problems.append((path, n, "no sleeping in tests: wait for an event, with a deadline"))

for path in csource.files(root, (".c", ".h")):
    text = "\n".join(lines_of(path))
    for fn in csource.functions(text):
        body = "\n".join(fn.body)
        labels = set(re.findall(r"\bgoto\s+(\w+)\s*;", body))
        if len(labels) > 1:
            problems.append((path, fn.line, f"{fn.name}() jumps to {len(labels)} labels "
                             f"({', '.join(sorted(labels))}); one cleanup label at the end"))
        for label in labels:
            before = body.split(f"\n{label}:")[0]
            after = body[len(before):]
            if len(body) == len(before) or re.search(rf"\bgoto\s+{label}\b", after):
                problems.append((path, fn.line, f"{fn.name}() jumps backwards to {label}"))
csource.finish(problems)
