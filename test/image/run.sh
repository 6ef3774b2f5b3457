#!/usr/bin/env bash
# The image as a cluster would run it: built from this checkout, then the steps of the Kubernetes
# tutorial that happen inside pods, by podman on this machine; a root file system that is read-only,
# another user, a limit of memory; ten thousand probes. `restart` below stands in for the kubelet.
# Runs as root, installs podman and what it needs where it is missing, leaves nothing running. Ends
# with "N passed, N failed".
set -uo pipefail
cd "$(dirname "$0")/../.."
golden=test/golden/kubernetes
# shellcheck source=test/image/lab.sh
. test/image/lab.sh

lab_open
trap lab_close EXIT
lab_image || exit 1

flags="--servers=3 --data_dir=/var/lib/zookeeper/data --data_log_dir=/var/lib/zookeeper/data/log \
--conf_dir=/opt/zookeeper/conf --client_port=2181 --election_port=3888 --server_port=2888 \
--tick_time=2000 --init_limit=10 --sync_limit=5 --heap=512M --max_client_cnxns=60 \
--snap_retain_count=3 --purge_interval=12 --max_session_timeout=40000 --min_session_timeout=4000 \
--log_level=INFO"

DOMAIN=zk-hs.default.svc.cluster.local

# What the name service says to each pod: its own name from the beginning, those of the others from
# when they are ready until they are gone. Each pod has a new address.
names_of() {
  local other
  {
    echo '127.0.0.1 localhost'
    for other in 0 1 2; do
      if [ "$other" = "$1" ] || [ -f "$LAB/ready-$other" ]; then
        echo "$(cat "$LAB/address-$other") zk-$other.$DOMAIN zk-$other"
      fi
    done
  } >"$LAB/hosts-$1"
}

publish() {
  local ordinal
  for ordinal in 0 1 2; do
    if [ -f "$LAB/address-$ordinal" ]; then names_of "$ordinal"; fi
  done
}

# pod ORDINAL: what the kubelet would run, on a volume as fsGroup leaves it, until it is ready.
pod() {
  local ordinal=$1 volume=$LAB/volume-$1
  echo "$ordinal" >>"$LAB/pods"
  echo "$SUBNET.$((9 + $(wc -l <"$LAB/pods")))" >"$LAB/address-$ordinal"
  if [ ! -d "$volume" ]; then
    mkdir "$volume"
    chown 0:1000 "$volume"
    chmod 2775 "$volume"
  fi
  names_of "$ordinal"
  podman run --detach --name "zk-$ordinal" --network "$NETWORK" --user 1000:1000 \
    --ip "$(cat "$LAB/address-$ordinal")" --hostname "zk-$ordinal" --dns 127.0.0.1 \
    --volume "$LAB/hosts-$ordinal:/etc/hosts" --volume "$volume:/var/lib/zookeeper" \
    "$IMAGE" sh -c "start-zookeeper $flags" >/dev/null
  wait_for 30 podman exec "zk-$ordinal" sh -c 'zookeeper-ready 2181' || return 1
  touch "$LAB/ready-$ordinal"
  publish
}

# A container that has ended or failed its probe is made anew, on the same volume.
restart() {
  rm -f "$LAB/ready-$1"
  publish
  podman rm --force --time 30 "zk-$1" >/dev/null
  pod "$1"
}

exit_code() { podman inspect --format '{{.State.ExitCode}}' "$1"; }

tutorial_start() {
  local ordinal began
  for ordinal in 0 1 2; do
    began=$(now_ms)
    check "zk-$ordinal is ready without waiting for those behind it" pod "$ordinal"
    less "zk-$ordinal answers soon after its start, ms" $(($(now_ms) - began)) 3000
  done
  # At once, while a leader may not be there yet.
  said "zkCli.sh create, as the tutorial shows it" "$(printf '%s\n' \
    'Connecting to localhost:2181' '' 'WATCHER::' '' \
    'WatchedEvent state:SyncConnected type:None path:null' 'Created /hello')" \
    podman exec zk-0 sh -c 'zkCli.sh create /hello world 2>&1'
}

