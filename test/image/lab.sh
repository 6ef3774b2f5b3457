# A laboratory of containers for test/image: podman with storage, networks and settings of its own,
# and the words of its checks. Sourced.

PASSED=0
FAILED=0
LAB=''
NETWORK=zabra-image-test
# Three numbers of an address that nothing else here is likely to have.
SUBNET=10.231.77
IMAGE=localhost/zabra-test:latest

# lab_open [PACKAGE...]: makes LAB, and installs what is missing, those packages among it.
lab_open() {
  local packages='podman runc conmon netavark aardvark-dns iptables catatonit mmdebstrap' log
  LAB=$(mktemp -d /tmp/zabra-image.XXXXXX)
  log=$LAB/install.log
  if ! { command -v podman && command -v mmdebstrap && command -v runc; } >/dev/null ||
    { [ $# -gt 0 ] && ! dpkg --status "$@" >/dev/null 2>&1; }; then
    # shellcheck disable=SC2086
    { apt-get update && apt-get install -y --no-install-recommends $packages "$@"; } >"$log" 2>&1 ||
      { tail -n 5 "$log"; exit 1; }
  fi
  # Limits below what a machine without CAP_SYS_RESOURCE may set.
  cat >"$LAB/containers.conf" <<EOF
[containers]
default_ulimits = ["nofile=1024:20000", "nproc=4096:20000"]
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
tmp_dir = "$LAB/tmp"
[network]
network_backend = "netavark"
network_config_dir = "$LAB/networks"
EOF
  cat >"$LAB/storage.conf" <<EOF
[storage]
driver = "overlay"
graphroot = "$LAB/storage"
runroot = "$LAB/run"
EOF
  export CONTAINERS_CONF=$LAB/containers.conf CONTAINERS_STORAGE_CONF=$LAB/storage.conf
}

# Builds the image that is tested; its size is a target.
lab_image() {
  local built bytes
  built=$(deploy/image/build.sh --tag "${IMAGE%:*}" | tail -n 1) || {
    echo 'not ok the image is built'
    echo '0 passed, 1 failed'
    return 1
  }
  echo "$built"
  bytes=$(printf '%s' "$built" | sed 's/.*: \([0-9]*\) bytes.*/\1/')
  less 'the image, bytes compressed' "$bytes" 100000000
  podman network create --disable-dns --subnet "$SUBNET.0/24" "$NETWORK" >/dev/null
}

lab_close() {
  podman rm --all --force --time 5 >/dev/null 2>&1
  podman network rm --force "$NETWORK" >/dev/null 2>&1
  podman rmi --all --force >/dev/null 2>&1
  umount "$LAB/storage/overlay" 2>/dev/null
  rm -rf "$LAB"
}

lab_end() {
  printf '%d passed, %d failed\n' "$PASSED" "$FAILED"
  [ "$FAILED" -eq 0 ] && [ "$PASSED" -gt 0 ]
}

now_ms() { echo $(($(date +%s%N) / 1000000)); }

# wait_for SECONDS COMMAND...: until it succeeds.
wait_for() {
  local deadline=$(($(now_ms) + $1 * 1000))
  shift
  until "$@" >/dev/null 2>&1; do
    if [ "$(now_ms)" -gt "$deadline" ]; then return 1; fi
    sleep 0.1
  done
}

passed() {
  PASSED=$((PASSED + 1))
  printf 'ok %s\n' "$1"
}

failed() {
  FAILED=$((FAILED + 1))
  printf 'not ok %s: %s\n' "$1" "$2"
}

# check NAME COMMAND...: it succeeds.
check() {
  local name=$1 output
  shift
  if output=$("$@" 2>&1); then passed "$name"; else failed "$name" "$output"; fi
}

# same NAME WANTED FOUND
same() {
  if [ "$2" = "$3" ]; then passed "$1"; else failed "$1" "found <$3>, wanted <$2>"; fi
}

# less NAME FOUND LIMIT
less() {
  if [ "$2" -lt "$3" ]; then passed "$1 ($2)"; else failed "$1" "found $2, wanted less than $3"; fi
}

# said NAME WANTED COMMAND...: what it prints, without the last line feed.
said() {
  local name=$1 wanted=$2
  shift 2
  same "$name" "$wanted" "$("$@")"
}

# matches NAME PATTERN COMMAND...: a line of what it prints does.
matches() {
  local name=$1 pattern=$2 output
  shift 2
  output=$("$@")
  if grep -qE "$pattern" <<<"$output"; then passed "$name"; else
    failed "$name" "no line like <$pattern> in <$output>"
  fi
}
