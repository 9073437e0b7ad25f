# make help lists what there is. `book` and `test` set up their own environment in .venv, once.

VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
PORT := 8000
NB := book

# The first of these that is Python 3.11 or newer; or say it yourself: make book PYTHON=python3.12
NEW_ENOUGH := import sys; sys.exit(sys.version_info < (3, 11))
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11 python; do \
	$$p -c "$(NEW_ENOUGH)" 2>/dev/null && echo $$p && break; done)

.DEFAULT_GOAL := help
.PHONY: help book pdf archive test test-all notebooks exercises assignments binder equations \
	benchmark lighthouse links lint network serve site-report stills clean

help: ## this list
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 12

# Installs anew only if what is to be installed has changed: otherwise nothing needs a network.
$(STAMP): requirements.txt pyproject.toml
	@test -n "$(PYTHON)" && $(PYTHON) -c "$(NEW_ENOUGH)" || \
		{ echo "Python 3.11 or newer is needed. If you have it, name it: make PYTHON=python3.12"; exit 1; }
	@echo "Installing into $(VENV); this takes a minute or two."
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

# Always from nothing: a page kept from the last build would also keep its warnings to itself.
book: $(STAMP) ## the book, in _build/html/index.html
	rm -rf _build
	$(BIN)/jupyter-book build . -W -n --keep-going
	@test -f _build/html/index.html

# These take the book as it was last built.
_build/html/index.html:
	$(MAKE) book

pdf: _build/html/index.html ## the whole book as one PDF, _build/mnist_nn.pdf; needs Chromium
	$(BIN)/python tools/pdf.py

archive: _build/html/index.html ## site, notebooks and package in one file, to use offline
	$(BIN)/python tools/archive.py

test: book ## the book, then all tests but the slow ones
	$(BIN)/python -m pytest -n 2

test-all: book ## the book, then all tests
	$(BIN)/python -m pytest -n 2 -m "slow or not slow"

notebooks: $(STAMP) ## run and store the notebooks; some only: NB=book/chapters/04-softmax.ipynb
	$(BIN)/python tools/notebooks.py $(NB)

stills: $(STAMP) ## the still pictures of the figures that move; needs Chromium
	$(BIN)/python tools/stills.py

network: $(STAMP) ## train and store the network that some figures show; minutes
	$(BIN)/python tools/network.py

exercises: $(STAMP) ## the student notebooks and the page of mistakes, from book/solutions
	$(BIN)/python tools/exercises.py

# Only instructors need otter-grader, and it brings much: it gets an environment of its own.
assignments: $(STAMP) ## the exercises for otter-grader, in _build/assignments
	test -d .venv-assignments || $(PYTHON) -m venv .venv-assignments
	.venv-assignments/bin/python -m pip install --quiet --disable-pip-version-check \
		-e . "otter-grader>=7,<8" ipykernel
	rm -rf _build/assignments
	$(BIN)/python tools/assignments.py _build/assignments .venv-assignments/bin/otter

# repo2docker is what Binder builds with; it gets an environment of its own, and what it would
# install another.
binder: $(STAMP) ## what Binder makes of this repository, and how much it installs
	test -d .venv-binder || $(PYTHON) -m venv .venv-binder
	.venv-binder/bin/python -m pip install --quiet --disable-pip-version-check \
		"jupyter-repo2docker>=2026.4,<2028"
	rm -rf _build/binder
	$(PYTHON) -m venv _build/binder
	_build/binder/bin/python -m pip install --quiet --disable-pip-version-check \
		-r binder/requirements.txt
	.venv-binder/bin/python tools/binder.py _build/binder

equations: $(STAMP) ## the numbered equations and the tests that verify them
	$(BIN)/python tools/equations.py

# The peers are large and nothing else needs them: they get an environment of their own.
benchmark: ## how fast the package trains, beside PyTorch, JAX and scikit-learn; fifteen minutes
	test -d .venv-benchmark || $(PYTHON) -m venv .venv-benchmark
	.venv-benchmark/bin/python -m pip install --quiet --disable-pip-version-check \
		$(if $(TORCH_INDEX),--extra-index-url $(TORCH_INDEX)) -e . -r benchmarks/requirements.txt
	.venv-benchmark/bin/python benchmarks/run.py

links: $(STAMP) ## every link to another site; this alone needs a network each time
	$(BIN)/jupyter-book build . --builder custom --custom-builder linkcheck

lighthouse: ## speed, accessibility and weight of four built pages, by Lighthouse; needs Node
	$(BIN)/python -m tools.lighthouse

site-report: ## what the browser tests count on all built pages, and how much each weighs
	$(BIN)/python -m tests.browser.report

lint: $(STAMP) ## style, types, spelling, workflow and citation files
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/codespell
	$(BIN)/check-jsonschema --builtin-schema vendor.github-workflows .github/workflows/*.yml
	$(BIN)/check-jsonschema --builtin-schema vendor.citation-file-format CITATION.cff
	$(BIN)/zizmor --offline --quiet .github/workflows

serve: ## the built book at http://127.0.0.1:8000; another port: PORT=8001
	$(BIN)/python -m http.server --bind 127.0.0.1 --directory _build/html $(PORT)

clean: ## delete what was built; the environment stays
	rm -rf _build build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis *.egg-info
	find mnist_nn tests tools -name __pycache__ -exec rm -rf {} +
