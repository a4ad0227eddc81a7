PYTHON ?= python3
SECONDS ?=
ARGS ?=
VENV_PYTHON := .venv/bin/python
UV_COMPILE := uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-emit-find-links \
	--no-annotate --python-version 3.11 --custom-compile-command "make lock" pyproject.toml

.PHONY: help preflight setup demo test check test-faults test-spark test-dashboard test-compose soak fuzz audit \
	bench-gateway bench-latency bench-spark bench-dashboard bench-page wheel deb words lock clean
.DEFAULT_GOAL := help

help: ## print this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

preflight: ## check that this machine has Python, Java, disk and the rest; changes nothing
	@command -v $(PYTHON) >/dev/null || { echo "preflight: $(PYTHON) was not found: install Python 3.11 or newer, or name one, as in 'make setup PYTHON=/path/to/python3.12'." >&2; exit 69; }
	@$(PYTHON) sandbox/preflight.py $(if $(filter demo,$(MAKECMDGOALS)),--demo)

setup: preflight ## make .venv from the hashed lock, fetch Kafka, Spark's connector and mosquitto; again: at once
	@$(PYTHON) -m sandbox.install
	@$(VENV_PYTHON) -m sandbox.fetch

demo: setup ## run the whole system and show its warnings until Ctrl-C, or for SECONDS=30 with a verdict
	@$(VENV_PYTHON) -m sandbox.demo $(if $(SECONDS),--seconds $(SECONDS))

test: setup ## run every test on real parts, every fault at least once
	@$(VENV_PYTHON) -m sandbox.fetch --for-tests
	@$(VENV_PYTHON) -m pytest

check: setup ## lint, format, types and import layers, exactly as CI does
	@.venv/bin/ruff check
	@.venv/bin/ruff format --check
	@.venv/bin/mypy
	@.venv/bin/lint-imports

test-dashboard: setup ## the dashboard in a real Chromium; makes docs/dashboard-*.png anew
	@$(VENV_PYTHON) -m sandbox.fetch --for-tests
	@$(VENV_PYTHON) -m pytest tests/dashboard/browser --screenshots docs

test-faults: setup ## every fault at full length, by hand (an hour); writes docs/reliability.md
	@$(VENV_PYTHON) -m pytest tests/faults --full

test-spark: setup ## end the alert job CYCLES=200 times, by hand (half an hour); goes on where it was; writes docs/warnings-proof.md
	@PYTHONPATH=spark $(VENV_PYTHON) -m tests.exactly_once --cycles $(or $(CYCLES),200) --seed $(or $(SEED),1)

test-compose: setup ## run the containers for real, by hand, as root on Debian 12 (ten minutes); ARGS=--keep-images for a quicker next time
	@$(VENV_PYTHON) -m pytest tests/compose --durations=0 $(ARGS)

bench-gateway: setup ## measure the gateway's throughput, latency, memory and kills, into bench/out/gateway.json
	@$(VENV_PYTHON) -m bench.gateway

soak: setup ## a simulated plant under random faults for HOURS=2 (SEED=1), into bench/out/soak.json and docs/reliability.md
	@$(VENV_PYTHON) -m tests.soak --hours $(or $(HOURS),2) --seed $(or $(SEED),1) --report

bench-dashboard: setup ## measure how soon a reading is on the page, with 1,000 sensors and 50 browsers, into bench/out/dashboard.json; ARGS=
	@$(VENV_PYTHON) -m bench.dashboard $(ARGS)

bench-page: setup ## measure how soon a reading is on the page in a real Chromium, and its frames with 1,000 sensors, into bench/out/page.json
	@$(VENV_PYTHON) -m bench.dashboard_page

fuzz: setup ## feed the decoders bytes that a fuzzer makes up, SECONDS=60; needs `pip install atheris`
	@$(VENV_PYTHON) -m bench.fuzz_decode --seconds $(or $(SECONDS),60)

bench-latency: setup ## measure device write to printed warning, into bench/out/latency.json
	@$(VENV_PYTHON) -m bench.latency

bench-spark: setup ## measure the Spark jobs' latency, speed, memory and growth, into bench/out/spark.json and docs/spark-performance.md; ARGS=--quick
	@$(VENV_PYTHON) -m bench.spark $(ARGS)

audit: setup ## ask the advisory database about every locked package; a job of each release; exit code 69: it cannot be reached
	@$(VENV_PYTHON) -m sandbox.audit

wheel: setup ## build the wheel, into dist/
	@$(VENV_PYTHON) -m sandbox.wheel

deb: setup ## build the Debian packages for this Python and processor, into dist/; ARGS=suhu-alerts: the one with Spark
	@$(VENV_PYTHON) -m deploy.debian $(ARGS)

words: setup ## bring the dashboard's catalogues up to date with its words; translate what is empty then
	@cd dashboard && ../.venv/bin/pybabel -q extract -F locale/babel.cfg --no-default-keywords -k _ -k say -k sayMany:1,2 \
		--no-location --sort-output --omit-header -o ../var/words.pot . && \
	for language in en id; do ../.venv/bin/pybabel -q update -i ../var/words.pot -l $$language -d locale --ignore-obsolete \
		--no-fuzzy-matching --omit-header --width 1000; done

lock: preflight ## write requirements*.txt (by uv) and sandbox/jars.sha256 anew, after a change of pyproject.toml or ivy.xml
	@$(PYTHON) -m venv .fetched/uv && .fetched/uv/bin/pip install --quiet --disable-pip-version-check uv
	@PATH="$$PWD/.fetched/uv/bin:$$PATH" $(UV_COMPILE) -o requirements.txt
	@PATH="$$PWD/.fetched/uv/bin:$$PATH" $(UV_COMPILE) --group dev -c requirements.txt -o requirements-dev.txt
	@PATH="$$PWD/.fetched/uv/bin:$$PATH" $(UV_COMPILE) --extra fast -c requirements.txt -o requirements-fast.txt
	@PATH="$$PWD/.fetched/uv/bin:$$PATH" $(UV_COMPILE) --extra spark -c requirements.txt -o requirements-spark.txt
	@PATH="$$PWD/.fetched/uv/bin:$$PATH" $(UV_COMPILE) --extra dashboard -c requirements.txt -o requirements-dashboard.txt
	@PATH="$$PWD/.fetched/uv/bin:$$PATH" $(UV_COMPILE) --extra fast --extra modbus -c requirements-dev.txt -o requirements-deb.txt
	@$(PYTHON) -m sandbox.install
	@$(VENV_PYTHON) -m sandbox.fetch --write-lock

clean: ## remove everything that setup, tests and benches have made
	@rm -rf .venv .fetched var dist bench/out .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
