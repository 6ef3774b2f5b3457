#!/usr/bin/env bash
# One node of cluster.sh: a containerd and a kubelet that see mounts of their own, so that four of
# them can use the same paths. Becomes the kubelet. Run below "unshare --mount":
#
#   node.sh NUMBER LAB ADDRESS BRIDGE REGISTRY GROUP FOLDERS
set -euo pipefail
number=$1 lab=$2 address=$3 bridge=$4 registry=$5 group=$6 folders=$7
own=$lab/node-$number

mount --make-rprivate /
for folder in $folders; do
  mkdir -p "$own$folder"
  mount --bind "$own$folder" "$folder"
done
# Volumes of pods are mounted below it, for containers to see.
mount --make-shared /var/lib/kubelet

# All nodes lease from one folder, since they are on one bridge.
mkdir -p "$own/cni"
cat >"$own/cni/10-bridge.conflist" <<CONFIG
{
  "cniVersion": "0.4.0",
  "name": "pods",
  "plugins": [{
    "type": "bridge",
    "bridge": "$bridge",
    "ipam": {
      "type": "host-local",
      "dataDir": "$lab/leases",
      "ranges": [[{
        "subnet": "10.244.0.0/16", "rangeStart": "10.244.1.1", "gateway": "$address"
      }]],
      "routes": [{ "dst": "0.0.0.0/0" }]
    }
  }]
}
CONFIG

cat >"$own/containerd.toml" <<CONFIG
version = 2
root = "$own/containerd"
state = "$own/run"
disabled_plugins = ["io.containerd.internal.v1.tracing"]
[grpc]
  address = "$own/containerd.sock"
[ttrpc]
  address = "$own/containerd.ttrpc"
[plugins."io.containerd.internal.v1.opt"]
  path = "$own/opt"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "$registry/pause:1"
  restrict_oom_score_adj = true
  stream_server_address = "127.0.0.1"
  stream_server_port = "0"
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "$own/cni"
  [plugins."io.containerd.grpc.v1.cri".registry.mirrors."$registry"]
    endpoint = ["http://$registry"]
CONFIG

cat >"$own/kubelet.yaml" <<CONFIG
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
address: $address
port: $((10250 + number * 10))
healthzPort: $((10251 + number * 10))
readOnlyPort: 0
cgroupDriver: cgroupfs
cgroupRoot: /$group-$number
clusterDNS:
- $address
clusterDomain: cluster.local
failSwapOn: false
makeIPTablesUtilChains: false
oomScoreAdj: 0
authentication:
  anonymous:
    enabled: false
  webhook:
    enabled: false
  x509:
    clientCAFile: $lab/keys/ca.crt
authorization:
  mode: AlwaysAllow
evictionHard:
  memory.available: 1Mi
  nodefs.available: 1%
  imagefs.available: 1%
CONFIG

containerd --config "$own/containerd.toml" >"$own/containerd.log" 2>&1 &
until [ -S "$own/containerd.sock" ]; do
  kill -0 $!
  sleep 0.1
done
exec kubelet --kubeconfig="$lab/kubeconfig" --config="$own/kubelet.yaml" \
  --hostname-override="node-$number" --node-ip="$address" --container-runtime=remote \
  --container-runtime-endpoint="unix://$own/containerd.sock" --cert-dir="$own/certificates"
