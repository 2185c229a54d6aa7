.DEFAULT_GOAL := help
.PHONY: run dev check fast-tests test lint figures bench clean help lock environments

export RASA_TELEMETRY_ENABLED := false
BIN := .venv/bin
FAST := not product and not rasa and not browser and not slow
COMPILE := pip-compile -q --no-annotate --strip-extras --allow-unsafe --no-emit-find-links --no-emit-index-url

run:  ## set everything up that is missing, and serve the whole product
	@python3 scripts/environments.py serve
	@exec $(BIN)/amends serve

dev: environments  ## serve, and restart when Python or a template changes
	@exec $(BIN)/amends serve --reload

check: environments  ## the fast loop: lint, types, import contracts and the tests that need no Rasa, browser or server
	@$(MAKE) --no-print-directory --jobs=2 --output-sync=target lint fast-tests

fast-tests: environments
	@$(BIN)/pytest -q -n 2 --dist loadfile -m "$(FAST)"

test: environments lint  ## everything: lint, Rasa's own checks, every test with coverage, and the figures of model quality
	$(BIN)/python scripts/rasa_checks.py
	$(BIN)/pytest -n 2 --dist loadfile -m "$(FAST)" --cov --cov-report= --cov-fail-under=0
	$(BIN)/pytest -m "not ($(FAST))" --cov --cov-append
	$(BIN)/python -m benchmarks.figures --check

lint: environments  ## style, types and import contracts
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo

figures: environments  ## measure the figures of model quality and record them
	$(BIN)/python -m benchmarks.figures --update

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
