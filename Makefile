# Every target sets up what it needs in .venv; python3 >= 3.11, pip and make are enough.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
UV = $(BIN)/uv pip install --quiet --python $(BIN)/python --reinstall-package vitrify
BUILD := pyproject.toml setup.py $(wildcard src/vitrify/kernels/*.pyx)
WORKERS ?= 2
MINUTES ?= 10

.PHONY: demo test lint types unit bench fuzz docs clean

demo: $(VENV)/.demo
	$(BIN)/python demo/demo.py

test: lint unit

lint: $(VENV)/.test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

unit: $(VENV)/.test
	$(BIN)/python -m pytest -n $(WORKERS)

bench: $(VENV)/.bench
	$(BIN)/python -m benchmarks

# Loads and uses files with one thing changed, for as long as is asked; findings lie in tests/fuzz/out.
fuzz: $(VENV)/.test
	$(BIN)/python -m tests.fuzz --minutes $(MINUTES)

docs: $(VENV)/.docs
	$(BIN)/mkdocs build --strict

clean:
	rm -rf $(VENV) .envs site demo/out benchmarks/.cache src/vitrify/kernels/*.so

$(BIN)/uv:
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip uv

$(VENV)/.demo: $(BIN)/uv $(BUILD)
	$(UV) --editable . --group demo
	touch $@

$(VENV)/.test: $(BIN)/uv $(BUILD)
	$(UV) --editable . --group test --group lint --group docs
	touch $@

$(VENV)/.bench: $(BIN)/uv $(BUILD)
	$(UV) --editable . --group bench
	touch $@

$(VENV)/.docs: $(BIN)/uv $(BUILD)
	$(UV) --editable . --group docs
	touch $@
