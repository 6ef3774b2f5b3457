#!/usr/bin/env bash
# Installs every peer that the interop tests talk to: Apache ZooKeeper 3.8.0 and the C client's
# shell (Debian), Apache ZooKeeper 3.9.5 and Curator (Maven Central), kazoo and its published tests
# (PyPI) with pure-sasl, chdb (PyPI), node-zookeeper-client (npm), the tests of the Go client (Go
# modules), the openssl command, which makes the certificates, and what renders manifests: kustomize
# and helm (Go modules).
#
# Knows package registries through their ordinary clients and nothing else. It may be run again:
# what is there already is left alone. A peer that cannot be had is an error, never a skip.
# All but Debian's packages go below .cache/interop, which git does not see.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
cache=${ZABRA_INTEROP_CACHE:-$root/.cache/interop}

kazoo_version=2.10.0
pure_sasl_version=0.6.2
chdb_version=26.9.0
node_client_version=1.1.3
go_client_version=v1.0.4
apache_version=3.9.5
logback_version=1.3.15
curator_version=5.9.0
kustomize_version=v5.7.1
helm_version=v3.22.0
dependency_plugin=org.apache.maven.plugins:maven-dependency-plugin:3.6.1

log=$cache/install.log
mkdir -p "$cache"
: >"$log"

# quietly COMMAND...: output goes to the log, and to the terminal only when the command failed.
quietly() {
  if ! "$@" >>"$log" 2>&1; then
    echo "install-peers: failed: $*" >&2
    tail -n 40 "$log" >&2
    return 1
  fi
}

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi
}

apt_lists_fresh=no
# apt_install PACKAGE...: the lists are read anew once, because those of a new machine are empty
# and those of an old one name files that are gone. No package may start a service of its own.
apt_install() {
  if [ "$apt_lists_fresh" = no ]; then
    quietly as_root apt-get update
    apt_lists_fresh=yes
  fi
  quietly as_root env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 \
    apt-get install -y --no-install-recommends "$@"
}

install_debian_zookeeper() {
  local jar
  for jar in zookeeper commons-cli slf4j-api slf4j-simple netty-handler metrics-core; do
    if [ ! -e "/usr/share/java/$jar.jar" ] || [ ! -x /usr/share/zookeeper/bin/zkCli.sh ]; then
      apt_install zookeeper libslf4j-java
      break
    fi
  done
  test -e /usr/share/java/zookeeper.jar
  test -x /usr/share/zookeeper/bin/zkCli.sh
  /usr/bin/java -version >>"$log" 2>&1
}

install_kazoo() {
  local target=$cache/kazoo-$kazoo_version
  if [ -e "$target/.complete" ]; then return 0; fi
  command -v python3 >/dev/null || apt_install python3
  python3 -m pip --version >>"$log" 2>&1 || apt_install python3-pip
  rm -rf "$target"
  quietly python3 -m pip install --quiet --no-input --root-user-action=ignore \
    --target "$target" "kazoo==$kazoo_version" ||
    quietly python3 -m pip install --quiet --no-input --target "$target" "kazoo==$kazoo_version"
  quietly env PYTHONPATH="$target" python3 -c 'import kazoo.client, kazoo.recipe.lock'
  touch "$target/.complete"
}

# What kazoo logs in with by SASL.
install_pure_sasl() {
  local target=$cache/pure-sasl-$pure_sasl_version
  if [ -e "$target/.complete" ]; then return 0; fi
  rm -rf "$target"
  quietly python3 -m pip install --quiet --no-input --no-deps --target "$target" \
    "pure-sasl==$pure_sasl_version"
  quietly env PYTHONPATH="$target" python3 -c 'import puresasl.client'
  touch "$target/.complete"
}

# ClickHouse in a library, for its client of ClickHouse Keeper.
install_chdb() {
  local target=$cache/chdb-core-$chdb_version
  if [ -e "$target/.complete" ]; then return 0; fi
  rm -rf "$target"
  quietly python3 -m pip install --quiet --no-input --no-deps --target "$target" \
    "chdb-core==$chdb_version"
  quietly env PYTHONPATH="$target" python3 -c \
    'import chdb; assert chdb.connect(":memory:").query("select 1").bytes() == b"1\n"'
  touch "$target/.complete"
}

install_openssl() {
  command -v openssl >/dev/null || apt_install openssl
}

