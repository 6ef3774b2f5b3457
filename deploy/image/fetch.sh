#!/usr/bin/env bash
# Fetches what build.sh makes the images from and a checkout does not hold, into .cache/image:
#
#   deploy/image/fetch.sh [--architecture NAME]      Debian's name of it: amd64, arm64
#
#   root-SUITE-ARCHITECTURE-SUM.tar  Debian's essential packages, and what the tutorial runs in pods
#   node-VERSION-ARCHITECTURE        the runtime, as node.sha256 knows it
#   libraries-SUM                    what package-lock.json names for the program
#
# What is there already is left alone; SUM is of what was asked for. Prints the three, a line each.
# Only this needs a network, mmdebstrap and npm's registry; a foreign architecture needs what
# emulation.sh says.
set -euo pipefail
cd "$(dirname "$0")/../.."
cache=$PWD/.cache/image
architecture=$(dpkg --print-architecture)
if [ "${1:-}" = --architecture ] && [ $# -eq 2 ]; then
  architecture=$2
elif [ $# -gt 0 ]; then
  echo "fetch.sh: unknown option $1" >&2
  exit 2
fi
mkdir -p "$cache"
aside=$(mktemp -d "$cache/new.XXXXXX")
trap 'rm -rf "$aside"' EXIT

sum_of() { sha256sum | cut -c 1-12; }

need() {
  if ! command -v "$1" >/dev/null; then
    echo "fetch.sh: $1 is not installed" >&2
    exit 1
  fi
}

# Debian: the essential packages and what the tutorial's steps run in a pod.
packages=procps,hostname,netcat-openbsd,libstdc++6
suite=bookworm
root=$cache/root-$suite-$architecture-$(printf '%s' "$packages" | sum_of).tar
if [ ! -f "$root" ]; then
  need mmdebstrap
  deploy/image/emulation.sh "$architecture"
  unwanted=()
  for path in doc man info locale lintian bug; do
    unwanted+=("--dpkgopt=path-exclude=/usr/share/$path/*")
  done
  # Licences stay.
  mmdebstrap --quiet --architectures="$architecture" --variant=essential --include="$packages" \
    --aptopt='APT::Install-Recommends "false"' "${unwanted[@]}" \
    --dpkgopt='path-include=/usr/share/doc/*/copyright' \
    --customize-hook='rm -rf "$1"/var/cache/* "$1"/var/lib/apt/lists/* "$1"/var/log/*' \
    "$suite" "$aside/root.tar" >&2
  mv "$aside/root.tar" "$root"
fi

# The runtime.
if ! line=$(grep " $architecture " deploy/image/node.sha256); then
  echo "fetch.sh: node.sha256 has no Node for \"$architecture\"" >&2
  exit 1
fi
read -r sum version _ package <<<"$line"
node=$cache/node-$version-$architecture
if ! printf '%s  %s\n' "$sum" "$node" | sha256sum --check --status 2>/dev/null; then
  need npm
  (cd "$aside" && npm pack --silent "$package@$version" >/dev/null)
  tar -C "$aside" -xzf "$aside/$package-$version.tgz" package/bin/node
  if ! printf '%s  %s\n' "$sum" "$aside/package/bin/node" | sha256sum --check --status; then
    echo "fetch.sh: $package@$version is not the Node that node.sha256 records" >&2
    exit 1
  fi
  mv "$aside/package/bin/node" "$node"
fi

# The libraries, by the sums of the lock file; their licences stay.
libraries=$cache/libraries-$(cat package-lock.json packages/*/package.json | sum_of)
if [ ! -d "$libraries" ]; then
  need npm
  cp --parents package.json package-lock.json packages/*/package.json "$aside"
  (cd "$aside" && npm ci --silent --prefer-offline --omit=dev --ignore-scripts --no-audit --no-fund)
  find "$aside/node_modules" \( -iname '*.md' ! -iname 'licen[cs]e*' -o -name '*.d.ts' -o \
    -name '*.map' -o -name .package-lock.json \) -delete
  mv "$aside/node_modules" "$libraries"
fi

printf '%s\n' "$root" "$node" "$libraries"
