# Ops Room. `make help` lists what there is.
SHELL := /bin/bash
VENV := .venv
PYTHON := $(VENV)/bin/python
STAMP := $(VENV)/installed
# The newest of the supported versions that runs here (a pyenv shim may exist without its version).
FIND_PYTHON := for p in python3.12 python3.11 python3 python; do $$p -c 'import sys; sys.exit(not (3,11) <= sys.version_info[:2] <= (3,13))' 2>/dev/null && { echo $$p; break; }; done

.DEFAULT_GOAL := help
.PHONY: help setup run test check bench requirements chromium clean

help: ## this list
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

setup: $(STAMP) ## make .venv with exactly the pinned, hashed packages

$(STAMP): requirements/dev.txt requirements/uv.txt
	@found="$$($(FIND_PYTHON))"; test -n "$$found" || { echo "Ops Room needs Python 3.11 or 3.12 on the PATH." >&2; exit 1; }; \
	test -x $(PYTHON) || $$found -m venv $(VENV)
	@$(PYTHON) -m pip --version >/dev/null 2>&1 || $(PYTHON) -m ensurepip
	@$(PYTHON) -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements/uv.txt
	@$(VENV)/bin/uv pip sync --quiet --python $(PYTHON) requirements/dev.txt requirements/uv.txt
	@touch $@

run: setup ## everything on http://localhost:8000 (or the next free port); Ctrl-C stops it
	@$(PYTHON) manage.py run

test: setup chromium ## all tests, in two processes
	@$(PYTHON) -m pytest -n 2 $(ARGS)

check: setup ## style, types, imports, locked packages, migrations, templates, deployment settings
	@$(PYTHON) -m opsroom.check

bench: setup ## speed and memory, as ratios measured in one run
	@$(PYTHON) -m tests.bench $(ARGS)

chromium: setup
	@$(PYTHON) -m tests.chromium

requirements: setup ## compile requirements/*.in into pinned, hashed *.txt
	@for name in uv base dev; do $(VENV)/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --upgrade requirements/$$name.in -o requirements/$$name.txt; done

clean: ## stop the embedded servers and remove the caches (data in .var stays)
	@test ! -x $(PYTHON) || $(PYTHON) manage.py embedded stop
	@rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
