# Every target sets up what it needs in .venv; only Python (3.10 or newer) and make must be there.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
MODEL ?= embedded
STAMP := $(VENV)/.installed
PEERS_VENV := .venv-peers
PEERS_STAMP := $(PEERS_VENV)/.installed
MIN_VENV := .venv-min
MIN_STAMP := $(MIN_VENV)/.installed
VLLM_VENV := .venv-vllm
VLLM_STAMP := $(VLLM_VENV)/.installed
INFINITY_VENV := .venv-infinity
INFINITY_STAMP := $(INFINITY_VENV)/.installed
DOCS_VENV := .venv-docs
DOCS_STAMP := $(DOCS_VENV)/.installed
BENCH_VENV := .venv-bench
BENCH_STAMP := $(BENCH_VENV)/.installed
RAY_VENV := .venv-ray
RAY_STAMP := $(RAY_VENV)/.installed
FUZZ_VENV := .venv-fuzz
FUZZ_STAMP := $(FUZZ_VENV)/.installed
FUZZ_PYTHON ?= python3.11
# How long `make fuzz` looks.
SECONDS ?= 600
BROWSER_VENV := .venv-browser
BROWSER_STAMP := $(BROWSER_VENV)/.installed
# What `make bench` measures: comma lists, or all (see benchmarks/README.md).
SIZE ?= all
PEERS ?= all
DTYPE ?= all
ROUNDS ?= 2
THREADS ?= 1
OUT ?= benchmarks/results

.DEFAULT_GOAL := help
.PHONY: help install demo demo-results test soak audit test-peers test-min test-engines test-vllm test-infinity test-ray \
    test-browser bench bench-threads bench-tokenization bench-gpu fuzz injection docs check readme format clean

help:  ## Show this help
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

install: $(STAMP)  ## Create .venv and install the package with everything it can use

# torch comes first and pinned, so that nothing else pulls a larger build of it.
$(STAMP): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --upgrade "pip>=25.1"
	$(BIN)/pip install --quiet --constraint constraints.txt torch
	$(BIN)/pip install --quiet --constraint constraints.txt --group dev --editable ".[all]"
	@touch $@

demo: $(STAMP)  ## Retrieve and rerank real text in three frameworks (MODEL=hub id or directory)
	$(BIN)/python examples/demo.py --model $(MODEL) --html build/demo-report.html

demo-results: $(STAMP)  ## Run the demo twice and write its numbers to benchmarks/results
	$(BIN)/python examples/demo.py --json benchmarks/results/demo.json
	$(BIN)/python examples/demo.py --no-cache --json benchmarks/results/demo-no-cache.json

bench-tokenization: $(STAMP)  ## Time how rows are written and write the numbers to benchmarks/results
	$(BIN)/python benchmarks/tokenization.py

test: $(STAMP)  ## Run the tests
	$(BIN)/python -m pytest -m "not hub and not gpu and not engine and not peers and not soak and not browser"

soak: $(STAMP)  ## Run the long tests under load and write what they found to benchmarks/results
	SOAK_RESULT=benchmarks/results/soak.json $(BIN)/python -m pytest -m soak tests/soak
	PYTHONPATH=tests $(BIN)/python tests/promises.py

# The vendors' code depends on a great deal that the package does not need, so it gets an environment of its own.
$(PEERS_STAMP): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(PEERS_VENV)
	$(PEERS_VENV)/bin/pip install --quiet --upgrade "pip>=25.1"
	$(PEERS_VENV)/bin/pip install --quiet --constraint constraints.txt torch
	$(PEERS_VENV)/bin/pip install --quiet --constraint constraints.txt --group peers --editable .
	@touch $@

test-peers: $(PEERS_STAMP)  ## Compare scores with the vendors' own code
	$(PEERS_VENV)/bin/python -m pytest -m peers tests/peers

