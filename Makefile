# Every target does its own set-up from a clean clone and ends by itself.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.DEFAULT_GOAL := help
.PHONY: help install demo test bench lint lock clean

help:  ## what there is
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "make %-9s %s\n", $$1, $$2}'

install: $(VENV)/.installed  ## a .venv with the locked dependencies and Judge in it

$(VENV)/.installed: pyproject.toml requirements.lock
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

demo: install  ## judge two recorded rollouts with the real daemon
	$(BIN)/judge demo

test: install  ## every test; brings Prometheus and VictoriaMetrics where it may
	@tests/bring-servers
	$(BIN)/pytest -n auto --dist loadgroup

bench: install  ## the figures of the README and the whole lab: half an hour on two cores
	$(BIN)/judge lab --figures
	@mkdir -p build
	$(BIN)/judge lab --json-out build/lab.json --page build/lab.html --resume

lint: install  ## ruff, mypy --strict, import-linter
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

lock:  ## write requirements.lock anew (needs uv)
	uv pip compile --universal --python-version 3.11 --extra test --generate-hashes --no-emit-index-url --no-annotate pyproject.toml -o requirements.lock

clean:
	rm -rf $(VENV) build .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
