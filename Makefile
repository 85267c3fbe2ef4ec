# Every target sets up what it needs. PYTHON=... chooses the interpreter (3.11 or newer).
.PHONY: setup demo test test-servers chart lint check bench screenshots clean
PYTHON ?= python3
PY := .venv/bin/python

.venv/ready: pyproject.toml constraints.txt tools/setup.sh
	@PYTHON="$(PYTHON)" tools/setup.sh

setup: .venv/ready  ## make .venv with everything that is pinned

demo: setup  ## the main job on real data, embedded
	@.venv/bin/nearfield demo movies $(if $(DATA),--data $(DATA))

.venv/tools: tools/test-tools.sh
	@tools/test-tools.sh && mkdir -p .venv && touch .venv/tools

# two test processes with a thread each: more threads than cores wait for one another
test: setup .venv/tools  ## tests and doctests
	@OMP_NUM_THREADS=1 $(PY) -m pytest -q -n 2

.venv/servers: tools/server-tools.sh
	@tools/server-tools.sh && touch .venv/servers

# two test processes, each in a network of its own: Milvus wants fixed ports
test-servers: setup .venv/servers  ## contract suites against real servers, which it starts and ends itself
	@OMP_NUM_THREADS=1 $(PY) -m pytest -q -m servers --dist loadfile --tx '2*popen//python=tools/alone.sh $(PY)'

chart: setup .venv/tools  ## the Helm chart, images and alerts alone: linted, rendered, checked (`make test` has it, too)
	@OMP_NUM_THREADS=1 $(PY) -m pytest -q tests/deploy

lint: setup  ## style, types, layers
	@.venv/bin/ruff check .
	@.venv/bin/ruff format --check .
	@.venv/bin/mypy
	@.venv/bin/lint-imports

check: lint test test-servers  ## everything that must pass before a commit

bench: setup  ## each benchmark prints one JSON line, kept in benchmarks/results
	@export OMP_WAIT_POLICY=PASSIVE; for file in benchmarks/bench_*.py; do $(PY) $$file $(if $(DATA),--data $(DATA)) || exit 1; done

screenshots: setup .venv/tools  ## pictures of every page into docs/screenshots; the home must hold both demos
	@$(PY) tools/screenshots.py

clean:
	rm -rf .venv build dist .pytest_cache .mypy_cache .ruff_cache
