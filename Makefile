# Two commands are all a newcomer types: `make run` and `make test`. Each does its own set-up.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
WORKERS ?= 2

.PHONY: install run test check format lock browser clean

install: $(STAMP) assets/dist/manifest.json

$(STAMP): pyproject.toml requirements.lock
	$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed") if sys.version_info < (3, 11) else None'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint requirements.lock --editable '.[test]'
	touch $@

assets/dist/manifest.json: $(STAMP) assets/package-lock.json assets/build.py $(wildcard assets/css/* assets/js/* assets/icons.txt)
	$(BIN)/python assets/build.py
	touch $@

run: install
	$(BIN)/python app.py run

check: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

browser:
	@command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null || \
	  { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && apt-get update -qq && apt-get install -y -qq chromium >/dev/null; } || \
	  echo "*** No Chromium here and none could be installed: the browser tests will be SKIPPED. ***"

test: install browser check
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal

format: install
	$(BIN)/ruff check --fix . ; $(BIN)/ruff format .

lock:
	$(BIN)/python -m pip freeze --exclude-editable | sed '/^pip==/d;/@ file/d' > requirements.lock

clean:
	rm -rf $(VENV) assets/dist assets/node_modules var
