#!/usr/bin/env bash
# zookeeper-metrics under its older name; the port is ZK_CLIENT_PORT.
exec "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/zookeeper-metrics" "${ZK_CLIENT_PORT:-2181}"
