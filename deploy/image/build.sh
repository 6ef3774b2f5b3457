#!/usr/bin/env bash
# Builds the images from this checkout, Debian's packages and npm's, without any other image:
#
#   deploy/image/build.sh [--tag NAME] [--archive FILE]
#
# NAME is localhost/zabra by default; the image of the tutorial gets the tags latest and VERSION,
# the one with docker-library's entry point official. FILE becomes an OCI archive of the first. The
# Debian root and the runtime are kept in .cache/image, npm keeps its packages itself. Needs podman,
# mmdebstrap, npm, and a checkout after `npm ci`. Ends with the size of the image as it is sent.
set -euo pipefail
cd "$(dirname "$0")/../.."
here=$PWD/deploy/image
cache=$PWD/.cache/image
name=localhost/zabra
archive=''
while [ $# -gt 0 ]; do
  case $1 in
    --tag) name=${2:?--tag wants a name} ;;
    --archive) archive=${2:?--archive wants a file} ;;
    *)
      echo "build.sh: unknown option $1" >&2
      exit 2
      ;;
  esac
  shift 2
done
for tool in podman mmdebstrap npm; do
  if ! command -v "$tool" >/dev/null; then
    echo "build.sh: $tool is not installed" >&2
    exit 1
  fi
done

mkdir -p "$cache"
context=$(mktemp -d)
trap 'rm -rf "$context"' EXIT

# Debian: the essential packages and what the tutorial's steps run in a pod.
packages=procps,hostname,netcat-openbsd,libstdc++6
suite=bookworm
root=$cache/root-$suite-$(printf '%s' "$packages" | sha256sum | cut -c 1-12).tar
if [ ! -f "$root" ]; then
  unwanted=()
  for path in doc man info locale lintian bug; do
    unwanted+=("--dpkgopt=path-exclude=/usr/share/$path/*")
  done
  # Licences stay.
  mmdebstrap --quiet --variant=essential --include="$packages" \
    --aptopt='APT::Install-Recommends "false"' "${unwanted[@]}" \
    --dpkgopt='path-include=/usr/share/doc/*/copyright' \
    --customize-hook='rm -rf "$1"/var/cache/* "$1"/var/lib/apt/lists/* "$1"/var/log/*' \
    "$suite" "$root.new.tar"
  mv "$root.new.tar" "$root"
fi
ln "$root" "$context/root.tar" 2>/dev/null || cp "$root" "$context/root.tar"

# The runtime, as node.sha256 knows it.
architecture=$(dpkg --print-architecture)
read -r sum version _ package < <(grep " $architecture " "$here/node.sha256")
node=$cache/node-$version-$architecture
if ! printf '%s  %s\n' "$sum" "$node" | sha256sum --check --status 2>/dev/null; then
  mkdir -p "$context/npm"
  (cd "$context/npm" && npm pack --silent "$package@$version" >/dev/null)
  tar -C "$context/npm" -xzf "$context/npm/$package-$version.tgz" package/bin/node
  if ! printf '%s  %s\n' "$sum" "$context/npm/package/bin/node" | sha256sum --check --status; then
    echo "build.sh: $package@$version is not the Node that node.sha256 records" >&2
    exit 1
  fi
  mv "$context/npm/package/bin/node" "$node"
fi
install -m 755 "$node" "$context/node"

# The program: what is compiled, with the libraries that it runs by, and without its tests.
npm run --silent build
program=$context/zookeeper
mkdir -p "$program/conf" "$program/.git"
cp -r bin LICENSE package.json package-lock.json "$program"
for part in protocol client server; do
  mkdir -p "$program/packages/$part"
  cp -r "packages/$part/package.json" "packages/$part/dist" "$program/packages/$part"
done
find "$program/packages" \( -name '*.test.*' -o -name '*.test-kit.*' -o -name '*.d.ts' -o \
  -name '*.map' -o -name '*.tsbuildinfo' \) -delete
(cd "$program" && npm ci --silent --prefer-offline --omit=dev --ignore-scripts --no-audit --no-fund)
find "$program/node_modules" \( -name '*.md' -o -name '*.d.ts' -o -name '*.map' \) -delete
rm -f "$program/package-lock.json"
# Where the program looks for the revision that it was made from.
git rev-parse HEAD 2>/dev/null >"$program/.git/HEAD" || true

release=$(node -p 'require("./packages/server/package.json").version')
tutorial=$name:$release
podman build --quiet --target tutorial --tag "$tutorial" --tag "$name:latest" \
  --file "$here/Containerfile" "$context" >/dev/null
podman build --quiet --target official --tag "$name:official" \
  --file "$here/Containerfile" "$context" >/dev/null

# As a registry would hold it.
podman push --quiet "$tutorial" "oci:$context/oci" >/dev/null
bytes=$(du -sb "$context/oci" | cut -f 1)
if [ -n "$archive" ]; then tar -C "$context/oci" -cf "$archive" .; fi
printf '%s: %s bytes compressed (%s MB)\n' "$tutorial" "$bytes" "$((bytes / 1000000))"
