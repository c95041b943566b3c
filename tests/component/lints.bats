#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# lints - each lint finds what it is for, and nothing in a tree that is right
bats_require_minimum_version 1.5.0

setup() {
  lint=$BATS_TEST_DIRNAME/../lint
  cd "$BATS_TEST_TMPDIR"
  mkdir -p src/base src/store src/cli src/image helpers/launch include/usrct tests
  printf '#include "base/err.h"\n\nint f(void)\n{\n\treturn 0;\n}\n' >src/store/good.c
}

finds() { # LINT TEXT
  run "$lint/$1" "$PWD"
  [ "$status" = 1 ] || { printf '%s\n' "$output"; false; }
  [[ $output == *"$2"* ]] || { printf '%s\n' "$output"; false; }
}

is_content() { # LINT
  run "$lint/$1" "$PWD"
  [ "$status" = 0 ] || { printf '%s\n' "$output"; false; }
}

body() { # LINES: a function of so many lines
  printf 'int g(void)\n{\n'
  for _ in $(seq $(($1 - 2))); do printf '\t;\n'; done
  printf '}\n'
}

@test "layers: sideways, upwards and foreign includes" {
  is_content layers.sh
  echo '#include "image/x.h"' >src/store/bad.c
  finds layers.sh "src/store/bad.c:1: store may not include image/"
  rm src/store/bad.c
  echo '#include "store/store.h"' >src/cli/bad.c
  finds layers.sh "cli may not include store/"
  rm src/cli/bad.c
  echo '#include <usrct/usrct.h>' >src/cli/good.c
  echo '#include "container/plan.h"' >helpers/launch/launch.c
  echo '#include "launch/own.h"' >>helpers/launch/launch.c
  is_content layers.sh
  echo '#include "store/store.h"' >>helpers/launch/launch.c
  finds layers.sh "helpers/launch may not include store/"
  rm helpers/launch/launch.c
  echo '#include <usrct/usrct.h>' >src/base/bad.c
  finds layers.sh "base may not include usrct/"
  rm src/base/bad.c
  echo '#include "neighbour.h"' >src/store/bad.c
  finds layers.sh "write the folder too"
  rm src/store/bad.c
  echo '#include <sqlite3.h>' >include/usrct/bad.h
  finds layers.sh "a public header includes only"
}

@test "sizes: long files, long functions, deep nesting, many parameters" {
  is_content sizes.py
  body 80 >src/store/long.c
  is_content sizes.py
  body 81 >src/store/long.c
  finds sizes.py "g() has 81 lines"
  for _ in $(seq 801); do echo; done >src/store/long.c
  finds sizes.py "801 lines"
  printf 'int g(int a, int b, int c, int d,\n      int e, int f, struct err *e)\n{\n}\n' >src/store/long.c
  is_content sizes.py
  printf 'int g(int a, int b, int c, int d,\n      int e, int f, int h)\n{\n}\n' >src/store/long.c
  finds sizes.py "takes 7 parameters"
  printf 'int g(void)\n{\n\tif (a)\n\t\tif (b)\n\t\t\tif (c)\n\t\t\t\tif (d)\n\t\t\t\t\tif (e)\n\t\t\t\t\t\tf();\n}\n' >src/store/long.c
  finds sizes.py "nests 5 levels"
}

@test "banned: empty names, open ends, waiting by the clock, wild goto" {
  is_content banned.py
  touch src/store/utils.c
  finds banned.py "'utils' says nothing"
  rm src/store/utils.c
  # Put together here, or the lint would find it in this file.
  printf '/* TO%s: later */\n' DO >src/store/x.c
  finds banned.py "needs an issue"
  printf '/* TO%s(#12): later */\n' DO >src/store/x.c
  is_content banned.py
  printf 'wait_a_bit() {\n  sl%s 1\n}\n' eep >tests/x.sh
  finds banned.py "no sleeping in tests"
  rm tests/x.sh
  printf 'int g(void)\n{\n\tgoto one;\n\tgoto two;\none:\ntwo:\n\treturn 0;\n}\n' >src/store/x.c
  finds banned.py "jumps to 2 labels"
  printf 'int g(void)\n{\nagain:\n\tf();\n\tgoto again;\n}\n' >src/store/x.c
  finds banned.py "jumps backwards"
}

@test "report: counts what bats and cmocka say, and a plan that was cut short" {
  report=$BATS_TEST_DIRNAME/../report
  printf '1..3\nok 1 a in 5ms\nnot ok 2 b\n# why\nok 3 c # skip no reason\n' | "$report" tap one tally
  printf '1..4\nok 1 a\n' | "$report" tap two tally
  printf '{"name": "p / x", "result": "OK", "duration": 1, "stdout": "ok 1 - a\\nok 2 - b\\n"}\n' >log
  printf '{"name": "p / y", "result": "FAIL", "duration": 1, "stdout": "[       OK ] a\\n[  FAILED  ] b\\n"}\n' >>log
  "$report" meson three tally log
  run "$report" total tally
  [ "$status" = 1 ]
  [ "${lines[-1]}" = "5 passed, 3 failed, 1 skipped" ]
}