tutorial_look() {
  local ordinal
  for ordinal in 0 1 2; do
    said "hostname of zk-$ordinal" "zk-$ordinal" podman exec "zk-$ordinal" hostname
    said "full name of zk-$ordinal" "zk-$ordinal.$DOMAIN" \
      podman exec "zk-$ordinal" hostname -f
    said "myid of zk-$ordinal" "$((ordinal + 1))" \
      podman exec "zk-$ordinal" cat /var/lib/zookeeper/data/myid
    said "zoo.cfg of zk-$ordinal" "$(cat $golden/zoo.cfg)" \
      podman exec "zk-$ordinal" cat /opt/zookeeper/conf/zoo.cfg
  done
  said 'log4j.properties' "$(cat $golden/log4j.properties)" \
    podman exec zk-0 cat /usr/etc/zookeeper/log4j.properties
  said 'java.env' "$(cat $golden/java.env)" podman exec zk-0 cat /opt/zookeeper/conf/java.env
  matches 'get /hello: data' '^world$' podman exec zk-1 sh -c 'zkCli.sh get /hello 2>/dev/null'
  STAT=$(podman exec zk-1 sh -c 'zkCli.sh get /hello 2>&1 >/dev/null')
  local names='cZxid ctime mZxid mtime pZxid cversion dataVersion aclVersion'
  same 'get /hello: eleven lines of its stat' \
    "$names ephemeralOwner dataLength numChildren" "$(cut -d ' ' -f 1 <<<"$STAT" | paste -sd ' ')"
  matches 'get /hello: the first zxid of a client' '^cZxid = 0x100000002$' printf '%s' "$STAT"
  matches 'get /hello: when' \
    '^ctime = [A-Z][a-z]{2} [A-Z][a-z]{2} [0-9]{2} [0-9:]{8} UTC [0-9]{4}$' printf '%s' "$STAT"
  matches 'ls of the data directory' \
    '^drwxr-sr-x [0-9]+ zookeeper zookeeper 4096 .* /var/lib/zookeeper/data$' \
    podman exec zk-0 ls -ld /var/lib/zookeeper/data
  matches 'metrics' '^zk_server_state.(leader|follower)$' podman exec zk-2 zookeeper-metrics 2181
}

tutorial_processes() {
  local user='zookeep\+'
  matches 'ps -elf: its head' \
    '^F S UID +PID +PPID +C PRI +NI ADDR SZ WCHAN +STIME TTY +TIME CMD$' \
    podman exec zk-0 ps -elf
  matches 'ps -elf: process 1 is the entry point' "^4 S $user +1 +0 .*start-zookeeper --servers=3" \
    podman exec zk-0 ps -elf
  matches 'ps -ef: the server is its child' "^$user +[0-9]+ +1 .* java .*zabra.js server" \
    podman exec zk-0 ps -ef
  said 'the server is called java' 'java' podman exec zk-0 ps --ppid 1 -o comm=
  podman exec zk-0 sh -c '(sleep 0.2 & echo $! >/tmp/orphan)'
  check 'process 1 reaps what others leave behind' \
    wait_for 5 podman exec zk-0 sh -c '! ps -p "$(cat /tmp/orphan)"'
  local resident
  resident=$(podman exec zk-0 ps --ppid 1 -o rss= | tr -d ' ')
  less 'memory of a server at rest, KiB' "$resident" 102400
  podman logs zk-0 >"$LAB/out" 2>/dev/null
  podman exec zk-0 zookeeper-ready 2181
  local line='^[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9:]{8},[0-9]{3} \[myid:[0-9]*\] - '
  line="$line(TRACE|DEBUG|INFO |WARN |ERROR|FATAL) \[.+:[A-Za-z\$]+@[0-9]+\] - "
  said 'every line of the log has the form of the tutorial' '' grep -vE "$line" "$LAB/out"
  local words
  for words in 'Accepted socket connection from /127.0.0.1:' 'Processing ruok command from ' \
    '(no session established for client)'; do
    check "a probe leaves \"$words\"" grep -qF "$words" "$LAB/out"
  done
}

