#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""sizes - no file over 800 lines, function over 80, nesting over 4, parameters over 6

There is no list of exceptions: split along a noun or a stage.
"""
import re
import sys

import csource

FILE_LINES, FUNCTION_LINES, NESTING, PARAMETERS = 800, 80, 4, 6
CONTROL = re.compile(r"^(\t+)(?:\} )?(if|else|for|while|do|switch)\b")

problems = []
for path in csource.files(sys.argv[1], (".c", ".h")):
    with open(f"{sys.argv[1]}/{path}", encoding="utf-8") as f:
        text = f.read()
    lines = text.count("\n")
    if lines > FILE_LINES:
        problems.append((path, lines, f"{lines} lines; a file ends at {FILE_LINES}"))
    for fn in csource.functions(text):
        if len(fn.body) > FUNCTION_LINES:
            problems.append((path, fn.line, f"{fn.name}() has {len(fn.body)} lines; a function "
                             f"ends at {FUNCTION_LINES}"))
        if fn.parameters > PARAMETERS:
            problems.append((path, fn.line, f"{fn.name}() takes {fn.parameters} parameters; more "
                             f"than {PARAMETERS} are an options struct"))
        for i, line in enumerate(fn.body):
            m = CONTROL.match(line)
            if m and len(m.group(1)) > NESTING:
                problems.append((path, fn.line + i, f"{fn.name}() nests {len(m.group(1))} levels "
                                 f"deep; {NESTING} is the limit"))
                break
csource.finish(problems)
