# `make demo` runs the main job on real models; `make test` the fast tests; `make check` all static checks.
PYTHON ?= python3
VENV ?= .venv
SIZE ?= 56m
BIN := $(VENV)/bin
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export HF_HUB_OFFLINE ?= 1
export TOKENIZERS_PARALLELISM := false
export NO_MKDOCS_2_WARNING := 1
unexport PYTHONDONTWRITEBYTECODE  # compiled modules are kept: everything starts faster the second time

.PHONY: help setup demo pictures full constituents specialists vocabulary curve served check docs wheel test test-slow test-real fuzz fix bench clean

help:  ## list the targets
	@grep -E '^[a-z-]+:.*##' Makefile | sed 's/:.*##/\t/' | expand -t 16

setup: $(VENV)/.ready  ## make the virtual environment from the lock file

$(VENV)/.ready: requirements.lock pyproject.toml hatch_build.py src/lexgraft/weights/merge/kernel.c
	$(PYTHON) -c 'import sys; sys.exit("lexgraft needs Python 3.11 or newer, this is " + sys.version.split()[0]) if sys.version_info < (3, 11) else None'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --no-compile --requirement requirements.lock
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	touch $@

demo: setup  ## fetch the data, adopt the medical model into the Japanese one, write the report
	$(BIN)/python examples/medical-ja/base_model.py
	$(BIN)/python examples/medical-ja/prepare.py
	$(BIN)/lexgraft adopt examples/medical-ja/project.yaml

pictures: setup  ## make the pictures of docs/images from the demo's run (needs chromium and pdftoppm)
	$(BIN)/python benchmarks/pictures.py runs/medical-ja

full: setup  ## the same with all concepts (hours on two cores): the numbers of docs/log.md
	$(BIN)/python examples/medical-ja/base_model.py
	$(BIN)/python examples/medical-ja/prepare.py
	$(BIN)/lexgraft adopt examples/medical-ja/full.yaml

constituents: setup  ## train the two specialists of the example again (about an hour and a half)
	$(BIN)/python examples/medical-ja/base_model.py
	$(BIN)/python examples/medical-ja/prepare.py
	$(BIN)/python examples/medical-ja/constituents.py

specialists: setup  ## show with intervals that the two specialists are specialists
	$(BIN)/python examples/medical-ja/base_model.py
	$(BIN)/python examples/medical-ja/prepare.py
	$(BIN)/python examples/medical-ja/specialists.py

vocabulary: setup  ## give the base Japanese medical words as tokens, distil and measure (an hour and a half of one core with DTYPE=bfloat16 and AMX, hours without)
	$(BIN)/python examples/medical-ja/base_model.py
	$(BIN)/python examples/medical-ja/prepare.py
	$(BIN)/python examples/medical-ja/vocabulary.py --dtype $(or $(DTYPE),float32)

curve: setup  ## teach 10, 50 and 200 terms and draw what is learned and lost (about an hour on one core)
	$(BIN)/python examples/medical-ja/base_model.py
	$(BIN)/python examples/medical-ja/prepare.py
	$(BIN)/lexgraft tune examples/medical-ja/tuning.yaml -o runs/medical-ja-tuning --curve 10 50 200

served: setup  ## serve the base model with the medical glossary and ask it over HTTP
	$(BIN)/python examples/medical-ja/base_model.py
	$(BIN)/python examples/medical-ja/prepare.py
	$(BIN)/python examples/medical-ja/served.py

check: setup  ## every static check, exactly as CI runs them
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports
	$(BIN)/codespell src tests docs examples benchmarks README.md CONTRIBUTING.md CHANGELOG.md Makefile
	$(BIN)/deptry src
	$(BIN)/vulture
	$(BIN)/python .ci/sizes.py
	$(BIN)/python .ci/words.py
	$(BIN)/mkdocs build --strict
	$(BIN)/pyright --pythonpath $(BIN)/python

docs: setup  ## build the documentation as a site (site/); a dead link fails
	$(BIN)/mkdocs build --strict

wheel: setup  ## build a wheel with the compiled loops inside (dist/)
	rm -f dist/lexgraft-*.whl
	$(BIN)/python -m pip wheel --quiet --no-deps --no-build-isolation --wheel-dir dist .

test: setup  ## the fast suite: no network
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -m "not slow and not real" --numprocesses auto

test-slow: setup  ## the slow suite: kills, browser, whole adoptions of tiny models
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -m "slow and not real" --numprocesses auto

test-real: setup  ## kill the example's own adoption in every stage (half an hour; after `make demo`)
	$(BIN)/python -m pytest -m real

fuzz: setup  ## let atheris look for files and requests that are neither refused nor sound (five minutes)
	$(BIN)/python -m pip install --quiet 'atheris>=3.0'
	$(BIN)/python benchmarks/fuzzing.py .cache/fuzz -max_total_time=300

fix: setup  ## format and mend what can be mended
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: setup  ## merging against the disk's floor (and PEER=python-with-mergekit), scoring against plain
	$(BIN)/python benchmarks/merging.py --size $(SIZE) $(if $(PEER),--peer $(PEER))
	@if [ -d .cache/models/gemma-3-270m ]; then $(BIN)/python benchmarks/sharing.py; else \
	  echo "scoring: run 'make demo' first, it fetches the model"; fi

clean:  ## remove the environment (the cache and runs stay)
	rm -rf $(VENV)