tutorial_failures() {
  check 'pkill java' podman exec zk-0 pkill java
  check 'the container ends by itself' wait_for 10 sh -c \
    '[ "$(podman inspect --format "{{.State.Running}}" zk-0)" = false ]'
  same 'exit code after pkill' 143 "$(exit_code zk-0)"
  matches 'the others serve' '^world$' podman exec zk-1 sh -c 'zkCli.sh get /hello 2>/dev/null'
  check 'zk-0 comes back with its data' restart 0
  check 'rm of the probe' podman exec zk-0 rm /opt/zookeeper/bin/zookeeper-ready
  matches 'the probe fails' 'zookeeper-ready.*not found' \
    sh -c 'podman exec zk-0 sh -c "zookeeper-ready 2181" 2>&1'
  check 'a new container has it again' restart 0
  check 'another server reads' podman exec zk-0 sh -c 'zkCli.sh get /hello >/dev/null'
}

# All at once, and again from the volumes.
tutorial_stop() {
  local ordinal began took
  began=$(now_ms)
  for ordinal in 0 1 2; do podman stop --time 30 "zk-$ordinal" >/dev/null & done
  wait
  took=$(($(now_ms) - began))
  less 'all three stop, ms' "$took" 5000
  for ordinal in 0 1 2; do
    same "exit code of zk-$ordinal after SIGTERM" 143 "$(exit_code "zk-$ordinal")"
  done
  rm "$LAB"/ready-*
  for ordinal in 0 1 2; do check "zk-$ordinal starts again" restart "$ordinal"; done
  said 'value and stat are as before' "$STAT" \
    podman exec zk-2 sh -c 'zkCli.sh get /hello 2>&1 >/dev/null'
}

