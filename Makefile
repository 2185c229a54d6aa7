.DEFAULT_GOAL := help
.PHONY: run test lint bench clean help lock environments

export RASA_TELEMETRY_ENABLED := false
BIN := .venv/bin
COMPILE := pip-compile -q --no-annotate --strip-extras --allow-unsafe --no-emit-find-links --no-emit-index-url

run:  ## set everything up that is missing, and serve the whole product
	@python3 scripts/environments.py serve
	@exec $(BIN)/amends serve

test: environments lint  ## lint, types, import directions, Rasa's own tests, and every test with real parts
	$(BIN)/python scripts/rasa_checks.py
	$(BIN)/pytest

lint: environments  ## style, types and import directions
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

bench: environments  ## measure speed and memory beside their baselines
	$(BIN)/python -m benchmarks

clean:  ## remove the environments, the caches and the data of this machine
	rm -rf .venv .venv-rasa var *.egg-info .mypy_cache .ruff_cache .pytest_cache

lock: environments  ## lock the requirements anew
	$(BIN)/python -m venv build/lock && build/lock/bin/pip install -q pip-tools
	.venv-rasa/bin/python -m venv build/lock-rasa && build/lock-rasa/bin/pip install -q pip-tools
	build/lock/bin/$(COMPILE) -o requirements/serve.txt requirements/serve.in
	build/lock/bin/$(COMPILE) -o requirements/develop.txt requirements/develop.in
	build/lock-rasa/bin/$(COMPILE) -o assistant/requirements.txt assistant/requirements.in
	# A local build of torch would lock its own name; everyone else has the plain version.
	sed -i 's/+cpu$$//' requirements/develop.txt

environments:
	@python3 scripts/environments.py serve develop

help:  ## list what make can do
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 10
