#!/usr/bin/env bash
# Removes old snapshots and transaction logs: zkCleanup.sh -n COUNT, of the directories that zoo.cfg
# names, or zkCleanup.sh dataLogDir [snapDir] -n COUNT, as Apache ZooKeeper's script.
set -o pipefail

ZOOBINDIR=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
# shellcheck source=bin/zkEnv.sh
. "$ZOOBINDIR/zkEnv.sh"
config=$ZOOCFGDIR/$ZOOCFG

directories=()
if [ "${1:-}" = '-n' ] && [ -r "$config" ]; then
  data_dir=$(setting dataDir)
  log_dir=$(setting dataLogDir)
  directories=("${log_dir:-$data_dir}" "$data_dir")
fi
exec "$ZABRA" cleanup "${directories[@]}" "$@"