probes() {
  local began found
  began=$(now_ms)
  found=$(podman exec zk-0 bash -c 'good=0
    for ((i = 0; i < 10000; i++)); do
      answer=$(echo ruok | nc 127.0.0.1 2181)
      if [ "$answer" = imok ]; then good=$((good + 1)); fi
    done
    echo $good')
  same "probes by nc that were answered, in $((($(now_ms) - began) / 1000)) s" 10000 "$found"
}

# A name service that takes questions and never answers must not hold up the end of a server.
deaf_names() {
  podman run --detach --name deaf --network "$NETWORK" --ip "$SUBNET.5" --user 0:0 "$IMAGE" \
    sh -c 'nc -u -l -k -p 53 >/dev/null' >/dev/null
  podman run --detach --name asking --network "$NETWORK" --hostname zk-0 --dns "$SUBNET.5" \
    --add-host "zk-0:$SUBNET.6" --ip "$SUBNET.6" "$IMAGE" start-zookeeper --servers=3 >/dev/null
  check 'a name service that never answers: the server is alive' \
    wait_for 30 podman exec asking zookeeper-ready 2181
  local began
  began=$(now_ms)
  podman stop --time 30 asking >/dev/null
  less 'a name service that never answers: the server stops, ms' $(($(now_ms) - began)) 5000
  same 'a name service that never answers: exit code' 143 "$(exit_code asking)"
  podman rm --force --time 1 deaf >/dev/null
}

# alone NAME [OPTION...] -- COMMAND...: a pod of one server.
alone() {
  local name=$1
  shift
  local options=()
  while [ "$1" != -- ]; do
    options+=("$1")
    shift
  done
  shift
  podman run --name "$name" --network none "${options[@]}" "$IMAGE" "$@"
}

hardened() {
  local writable=() dir
  for dir in /opt/zookeeper/conf /var/lib/zookeeper /tmp; do
    writable+=(--tmpfs "$dir:mode=1777,notmpcopyup")
  done
  alone hard --detach --read-only --read-only-tmpfs=false "${writable[@]}" --user 123456:0 \
    --hostname zk-0 --cap-drop ALL --security-opt no-new-privileges --pids-limit 64 \
    --memory 192m -- start-zookeeper >/dev/null
  check 'a read-only root, user 123456, 192 MiB: serves' \
    wait_for 10 podman exec hard zookeeper-ready --quorum 2181
  check 'a read-only root: the shell writes and reads' podman exec hard sh -c \
    'zkCli.sh create /a x >/dev/null 2>&1 && zkCli.sh get /a 2>/dev/null | grep -qx x'
  matches 'the memory budget comes from the limit' '^JVMFLAGS="-Xmx144M -Xms144M"$' \
    podman exec hard cat /opt/zookeeper/conf/java.env
  matches 'the root is read-only' 'Read-only file system' \
    sh -c 'podman exec hard touch /opt/zookeeper/bin/x 2>&1'
  podman stop --time 20 hard >/dev/null
  same 'a read-only root: exit code' 143 "$(exit_code hard)"
  alone group --detach --user 123456 --hostname zk-0 -- start-zookeeper >/dev/null
  check 'any user, in group 0, without a volume' \
    wait_for 10 podman exec group zookeeper-ready --quorum 2181
}

# refuses NAME PATTERN [OPTION...] -- COMMAND...: one line on standard error, exit code 1.
refuses() {
  local name=$1 pattern=$2 code
  shift 2
  alone refused --rm "$@" >/dev/null 2>"$LAB/err"
  code=$?
  same "$name: exit code and lines" '1 1' "$code $(wc -l <"$LAB/err")"
  matches "$name: why" "$pattern" cat "$LAB/err"
}

refusals() {
  refuses 'an unknown flag' '^Unknown option --replicas=3' \
    --hostname zk-0 -- start-zookeeper --replicas=3
  refuses 'a name without an ordinal' 'the host name is "web"' --hostname web -- start-zookeeper
  refuses 'memory above the limit' '^Cannot use "--heap=512M": the memory limit is 256M$' \
    --hostname zk-0 --memory 256m -- start-zookeeper --heap=512M
  refuses 'a flag above the limit' '^Cannot use "-Xmx1g" of JVMFLAGS: the memory limit is 256M$' \
    --hostname zk-0 --memory 256m --env JVMFLAGS=-Xmx1g -- zabra k8s start --config /dev/null
  refuses 'a conf directory that is read-only' 'Cannot write into "/opt/zookeeper/conf": EROFS' \
    --hostname zk-0 --read-only -- start-zookeeper
  refuses 'the id of another server' 'myid" says "1", the host name says 2$' \
    --hostname zk-1 --user 1000:1000 --volume "$LAB/volume-0:/var/lib/zookeeper" -- \
    start-zookeeper --servers=3
  same 'nothing was overwritten' 1 "$(cat "$LAB/volume-0/data/myid")"
}

# docker-library's entry point: as root, which it gives up, and as somebody else.
official() {
  local image=${IMAGE%:*}:official
  podman run --detach --name official --network none --env ZOO_4LW_COMMANDS_WHITELIST=ruok \
    "$image" >/dev/null
  check 'the official image serves' \
    wait_for 10 podman exec official zookeeper-ready --quorum 2181
  said 'the official image: it gives up root' zookeeper \
    podman exec official ps -p 1 -o user:20=
  said 'the official image: its data have the same owner' 'zookeeper zookeeper' \
    podman exec official stat -c '%U %U' /data/myid
  matches 'the official image: a flag above the limit' \
    '^Cannot use "-Xmx1g" of SERVER_JVMFLAGS: the memory limit is 256M$' \
    sh -c "podman run --rm --network none --memory 256m --env SERVER_JVMFLAGS=-Xmx1g $image 2>&1"
  matches 'the official image: the shell of today' '^WatchedEvent .* zxid: -1$' \
    podman exec official zkCli.sh create /a x
  podman stop --time 20 official >/dev/null
  same 'the official image: exit code' 143 "$(exit_code official)"
  podman run --detach --name bitnami --network none --user 123456 --env ZOO_PORT_NUMBER=2182 \
    --env ALLOW_ANONYMOUS_LOGIN=yes --env ZOO_SERVER_ID=7 \
    --env ZOO_SERVERS=localhost:2888:3888::7 "$image" >/dev/null
  check "the official image with bitnami's variables, as another user" \
    wait_for 10 podman exec bitnami zookeeper-ready --quorum 2182
}

tutorial_start
tutorial_look
tutorial_processes
tutorial_failures
tutorial_stop
probes
deaf_names
hardened
refusals
official
lab_end
