#!/usr/bin/env bash
# The quality gate before a change is handed over, under two minutes: types, lint, format, then all
# of scripts/test.sh. Prints what each part took; ends with "N passed, N failed".
set -euo pipefail
cd "$(dirname "$0")/.."
unset NODE_TEST_CONTEXT
. scripts/parts.sh

part 'lint' bash scripts/lint.sh
part 'tests' bash scripts/test.sh
parts_end
