#!/bin/sh
# Make .venv and install what is pinned in constraints.txt. Run by `make setup`; safe to repeat.
set -eu
python=${PYTHON:-python3}

system_package() { # system_package NAME: install it where we may, otherwise say how
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        echo "setup: installing the system package $1" >&2
        apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "$1" >/dev/null
    else
        echo "setup: $1 is missing. Install it (Debian, Ubuntu: sudo apt-get install $1), then run make again." >&2
        exit 1
    fi
}

command -v "$python" >/dev/null || system_package python3
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
    echo "setup: $("$python" --version) is too old; Nearfield needs Python 3.11 or newer: make PYTHON=/path/to/python3.11 ..." >&2
    exit 1
}
# Debian ships venv without ensurepip unless python3-venv is installed
"$python" -c 'import ensurepip, venv' 2>/dev/null || system_package python3-venv
[ -x .venv/bin/python ] || "$python" -m venv .venv
.venv/bin/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
touch .venv/ready
