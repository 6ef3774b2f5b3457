#!/usr/bin/env bash
# Everything that needs only Node: compiles, then runs the tests of every room, the tests of the
# whole and a few simulation seeds. Prints what each part took; ends with "N passed, N failed".
set -euo pipefail
cd "$(dirname "$0")/.."
unset NODE_TEST_CONTEXT
. scripts/parts.sh

part 'build' bash scripts/build.sh
for room in packages/protocol packages/client packages/server/src/*; do
  case $room in
    packages/server/src/*) sources=$room compiled=packages/server/dist/${room##*/} ;;
    *) sources=$room/src compiled=$room/dist ;;
  esac
  [ -n "$(find "$sources" -name '*.test.ts' -print -quit)" ] || continue
  part "${room#packages/}" node scripts/run-tests.mjs "$sources" "$compiled"
done
for folder in test/*/; do
  folder=${folder%/}
  # What needs more than Node is not run here: it has a command of its own, npm run test:interop.
  case ${folder#test/} in dist | interop | differential | third-party) continue ;; esac
  [ -n "$(find "$folder" -name '*.test.ts' -print -quit)" ] || continue
  part "$folder" node scripts/run-tests.mjs "$folder" "test/dist/${folder#test/}" 1
done
part 'simulation, 50 seeds' bash scripts/simulation.sh 1 50
parts_end
