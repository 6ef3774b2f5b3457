#!/usr/bin/env bash
# Compiles every room and removes what earlier versions left behind.
set -euo pipefail
cd "$(dirname "$0")/.."
node scripts/prune-dist.mjs
npx --no-install tsc -b
