#!/bin/sh
# Make an environment of its own in which DGL's samplers run, for bench_walks.py --peer FOLDER.
# DGL 2.1.0 is the newest that PyPI has: it wants an old setuptools and an old torchdata, and its
# GraphBolt has no library for today's torch, so that it must not be loaded. Safe to repeat.
set -eu
[ $# = 1 ] || { echo "usage: sh benchmarks/peers/dgl.sh FOLDER" >&2; exit 2; }
folder=$1
pip="$folder/bin/python -m pip install --quiet --disable-pip-version-check"
[ -x "$folder/bin/python" ] || "${PYTHON:-python3}" -m venv "$folder"
$pip torch==2.13.0 numpy scipy pandas pydantic PyYAML requests tqdm psutil networkx packaging
$pip --no-deps torchdata==0.9.0 dgl==2.1.0 'setuptools<70'
sed -i.orig 's/^load_graphbolt()$//' "$folder"/lib/python3*/site-packages/dgl/graphbolt/__init__.py
"$folder/bin/python" -W ignore -c 'import dgl; print("DGL", dgl.__version__, "is ready")'
