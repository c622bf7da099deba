# `make demo` mends a photo, `make test` runs every check; both build the virtual environment first.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin

.PHONY: demo test test-browser check unit format clean

# pip (not uv or poetry) takes the CPU build of PyTorch on a machine without a GPU, where the platform offers one.
$(VENV)/.installed: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --editable '.[dev,web,cluster]'
	@touch $@

demo: $(VENV)/.installed
	$(BIN)/selfmend demo

check: $(VENV)/.installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

unit: $(VENV)/.installed
	$(BIN)/python -m pytest --numprocesses auto --dist loadfile

test: check unit

# The page in a real Chromium: Debian's, where there is none yet. CHROMIUM=path names another.
$(VENV)/.browser: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --editable '.[dev,web,cluster,browser]'
	@touch $@

test-browser: $(VENV)/.browser
	@sh tests/browser/find-chromium.sh
	$(BIN)/python -m pytest tests/browser

format: $(VENV)/.installed
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

clean:
	rm -rf $(VENV) build dist demo .pytest_cache .ruff_cache .mypy_cache
