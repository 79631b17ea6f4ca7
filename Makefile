# Needs Python 3.11 and make; everything else is installed into .venv, locked by version and hash.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin
N ?= 10000

# Both example inventories, two nights, against both vendors' APIs on this machine (ten seconds).
demo: .venv/.installed
	$(BIN)/unitsync demo
	@echo "The command is $(BIN)/unitsync"

# Every test but those of whole clusters and servers, on all cores. The network is off in all of them.
test: .venv/.installed-dev
	$(BIN)/python -m pytest -n auto --dist worksteal -m "not slow"

# Those, too: Dask clusters, served deployments, the wheel in an environment of its own (four minutes more).
test-all: .venv/.installed-dev
	$(BIN)/python -m pytest -n auto --dist worksteal

# So many simulated nights, on all cores: what they saw, and whether every promise was kept.
simulate: .venv/.installed-dev
	$(BIN)/python -m tests.simulation --nights $(N)

# Style, form, types, and who may import whom.
lint: .venv/.installed-dev
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

# Both vendors' APIs on a local port, with faults to order, until Ctrl-C.
sandbox: .venv/.installed
	$(BIN)/unitsync sandbox

# A night of N units without changes, on a state that knows them all: its parts, and its peak memory.
bench: .venv/.installed-dev
	$(BIN)/python -m benchmarks.large inventory build/bench $(N)
	$(BIN)/python -m benchmarks.large known build/bench
	$(BIN)/python -m benchmarks.large night build/bench

# A first night pushed by two Dask workers, one of which is killed half way: what it took.
bench-workers: .venv/.installed-dev
	$(BIN)/python -m benchmarks.workers --facilities 40 --kill 0.5

# The picture in the README, the mistakes and the reference, written again from the code; then
# build/docs/docs/index.html.
docs: .venv/.installed-dev
	$(BIN)/python docs/picture.py docs/plan.svg
	$(BIN)/python -m tests.flows.mistakes docs/reference/mistakes.md
	$(BIN)/python -m docs.reference docs/reference
	$(BIN)/python -m sphinx --fail-on-warning --keep-going --quiet -c docs . build/docs

# Locks again, from pyproject.toml, without the address of any registry. Needs uv.
lock:
	uv pip compile pyproject.toml $(LOCK) --extra build -o requirements.lock
	uv pip compile pyproject.toml $(LOCK) --extra build --extra dask --extra docs --extra dev -c requirements.lock \
		-o requirements-dev.lock

LOCK := --universal --python-version 3.11 --generate-hashes --no-header --quiet

# What is installed into .venv, and when: again whenever its lock or the packages change.
.venv/.installed: requirements.lock pyproject.toml | .venv/bin/python
	$(call install,requirements.lock)

.venv/.installed-dev: requirements-dev.lock pyproject.toml | .venv/bin/python
	$(call install,requirements-dev.lock)
	@touch .venv/.installed

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "unitsync needs Python 3.11 or later: make PYTHON=/path/to/python3.11"; exit 2; }
	$(PYTHON) -m venv .venv

# The package is built with the setuptools of the lock, which pip would otherwise fetch unlocked.
define install
@echo "Installing what $(1) locks into .venv; once, about a minute."
$(BIN)/python -m pip install -qq --disable-pip-version-check --require-hashes -r $(1)
$(BIN)/python -m pip install -qq --disable-pip-version-check --no-deps --no-build-isolation -e .
@touch $@
endef

.PHONY: demo test test-all simulate lint sandbox bench bench-workers docs lock
