#!/usr/bin/env bash
# Starts, stops and asks one server, with the commands, variables, messages and exit codes of
# Apache ZooKeeper's script of this name, so that service files and habits keep working:
#
#   zkServer.sh [--config <dir>] <command> [zoo.cfg]
#
# The last argument is a file name inside the configuration directory, or a path.
# Not -u: files of the operator that are sourced below may rely on unset variables.
set -o pipefail

self=$(readlink -f "${BASH_SOURCE[0]}")
ZOOBINDIR=$(dirname "$self")
if [ "${JMXDISABLE:-}" = '' ] || [ "$JMXDISABLE" = false ]; then
  echo 'ZooKeeper JMX enabled by default' >&2
else
  echo 'JMX disabled by user request' >&2
fi
# shellcheck source=bin/zkEnv.sh
. "$ZOOBINDIR/zkEnv.sh"

command=${1:-}
case ${2:-} in
  '') config=$ZOOCFGDIR/$ZOOCFG ;;
  */*) config=$2 ;;
  *)
    config=$ZOOCFGDIR/$2
    # Beyond Apache's script: a name that is in the present directory alone is meant, too.
    if [ ! -e "$config" ] && [ -e "$2" ]; then config=$2; fi
    ;;
esac
echo "Using config: $config" >&2

data_dir=$(setting dataDir)
log_dir=$(setting dataLogDir)
out_file=$ZOO_LOG_DIR/${ZOO_LOG_FILE%.log}.out
pid_file=${ZOOPIDFILE:-$data_dir/zookeeper_server.pid}

# Refuses a data directory that is not there when it may not be made.
check_data_dir() {
  if [ -z "${ZOO_DATADIR_AUTOCREATE_DISABLE:-}" ]; then return 0; fi
  local dir
  for dir in "$data_dir" "${log_dir:-$data_dir}"; do
    if [ ! -d "$dir/version-2" ]; then
      echo "ZooKeeper data directory is missing at $dir fix the path or run initialize" >&2
      exit 1
    fi
  done
  SERVER_JVMFLAGS="$SERVER_JVMFLAGS -Dzookeeper.datadir.autocreate=false"
}

start() {
  local pid
  printf 'Starting zookeeper ... '
  if [ -f "$pid_file" ]; then
    pid=$(cat "$pid_file")
    if kill -0 "$pid" 2>/dev/null; then
      echo "already running as process $pid."
      exit 1
    fi
  fi
  mkdir -p "$ZOO_LOG_DIR" "$(dirname "$pid_file")"
  # Where what this start says will begin in the log.
  local said=1
  if [ -f "$out_file" ]; then said=$(($(wc -c <"$out_file") + 1)); fi
  # A session of its own where the system can, so that the end of this terminal is not the end of
  # the server.
  # shellcheck disable=SC2046
  $(command -v setsid) nohup "$ZABRA" server "$config" >>"$out_file" 2>&1 </dev/null &
  pid=$!
  if ! printf '%s' "$pid" >"$pid_file"; then
    echo 'FAILED TO WRITE PID'
    exit 1
  fi
  # Started is a server that listens, or one that lives for some seconds and keeps a quieter log.
  local tries=0
  while kill -0 "$pid" 2>/dev/null && [ $tries -lt 50 ]; do
    if tail -c "+$said" "$out_file" 2>/dev/null | grep -q 'Listening for client'; then break; fi
    tries=$((tries + 1))
    sleep 0.1
  done
  if kill -0 "$pid" 2>/dev/null; then
    echo 'STARTED'
  else
    echo 'FAILED TO START'
    tail -n 1 "$out_file" >&2
    exit 1
  fi
}

stop() {
  printf 'Stopping zookeeper ... '
  if [ ! -f "$pid_file" ]; then
    echo "no zookeeper to stop (could not find file $pid_file)"
    return 0
  fi
  kill "$(cat "$pid_file")" 2>/dev/null
  rm -f "$pid_file"
  sleep 1
  echo 'STOPPED'
}

# client_of FILE: the client part of this server's line in FILE.
client_of() {
  local myid
  myid=$(head -n 1 "$data_dir/myid" 2>/dev/null) || return 0
  [ -r "$1" ] || return 0
  sed -n "s/^[[:space:]]*server\.$myid[[:space:]]*=[^;]*;[[:space:]]*//p" "$1" | tail -n 1
}

status() {
  local address port from_line='' dynamic ssl=false
  address=$(setting clientPortAddress)
  port=$(setting clientPort)
  if [ -z "$port" ]; then
    from_line=$(client_of "$config")
    dynamic=$(setting dynamicConfigFile)
    if [ -z "$from_line" ] && [ -n "$dynamic" ]; then
      echo "Client port not found in static config file. Looking in dynamic config file."
      from_line=$(client_of "$dynamic")
    fi
    port=${from_line##*:}
    if [ "$from_line" != "$port" ]; then address=${from_line%:*}; fi
  fi
  if [ -z "$port" ]; then
    port=$(setting secureClientPort)
    if [ -n "$port" ]; then
      echo 'Client port not found in the server configs. Looking for secureClientPort.'
      address=$(setting secureClientPortAddress)
      ssl=true
    fi
  fi
  if [ -z "$port" ]; then
    echo 'Unable to find either secure or unsecure client port in any configs. Terminating.'
    exit 1
  fi
  if [ -z "$address" ] || [ "$address" = 0.0.0.0 ]; then address=localhost; fi
  echo "Client port found: $port. Client address: $address. Client SSL: $ssl."
  local secure=()
  if [ "$ssl" = true ]; then secure=(--secure); fi
  if ! "$ZABRA" word "${secure[@]}" srvr "$address:$port" 2>/dev/null | grep Mode; then
    echo 'Error contacting service. It is probably not running.'
    exit 1
  fi
}

case $command in
  start)
    check_data_dir
    start
    ;;
  start-foreground)
    check_data_dir
    if [ -n "${ZOO_NOEXEC:-}" ]; then
      "$ZABRA" server "$config"
    else
      exec "$ZABRA" server "$config"
    fi
    ;;
  print-cmd)
    printf '"%s" "server" "%s" &>"%s" </dev/null\n' "$ZABRA" "$config" "$out_file"
    ;;
  stop) stop ;;
  version)
    # Tools read the name, the digits and the dots.
    "$ZABRA" version | sed 's/^/Apache ZooKeeper, version /; s/, built on / /'
    ;;
  restart)
    "$self" stop "$config"
    sleep 3
    "$self" start "$config"
    ;;
  status) status ;;
  *)
    echo "Usage: $0 [--config <conf-dir>]" \
      '{start|start-foreground|stop|version|restart|status|print-cmd}' >&2
    ;;
esac
