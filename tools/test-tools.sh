#!/bin/sh
# Have the programs that tests compare us with. Run by `make test`; safe to repeat.
set -eu
command -v fpcalc >/dev/null && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "test: installing the system package libchromaprint-tools (fpcalc, which fingerprints are compared with)" >&2
    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq libchromaprint-tools >/dev/null
else
    echo "test: fpcalc is missing, so fingerprints are not compared with it. Install it (Debian, Ubuntu: sudo apt-get install libchromaprint-tools)." >&2
fi
