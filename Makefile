# Two commands do all the set-up: `make demo` and `make test`. `make check` is what a commit must pass besides.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check

.PHONY: demo test test-pages test-ray test-typed test-lab test-extras nightly gate check format llama-server llama-bench browser lock clean

demo: $(VENV)/demo
	$(BIN)/ausweis models pull
	rm -f runs/demo.sqlite*
	$(BIN)/ausweis score examples/calls --policy telecom-de --store runs/demo.sqlite
	$(BIN)/ausweis score examples/calls-bank --policy bank-en --store runs/demo.sqlite
	$(BIN)/ausweis score examples/recordings --policy bank-en --store runs/demo.sqlite
	$(BIN)/ausweis score examples/recordings-de --policy telecom-de --store runs/demo.sqlite
	$(BIN)/ausweis score examples/calls-incidents --policy examples/policies/telecom-incidents.yaml --store runs/demo.sqlite
	$(BIN)/ausweis review --day today --store runs/demo.sqlite --out runs/demo.html
	@echo "The review of the day: runs/demo.html. In the browser: $(BIN)/ausweis serve --store runs/demo.sqlite"

test: $(VENV)/dev llama-server browser
	$(POOL) --durations 80 --durations-min 1 -m "not (alone or extras or pages or ray or typed)" --ignore tests/lab
	$(BIN)/pytest --durations 20 -m "alone and not ray" --ignore tests/lab

# In CI where their files changed, and by night (`make nightly`): the other pages in a browser, Ray, what docs tell to type,
# and the laboratory, which is learned and tried in a checkout (evals/lab) and is not in the wheel.
POOL := $(BIN)/pytest -n 3 --dist loadgroup --no-loadscope-reorder
test-pages: $(VENV)/dev browser
	$(POOL) -m pages --ignore tests/lab
test-ray: $(VENV)/dev
	$(BIN)/pytest -m ray --ignore tests/lab
test-typed: $(VENV)/dev
	$(POOL) -m typed --ignore tests/lab
test-lab: $(VENV)/lab
	$(POOL) tests/lab

# All of it, with more examples of each property; what passed is noted for CI (commit .ci/passed).
NIGHTLY := test-pages test-ray test-typed test-lab
nightly: export HYPOTHESIS_PROFILE := nightly
nightly: check test gate $(NIGHTLY)
	@for stage in $(NIGHTLY); do .ci/stages passed $$stage; done

# Each extra installed by itself, from the wheel: some gigabytes, so not part of `test`.
test-extras: $(VENV)/dev
	$(BIN)/pytest tests/e2e/test_extras.py

# The golden set against the baseline: from recorded answers where nothing changed, and three calls by chance asked anew.
GOLDEN := $(addprefix evals/golden/,dev.jsonl test.jsonl short-test.jsonl field-dev.jsonl buried-test.jsonl own-test.jsonl own-field-test.jsonl) \
  $(addprefix evals/incidents/,golden.jsonl described-golden.jsonl described-field.jsonl)
BASELINE := evals/baselines/heads
# What careful readers answered in the place of a model: prompt and rules are judged, and no model.
READ := $(addprefix evals/golden/,test.jsonl short-test.jsonl field-test.jsonl buried-test.jsonl own-test.jsonl own-field-test.jsonl)
CAREFUL := evals/baselines/careful-readers
gate: $(VENV)/dev
	rm -rf runs/gate
	$(BIN)/ausweis eval run $(GOLDEN) --recorded $(BASELINE).answers.jsonl.xz --live 3 --out runs/gate --quiet || [ $$? -eq 3 ]
	$(BIN)/ausweis eval report runs/gate
	$(BIN)/ausweis eval gate runs/gate --baseline $(BASELINE).jsonl --out runs/gate/gate.xml --out runs/gate/gate.md
	@! grep -q 'golden files not read' runs/gate/gate.md || { echo "GOLDEN lacks files of the baseline"; exit 1; }
	rm -rf runs/careful
	$(BIN)/ausweis eval run $(READ) $(addprefix --only ,$(shell cat $(CAREFUL)/calls.txt)) --engine recorded:$(CAREFUL) --out runs/careful --quiet
	$(BIN)/ausweis eval gate runs/careful --baseline $(CAREFUL).jsonl --at-least 'outcome accuracy=0.97' --at-least 'violation recall=1' --most-worse 0

check: $(VENV)/dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/ausweis prompts lint
	$(BIN)/pytest -q tests/test_lines.py

