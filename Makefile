.DEFAULT_GOAL := help
SHELL := /bin/bash
PYTHON ?= python3
BIN := .venv/bin
COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --custom-compile-command "make lock"

.PHONY: help setup run test check bench soak docs lock kafka-jars

help: ## Show these targets
	@sed -n 's/^\([a-z-]*\):[^#]*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 20

setup: .venv/.ready ## Make .venv with everything from the lock, and the command .venv/bin/crmpulse

.venv/.ready: requirements-dev.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "crmpulse needs Python 3.11 or newer: make setup PYTHON=python3.12"; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements-dev.lock
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

run: setup ## Run the service with a generated company, or with an export: make run DATA=DIR
	$(BIN)/crmpulse up $(if $(DATA),--data '$(DATA)',--demo)

test: setup ## Run the tests that need no server but the embedded ones
	$(BIN)/python -m pytest -n auto --dist worksteal -m "not kafka and not browser and not monitoring and not image" $(ARGS)

check: setup ## Lint, format, types, and whether the generated docs are fresh
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/python -m events.schemas docs/events --check
	$(BIN)/python -m aggregators.page | diff docs/kpis.md - || { echo "docs/kpis.md is stale: make docs"; exit 1; }
	$(BIN)/python -m crmpulse.settings | diff docs/settings.md - || { echo "docs/settings.md is stale: make docs"; exit 1; }
	$(BIN)/python -m api.metrics_page | diff docs/metrics.md - || { echo "docs/metrics.md is stale: make docs"; exit 1; }
	$(BIN)/python -m deploy.dashboards deploy/grafana/dashboards --check

bench: setup $(if $(CRMPULSE_TEST_KAFKA_LIBS),,kafka-jars) ## Measure beside others: make bench ARGS="--help"
	$(BIN)/python -m bench $(ARGS)

soak: setup $(if $(CRMPULSE_TEST_KAFKA_LIBS),,kafka-jars) ## Simulate and break things for hours: make soak ARGS="--help"
	CRMPULSE_TEST_RUNS=1000 CRMPULSE_TEST_STEPS=200 $(BIN)/python -m pytest -q -o faulthandler_timeout=0 tests/simulation -k whatever
	CRMPULSE_TEST_EVENTS=1000000 CRMPULSE_TEST_RATE=1000 $(BIN)/python -m pytest -q -o faulthandler_timeout=0 -m kafka \
		tests/kafka/test_rebuild.py tests/kafka/test_repartition.py
	$(BIN)/python -m tests.faults $(ARGS)

docs: setup ## Write the generated docs anew
	$(BIN)/python -m events.schemas docs/events
	$(BIN)/python -m aggregators.page > docs/kpis.md
	$(BIN)/python -m crmpulse.settings > docs/settings.md
	$(BIN)/python -m api.metrics_page > docs/metrics.md
	$(BIN)/python -m deploy.dashboards deploy/grafana/dashboards

lock: setup ## Pin all dependencies with hashes
	$(COMPILE) pyproject.toml --extra embedded --output-file requirements.lock $(if $(UPGRADE),--upgrade)
	$(COMPILE) pyproject.toml --extra embedded --group dev --constraint requirements.lock \
		--output-file requirements-dev.lock $(if $(UPGRADE),--upgrade)
	$(COMPILE) --group build --constraint requirements-dev.lock --output-file requirements-build.lock
	$(COMPILE) bench/peers/requirements.in --output-file bench/peers/requirements.lock $(if $(UPGRADE),--upgrade)

kafka-jars: tests/kafka/target/.ready ## Get Apache Kafka for the tests marked kafka (Maven, Java 17)

tests/kafka/target/.ready: tests/kafka/pom.xml
	cd tests/kafka && mvn -q -B dependency:copy-dependencies
	@touch $@
