#!/bin/sh
# Fetch the libraries that the web page uses, in pinned versions, into static/vendor with their licences.
# They are committed, so only who changes a version needs this, and npm.
set -eu
cd "$(dirname "$0")/.."
target=src/nearfield/service/static/vendor
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

package() { # package NAME VERSION: unpack it into $work/NAME
    (cd "$work" && npm pack --silent "$1@$2" >packed && mkdir "$1" && tar -xzf "$(cat packed)" -C "$1" --strip-components=1)
    { echo "$1 $2"; echo; cat "$work/$1"/LICENSE*; } >"$target/$1.LICENSE.txt"
}

module() { # module FROM TO: names of packages become files, as pages without an import map need
    sed -e 's|from *"preact"|from"./preact.js"|g' -e '/^\/\/# sourceMappingURL/d' "$work/$1" >"$target/$2"
}

used() { # used FROM TO NAMES: only what we use of a large package, in one file
    echo "export { $3 } from \"$work/$1\";" | npm exec --yes -- esbuild@0.28.2 \
        --bundle --minify --format=esm --log-level=warning --outfile="$target/$2"
}

mkdir -p "$target"
package preact 11.2.0
package htm 3.1.1
module preact/dist/preact.mjs preact.js
module preact/hooks/dist/hooks.mjs hooks.js
module htm/dist/htm.mjs htm.js
package twgl.js 7.0.0
package kdbush 4.1.0
used twgl.js/dist/7.x/twgl-full.module.js twgl.js \
    "createProgramInfo, createBufferInfoFromArrays, setBuffersAndAttributes, setUniforms"
used kdbush/index.js kdbush.js default
