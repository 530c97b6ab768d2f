# The two commands of the README: `make run` and `make test`. `make help` lists the rest.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
ARGS ?=
WORKERS ?= auto
# Where Python is told to write no bytecode, each process would compile the whole house at its start.
COMPILE = $(BIN)/python -m compileall -q forum config wsgi.py >/dev/null 2>&1 || true

.PHONY: help reference run test coverage sure lint format messages schema lock bench clean
help:  ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "make %-8s %s\n", $$1, $$2}'

run: $(VENV)/.run  ## start the forum with demonstration content (ARGS="--port 8001")
	@$(COMPILE)
	@$(BIN)/forum demo $(ARGS)

test: $(VENV)/.dev  ## run the tests (ARGS="tests/policy" for some of them)
	@$(BIN)/pytest -n $(WORKERS) $(ARGS)

# What decides who reads what and what becomes HTML; each part with the tests that mirror it.
COVERED = forum/policy/*,forum/richtext.py,forum/domain/moderation.py,forum/search/grammar*.py
COVERING = tests/policy tests/test_richtext.py tests/domain/test_moderation.py tests/search/test_grammar.py

coverage: $(VENV)/.dev  ## policy, richtext, moderation and search grammar: every branch is tested, or it fails
	@COVERAGE_FILE=$(VENV)/.coverage $(BIN)/pytest --cov=forum --cov-report= -m "not hypothesis" $(COVERING)
	@COVERAGE_FILE=$(VENV)/.coverage $(BIN)/coverage report --include='$(COVERED)' --show-missing --fail-under=100

sure: $(VENV)/.dev  ## everything that must hold for a commit: format, lint, types, import rules, tests
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/pytest -n $(WORKERS)

lint: $(VENV)/.dev  ## format check, lint and types, without the tests
	@$(BIN)/ruff format --check . && $(BIN)/ruff check . && $(BIN)/mypy

format: $(VENV)/.dev  ## rewrite the code in the house style
	@$(BIN)/ruff format . && $(BIN)/ruff check --fix .

messages: $(VENV)/.dev  ## gather the interface's texts for translators into forum/translations/messages.pot
	@mkdir -p forum/translations
	@$(BIN)/pybabel -q extract -F babel.cfg -o forum/translations/messages.pot --project=forum --no-location \
	  -k lazy_gettext -k Invalid -k NotAllowed -k Conflict -k TooSoon .

reference: $(VENV)/.dev  ## draw docs/reference/ anew from settings, commands and routes
	@FORUM_INSTANCE=$$(mktemp -d) $(BIN)/forum reference

schema: $(VENV)/.dev  ## write the initial migration anew from the tables (before the first release only)
	@FORUM_INSTANCE=$$(mktemp -d) $(BIN)/forum schema && $(BIN)/ruff format -q migrations && $(BIN)/ruff check -q --fix migrations

bench: $(VENV)/.run  ## measure every figure that the documentation claims
	@$(COMPILE)
	@$(BIN)/python -m bench $(ARGS)

lock:  ## resolve the dependencies anew (needs uv and the network)
	uv pip compile -q --universal --generate-hashes --no-emit-index-url --no-header --no-annotate \
	  --python-version 3.11 --extra build pyproject.toml -o requirements.lock
	uv pip compile -q --universal --generate-hashes --no-emit-index-url --no-header --no-annotate \
	  --python-version 3.11 --extra build --extra dev -c requirements.lock pyproject.toml -o requirements-dev.lock

clean:  ## forget the virtual environment; instance/ (your data) stays
	rm -rf $(VENV) build *.egg-info

# The stamps hold the environment to the lock files: nothing is downloaded while they are unchanged.
$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed (PYTHON=python3.12 make run)")'
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.run: $(VENV)/bin/python requirements.lock pyproject.toml
	@echo "Installing what the forum runs on (once; offline afterwards)"
	@$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes --no-deps -r requirements.lock
	@$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.dev: $(VENV)/.run requirements-dev.lock
	@echo "Installing what the tests need (once; offline afterwards)"
	@$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes --no-deps -r requirements-dev.lock
	@touch $@
