# Parts of a run: each is a command that is timed, counted and never stops the ones behind it.
# Sourced by the scripts beside it and by .ci/run. A part's own last line "N passed, N failed"
# gives its counts; a part without one counts as one. A part that ends badly has failed at least
# once, and one that says it passed nothing has failed as well.

PARTS_PASSED=0
PARTS_FAILED=0
PARTS_SUMMARY=''

# part NAME COMMAND [ARGUMENT...]
part() {
  local name=$1
  shift
  local output status=0 started ended counts passed failed
  output=$(mktemp)
  printf '== %s\n' "$name"
  started=$(date +%s%N)
  { "$@" 2>&1 || echo "$?" >"$output.status"; } | tee "$output" || true
  ended=$(date +%s%N)
  if [ -e "$output.status" ]; then status=$(cat "$output.status"); fi
  counts=$(grep -E '^[0-9]+ passed, [0-9]+ failed$' "$output" | tail -n 1 || true)
  rm -f "$output" "$output.status"
  if [ -n "$counts" ]; then
    passed=${counts%% *}
    failed=${counts#*, }
    failed=${failed%% *}
    if [ $((passed + failed)) -eq 0 ]; then failed=1; fi
    if [ "$status" -ne 0 ] && [ "$failed" -eq 0 ]; then failed=1; fi
  else
    passed=$((status == 0 ? 1 : 0))
    failed=$((status == 0 ? 0 : 1))
  fi
  PARTS_PASSED=$((PARTS_PASSED + passed))
  PARTS_FAILED=$((PARTS_FAILED + failed))
  local line tenths=$(((ended - started) / 100000000))
  line=$(printf '%-28s %5d.%d s  %d passed, %d failed' \
    "$name" $((tenths / 10)) $((tenths % 10)) "$passed" "$failed")
  PARTS_SUMMARY="$PARTS_SUMMARY$line"$'\n'
  if [ "$failed" -gt 0 ]; then printf '** %s\n' "$line"; fi
}

# Prints what each part took and the sums; fails when anything failed or nothing ran.
parts_end() {
  printf '\n%s\n' "$PARTS_SUMMARY"
  printf '%d passed, %d failed\n' "$PARTS_PASSED" "$PARTS_FAILED"
  [ "$PARTS_FAILED" -eq 0 ] && [ "$PARTS_PASSED" -gt 0 ]
}
