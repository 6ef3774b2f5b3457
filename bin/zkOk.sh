#!/usr/bin/env bash
# zookeeper-ready under its older name; the port is ZK_CLIENT_PORT.
exec "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/zookeeper-ready" "${ZK_CLIENT_PORT:-2181}"
