#!/usr/bin/env bash
# What every script of this directory shares: where things are, and which configuration is meant.
# Sourced without arguments, so that `--config <dir>` is taken from those of the script itself. The
# variables are those of Apache ZooKeeper's scripts: ZOOCFGDIR, ZOOCFG, ZOO_LOG_DIR, ZOO_LOG_FILE,
# SERVER_JVMFLAGS, CLIENT_JVMFLAGS, JVMFLAGS, ZK_SERVER_HEAP, ZOOPIDFILE; the files
# `zookeeper-env.sh` and `java.env` in ZOOCFGDIR are sourced.

ZOOBINDIR=${ZOOBINDIR:-$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)}

if [ "${1:-}" = '--config' ]; then
  shift
  ZOOCFGDIR=${1:?--config wants a directory}
  shift
fi
if [ -z "${ZOOCFGDIR:-}" ]; then
  ZOOCFGDIR=$ZOOBINDIR/../conf
  if [ ! -d "$ZOOCFGDIR" ] && [ -d "$ZOOBINDIR/../etc/zookeeper" ]; then
    ZOOCFGDIR=$ZOOBINDIR/../etc/zookeeper
  fi
fi
# shellcheck source=/dev/null
if [ -f "$ZOOCFGDIR/zookeeper-env.sh" ]; then . "$ZOOCFGDIR/zookeeper-env.sh"; fi
# shellcheck source=/dev/null
if [ -f "$ZOOCFGDIR/java.env" ]; then . "$ZOOCFGDIR/java.env"; fi

ZOOCFG=${ZOOCFG:-zoo.cfg}
ZOO_LOG_DIR=${ZOO_LOG_DIR:-$ZOOBINDIR/../logs}
# A container may run as a user without a name.
USER=${USER:-$(id -un 2>/dev/null || id -u)}
ZOO_LOG_FILE=${ZOO_LOG_FILE:-zookeeper-$USER-server-${HOSTNAME:-host}.log}

# The heap that a JVM would get is the memory budget; an -Xmx of the operator comes later and wins.
export SERVER_JVMFLAGS="-Xmx${ZK_SERVER_HEAP:-1000}m ${SERVER_JVMFLAGS:-}"
# As log4j finds its configuration beside zoo.cfg; what the operator says of it comes later.
if [ -r "$ZOOCFGDIR/log4j.properties" ] && [[ $ZOOCFGDIR != *[[:space:]]* ]]; then
  SERVER_JVMFLAGS="-Dlog4j.configuration=file:$ZOOCFGDIR/log4j.properties $SERVER_JVMFLAGS"
fi
export JVMFLAGS=${JVMFLAGS:-}

# Absolute, so that a script may be called through a link from anywhere.
ZABRA=$ZOOBINDIR/zabra

# setting KEY: the value of `KEY=` in the file that `config` names, the last one, without blanks
# around it.
setting() {
  [ -r "$config" ] || return 0
  sed -n "s/^[[:space:]]*$1[[:space:]]*=[[:space:]]*//p" "$config" | tail -n 1 |
    sed 's/[[:space:]]*$//'
}