format: $(VENV)/dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

$(VENV)/created:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Ausweis needs Python 3.11 or newer: make PYTHON=/path/to/python3.11 ..."; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(PIP) --upgrade pip
	touch $@

# llama.cpp is compiled here: some minutes on two cores.
$(VENV)/demo: requirements/demo.txt requirements/carriers.txt pyproject.toml | $(VENV)/created
	@echo "Installing; llama.cpp is compiled, which takes some minutes on two cores ..."
	$(PIP) --require-hashes -r requirements/demo.txt
	$(PIP) --require-hashes --no-deps -r requirements/carriers.txt
	$(PIP) --no-deps --editable .
	touch $@

$(VENV)/dev: $(VENV)/demo requirements/dev.txt requirements/test-carriers.txt
	$(PIP) --require-hashes -r requirements/dev.txt
	$(PIP) --require-hashes --no-deps -r requirements/test-carriers.txt
	touch $@

# The laboratory needs PyTorch besides.
$(VENV)/lab: $(VENV)/dev requirements/lab.txt
	$(PIP) -r requirements/lab.txt
	touch $@

# llama-server, for tests of the server engine, and llama-bench, for benchmarks (`make llama-bench`): from the source of the
# bindings, and with the bindings' libraries.
LLAMA := $(VENV)/llama.cpp
LLAMA_VERSION := $(shell sed -n 's/^llama-cpp-python==\([0-9.]*\).*/\1/p' requirements/demo.txt)
llama-server llama-bench: %: $(LLAMA)/bin/%
$(LLAMA)/source-$(LLAMA_VERSION): .ci/llama-server/CMakeLists.txt | $(VENV)/dev
	rm -rf $(LLAMA) && mkdir -p $@
	grep -A 1 '^llama-cpp-python==' requirements/demo.txt > $(LLAMA)/requirement.txt
	$(BIN)/python -m pip download --quiet --disable-pip-version-check --no-deps --no-binary llama-cpp-python \
	  --require-hashes --dest $(LLAMA) -r $(LLAMA)/requirement.txt
	tar -xzf $(LLAMA)/llama_cpp_python-*.tar.gz --strip-components 1 -C $@ && rm $(LLAMA)/*.tar.gz
	PATH="$(abspath $(BIN)):$$PATH" cmake -S .ci/llama-server -B $(LLAMA) -G Ninja \
	  -DCMAKE_BUILD_TYPE=Release -DCMAKE_CXX_FLAGS_RELEASE="-O1 -DNDEBUG" -DLLAMA_SOURCE="$(abspath $@)/vendor/llama.cpp" \
	  -DBINDINGS="$$($(BIN)/python -c 'import sysconfig; print(sysconfig.get_path("platlib"))')" \
	  -DLLAMA_BUILD_UI=OFF -DLLAMA_USE_PREBUILT_UI=OFF > $(LLAMA)/cmake.log
$(LLAMA)/bin/%: $(LLAMA)/source-$(LLAMA_VERSION)
	@echo "Compiling $*, which takes less than a minute on two cores ..."
	PATH="$(abspath $(BIN)):$$PATH" cmake --build $(LLAMA) --target $* > $(LLAMA)/$*.log

# Tests look at pages in a real browser.
browser:
	@command -v chromium > /dev/null || command -v chromium-browser > /dev/null || command -v google-chrome > /dev/null || { \
	  echo "Installing Chromium, for tests of the pages ..."; apt-get -qq update && apt-get -qq install -y chromium > /dev/null; } \
	  || { echo "The tests need Chromium: install it as your system does (Debian: apt-get install chromium)"; exit 1; }

# Carriers are packages whose data files alone are wanted: nothing that they depend on is installed.
# New versions of all dependencies, for all supported Pythons, with hashes.
EXTRAS := --extra default-model --extra audio --extra review
COMPILE := uv pip compile --universal --generate-hashes --no-header --no-emit-index-url --python-version 3.11 --quiet
lock:
	$(COMPILE) pyproject.toml $(EXTRAS) --group dev --output-file requirements/dev.txt
	$(COMPILE) pyproject.toml $(EXTRAS) --constraints requirements/dev.txt --output-file requirements/demo.txt
	$(COMPILE) --no-deps requirements/carriers.in --output-file requirements/carriers.txt
	$(COMPILE) --no-deps requirements/test-carriers.in --output-file requirements/test-carriers.txt

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis
