#!/usr/bin/env bash
# Starts and stops the Apache server that install-peers.sh installed, which comes without scripts:
# the two commands of Apache's own zkServer.sh that the documented procedure uses, with the same
# file of the process id. ZABRA_CLASS_PATH says where the server is.
set -euo pipefail

command=$1
config=$2
data_dir=$(sed -n 's/^dataDir=//p' "$config")
pid_file=$data_dir/zookeeper_server.pid

case $command in
  start)
    # shellcheck disable=SC2086
    setsid nohup java ${SERVER_JVMFLAGS:-} -Xmx512m -cp "${ZABRA_CLASS_PATH:?}" \
      org.apache.zookeeper.server.quorum.QuorumPeerMain "$config" \
      >>"${ZOO_LOG_DIR:?}/apache.out" 2>&1 </dev/null &
    printf '%s' "$!" >"$pid_file"
    ;;
  stop)
    kill "$(cat "$pid_file")"
    rm "$pid_file"
    ;;
  *)
    printf 'zkServer.sh: wanted start or stop and a configuration; got: %s\n' "$*" >&2
    exit 64
    ;;
esac
