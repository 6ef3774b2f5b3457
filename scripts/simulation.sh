#!/usr/bin/env bash
# Runs simulation seeds, shared out among the cores: simulation.sh FIRST-SEED COUNT. Ends with
# "N passed, N failed", one for each seed; a run that does not come to its end has failed, whatever
# it printed.
set -euo pipefail
cd "$(dirname "$0")/.."
first=$1
count=$2
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

cores=$(nproc)
shares=$((cores < count ? cores : count))
processes=()
start=$first
for ((share = 0; share < shares; share++)); do
  size=$((count / shares + (share < count % shares ? 1 : 0)))
  node packages/server/dist/bin/zabra.js sim --seed "$start" --count "$size" \
    >"$folder/$share" 2>&1 &
  processes+=("$!")
  start=$((start + size))
done

broken=0
passed=0
for ((share = 0; share < shares; share++)); do
  wait "${processes[$share]}" || broken=1
  cat "$folder/$share"
  seeds=$(sed -n 's/^\([0-9]*\) of [0-9]* seeds passed$/\1/p' "$folder/$share" | tail -n 1)
  passed=$((passed + ${seeds:-0}))
done
failed=$((count - passed))
if [ "$broken" -ne 0 ] && [ "$failed" -eq 0 ]; then failed=1; fi
printf '%d passed, %d failed\n' "$passed" "$failed"
[ "$failed" -eq 0 ]
