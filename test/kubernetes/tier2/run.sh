#!/usr/bin/env bash
# The Kubernetes tutorial for real: builds Kubernetes, once, and our image, starts a cluster of four
# nodes on this machine, gives every command of docs/kubernetes-tutorial.md and asserts what each
# must show; then the manifest that upstream publishes, then ours for production. Ends with
# "N passed, N failed".
#
#   test/kubernetes/tier2/run.sh [tutorial] [upstream] [production]
#
# For a Debian 12 machine with control groups of version 1, as root, with Node and this checkout
# after `npm ci`; a quarter of an hour, and as much again when Kubernetes is to be built. Programs
# are kept in ZABRA_KUBERNETES_LAB, by default .cache/kubernetes. With ZABRA_REWRITE=1 a run of all
# parts becomes docs/kubernetes-tutorial-run.md. Ends what it started, leaves nothing else behind.
set -uo pipefail
cd "$(dirname "$0")/../../.."
# shellcheck source=test/image/lab.sh
. test/image/lab.sh
# shellcheck source=test/kubernetes/tier2/cluster.sh
. test/kubernetes/tier2/cluster.sh

PROGRAMS=${ZABRA_KUBERNETES_LAB:-$PWD/.cache/kubernetes}
cluster_check || exit 1
test/kubernetes/tier2/install.sh "$PROGRAMS" || exit 1
lab_open
close() {
  cluster_down
  lab_close
}
trap close EXIT
trap 'exit 130' INT TERM

deploy/image/build.sh --tag "${IMAGE%:*}" || exit 1
release=$(node -p 'require("./packages/server/package.json").version')
if ! cluster_up "$IMAGE" "zabra:$release"; then
  echo 'Cannot start the cluster; the ends of its logs:'
  for log in "$LAB"/*.log; do
    echo "-- ${log##*/}"
    tail -n 5 "$log"
  done
  exit 1
fi
node test/dist/kubernetes/tier2/main.js "$LAB" "$@"
status=$?
mkdir -p .cache
cp "$LAB/transcript.md" .cache/kubernetes-transcript.md
if [ "${ZABRA_REWRITE:-}" = 1 ] && [ $# -eq 0 ]; then
  cp "$LAB/transcript.md" docs/kubernetes-tutorial-run.md
fi
exit $status
