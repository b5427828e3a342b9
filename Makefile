# make demo: set up, then sample, reconstruct, interpolate and train.  make test: set up, then test.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
DEMO := demo

.PHONY: setup demo test lint measure wheel clean

setup: $(STAMP)

# The constraints are the versions that genzoo is tested with; they bind build environments too.
$(STAMP): pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	PIP_CONSTRAINT=constraints.txt $(BIN)/python -m pip install --quiet --editable '.[dev]'
	touch $@

demo: $(STAMP)
	BIN=$(BIN) sh docs/demo.sh $(DEMO)

# One process a core, each with one thread: threads that compete for cores wait for each other.
# Hundreds of processes are started: modules are compiled once, and not by each of them.
test: $(STAMP)
	PYTHONDONTWRITEBYTECODE= OMP_NUM_THREADS=1 $(BIN)/python -m pytest --numprocesses=logical --dist=loadfile --no-loadscope-reorder

lint: $(STAMP)
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

# The measures of the sources that the design sets: size, layers, what a command reads.
measure: $(STAMP)
	$(BIN)/python tests/structure.py

# What is released, tried in a new environment outside the checkout.
wheel: $(STAMP)
	rm -rf dist
	$(BIN)/python -m hatchling build
	PYTHON=$(PYTHON) bash tests/check_wheel.sh

clean:
	rm -rf $(VENV) $(DEMO)