# The tests are in kazoo's source distribution; what they import is pinned in a file of ours, one
# package of which has to be compiled.
install_kazoo_suite() {
  local target=$cache/kazoo-suite-$kazoo_version
  local requirements=$root/test/third-party/kazoo-requirements.txt
  if cmp -s "$requirements" "$target/.complete"; then return 0; fi
  command -v cc >/dev/null || apt_install gcc libc6-dev
  python3 -c 'import os, sysconfig
assert os.path.exists(sysconfig.get_path("include") + "/Python.h")' 2>>"$log" ||
    apt_install python3-dev
  rm -rf "$target"
  mkdir -p "$target/site"
  quietly python3 -m pip download --quiet --no-input --no-deps \
    --no-binary kazoo --dest "$target" "kazoo==$kazoo_version"
  quietly tar -xzf "$target/kazoo-$kazoo_version.tar.gz" -C "$target" --strip-components=1
  quietly python3 -m pip install --quiet --no-input --no-deps --target "$target/site" \
    -r "$requirements"
  quietly env PYTHONPATH="$target/site:$target" python3 -m pytest --collect-only -q \
    -p no:cacheprovider --rootdir "$target" "$target/kazoo/tests"
  cp "$requirements" "$target/.complete"
}

install_node_client() {
  local target=$cache/node
  if [ -e "$target/node_modules/node-zookeeper-client/.complete-$node_client_version" ]; then
    return 0
  fi
  rm -rf "$target"
  mkdir -p "$target"
  cat >"$target/package.json" <<'JSON'
{ "name": "zabra-interop-peers", "private": true, "version": "1.0.0" }
JSON
  quietly npm install --prefix "$target" --no-save --no-audit --no-fund --ignore-scripts \
    --package-lock=false "node-zookeeper-client@$node_client_version"
  quietly node -e "require('$target/node_modules/node-zookeeper-client')"
  touch "$target/node_modules/node-zookeeper-client/.complete-$node_client_version"
}

# One dependency of the generated pom; versions are those that release 3.9.5 was built with.
dependency() {
  printf '<dependency><groupId>%s</groupId><artifactId>%s</artifactId><version>%s</version>' \
    "$1" "$2" "$3"
  printf '<scope>runtime</scope></dependency>\n'
}

pom_head() {
  cat <<'XML'
<project xmlns="http://maven.apache.org/POM/4.0.0">
<modelVersion>4.0.0</modelVersion>
<groupId>zabra.interop</groupId><artifactId>peers</artifactId><version>1</version>
<packaging>pom</packaging>
<dependencies>
XML
}

pom_tail() {
  printf '</dependencies>\n</project>\n'
}

# ZooKeeper's pom marks as "provided" what its own distribution ships; they are named here.
write_apache_pom() {
  pom_head
  dependency org.apache.zookeeper zookeeper "$apache_version"
  dependency io.dropwizard.metrics metrics-core 4.1.12.1
  dependency org.xerial.snappy snappy-java 1.1.10.5
  dependency commons-cli commons-cli 1.5.0
  dependency org.eclipse.jetty jetty-server 9.4.57.v20241219
  dependency org.eclipse.jetty jetty-servlet 9.4.57.v20241219
  dependency com.fasterxml.jackson.core jackson-databind 2.15.2
  pom_tail
}

install_apache() {
  local target=$cache/apache-$apache_version
  if [ -e "$target/.complete" ]; then return 0; fi
  command -v mvn >/dev/null || apt_install maven
  rm -rf "$target"
  mkdir -p "$target/lib" "$target/conf"
  write_apache_pom >"$target/pom.xml"
  quietly mvn -B -q -f "$target/pom.xml" "$dependency_plugin:copy-dependencies" \
    -DincludeScope=runtime -DoutputDirectory="$target/lib"
  test -e "$target/lib/zookeeper-$apache_version.jar"
  touch "$target/.complete"
}

# What makes a server of 3.9.5 write its log. Beside it and not within, because what shells print
# is compared, and theirs would be full of it.
install_logback() {
  local target=$cache/logback-$logback_version
  if [ -e "$target/.complete" ]; then return 0; fi
  command -v mvn >/dev/null || apt_install maven
  rm -rf "$target"
  mkdir -p "$target/lib"
  {
    pom_head
    dependency ch.qos.logback logback-classic "$logback_version"
    pom_tail
  } >"$target/pom.xml"
  quietly mvn -B -q -f "$target/pom.xml" "$dependency_plugin:copy-dependencies" \
    -DincludeScope=runtime -DexcludeArtifactIds=slf4j-api -DoutputDirectory="$target/lib"
  test -e "$target/lib/logback-classic-$logback_version.jar"
  cat >"$target/lib/logback.xml" <<'XML'
<configuration>
  <appender name="OUT" class="ch.qos.logback.core.ConsoleAppender">
    <encoder><pattern>%d{ISO8601} [%t] %-5p %logger{0} - %m%n</pattern></encoder>
  </appender>
  <root level="INFO"><appender-ref ref="OUT" /></root>
</configuration>
XML
  touch "$target/.complete"
}

