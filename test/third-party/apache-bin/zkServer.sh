#!/usr/bin/env bash
# Starts the Apache server that install-peers.sh installed, for a test harness that knows a
# directory with a zkServer.sh in it and the one command `start-foreground CFG`. ZABRA_CLASS_PATH
# says where the server is.
set -euo pipefail

if [ "$#" -ne 2 ] || [ "$1" != start-foreground ] || [ ! -f "$2" ]; then
  printf 'zkServer.sh: wanted start-foreground and a configuration; got: %s\n' "$*" >&2
  exit 64
fi
# shellcheck disable=SC2086
exec java ${SERVER_JVMFLAGS:-} -Xmx512m -cp "${ZABRA_CLASS_PATH:?}" \
  org.apache.zookeeper.server.quorum.QuorumPeerMain "$2"
