# make run: environment, then digits from data to registry.  make test: the tests.  Every other verb is below.
PYTHON ?= python3
VENV := .venv
READY := $(VENV)/.ready
export PATH := $(CURDIR)/$(VENV)/bin:$(PATH)
unexport PYTHONDONTWRITEBYTECODE # without compiled files TensorFlow takes twice as long to import
export DO_NOT_TRACK := 1
export DVC_NO_ANALYTICS := 1

.PHONY: run test lint serve bench products setup clean

run: setup
	@flashfit build digits

test: setup
	@pytest -n 2

lint: setup
	@ruff check .
	@ruff format --check .
	@mypy
	@lint-imports

serve: setup
	@python -m flows.serve

bench: setup
	@python -m benchmarks.run

products: setup
	@python -m benchmarks.products

setup: $(READY)

$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; ok = (3, 11) <= sys.version_info < (3, 13); sys.exit(0 if ok else "flashfit needs Python 3.11 or 3.12, and $(PYTHON) is %d.%d; next: make PYTHON=python3.12 $(MAKECMDGOALS)" % sys.version_info[:2])'
	@test -x $(VENV)/bin/pip || $(PYTHON) -m venv --clear $(VENV)
	@$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check uv
	@VIRTUAL_ENV=$(VENV) $(VENV)/bin/uv pip install --quiet --require-hashes -r requirements.lock
	@VIRTUAL_ENV=$(VENV) $(VENV)/bin/uv pip install --quiet --no-deps --no-build-isolation -e .
	@touch $@

# Removes every output, cache and state, and keeps the environment.
clean:
	@rm -rf build .flashfit .dvc/cache .dvc/tmp .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
	@find data -mindepth 1 -maxdepth 1 ! -name catalog.yaml ! -name datasets -exec rm -rf {} +
