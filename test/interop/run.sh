#!/usr/bin/env bash
# Everything that needs more than Node: installs the peers, builds, and runs the suites against real
# servers and clients of others. A missing peer is a failure. Ends with "N passed, N failed".
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
unset NODE_TEST_CONTEXT
. scripts/parts.sh

part 'peers' bash test/interop/install-peers.sh
part 'build' bash scripts/build.sh
for suite in interop differential third-party; do
  [ -n "$(find "test/$suite" -name '*.test.ts' -print -quit)" ] || continue
  part "test/$suite" node scripts/run-tests.mjs "test/$suite" "test/dist/$suite" 1 30
done
parts_end
