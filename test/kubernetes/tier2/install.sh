#!/usr/bin/env bash
# Gets what the laboratory of cluster.sh needs onto a Debian 12 machine, as root: packages, and
# Kubernetes itself, built from the source package that Debian has of it (sixteen minutes of two
# cores at most, once for a folder). What is there already is left as it is.
#
#   test/kubernetes/tier2/install.sh FOLDER
set -euo pipefail
folder=${1:?install.sh wants a folder for programs}
mkdir -p "$folder/bin"
folder=$(cd "$folder" && pwd)
programs='kube-apiserver kube-controller-manager kube-scheduler kubelet kubectl'

# install PACKAGE...: those that are missing.
install_missing() {
  local package missing=()
  for package in "$@"; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q '^install ok' ||
      missing+=("$package")
  done
  if [ ${#missing[@]} -eq 0 ]; then return; fi
  echo "installing ${missing[*]}"
  { apt-get update && apt-get install -y --no-install-recommends "${missing[@]}"; } \
    >"$folder/apt.log" 2>&1 || { tail -n 5 "$folder/apt.log"; exit 1; }
}

is_built() {
  local program
  for program in $programs; do [ -x "$folder/bin/$program" ] || return 1; done
}

# Kubernetes' sources as Debian 12 has them: the only ones there with all libraries inside. Where
# apt looks for sources is said in files of our own, so that the machine's stay as they are.
unpack_sources() {
  mkdir -p "$1/lists/partial"
  cat >"$1/apt.conf" <<CONF
Dir::Etc::SourceList "$1/sources.list";
Dir::Etc::SourceParts "/dev/null";
Dir::State::Lists "$1/lists";
APT::Sandbox::User "root";
CONF
  cat >"$1/sources.list" <<'LIST'
deb-src http://deb.debian.org/debian bookworm main
deb-src http://deb.debian.org/debian-security bookworm-security main
LIST
  (cd "$1" && export APT_CONFIG=$1/apt.conf && apt-get update && apt-get source kubernetes)
}

# compile TREE: the name of the tree ends in the version, as in 1.20.5+really1.20.2.
compile() {
  local tree=$1 version minor program what=''
  version=$(basename "$tree" | sed 's/.*[-y]\([0-9]*\.[0-9]*\.[0-9]*\)$/\1/')
  minor=${version#*.}
  cat >"$folder/version" <<VERSION
KUBE_GIT_VERSION='v$version'
KUBE_GIT_MAJOR='${version%%.*}'
KUBE_GIT_MINOR='${minor%%.*}'
KUBE_GIT_COMMIT='debian'
KUBE_GIT_TREE_STATE='clean'
VERSION
  for program in $programs; do what="$what cmd/$program"; done
  mkdir -p "$tree/.go/src/k8s.io"
  ln -sfn ../../.. "$tree/.go/src/k8s.io/kubernetes"
  # Debian's Go, whatever else is on the machine: the sources are of its time.
  HOME=$folder PATH=/usr/lib/go/bin:$PATH GOPATH=$tree/.go GOCACHE=$folder/go-cache \
    CGO_ENABLED=0 GOFLAGS=-buildvcs=false KUBE_GIT_VERSION_FILE=$folder/version \
    make -C "$tree" WHAT="$what"
  for program in $programs; do
    install "$tree/_output/local/bin/linux/$(dpkg --print-architecture)/$program" "$folder/bin/"
  done
}

install_missing containerd runc containernetworking-plugins docker-registry etcd-server openssl \
  iproute2 procps iptables
if is_built; then exit 0; fi
install_missing golang-go dpkg-dev make rsync jq gcc libc6-dev
echo 'building Kubernetes'
sources=$folder/sources
rm -rf "$sources"
{
  unpack_sources "$sources"
  compile "$(find "$sources" -maxdepth 1 -type d -name 'kubernetes-*')"
} >"$folder/build.log" 2>&1 || { tail -n 20 "$folder/build.log"; exit 1; }
rm -rf "$sources" "$folder/go-cache"
echo "built Kubernetes $(sed -n "s/^KUBE_GIT_VERSION='\(.*\)'/\1/p" "$folder/version")"
