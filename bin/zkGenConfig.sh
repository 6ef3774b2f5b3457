#!/usr/bin/env bash
# Writes zoo.cfg, java.env, log4j.properties and myid from ZK_REPLICAS and the other ZK_ variables,
# as the script of this name in the older image of the Kubernetes tutorial. Start the server
# afterwards: zkServer.sh start-foreground.
set -euo pipefail
umask 022
bin=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
exec "$bin/zabra" pod-files --from-variables