# The oldest versions that are allowed, so that the bounds in pyproject.toml are not a guess.
$(MIN_STAMP): pyproject.toml constraints-min.txt
	$(PYTHON) -m venv $(MIN_VENV)
	$(MIN_VENV)/bin/pip install --quiet --upgrade "pip>=25.1"
	$(MIN_VENV)/bin/pip install --quiet --constraint constraints-min.txt torch
	$(MIN_VENV)/bin/pip install --quiet --constraint constraints-min.txt --group test --editable ".[all]"
	@touch $@

test-min: $(MIN_STAMP)  ## Run the tests with the oldest versions that are allowed
	$(MIN_VENV)/bin/python -m pytest tests/integrations tests/core tests/families tests/playground tests/remote tests/test_public.py

test-engines: test-vllm test-infinity test-ray  ## Run the tests against real engines, each in an environment of its own

# The build of vLLM for CPUs brings a torchvision for CUDA, with which transformers cannot import its classifiers.
$(VLLM_STAMP): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VLLM_VENV)
	$(VLLM_VENV)/bin/pip install --quiet --upgrade "pip>=25.1"
	$(VLLM_VENV)/bin/pip install --quiet --constraint constraints.txt torch
	$(VLLM_VENV)/bin/pip install --quiet --group vllm --editable ".[remote,haystack]"
	$(VLLM_VENV)/bin/pip uninstall --quiet --yes torchvision torchaudio torchcodec
	@touch $@

test-vllm: $(VLLM_STAMP)  ## Compare scores with vLLM, in process and over HTTP
	$(VLLM_VENV)/bin/python -m pytest -m engine tests/engines/vllm

# Infinity needs older versions than this package, so only its server runs in there.
$(INFINITY_STAMP): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(INFINITY_VENV)
	$(INFINITY_VENV)/bin/pip install --quiet --upgrade "pip>=25.1"
	$(INFINITY_VENV)/bin/pip install --quiet --constraint constraints.txt torch
	$(INFINITY_VENV)/bin/pip install --quiet --group infinity
	@touch $@

test-infinity: $(STAMP) $(INFINITY_STAMP)  ## Compare scores with Infinity's server
	INFINITY_PROGRAM=$(INFINITY_VENV)/bin/infinity_emb $(BIN)/python -m pytest -m engine tests/engines/infinity

# Ray brings pyarrow, pandas and a server, which nothing else needs.
$(RAY_STAMP): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(RAY_VENV)
	$(RAY_VENV)/bin/pip install --quiet --upgrade "pip>=25.1"
	$(RAY_VENV)/bin/pip install --quiet --constraint constraints.txt torch
	$(RAY_VENV)/bin/pip install --quiet --constraint constraints.txt --group ray --editable ".[ray,embedded]"
	@touch $@

test-ray: $(RAY_STAMP)  ## Rerank with Ray Data, Ray Serve and Spark's frames, with actors that are killed
	$(RAY_VENV)/bin/python -m pytest -m engine tests/engines/ray

# Only what drives a browser; the browser itself is the system's.
$(BROWSER_STAMP): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(BROWSER_VENV)
	$(BROWSER_VENV)/bin/pip install --quiet --upgrade "pip>=25.1"
	$(BROWSER_VENV)/bin/pip install --quiet --constraint constraints.txt torch
	$(BROWSER_VENV)/bin/pip install --quiet --constraint constraints.txt --group browser --editable ".[embedded,playground]"
	@touch $@

test-browser: $(BROWSER_STAMP)  ## Use the playground in a headless Chromium (chromium must be on the path)
	$(BROWSER_VENV)/bin/python -m pytest -m browser tests/playground

$(BENCH_STAMP): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(BENCH_VENV)
	$(BENCH_VENV)/bin/pip install --quiet --upgrade "pip>=25.1"
	$(BENCH_VENV)/bin/pip install --quiet --constraint constraints.txt torch
	$(BENCH_VENV)/bin/pip install --quiet --constraint constraints.txt --group bench --editable ".[embedded]"
	@touch $@

