# Everything works from a fresh clone: each target first sets up what it needs in .venv.
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin

.PHONY: install demo test check format bench crashtest eval docs lock clean

install: $(VENV)/.installed

$(VENV)/.installed: requirements-dev.lock pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@

demo: install  ## real failing commands, diagnosed and answered live on the embedded broker
	$(BIN)/autoheal demo

test: install  ## the whole suite; its last lines say which brokers were exercised
	$(BIN)/python -m pytest -q

check: install  ## format, lint, strict types
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

format: install
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

eval: install  ## the diagnosis score on the labelled corpus, beside the four-regex baseline
	$(BIN)/python -m bench.eval

crashtest: install  ## kill -9 two workers at random under load, then check every number from the log
	$(BIN)/python -m bench.crashtest

bench: .venv-bench/.installed  ## this worker, idiomatic Faust, raw aiokafka and Quix Streams, side by side
	.venv-bench/bin/python -m bench

.venv-bench/.installed: requirements-bench.lock pyproject.toml
	$(PYTHON) -m venv .venv-bench
	.venv-bench/bin/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-bench.lock
	.venv-bench/bin/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@

docs: install  ## regenerate the JSON Schemas, the AsyncAPI document and the page of the tables
	$(BIN)/autoheal schema --write docs/schemas
	$(BIN)/python -m projections.reference docs/tables.md

lock:  ## re-resolve the pinned dependencies (needs uv)
	uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
		--no-emit-index-url --extra server --extra build -q -o requirements.lock
	uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
		--no-emit-index-url --extra dev --extra build -q -o requirements-dev.lock
	uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
		--no-emit-index-url --extra bench --extra build -q -o requirements-bench.lock

clean:
	rm -rf $(VENV) .venv-bench .mypy_cache .pytest_cache .ruff_cache *.egg-info
