# `make help` lists the targets. Everything runs in .venv, with the versions pinned in constraints.txt.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin
# Two processes: more would need more memory than a small machine has, for TensorFlow is in each. Each begins with half of
# the tests and takes of the other's when it is done. The order is random: ARGS="-n 0" in one process,
# ARGS=--randomly-seed=123 the order of a run that printed this seed.
PYTEST = $(BIN)/python -m pytest -n 2 --dist worksteal
ARGS ?=
CHOSEN = -m "not exhaustive"

.DEFAULT_GOAL := help
.PHONY: help install run ui test test-all check test-jax test-fast docs format clean

help: ## Show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

.venv/.installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	@touch $@

install: .venv/.installed ## Make .venv with the pinned versions

run: install ## Train the default experiment; ARGS="loss=focal seed=1" changes it
	$(BIN)/python -m runner $(ARGS)

ui: install ## Open the MLflow UI on the recorded runs, at http://127.0.0.1:5000
	$(BIN)/python -m runner ui $(ARGS)

test: check ## Check style, types and imports, and run the tests, but for the exhaustive ones
	$(PYTEST) $(CHOSEN) $(ARGS)
	@$(MAKE) --no-print-directory test-jax

test-all: check ## The same with every test, the exhaustive ones included
	$(PYTEST) $(ARGS)
	@$(MAKE) --no-print-directory test-jax CHOSEN=

check: install ## Check style, types and imports
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

# Each function that is compiled here runs once: it is compiled quickly rather than well.
test-jax: install ## The losses' tests under Keras's JAX backend
	KERAS_BACKEND=jax JAX_DISABLE_MOST_OPTIMIZATIONS=1 $(PYTEST) $(CHOSEN) tests/losses losses

test-fast: install ## The tests without the slow ones
	$(PYTEST) -m "not slow and not exhaustive" $(ARGS)

docs: install ## Write docs/losses.md's list and figure anew from the losses
	$(BIN)/python docs/losses_page.py

format: install ## Put the code into the house style
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean: ## Remove .venv and caches; outputs/ is kept
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache *.egg-info build dist
