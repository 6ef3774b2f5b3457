#!/usr/bin/env bash
# Lint, floating promises and format; what no linter can see is in test/tidy.
set -euo pipefail
cd "$(dirname "$0")/.."
status=0
npx --no-install oxlint || status=1
npx --no-install biome lint --diagnostic-level=warn . || status=1
npx --no-install biome format . || status=1
exit "$status"
