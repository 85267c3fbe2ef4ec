#!/bin/sh
# Have the programs that tests compare us with, or need beside us. Run by `make test`; safe to repeat.
set -eu
missing=
command -v fpcalc >/dev/null || missing="$missing libchromaprint-tools"
command -v redis-server >/dev/null || missing="$missing redis-server"
command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null || missing="$missing chromium"
command -v promtool >/dev/null || missing="$missing prometheus"
[ -n "$missing" ] || exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "test: installing system packages:$missing (fpcalc, which fingerprints are compared with; redis-server, a queue; chromium, which the pages are looked at with; prometheus, whose promtool tests the alerts)" >&2
    apt-get update -qq && DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get install -y -qq --no-install-recommends $missing >/dev/null
else
    echo "test: without$missing, some tests are left out: fingerprints against fpcalc, jobs by Redis, pages in a browser, alerts by promtool. Install them (Debian, Ubuntu: sudo apt-get install$missing)." >&2
fi
