#!/usr/bin/env bash
# The entry point of docker-library's image of ZooKeeper, for compose files and charts that are made
# for it: zoo.cfg and myid from ZOO_ variables, where there are none yet, then the command. Takes
# bitnami's and Confluent's variables as well. Started as root with zkServer.sh, it hands the data
# over to the user zookeeper and becomes that user; started as any other user, it changes no owner.
set -euo pipefail
umask 022

bin=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
data=${ZOOKEEPER_DATA_DIR:-${ZOO_DATA_DIR:-/data}}
data_log=${ZOOKEEPER_DATA_LOG_DIR:-${ZOO_DATA_LOG_DIR:-/datalog}}
logs=${ZOO_LOG_DIR:-/logs}
mkdir -p "$data" "$data_log" "$logs"

if [ "${1:-}" = zkServer.sh ] && [ "$(id -u)" = 0 ]; then
  chown -R zookeeper "$data" "$data_log" "$logs"
  if [ -w "${ZOO_CONF_DIR:-/conf}" ]; then chown zookeeper "${ZOO_CONF_DIR:-/conf}"; fi
  exec setpriv --reuid=zookeeper --regid=zookeeper --init-groups "$0" "$@"
fi

flags=$("$bin/zabra" image-files)
# What the user sets comes later and wins.
export SERVER_JVMFLAGS="$flags ${SERVER_JVMFLAGS:-}"
export ZOOCFGDIR=${ZOO_CONF_DIR:-/conf}
exec "$@"
