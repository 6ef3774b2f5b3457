#!/usr/bin/env bash
# ZooKeeper's shell: zkCli.sh [-server HOST:PORT,...] [-timeout MS] [-r] [COMMAND WORDS...]
# Finds the compiled shell relative to itself, through symbolic links too.
set -euo pipefail

self=${BASH_SOURCE[0]}
while [ -L "$self" ]; do
  target=$(readlink "$self")
  case $target in
    /*) self=$target ;;
    *) self=$(dirname "$self")/$target ;;
  esac
done
root=$(cd "$(dirname "$self")/.." && pwd)
main=$root/packages/server/dist/bin/zk-cli.js

if ! command -v node >/dev/null; then
  echo 'zkCli.sh: node is not installed, wanted 20.19 or newer' >&2
  exit 1
fi
if [ ! -f "$main" ]; then
  echo 'zkCli.sh: the shell is not compiled: run "npm ci && npm run build" first' >&2
  exit 1
fi
exec node "$main" "$@"
