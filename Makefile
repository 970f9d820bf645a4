# make demo   environment, installation, the main job on the data in the box; names the page it wrote
# make test   environment, installation, every test (DELTASIM_DATA=FOLDER adds those on recorded data)
# make test-long   the tests that take minutes, most of an hour; what was put in, expected and found, in docs/test-long.md
# make lint   style, types and the direction of imports
# make bench  measures speed beside PyTorch and writes docs/benchmarks.md; some minutes on an idle machine
# make bench-guard  holds the speed of short jobs against the last release, and fails where one is slower
# make docs   runs every example in the guides and writes what it printed into the pages
# make site   all documents, a reference of commands and Python names, in build/site, readable without a network
# Each works alone on a clean clone. PYTHON=python3.12 picks another interpreter.

PYTHON ?= python3
BIN := .venv/bin

.PHONY: demo test test-long lint bench bench-guard docs site clean

demo: .venv/.installed
	@folder=runs/demo; n=1; while [ -e "$$folder" ]; do n=$$((n + 1)); folder=runs/demo-$$n; done; \
	set -x; $(BIN)/deltasim run digits --chip edgedrnn --data synthetic --out "$$folder"

test: .venv/.installed-for-tests
	OMP_NUM_THREADS=1 $(BIN)/pytest -n 2

test-long: .venv/.installed-for-tests
	OMP_NUM_THREADS=1 $(BIN)/pytest -n 2 -m long -rP --page docs/test-long.md

# Types and imports are checked over an installed copy, where every folder lies under its import name.
lint: .venv/.installed-for-tests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	rm -rf build/lib build/checked
	$(BIN)/python -m pip install --quiet --no-deps --target build/checked .
	cd build/checked && MYPYPATH=. ../../$(BIN)/mypy --config-file ../../pyproject.toml
	cd build/checked && PYTHONPATH=. ../../$(BIN)/lint-imports --config ../../pyproject.toml

bench: .venv/.installed-for-tests
	$(BIN)/python -m pip install --quiet --editable ".[benchmark]"
	OMP_NUM_THREADS=1 $(BIN)/python -m benchmarks

bench-guard: .venv/.installed-for-tests
	$(BIN)/python -m benchmarks guard

docs: .venv/.installed
	$(BIN)/python docs/examples.py docs/guide.md docs/chips.md docs/own.md

site: .venv/.installed-for-tests
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable ".[docs]"
	rm -rf build/lib build/checked
	$(BIN)/python -m pip install --quiet --no-deps --target build/checked .
	$(BIN)/python docs/pages.py build/site-source
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet
	@echo "open build/site/index.html"

clean:
	rm -rf .venv build *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache

# The stamps are renewed when the list of dependencies changes.
.venv/.installed: pyproject.toml | .venv/bin/python
	$(BIN)/python -m pip install --quiet --editable .
	touch $@

.venv/.installed-for-tests: pyproject.toml constraints.txt | .venv/bin/python
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable ".[test,lint]"
	touch $@ .venv/.installed

.venv/bin/python:
	$(PYTHON) -m venv .venv