install_curator() {
  local target=$cache/curator-$curator_version
  if [ -e "$target/.complete" ]; then return 0; fi
  command -v mvn >/dev/null || apt_install maven
  command -v javac >/dev/null || apt_install default-jdk-headless
  rm -rf "$target"
  mkdir -p "$target/lib"
  {
    pom_head
    dependency org.apache.curator curator-recipes "$curator_version"
    dependency org.slf4j slf4j-simple 1.7.36
    pom_tail
  } >"$target/pom.xml"
  quietly mvn -B -q -f "$target/pom.xml" "$dependency_plugin:copy-dependencies" \
    -DincludeScope=runtime -DoutputDirectory="$target/lib"
  test -e "$target/lib/curator-recipes-$curator_version.jar"
  touch "$target/.complete"
}

install_c_shell() {
  if [ ! -x /usr/lib/zookeeper/bin/cli_mt ]; then apt_install zookeeper-bin; fi
  test -x /usr/lib/zookeeper/bin/cli_mt
}

# The tests of the Go client become one program. Their harness believes in a server when its own
# `srvr` parser does, and that one knows the dates of 3.5 only, so that no later server ever counts
# as started; it is told to look for the line `Mode:` instead. No test is changed.
install_go_suite() {
  local target=$cache/go-zk-$go_client_version
  if [ -e "$target/.complete" ]; then return 0; fi
  command -v go >/dev/null || apt_install golang-go
  rm -rf "$target"
  mkdir -p "$target/module"
  cat >"$target/module/go.mod" <<GOMOD
module zabra.interop/peers

go 1.16

require github.com/go-zookeeper/zk $go_client_version
GOMOD
  cat >"$target/module/go.sum" <<GOSUM
github.com/go-zookeeper/zk $go_client_version h1:DPzxraQx7OrPyXq2phlGlNSIyWEsAox0RJmjTseMV6I=
github.com/go-zookeeper/zk $go_client_version/go.mod h1:nOB03cncLtlp4t+UAkGSV+9beXP/akpekBwL+UX1Qcw=
GOSUM
  local source
  source=$(cd "$target/module" &&
    go mod download github.com/go-zookeeper/zk 2>>"$log" &&
    go list -mod=mod -m -f '{{.Dir}}' github.com/go-zookeeper/zk)
  cp -r "$source" "$target/source"
  chmod -R u+w "$target/source"
  local asks='_, ok := FLWSrvr(serverAddrs, time.Second)'
  grep -qF "$asks" "$target/source/server_help_test.go"
  cat >"$target/asks-instead.txt" <<'GO'
		ok := true
		for _, address := range serverAddrs {
			answer, err := fourLetterWord(address, "srvr", time.Second)
			ok = ok && err == nil && strings.Contains(string(answer), "Mode:")
		}
GO
  sed -i -e "/$asks/{r $target/asks-instead.txt" -e 'd}' "$target/source/server_help_test.go"
  (cd "$target/source" && quietly go test -c -o "$target/zk.test" .)
  touch "$target/.complete"
}

# Compiled from source; needs the Go of the machine to be as new as they want.
install_kubernetes_tools() {
  local target=$cache/kubernetes-tools
  if [ -e "$target/.complete-$kustomize_version-$helm_version" ]; then return 0; fi
  command -v go >/dev/null || apt_install golang-go
  rm -rf "$target"
  mkdir -p "$target"
  quietly env GOBIN="$target" CGO_ENABLED=0 go install \
    "sigs.k8s.io/kustomize/kustomize/v5@$kustomize_version"
  quietly env GOBIN="$target" CGO_ENABLED=0 go install "helm.sh/helm/v3/cmd/helm@$helm_version"
  touch "$target/.complete-$kustomize_version-$helm_version"
}

# timed NAME FUNCTION: one line a peer.
timed() {
  local start=$EPOCHREALTIME
  # Not in a condition: there the shell would switch off "stop at the first error".
  "$2"
  awk -v name="$1" -v a="$start" -v b="$EPOCHREALTIME" \
    'BEGIN { printf "peer %-28s ready in %5.1f s\n", name, b - a }'
}

timed 'apache-zookeeper 3.8.0' install_debian_zookeeper
timed "kazoo $kazoo_version" install_kazoo
timed "pure-sasl $pure_sasl_version" install_pure_sasl
timed "chdb-core $chdb_version" install_chdb
timed 'openssl' install_openssl
timed "node-zookeeper-client $node_client_version" install_node_client
timed "apache-zookeeper $apache_version" install_apache
timed "logback $logback_version" install_logback
timed 'C client shell (Debian)' install_c_shell
timed "kazoo $kazoo_version, its tests" install_kazoo_suite
timed "go-zookeeper $go_client_version" install_go_suite
timed "curator $curator_version" install_curator
timed "kustomize, helm" install_kubernetes_tools
