#!/usr/bin/env bash
# Installs every peer that the interop tests talk to: Apache ZooKeeper 3.8.0 (Debian), Apache
# ZooKeeper 3.9.5 (Maven Central), kazoo (PyPI) and node-zookeeper-client (npm).
#
# Knows package registries through their ordinary clients and nothing else. It may be run again:
# what is there already is left alone. A peer that cannot be had is an error, never a skip.
# All but Debian's packages go below .cache/interop, which git does not see.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
cache=${ZABRA_INTEROP_CACHE:-$root/.cache/interop}

kazoo_version=2.10.0
node_client_version=1.1.3
apache_version=3.9.5
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

# ZooKeeper's pom marks as "provided" what its own distribution ships; they are named here.
write_apache_pom() {
  cat <<'XML'
<project xmlns="http://maven.apache.org/POM/4.0.0">
<modelVersion>4.0.0</modelVersion>
<groupId>zabra.interop</groupId><artifactId>peers</artifactId><version>1</version>
<packaging>pom</packaging>
<dependencies>
XML
  dependency org.apache.zookeeper zookeeper "$apache_version"
  dependency io.dropwizard.metrics metrics-core 4.1.12.1
  dependency org.xerial.snappy snappy-java 1.1.10.5
  dependency commons-cli commons-cli 1.5.0
  dependency org.eclipse.jetty jetty-server 9.4.57.v20241219
  dependency org.eclipse.jetty jetty-servlet 9.4.57.v20241219
  dependency com.fasterxml.jackson.core jackson-databind 2.15.2
  printf '</dependencies>\n</project>\n'
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
  cat >"$target/conf/logback.xml" <<'XML'
<configuration>
  <appender name="OUT" class="ch.qos.logback.core.ConsoleAppender">
    <encoder><pattern>%d{ISO8601} [%t] %-5p %logger{0} - %m%n</pattern></encoder>
  </appender>
  <root level="INFO"><appender-ref ref="OUT" /></root>
</configuration>
XML
  touch "$target/.complete"
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
timed "node-zookeeper-client $node_client_version" install_node_client
timed "apache-zookeeper $apache_version" install_apache
