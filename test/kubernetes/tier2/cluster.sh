# A cluster of four nodes on this machine, for test/kubernetes/tier2: control plane, registry, name
# service, and for each node a containerd and a kubelet with mounts of their own. All of it hangs on
# one bridge that leads nowhere else. Sourced, after test/image/lab.sh, whose LAB is where
# everything is kept; PROGRAMS is the folder of install.sh.
#
# Every process is born in the control group GROUP, containers in those of their nodes; so what has
# to be ended is known by its id, whatever became of its parent.

BRIDGE=cni0
ADDRESS=10.244.0.1
REGISTRY=$ADDRESS:5000
NODES='1 2 3 4'
CGROUPS=/sys/fs/cgroup
GROUP=zabra-kubernetes
NODE_GROUP=zabra-node
# Where nodes keep things, each below its own mounts.
NODE_FOLDERS='/var/lib/kubelet /var/log/pods /var/log/containers /var/lib/cni /run/containerd
  /run/netns'
# What a kubelet sets as it starts.
KERNEL_SETTINGS='vm.overcommit_memory vm.panic_on_oom kernel.panic kernel.panic_on_oops
  kernel.keys.root_maxkeys kernel.keys.root_maxbytes'

cluster_check() {
  if [ "$(id -u)" -ne 0 ]; then
    echo 'Cannot start a cluster as a user: it wants root' >&2
    return 1
  fi
  if [ ! -d $CGROUPS/pids ]; then
    echo "Cannot start a cluster: this kubelet wants control groups of version 1 below $CGROUPS;" \
      'start Linux with systemd.unified_cgroup_hierarchy=0' >&2
    return 1
  fi
  if ip link show "$BRIDGE" >/dev/null 2>&1; then
    echo "Cannot start a cluster: a bridge $BRIDGE is there already" >&2
    return 1
  fi
}

# begin NAME COMMAND...: in the background, below GROUP; the output is NAME.log.
begin() {
  local name=$1
  shift
  bash -c 'echo $$ >"$0" && exec "$@"' $CGROUPS/pids/$GROUP/cgroup.procs "$@" \
    >"$LAB/$name.log" 2>&1 </dev/null &
  # Its end is nothing for this shell to tell of.
  disown $!
}

# certificate NAME SUBJECT [NAMES]: signed by the authority that this makes first.
certificate() {
  local name=$1 subject=$2 names=${3:-DNS:$1} keys=$LAB/keys
  mkdir -p "$keys"
  if [ ! -f "$keys/ca.crt" ]; then
    openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=laboratory \
      -keyout "$keys/ca.key" -out "$keys/ca.crt" 2>/dev/null
  fi
  openssl req -newkey rsa:2048 -nodes -subj "$subject" -keyout "$keys/$name.key" 2>/dev/null |
    openssl x509 -req -days 2 -CA "$keys/ca.crt" -CAkey "$keys/ca.key" -CAcreateserial \
      -extfile <(echo "subjectAltName=$names") -out "$keys/$name.crt" 2>/dev/null
}

cluster_keys() {
  certificate apiserver /CN=kube-apiserver "IP:$ADDRESS,DNS:kubernetes.default.svc"
  certificate admin /O=system:masters/CN=admin
  openssl genrsa -out "$LAB/keys/accounts.key" 2048 2>/dev/null
  cat >"$LAB/kubeconfig" <<CONFIG
apiVersion: v1
kind: Config
clusters:
- name: laboratory
  cluster:
    server: https://$ADDRESS:16443
    certificate-authority: $LAB/keys/ca.crt
users:
- name: admin
  user:
    client-certificate: $LAB/keys/admin.crt
    client-key: $LAB/keys/admin.key
contexts:
- name: laboratory
  context:
    cluster: laboratory
    user: admin
current-context: laboratory
CONFIG
  export KUBECONFIG=$LAB/kubeconfig PATH=$PROGRAMS/bin:$PATH
}

cluster_network() {
  ip link add name "$BRIDGE" type bridge
  # Of its own: else it would take one of the pods', and change it as they come and go.
  ip link set dev "$BRIDGE" address 02:00:0a:f4:00:01
  ip address add "$ADDRESS/16" dev "$BRIDGE"
  ip link set dev "$BRIDGE" up
}

cluster_registry() {
  cat >"$LAB/registry.yaml" <<CONFIG
version: 0.1
storage:
  filesystem:
    rootdirectory: $LAB/registry
http:
  addr: $REGISTRY
CONFIG
  begin registry docker-registry serve "$LAB/registry.yaml"
  wait_for 20 bash -c "exec 3<>/dev/tcp/${REGISTRY/:/\/}"
}

# cluster_image IMAGE NAME: into the registry; and what holds a pod's name spaces, made from it.
cluster_image() {
  printf 'FROM %s\nUSER 0\nENTRYPOINT ["sleep", "infinity"]\n' "$1" >"$LAB/Containerfile.pause"
  podman build --quiet --tag localhost/pause --file "$LAB/Containerfile.pause" "$LAB/keys" &&
    podman push --quiet --tls-verify=false "$1" "docker://$REGISTRY/$2" &&
    podman push --quiet --tls-verify=false localhost/pause "docker://$REGISTRY/pause:1"
}

