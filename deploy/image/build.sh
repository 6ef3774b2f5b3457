#!/usr/bin/env bash
# Builds the images from this checkout and what fetch.sh has fetched, without any other image:
#
#   deploy/image/build.sh [--tag NAME] [--architecture NAME] [--archive FILE]
#
# The tag is localhost/zabra by default; the image of the tutorial gets the tags latest and VERSION,
# the one with docker-library's entry point official. The architecture is this machine's; for
# another one see emulation.sh. FILE becomes an OCI archive of the first. Fetches what is missing
# and needs no network where nothing is. Needs podman and a checkout after `npm ci`. With
# SOURCE_DATE_EPOCH, in seconds, all that is made bears that time, and the same checkout makes the
# same image. Ends with the size of the image as it is sent.
set -euo pipefail
cd "$(dirname "$0")/../.."
here=$PWD/deploy/image
name=localhost/zabra
architecture=$(dpkg --print-architecture)
archive=''
while [ $# -gt 0 ]; do
  case $1 in
    --tag) name=${2:?--tag wants a name} ;;
    --architecture) architecture=${2:?--architecture wants a name} ;;
    --archive) archive=${2:?--archive wants a file} ;;
    *)
      echo "build.sh: unknown option $1" >&2
      exit 2
      ;;
  esac
  shift 2
done
if ! command -v podman >/dev/null; then
  echo 'build.sh: podman is not installed' >&2
  exit 1
fi

fetched=$("$here/fetch.sh" --architecture "$architecture")
{ read -r root && read -r node && read -r libraries; } <<<"$fetched"
"$here/emulation.sh" "$architecture"

context=$(mktemp -d)
trap 'rm -rf "$context"' EXIT
ln "$root" "$context/root.tar" 2>/dev/null || cp "$root" "$context/root.tar"
install -m 755 "$node" "$context/node"

# The program: what is compiled, with the libraries that it runs by, and without its tests.
npm run --silent build
program=$context/zookeeper
mkdir -p "$program/conf"
cp -r bin LICENSE package.json "$program"
cp -a "$libraries" "$program/node_modules"
for part in protocol client server; do
  mkdir -p "$program/packages/$part"
  cp -r "packages/$part/package.json" "packages/$part/dist" "$program/packages/$part"
done
find "$program/packages" \( -name '*.test.*' -o -name '*.test-kit.*' -o -name '*.d.ts' -o \
  -name '*.map' -o -name '*.tsbuildinfo' \) -delete
# Modes as git has them, whatever umask the checkout was made under.
chmod -R u=rwX,go=rX "$program"
if revision=$(git rev-parse HEAD 2>/dev/null); then
  (cd "$program/packages/server" && npm pkg set gitHead="$revision")
fi

# Nothing in the image's own steps needs a network.
options=(--quiet --network none --platform "linux/$architecture" --file "$here/Containerfile")
if [ -n "${SOURCE_DATE_EPOCH:-}" ]; then options+=(--timestamp "$SOURCE_DATE_EPOCH"); fi
release=$(node -p 'require("./packages/server/package.json").version')
tutorial=$name:$release
podman build "${options[@]}" --target tutorial --tag "$tutorial" --tag "$name:latest" \
  "$context" >/dev/null
podman build "${options[@]}" --target official --tag "$name:official" "$context" >/dev/null

# As a registry would hold it.
podman push --quiet "$tutorial" "oci:$context/oci" >/dev/null
bytes=$(du -sb "$context/oci" | cut -f 1)
if [ -n "$archive" ]; then tar -C "$context/oci" -cf "$archive" .; fi
printf '%s: %s bytes compressed (%s MB)\n' "$tutorial" "$bytes" "$((bytes / 1000000))"
