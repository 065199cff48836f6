# What there is to do here: `make help`. Needs Python 3.11 to 3.13 with venv, and a C++ compiler for the first install.

PYTHON ?= $(shell for name in python3.11 python3.12 python3.13 python3; do "$$name" -c "import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))" 2>/dev/null && echo "$$name" && break; done)
VENV   ?= .venv
BIN    := $(VENV)/bin
PIP    := $(BIN)/python -m pip --disable-pip-version-check --no-input install -qq --constraint constraints.txt
PARTS  := pyproject.toml constraints.txt

# A stamp is newer than what it was made from: then nothing is installed and no network is needed.
RUNTIME := $(VENV)/installed
TEST    := $(VENV)/installed-test
DEV     := $(VENV)/installed-dev
PEER    := $(VENV)/installed-benchmark

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo test test-editors lint format typecheck bench bench-index bench-reflex bench-peer bench-windows docs messages lock clean

help: ## Show this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

demo: $(RUNTIME) ## Start the server on this repository, type into a file and show the ghost text
	@$(BIN)/python -m recoder_lsp.demo

test: $(TEST) ## Run all tests, with coverage
	@$(BIN)/python -m pytest --cov --cov-report=term $(ARGS)

test-editors: $(TEST) ## Drive the real editors; installs them first, some hundred megabytes and some minutes
	@TEST_EDITORS=1 $(BIN)/python -m pytest tests/editors $(ARGS)

lint: $(DEV) ## Check style and formatting
	@$(BIN)/ruff check . && $(BIN)/ruff format --check .

format: $(DEV) ## Format the code
	@$(BIN)/ruff check --fix . && $(BIN)/ruff format .

typecheck: $(DEV) ## Check the types
	@$(BIN)/mypy

bench-index: $(TEST) ## Index the standard library, search it, and type meanwhile; some minutes
	@$(BIN)/python -m tests.benchmarks.indexing --typing $(ARGS)

bench-reflex: $(TEST) ## Ask about 10,000 chunks everything that needs no model; a minute
	@$(BIN)/python -m tests.benchmarks.reflex $(ARGS)

bench-peer: $(PEER) ## Type at this server and at llama.cpp's own, and while a folder is indexed; ten minutes
	@$(BIN)/python -m tests.benchmarks.peer $(ARGS)

bench-windows: $(TEST) ## Open one to ten editor windows and print memory and processor time at rest; ten minutes
	@$(BIN)/python -m tests.benchmarks.windows $(ARGS)

bench: $(TEST) ## Replay typing and print latencies; a few minutes
	@$(BIN)/python -m tests.benchmarks.typing $(ARGS)

docs: $(RUNTIME) ## Write docs/settings.md, and the settings of the extension for VS Code, from the table of settings
	@$(BIN)/python -m recoder_lsp.settings_page > docs/settings.md
	@$(BIN)/python editors/vscode/settings_of_package.py

messages: $(TEST) ## Bring the translations up to the messages in the code; what is new has none yet
	@$(BIN)/python -m tests.messages

lock: ## Resolve every dependency anew and write constraints.txt
	@rm -rf build/lock && "$(PYTHON)" -m venv build/lock && build/lock/bin/python -m pip install --quiet --upgrade pip setuptools
	@build/lock/bin/python -m pip install --quiet "$$(grep -x 'torch==.*' constraints.txt)" --editable '.[test,training,dev,benchmark]'
	@{ sed -n '1,/^$$/{/^#/p}' constraints.txt; \
	   build/lock/bin/python -m pip freeze --all --exclude-editable | sed 's/+cpu$$//' | LC_ALL=C sort -f; \
	   echo; sed -n '/^# Only installed/,$$p' constraints.txt; } > build/constraints.txt && mv build/constraints.txt constraints.txt

clean: ## Remove the virtual environment and everything generated
	@rm -rf $(VENV) build dist *.egg-info .coverage .coverage.* .pytest_cache .mypy_cache .ruff_cache .hypothesis
	@find . -name __pycache__ -type d -not -path './.git/*' -prune -exec rm -rf {} +

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "Python 3.11, 3.12 or 3.13 is needed, and none was found. Name one: make PYTHON=/path/to/python3.11" >&2; exit 1; }
	@"$(PYTHON)" -m venv "$(VENV)" || { rm -rf "$(VENV)"; echo "The virtual environment could not be made. On Debian: apt-get install python3-venv" >&2; exit 1; }

$(RUNTIME): $(PARTS) | $(BIN)/python
	@command -v c++ >/dev/null || echo "There is no C++ compiler: if the installation fails, install one (on Debian: apt-get install build-essential)." >&2
	@echo "Installing into $(VENV). The first time this compiles llama.cpp, which takes some minutes ..."
	@$(PIP) --upgrade pip setuptools
	@$(PIP) --editable .
	@touch $@

$(TEST): $(RUNTIME)
	@$(PIP) --editable '.[test,training]'
	@touch $@

$(DEV): $(TEST)
	@$(PIP) --editable '.[test,training,dev]'
	@touch $@

$(PEER): $(TEST)
	@$(PIP) --editable '.[test,training,benchmark]'
	@touch $@
