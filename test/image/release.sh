#!/usr/bin/env bash
# A release as it would be handed out: made by scripts/release.sh from a clean copy of this
# checkout, with the network cut off once the inputs are there, then used: the npm packages in an
# empty folder, the OCI archives by podman, that for arm64 under emulation. Needs what
# test/image/run.sh needs, and Debian's git, qemu-user-static and arch-test, which it installs. Ends
# with "N passed, N failed".
set -uo pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=test/image/lab.sh
. test/image/lab.sh

SERVER=''

close() {
  if [ -n "$SERVER" ]; then kill "$SERVER" 2>/dev/null && wait "$SERVER"; fi
  lab_close
}

# A commit of its own, so that neither changes here nor a checkout without git matter.
clean_checkout() {
  CHECKOUT=$LAB/checkout
  mkdir -p "$CHECKOUT/.cache" .cache/image
  tar --exclude=node_modules --exclude=dist --exclude=./.cache --exclude=./.git --exclude=./data \
    -cf - . | tar -xf - -C "$CHECKOUT"
  ln -s "$PWD/.cache/image" "$CHECKOUT/.cache/image"
  git -C "$CHECKOUT" init --quiet
  git -C "$CHECKOUT" add --all
  git -C "$CHECKOUT" -c user.name=test -c user.email=test@localhost commit --quiet --message test
  (cd "$CHECKOUT" && npm ci --silent --prefer-offline --no-audit --no-fund)
}

make_release() {
  OUT=$LAB/out
  check 'the inputs for amd64' "$CHECKOUT/deploy/image/fetch.sh" --architecture amd64
  check 'the inputs for arm64' "$CHECKOUT/deploy/image/fetch.sh" --architecture arm64
  touch "$CHECKOUT/stray"
  matches 'a checkout with changes is refused' 'wanted a clean one$' \
    sh -c "'$CHECKOUT/scripts/release.sh' '$OUT' 2>&1"
  rm "$CHECKOUT/stray"
  check 'a release, without a network' unshare --net "$CHECKOUT/scripts/release.sh" "$OUT"
  VERSION=$(node -p 'require("./packages/server/package.json").version')
  said 'its artefacts' "$(printf '%s\n' SHA256SUMS "zabra-$VERSION-image-amd64.cdx.json" \
    "zabra-$VERSION-image-arm64.cdx.json" "zabra-$VERSION-image-official.oci.tar" \
    "zabra-$VERSION-image.oci.tar" "zabra-$VERSION.cdx.json" "zabra-$VERSION.tgz" \
    "zabra-client-$VERSION.tgz" "zabra-protocol-$VERSION.tgz")" env LC_ALL=C ls "$OUT"
  check 'its sums' sh -c "cd '$OUT' && sha256sum --check --quiet SHA256SUMS"
  said 'all but itself have a sum' 8 sh -c "wc -l <'$OUT/SHA256SUMS'"
}

# names_in FILE PREFIX: of the components whose purl begins so, a line each, sorted.
names_in() {
  node -e 'const [file, prefix] = process.argv.slice(1);
    const { components } = JSON.parse(require("node:fs").readFileSync(file, "utf8"));
    const found = components.filter(({ purl }) => purl.startsWith(prefix));
    console.log(found.map(({ name }) => name).join("\n"))' "$1" "$2" | LC_ALL=C sort
}

# Whether each SBOM is valid release.sh has asked; here, that the asking can say no, and what is in.
sboms() {
  local npm=$OUT/zabra-$VERSION.cdx.json
  sed 's/"type": "library"/"type": "book"/' "$npm" >"$LAB/wrong-type"
  matches 'an SBOM with an unknown type is not valid' 'not valid: .*/components/0/type' \
    node scripts/release/check-sbom.mjs "$LAB/wrong-type"
  sed 's/"ref": "pino@/"ref": "pinot@/' "$npm" >"$LAB/loose-end"
  matches 'an SBOM with a loose end is not valid' 'not valid: .*pinot@' \
    node scripts/release/check-sbom.mjs "$LAB/loose-end"
  local architecture
  for architecture in amd64 arm64; do
    said "the SBOM of the image for $architecture names what dpkg has there" \
      "$(podman run --rm --network none "$(image_for "$architecture")" \
        dpkg-query --show --showformat '${Package}\n' | LC_ALL=C sort)" \
      names_in "$OUT/zabra-$VERSION-image-$architecture.cdx.json" pkg:deb/
  done
}

