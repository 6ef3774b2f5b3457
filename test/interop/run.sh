#!/usr/bin/env bash
# Interop: installs the peers, builds, and runs the tests against real servers and clients of
# others. A missing peer is a failure.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
cd "$root"
bash test/interop/install-peers.sh
npm run --silent build
node scripts/run-tests.mjs test/interop test/dist/interop 1 30
