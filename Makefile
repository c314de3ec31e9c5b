# Every target sets up what it needs in .venv; python3 >= 3.11, pip and make are enough.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
UV = $(BIN)/uv pip install --quiet --python $(BIN)/python --reinstall-package vitrify
BUILD := pyproject.toml setup.py $(wildcard src/vitrify/kernels/*.pyx src/vitrify/kernels/*.pxi)
WORKERS ?= 2
MINUTES ?= 10
SANITIZERS := -fsanitize=address,undefined,float-cast-overflow -fno-sanitize-recover=all \
	-fno-omit-frame-pointer -fno-wrapv
MEASURED = tests/unit tests/property tests/vectors tests/attacks/test_memory_safety.py \
	tests/attacks/test_memory_trees.py tests/attacks/test_memory_content.py \
	tests/conformance/test_estimators.py::test_a_model_comes_back_the_same \
	--ignore-glob "tests/unit/cli/test_[ailv]*" --ignore tests/unit/cli/test_rebuild.py \
	--ignore-glob "tests/unit/test_benchmark*" --ignore tests/unit/test_import.py

.PHONY: demo test lint types unit coverage bench fuzz fuzz-coverage sanitize docs clean

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

# Fails below every branch of what decides what a file may do: the list stands in pyproject.toml.
coverage: export COVERAGE_FILE = $(CURDIR)/$(VENV)/coverage
coverage: $(VENV)/.test
	$(BIN)/python -m coverage erase
	$(BIN)/python -m coverage run -m pytest -n $(WORKERS) -p tests.support.measured $(MEASURED)
	$(BIN)/python -m coverage combine --quiet
	$(BIN)/python -m coverage report

bench: $(VENV)/.bench
	$(BIN)/python -m benchmarks all $(BENCH)

# Loads and uses files with one thing changed, for as long as is asked; findings lie in tests/fuzz/out.
fuzz: $(VENV)/.test
	$(BIN)/python -m tests.fuzz --minutes $(MINUTES)

# The same for raw bytes and for structure, led by coverage: atheris has an environment of its own.
fuzz-coverage: .envs/fuzz/.ready
	.envs/fuzz/bin/python -m tests.fuzz.coverage --minutes $(MINUTES)

# The compiled loops, built anew with sanitizers (gcc): their tests, and then changed inputs, beside numpy.
sanitize: .envs/sanitize/.ready
	$(BIN)/python -m tests.fuzz.kernels --minutes $(MINUTES)

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

.envs/fuzz/.ready: $(BIN)/uv $(BUILD) $(shell find src/vitrify -name '*.py')
	$(BIN)/uv venv --quiet --allow-existing --python $(BIN)/python .envs/fuzz
	$(BIN)/uv pip install --quiet --python .envs/fuzz/bin/python --reinstall-package vitrify . --group fuzz
	touch $@

# Beside what is in .venv; with pip, since uv keeps what it has built and would take it for the plain one.
.envs/sanitize/.ready: $(VENV)/.test $(shell find src/vitrify -name '*.py' -o -name '*.px?')
	rm -rf .envs/sanitize
	CFLAGS="$(SANITIZERS)" LDFLAGS="$(SANITIZERS)" \
		$(BIN)/python -m pip install --quiet --no-deps --target .envs/sanitize .
	touch $@

$(VENV)/.docs: $(BIN)/uv $(BUILD)
	$(UV) --editable . --group docs
	touch $@