image_for() { podman pull --quiet --arch "$1" "oci-archive:$OUT/zabra-$VERSION-image.oci.tar"; }

# What npm would bring to somebody who has nothing: a server, its shell, the client.
packages() {
  local empty=$LAB/empty port revision program
  mkdir "$empty"
  printf '{ "private": true, "type": "module" }\n' >"$empty/package.json"
  check 'the packages are installed' npm install --silent --prefer-offline --no-audit --no-fund \
    --prefix "$empty" "$OUT"/*.tgz
  said 'the SBOM of the packages names what was installed, but zabra itself' \
    "$(cd "$empty" && npm ls --all --parseable | sed -n 's/.*node_modules\///p' | grep -vx zabra |
      LC_ALL=C sort -u)" names_in "$OUT/zabra-$VERSION.cdx.json" pkg:npm/
  said 'no package has tests' '' find "$empty/node_modules/zabra" "$empty/node_modules/@zabra" \
    -name '*.test*'
  said 'each has its licence and a word about itself' 6 sh -c "cd '$empty/node_modules' &&
    ls zabra/LICENSE zabra/README.md @zabra/*/LICENSE @zabra/*/README.md | wc -l"
  revision=$(git -C "$CHECKOUT" rev-parse HEAD)
  program=$empty/node_modules/.bin/zabra
  matches 'the program says what it was made from' \
    "^3\.9\.5-zabra\.$VERSION-$revision, built on 2[0-9]{3}-" "$program" version
  port=$(node -p "const s = require('node:net').createServer().listen(0, '127.0.0.1');
    s.on('listening', () => { console.log(s.address().port); s.close(); }); ''" | tail -n 1)
  "$program" server "$port" "$empty/data" >"$LAB/server.log" 2>&1 &
  SERVER=$!
  check 'its server serves' wait_for 10 sh -c "'$program' word srvr 127.0.0.1:$port | grep Mode"
  matches 'its shell writes' '^Created /a$' \
    sh -c "'$program' shell -server 127.0.0.1:$port create /a hello 2>&1"
  cat >"$empty/read.js" <<EOF
import { connect } from '@zabra/client';
const zk = await connect('127.0.0.1:$port');
const { data } = await zk.getData('/a');
console.log(Buffer.from(data ?? []).toString());
await zk.close();
EOF
  said 'its client reads' hello node "$empty/read.js"
  cp "$empty/read.js" "$empty/read.ts"
  check 'the types of its client hold' sh -c "cd '$empty' && '$PWD/node_modules/.bin/tsc' --noEmit \
    --strict --target es2022 --module nodenext --types node \
    --typeRoots '$PWD/node_modules/@types' read.ts"
}

# The other architecture, by emulation where it is not this machine's.
other_architecture() {
  local image
  image=$(image_for arm64)
  said 'the image for arm64 is for arm64' 'linux/arm64' \
    podman image inspect --format '{{.Os}}/{{.Architecture}}' "$image"
  podman run --detach --name arm --network none --hostname zk-0 "$image" start-zookeeper \
    --servers=1 >/dev/null
  said 'its runtime as well' arm64 podman exec arm node -p process.arch
  check 'its server is alive' wait_for 60 podman exec arm zookeeper-ready 2181
  said 'it answers ruok' imok podman exec arm sh -c 'echo ruok | nc 127.0.0.1 2181'
  matches 'its shell writes' '^Created /arm$' podman exec arm sh -c 'zkCli.sh create /arm x 2>&1'
  podman stop --time 30 arm >/dev/null
  same 'its exit code' 143 "$(podman inspect --format '{{.State.ExitCode}}' arm)"
}

lab_open git qemu-user-static arch-test
trap close EXIT
clean_checkout
make_release
sboms
packages
other_architecture
lab_end