control_plane() {
  local keys=$LAB/keys etcd=http://127.0.0.1:12379 peer=http://127.0.0.1:12380
  begin etcd etcd --name laboratory --data-dir "$LAB/etcd" --unsafe-no-fsync \
    --listen-client-urls $etcd --advertise-client-urls $etcd --listen-peer-urls $peer \
    --initial-advertise-peer-urls $peer --initial-cluster laboratory=$peer
  # Exec and logs go to nodes by their address: nobody resolves their names.
  begin apiserver kube-apiserver --etcd-servers=$etcd --bind-address=$ADDRESS \
    --secure-port=16443 --advertise-address=$ADDRESS --service-cluster-ip-range=10.96.0.0/16 \
    --client-ca-file="$keys/ca.crt" --tls-cert-file="$keys/apiserver.crt" \
    --tls-private-key-file="$keys/apiserver.key" --cert-dir="$LAB/apiserver" \
    --kubelet-client-certificate="$keys/admin.crt" --kubelet-client-key="$keys/admin.key" \
    --kubelet-preferred-address-types=InternalIP --authorization-mode=AlwaysAllow \
    --service-account-key-file="$keys/accounts.key" \
    --service-account-signing-key-file="$keys/accounts.key" \
    --service-account-issuer=https://kubernetes.default.svc \
    --disable-admission-plugins=ServiceAccount,DefaultStorageClass
  wait_for 60 kubectl get --raw /readyz || return 1
  begin controller-manager kube-controller-manager --kubeconfig="$KUBECONFIG" \
    --service-account-private-key-file="$keys/accounts.key" --root-ca-file="$keys/ca.crt" \
    --leader-elect=false --bind-address=127.0.0.1 --port=0 --secure-port=11257 \
    --cert-dir="$LAB/controller-manager"
  begin scheduler kube-scheduler --kubeconfig="$KUBECONFIG" --leader-elect=false \
    --bind-address=127.0.0.1 --port=0 --secure-port=11259 --cert-dir="$LAB/scheduler"
  begin names node test/dist/kubernetes/tier2/names.js "$LAB"
}

# The kubelet looks for the groups that it is told to use; a cpuset wants its processors first.
node_groups() {
  local node=$1 hierarchy file
  for hierarchy in cpu cpuacct cpuset memory devices freezer blkio pids systemd hugetlb perf_event \
    net_cls net_prio; do
    if [ -d $CGROUPS/$hierarchy ]; then mkdir -p "$CGROUPS/$hierarchy/$NODE_GROUP-$node"; fi
  done
  for file in cpuset.cpus cpuset.mems; do
    cat $CGROUPS/cpuset/$file >"$CGROUPS/cpuset/$NODE_GROUP-$node/$file"
  done
}

nodes() {
  local node folder
  for folder in $NODE_FOLDERS; do
    if [ ! -d "$folder" ]; then
      mkdir -p "$folder"
      echo "$folder" >>"$LAB/made-folders"
    fi
  done
  for node in $NODES; do
    mkdir -p "$LAB/node-$node"
    node_groups "$node"
    begin "node-$node" unshare --mount bash test/kubernetes/tier2/node.sh \
      "$node" "$LAB" "$ADDRESS" "$BRIDGE" "$REGISTRY" "$NODE_GROUP" "$NODE_FOLDERS"
  done
  for node in $NODES; do
    wait_for 90 kubectl wait --for=condition=Ready --timeout=1s "node/node-$node" || {
      echo "Cannot start node $node:"
      tail -n 5 "$LAB/node-$node.log"
      return 1
    }
  done
}

# cluster_up IMAGE NAME: all of it, and IMAGE in its registry.
cluster_up() {
  cluster_check || return 1
  mkdir $CGROUPS/pids/$GROUP || return 1
  # From here on there is something to end.
  CLUSTER_IS_UP=yes
  # shellcheck disable=SC2086
  sysctl $KERNEL_SETTINGS 2>/dev/null | tr -d ' ' >"$LAB/kernel-settings"
  cluster_network && cluster_keys && cluster_registry && cluster_image "$1" "$2" >/dev/null &&
    control_plane && nodes
}

# Ids of all that runs in the laboratory.
cluster_processes() {
  find $CGROUPS/pids/$GROUP $CGROUPS/pids/$NODE_GROUP-* -name cgroup.procs -exec cat {} + \
    2>/dev/null
}

cluster_is_empty() {
  local process
  for process in $(cluster_processes); do kill -KILL "$process" 2>/dev/null; done
  [ -z "$(cluster_processes)" ]
}

# Mounts end with the last process that sees them, addresses of pods with their name spaces.
cluster_down() {
  local setting folder
  if [ "${CLUSTER_IS_UP:-}" != yes ]; then return; fi
  wait_for 60 cluster_is_empty || echo "Cannot end these processes: $(cluster_processes)"
  find $CGROUPS/*/$GROUP $CGROUPS/*/$NODE_GROUP-* -depth -type d -exec rmdir {} + 2>/dev/null
  ip link delete dev "$BRIDGE"
  while read -r setting; do sysctl -q -w "$setting"; done <"$LAB/kernel-settings"
  if [ -f "$LAB/made-folders" ]; then
    while read -r folder; do rmdir "$folder" 2>/dev/null; done <"$LAB/made-folders"
  fi
  if [ -n "$(find $CGROUPS -maxdepth 2 -name "$NODE_GROUP-*")" ]; then
    echo "Control groups of nodes are left below $CGROUPS"
  fi
}