bench: $(BENCH_STAMP)  ## Time this package beside other libraries (SIZE= PEERS= DTYPE= ROUNDS= THREADS= OUT=)
	$(BENCH_VENV)/bin/python -m benchmarks --size $(SIZE) --peers $(PEERS) --dtype $(DTYPE) \
	    --rounds $(ROUNDS) --threads $(THREADS) --out $(OUT)

bench-threads: DTYPE = float32
bench-threads: ROUNDS = 3
bench-threads: $(BENCH_STAMP)  ## Time 8 threads with 10 documents each beside one with 80
	$(BENCH_VENV)/bin/python -m benchmarks.concurrency --dtype $(DTYPE) --rounds $(ROUNDS) --threads $(THREADS)

bench-gpu: ROUNDS = 20
bench-gpu: $(BENCH_STAMP)  ## Time this package beside sentence-transformers on a CUDA device
	$(BENCH_VENV)/bin/python -m benchmarks.gpu --rounds $(ROUNDS)

# Its wheels are for few versions of Python, and nothing else needs it.
$(FUZZ_STAMP): pyproject.toml constraints.txt
	$(FUZZ_PYTHON) -m venv $(FUZZ_VENV)
	$(FUZZ_VENV)/bin/pip install --quiet --upgrade "pip>=25.1"
	$(FUZZ_VENV)/bin/pip install --quiet --constraint constraints.txt torch
	$(FUZZ_VENV)/bin/pip install --quiet --constraint constraints.txt --group fuzz --editable .
	@touch $@

fuzz: $(FUZZ_STAMP)  ## Look for text that breaks a family's rows (SECONDS=)
	mkdir -p fuzz/found
	$(FUZZ_VENV)/bin/python fuzz/fuzz_text.py -max_total_time=$(SECONDS) -max_len=160 \
	    -artifact_prefix=fuzz/found/ fuzz/found fuzz/corpus

injection: $(STAMP)  ## Measure how far hostile text moves scores, and write docs/injection.md
	$(BIN)/python -m benchmarks.injection

# A known vulnerability fails; a service that cannot be reached is only told.
audit: $(STAMP)  ## Look for known vulnerabilities of what is installed
	@$(BIN)/pip-audit --local --skip-editable --progress-spinner off > .audit.txt 2>&1; status=$$?; \
	unknown=$$(grep -c "could not be audited" .audit.txt); grep -v "could not be audited" .audit.txt; \
	if grep -q "^Found .* known vuln" .audit.txt; then exit 1; fi; \
	if [ $$status -ne 0 ] || [ $$unknown -ne 0 ]; then \
	    echo "warning: the audit is not complete, $$unknown packages are not known to it (exit $$status)"; fi

check: $(STAMP)  ## Lint, check formatting, types and spelling
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/codespell

$(DOCS_STAMP): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(DOCS_VENV)
	$(DOCS_VENV)/bin/pip install --quiet --upgrade "pip>=25.1"
	$(DOCS_VENV)/bin/pip install --quiet --constraint constraints.txt --group docs
	@touch $@

docs: $(DOCS_STAMP)  ## Build the documentation into site/; a warning is an error
	NO_MKDOCS_2_WARNING=1 $(DOCS_VENV)/bin/mkdocs build --strict --quiet

readme: $(STAMP)  ## Write the generated parts of the README and docs/promises.md
	$(BIN)/python tests/readme_table.py
	PYTHONPATH=tests $(BIN)/python tests/promises.py

format: $(STAMP)  ## Format the code and fix what can be fixed
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:  ## Remove environments, built models and caches
	rm -rf $(VENV) $(PEERS_VENV) $(MIN_VENV) $(VLLM_VENV) $(INFINITY_VENV) $(RAY_VENV) $(DOCS_VENV) $(BENCH_VENV) \
	    $(BROWSER_VENV) $(FUZZ_VENV) site benchmarks/.models fuzz/found .mypy_cache .pytest_cache .ruff_cache build dist
