#!/bin/sh
# Have the programs that tests need beside Python's packages. Run by `make test`; safe to repeat.
set -eu

have() { # have PROGRAM PACKAGE WHY: install a system package where we may, otherwise say how
    command -v "$1" >/dev/null && return
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        echo "test: installing the system package $2 ($3)" >&2
        apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "$2" >/dev/null
    else
        echo "test: $1 is missing: $3. Install it (Debian, Ubuntu: sudo apt-get install $2)." >&2
    fi
}

have fpcalc libchromaprint-tools "fingerprints are compared with its"
have chromium chromium "the web page is tested in it"
