#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# spelling - codespell over everything that is ours
set -euo pipefail
cd "$1"
command -v codespell >/dev/null || { echo "codespell is not installed"; exit 77; }
# Unit tests misspell on purpose, and corpora are not text.
codespell --quiet-level=2 --ignore-words tests/lint/spelling.words \
  --skip '.git,./build*,./LICENSE,./tests/fuzz/*/corpus*,./tests/unit,*.tar,*.gz'
