# `make demo` mends a photo, `make test` runs every check; both build the virtual environment first.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/$(if $(filter Windows_NT,$(OS)),Scripts,bin)

.PHONY: demo test test-browser test-without-extras check unit format reference figures pictures docs clean

# PyTorch first, in a build for the CPU where pip finds one: a newer one would bring gigabytes of CUDA along. TORCH=torch
# takes the newest. Nothing else bounds the version.
TORCH ?= torch<=2.13.0

$(VENV)/.installed: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet '$(TORCH)'
	$(BIN)/python -m pip install --quiet --editable '.[all,dev]'
	@touch $@

demo: $(VENV)/.installed
	$(BIN)/selfmend demo -o demo --overwrite

check: $(VENV)/.installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

unit: $(VENV)/.installed
	$(BIN)/python -m pytest --numprocesses auto --dist loadfile

# A share of the suite where importing PyTorch fails, and the commands of a wheel without extras in a new environment.
test-without-extras: $(VENV)/.installed
	SELFMEND_WITHOUT_TORCH=1 $(BIN)/python -m pytest --numprocesses auto --dist loadfile -q \
		tests/patches tests/masks tests/registration tests/image tests/video tests/foundation
	$(BIN)/python tests/without_extras.py

test: check unit

# The page in a real Chromium: Debian's, where there is none yet. CHROMIUM=path names another.
# SELFMEND_BROWSER=firefox takes Firefox, FIREFOX=path another one.
$(VENV)/.browser: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --editable '.[all,dev,browser]'
	@touch $@

test-browser: $(VENV)/.browser
	@sh tests/browser/find-browser.sh
	$(BIN)/python -m pytest tests/browser

format: $(VENV)/.installed
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# docs/reference.md, from where tasks and options are declared.
reference: $(VENV)/.installed
	$(BIN)/python docs/make_reference.py

# The figures of docs/methods.md.
figures: $(VENV)/.installed
	$(BIN)/python docs/make_figures.py

# The pictures of the start page and the tutorials, made by the commands that these show.
pictures: $(VENV)/.installed
	$(BIN)/python docs/make_pictures.py

# The documentation site, static files in build/site: a broken link, anchor, docstring or notebook ends it.
$(VENV)/.docs: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --editable '.[all,dev,docs]'
	@touch $@

docs: $(VENV)/.docs
	$(BIN)/python -m sphinx --builder html --fail-on-warning --keep-going --quiet docs build/site
	@echo "build/site/index.html"

clean:
	rm -rf $(VENV) build dist demo .pytest_cache .ruff_cache .mypy_cache
