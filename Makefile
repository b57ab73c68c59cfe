# Every habit is a target; `make` alone prints them.
.DEFAULT_GOAL := help
SHELL := /bin/sh

# An active conda environment (other than base) is used; otherwise the course makes its own .venv.
ifneq ($(filter-out base,$(CONDA_DEFAULT_ENV)),)
BIN := $(CONDA_PREFIX)/bin
READY := .course/conda-ready
else
BIN := .venv/bin
READY := .venv/ready
endif
PY := $(BIN)/python
PYTHON ?= python3
GRADEBOOK := autograde clearing export feedback gradebook intake killed parity results watch

help: ## Print these targets
	@awk -F ':.*## ' '/^[a-z][a-z0-9-]*:.*## / {printf "  make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

env: $(READY) ## Make the environment (.venv, or complete the active conda environment)

.venv/ready: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python 3.11 or newer is needed; name one with make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 1; }
	@$(PYTHON) -m venv .venv || { echo "Python's venv module is missing; on Debian: apt-get install python3-venv" >&2; exit 1; }
	@echo "Installing the course's packages into .venv (once, a minute or two) ..."
	@.venv/bin/pip install -qq --disable-pip-version-check --require-hashes -r requirements.lock
	@.venv/bin/pip install -qq --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

.course/conda-ready: environment.yml pyproject.toml
	@mkdir -p .course
	@$(PY) -m pip install -qq --disable-pip-version-check -e '.[dev]'
	@touch $@

run: env ## Open the course in the browser (TRAINEE=id PORT=8888)
	@$(PY) -m grading run $(if $(TRAINEE),--trainee $(TRAINEE)) $(if $(PORT),--port $(PORT))

supervise: env ## Open the supervisor's desk in the browser (PORT=8889)
	@$(PY) -m grading supervise $(if $(PORT),--port $(PORT))

demo: env ## Let a simulated staff take the course and open the report
	@$(PY) -m grading demo

check: env ## Say what is wrong with scenarios, policy files and derived notebooks
	@$(PY) -m scenarios check
	@$(PY) -m grading notebooks --check

new-scenario: env ## Begin a scenario, a file to fill in (ID=T40 AUDIENCE=therapist)
	@$(PY) -m scenarios new "$(ID)" --audience "$(AUDIENCE)"

preview: env ## Open one scenario of the library in the browser, as it is now (ID=T40 VARIANT=2 PORT=8890)
	@$(PY) -m scenarios preview "$(ID)" $(if $(VARIANT),--variant $(VARIANT)) $(if $(PORT),--port $(PORT))

coverage: env ## Write the page of which scenarios practice which clause
	@$(PY) -m scenarios coverage --format html

notebooks: env ## Rewrite the notebooks that are not yet released
	@$(PY) -m grading notebooks

questions: env ## Write the page of open questions for the Center
	@$(PY) -m scenarios questions

review-pack: env ## Write the booklet and the ratings sheet for the clinical reviewer
	@$(PY) -m scenarios review-pack

release: env ## Pin the versions of an assignment and release it (A=onboarding-therapist)
	@$(PY) -m grading release $(if $(A),--assignment $(A))

policy: env ## Attach the Center's official policy text (FILE=path)
	@$(PY) -m grading policy $(if $(FILE),"$(FILE)")

grade: env ## Collect and grade everything handed in
	@$(PY) -m grading collect
	@$(PY) -m grading grade

report: env ## Write the report of the teams' results
	@$(PY) -m grading report

export: env ## Write the results as CSV and XLSX, a row a trainee and a row a decision
	@$(PY) -m grading export

feedback: env ## Release the marks and comments to the trainees
	@$(PY) -m grading feedback --release-marks

test: env ## Run every test, the browser's included
	@$(PY) tests/chromium.py
	@$(PY) tests/firefox.py
	@$(PY) -m pytest

test-postgres: env ## Run the gradebook's tests against a PostgreSQL server of their own
	@$(PY) tests/postgres.py
	@$(PY) -m pytest --postgres $(GRADEBOOK:%=tests/test_%.py)

test-a11y: env ## Look at every page and state for what stands in anybody's way
	@$(PY) tests/chromium.py
	@$(PY) -m pytest tests/browser/test_accessibility.py

lint: env ## Check style and types
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

format: env ## Rewrite the code in the project's style
	@$(BIN)/ruff check --fix --quiet . && $(BIN)/ruff format --quiet .

screenshots: env ## Take the pictures of the README and of every state
	@$(PY) tests/screenshots.py

bench: env ## Measure the course beside JupyterLab, nbgrader and the floor (about twenty minutes)
	@$(PY) tests/bench.py

lock: env ## Compile requirements.lock from pyproject.toml
	@$(BIN)/uv pip compile --quiet pyproject.toml --extra dev --universal --python-version 3.11 \
	  --generate-hashes --no-emit-index-url --no-annotate --no-header -o requirements.lock

clean: ## Remove the environment and caches (answers in .course stay)
	@rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .hypothesis

.PHONY: help env run supervise demo check new-scenario preview coverage notebooks questions review-pack release policy grade report export feedback test test-a11y test-postgres lint format screenshots bench lock clean
