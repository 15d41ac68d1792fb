# make install | demo [ARGS=--safe] | test | lint | bench | validate | clean

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
ARGS ?=

# Tests and audits fill the cores with processes and threads of their own.
export OMP_NUM_THREADS := 1
export OPENBLAS_NUM_THREADS := 1
export MKL_NUM_THREADS := 1

.PHONY: install dev demo test lint bench validate clean

install: $(VENV)/.installed
dev: $(VENV)/.dev

demo: install
	@$(BIN)/auditor demo $(ARGS)

# One call for two cores: end-to-end tests wait for servers, so a third worker fills the gap. Files go to workers in this order,
# long ones first, so that no core idles at the end. Compiled first: where Python may keep no bytecode, some eighty processes would each
# compile the sources again.
test: dev
	@$(BIN)/python -m compileall -q auditor workers migrations
	$(BIN)/python -m pytest -n 3 --dist loadfile --no-loadscope-reorder tests/e2e tests/statistical tests/contract tests/unit

lint: dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: dev
	$(BIN)/python -m benchmarks $(ARGS)

# Proofs that take too long for every test run; writes docs/validity.md, and tables of docs/epsilon.md and docs/protocols.md (environments: build/).
validate: dev
	$(BIN)/python -m benchmarks.validate $(ARGS)
	$(BIN)/python -m benchmarks.dp
	$(BIN)/python -m benchmarks.fuzz
	$(BIN)/python -m benchmarks.servers

clean:
	rm -rf $(VENV) build dist *.egg-info demo-output .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis

$(VENV)/bin/python:
	@command -v $(PYTHON) >/dev/null || { echo "there is no $(PYTHON); install Python 3.11 or newer, or say make PYTHON=..." >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "$(PYTHON) is older than 3.11; install a newer Python, or say make PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) || \
		{ rm -rf $(VENV); echo "$(PYTHON) cannot make a virtual environment; install its venv module (Debian: python3-venv)" >&2; exit 1; }

$(VENV)/.installed: pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	@touch $@

$(VENV)/.dev: pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@ $(VENV)/.installed
