#!/usr/bin/env bash
# Makes the artefacts of a release from a clean checkout:
#
#   scripts/release.sh FOLDER
#
#   zabra-VERSION.tgz, zabra-client-VERSION.tgz, zabra-protocol-VERSION.tgz   npm packages
#   zabra-VERSION-image.oci.tar, zabra-VERSION-image-official.oci.tar         OCI archives, each
#                                                                  of linux/amd64 and linux/arm64
#   zabra-VERSION.cdx.json, zabra-VERSION-image-ARCHITECTURE.cdx.json         SBOMs, CycloneDX
#   SHA256SUMS
#
# All bear the time of the commit, or SOURCE_DATE_EPOCH: the same commit from the same Debian
# packages makes the same files. FOLDER must not exist or be empty. Needs what deploy/image/build.sh
# and emulation.sh need. Nothing is published.
set -euo pipefail
if [ $# -ne 1 ]; then
  echo 'release.sh: one argument wanted, the folder for the artefacts' >&2
  exit 2
fi
output=$(realpath -m "$1")
cd "$(dirname "$0")/.."
if [ -n "$(git status --porcelain)" ]; then
  echo 'release.sh: the checkout has changes that are not committed, wanted a clean one' >&2
  exit 1
fi
if [ -e "$output" ] && [ -n "$(ls -A "$output")" ]; then
  echo "release.sh: \"$output\" is not empty" >&2
  exit 1
fi
umask 022
export SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}
architectures='amd64 arm64'
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$output"
# A machine that has never built this has no libraries either.
if [ ! -e node_modules/.package-lock.json ]; then npm ci --no-audit --no-fund; fi
# What an earlier compilation left must not go out.
rm -rf packages/*/dist
npm run --silent build
version=$(node -p 'require("./packages/server/package.json").version')
name=zabra-$version

say() { printf 'release.sh: %s\n' "$*" >&2; }

# archive FOLDER FILE: the same bytes for the same files.
archive() {
  tar -C "$1" --sort=name --format=ustar --mtime="@$SOURCE_DATE_EPOCH" --owner=0 --group=0 \
    --numeric-owner --mode=u=rwX,go=rX -cf "$2" .
}

say 'npm packages'
for part in protocol client server; do
  mkdir "$work/$part"
  cp -r LICENSE "packages/$part/package.json" "packages/$part/README.md" "packages/$part/dist" \
    "$work/$part"
  # As git has them, whatever umask the checkout was made under.
  chmod -R u=rwX,go=rX "$work/$part"
  (cd "$work/$part" && npm pkg set gitHead="$(git -C "$OLDPWD" rev-parse HEAD)" \
    built="$(date -u -d "@$SOURCE_DATE_EPOCH" +%FT%TZ)" &&
    npm pack --silent --pack-destination "$output" >/dev/null)
done

for architecture in $architectures; do
  say "image for $architecture"
  deploy/image/build.sh --architecture "$architecture" --tag "localhost/zabra-release-$architecture"
done
# kind REFERENCE FILE: one archive of the image of that kind for all architectures.
for kind in tutorial official; do
  list=localhost/zabra-release-list:$kind
  tag=$version
  file=$output/$name-image.oci.tar
  if [ "$kind" = official ]; then
    tag=official
    file=$output/$name-image-official.oci.tar
  fi
  podman manifest rm "$list" >/dev/null 2>&1 || true
  podman manifest create "$list" >/dev/null
  for architecture in $architectures; do
    podman manifest add "$list" \
      "containers-storage:localhost/zabra-release-$architecture:$tag" >/dev/null
  done
  podman manifest push --quiet --all "$list" "oci:$work/$kind:zabra:$tag" >/dev/null
  podman manifest rm "$list" >/dev/null
  archive "$work/$kind" "$file"
done

say 'SBOMs'
npm sbom --omit dev --sbom-format cyclonedx >"$work/npm.json"
node scripts/release/sbom.mjs "$work/npm.json" >"$output/$name.cdx.json"
for architecture in $architectures; do
  fetched=$(deploy/image/fetch.sh --architecture "$architecture")
  root=$(head -n 1 <<<"$fetched")
  tar -xOf "$root" ./var/lib/dpkg/status >"$work/status"
  node scripts/release/sbom.mjs "$work/npm.json" "$architecture" "$work/status" \
    deploy/image/node.sha256 >"$output/$name-image-$architecture.cdx.json"
done
node scripts/release/check-sbom.mjs "$output"/*.cdx.json >&2

(cd "$output" && sha256sum -- *.tgz *.tar *.json >SHA256SUMS)
say "wrote $output"
