# SPDX-License-Identifier: Apache-2.0
"""csource - our C files as a list of functions, for the lints that count

Relies on the format that clang-format keeps: a function's braces stand in column 0 and indentation
is one tab a level. Comments and literals are blanked, so that line numbers stay.
"""
import os
import re
import sys

CODE = re.compile(
    r"/\*.*?\*/|//[^\n]*|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'", re.DOTALL)


def files(root, extensions, folders=("src", "helpers", "include", "tests")):
    for folder in folders:
        for here, dirs, names in os.walk(os.path.join(root, folder)):
            dirs.sort()
            for name in sorted(names):
                if name.endswith(extensions):
                    yield os.path.relpath(os.path.join(here, name), root)


def blank(text):
    """Comments and the insides of literals become spaces."""
    def spaces(m):
        s = m.group(0)
        if s[0] in "\"'":
            return s[0] + "_" * (len(s) - 2) + s[0]
        return re.sub(r"[^\n]", " ", s)
    return CODE.sub(spaces, text)


class Function:
    def __init__(self, name, line, parameters, body):
        self.name, self.line, self.parameters, self.body = name, line, parameters, body


def parameters_of(signature):
    """How many; neither commas inside nested parentheses nor the closing `struct err *e` count."""
    depth = count = 0
    start = signature.index("(")
    inside = ""
    for c in signature[start:]:
        depth += (c == "(") - (c == ")")
        if depth == 1 and c == ",":
            count += 1
        if depth == 0:
            break
        inside += c
    inside = inside[1:].strip()
    if inside.endswith("struct err *e"):
        count -= 1
    return 0 if inside in ("", "void") else count + 1


def functions(text):
    lines = blank(text).split("\n")
    found = []
    i = 0
    while i < len(lines):
        if lines[i] != "{" or i == 0:
            i += 1
            continue
        first = i - 1
        while first > 0 and lines[first - 1].strip() and not re.match(r"^[#}]|.*;\s*$", lines[first - 1]):
            first -= 1
        last = i
        while last < len(lines) and not lines[last].startswith("}"):
            last += 1
        signature = " ".join(l.strip() for l in lines[first:i])
        name = re.search(r"(\w+)\s*\(", signature)
        if name and not re.match(r"(struct|enum|union|static const struct)\b[^(]*$", signature):
            found.append(Function(name.group(1), i + 1, parameters_of(signature),
                                  lines[i:last + 1]))
        i = last + 1
    return found


def finish(problems):
    for path, line, text in problems:
        print(f"{path}:{line}: {text}")
    sys.exit(1 if problems else 0)
