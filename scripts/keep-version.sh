#!/usr/bin/env bash
# Keeps the server of a commit as "the last version", which the tests of rolling upgrades run beside
# the present one: compiled, without its tests, as one archive, and beside it what it was made of.
# Usage: bash scripts/keep-version.sh COMMIT
set -euo pipefail
cd "$(dirname "$0")/.."
commit=$(git rev-parse --verify "${1:?wanted a commit}^{commit}")
kept=$PWD/test/golden/last-version
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

git clone -q --no-checkout . "$work/tree"
cd "$work/tree"
git checkout -q "$commit"
npm ci --silent
npm run --silent build
version=$(node -p 'require("./packages/server/package.json").version')

mkdir -p "$kept"
# The same commit gives the same bytes: names in order, no times and no owners.
find packages/*/dist -name '*.js' ! -name '*.test.js' ! -name '*.test-kit.js' >"$work/names"
ls packages/*/package.json >>"$work/names"
tar --create --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner \
  --files-from "$work/names" | gzip -9 -n >"$kept/server.tgz"
cat >"$kept/ORIGIN.txt" <<END
version $version
commit $commit
date $(TZ=UTC git show -s --format=%cd --date=format-local:'%Y-%m-%d %H:%M UTC' "$commit")
subject $(git show -s --format=%s "$commit")
END
cat "$kept/ORIGIN.txt"
ls -l "$kept/server.tgz"
