# One virtual environment in .venv; everything below uses it. Nothing but Python 3.11+ and make is needed.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.PHONY: help install demo test check attack format bench performance numbers growth compare soundness mutants vectors clean

help:
	@echo "make demo    install and run the demonstration (two processes, TLS, no dealer); ARGS='--parties 3' and so on"
	@echo "make test    the whole test suite"
	@echo "make attack  the attack matrix, a minute of it: every step there is; ARGS=--full is everything"
	@echo "make check   format, lint, types, architecture"
	@echo "make bench   the benchmarks of the README"
	@echo "make performance  every figure of docs/performance.md, medians of five; ARGS=--quick prints only"
	@echo "make numbers comparisons, ReLU, fixed point and sorting, each in turn with triples; ARGS=--quick prints only"
	@echo "make growth  cost against parties, count, latency and bandwidth, with plots; ARGS=--full, ARGS=--quick"
	@echo "make compare the same products in MPyC and here (installs MPyC into the environment); ARGS=--quick"
	@echo "make mutants each security check taken out in turn: the suite must notice; writes docs/mutants.md"
	@echo "make soundness  measured rates of cheats and views of coalitions: docs/soundness*.md; ARGS=--quick prints only"
	@echo "make vectors  write the test vectors anew with the independent generator, then check them; git diff shows what changed"
	@echo "make format  let ruff rewrite the sources"
	@echo "make clean   remove the environment and every cache"

install: $(STAMP)

$(STAMP): pyproject.toml setup.py
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@

demo: $(STAMP)
	@$(BIN)/spdz demo $(ARGS)

test: $(STAMP)
	@$(BIN)/python -m pytest -n 2 --dist worksteal

check: $(STAMP)
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/python -m pytest -q tests/test_architecture.py

attack: $(STAMP)
	@$(BIN)/spdz attack $(ARGS)

format: $(STAMP)
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

bench: $(STAMP)
	@$(BIN)/spdz bench field
	@$(BIN)/spdz bench triples --field M61
	@$(BIN)/spdz bench triples --field M127
	@$(BIN)/spdz bench multiply
	@$(BIN)/spdz bench latency

performance: $(STAMP)
	@$(BIN)/python -m benchmarks.performance figures $(ARGS)

numbers: $(STAMP)
	@$(BIN)/python -m benchmarks.performance numbers $(ARGS)

growth: $(STAMP)
	@$(BIN)/python -m benchmarks.performance growth $(ARGS)

compare: $(STAMP)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[compare]'
	@$(BIN)/python -m benchmarks.compare_mpyc $(ARGS)

mutants: $(STAMP)
	@$(BIN)/python -m tests.mutation $(ARGS)

soundness: $(STAMP)
	@$(BIN)/python -m benchmarks.soundness $(ARGS)

vectors: $(STAMP)
	@$(BIN)/python -m vectors.generator
	@$(BIN)/spdz vectors check vectors/data

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis build dist *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
